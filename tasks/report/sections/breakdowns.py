"""One measure by the values of one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tasks.model.figures import Breakdown
from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.paper import charts
from tasks.report.sections.section import SectionContext

STEM = ReportSection.BREAKDOWNS
ROWS = 20
CHART_BARS = 12


@dataclass(frozen=True)
class BreakdownRow:
    """One value: its rate and interval where there are enough cases for them."""

    label: Phrase
    rate: Phrase
    count: Phrase
    span: Phrase


@dataclass(frozen=True)
class BreakdownTable:
    """One measure by the values of one dimension; `shares` and `intervals` say whether to print these columns."""

    title: Phrase
    message: Phrase
    rows: tuple[BreakdownRow, ...]
    chart: Markup
    caption: Phrase
    shares: bool
    intervals: bool
    head: Phrase


@dataclass(frozen=True)
class BreakdownsView:
    """The tables in their order."""

    tables: tuple[BreakdownTable, ...]


def build(context: SectionContext) -> BreakdownsView | None:
    """Return the breakdowns, or None if there are none."""
    tables = tuple(_table(context, index, breakdown) for index, breakdown in enumerate(context.agenda.breakdowns))
    return BreakdownsView(tables) if tables else None


def _table(context: SectionContext, index: int, breakdown: Breakdown) -> BreakdownTable:
    """Return the table, ranked: shares by their size-adjusted rank, bare counts by size."""
    voice = context.voice
    shares = any(share is not None for _, share, _, _, _ in breakdown.rows)
    ranked = list(breakdown.rows) if shares else sorted(breakdown.rows, key=lambda row: (-row[2], row[0]))
    rows: list[BreakdownRow] = []
    bars: list[charts.Bar] = []
    for value in ranked[:ROWS]:
        row = _row(context, breakdown, value)
        rows.append(row)
        _, share, n, _, _ = value
        if share is not None and n >= breakdown.minimum_n:
            bars.append(charts.Bar(row.label, share, context.draw(row.rate)))
        elif not shares:
            bars.append(charts.Bar(row.label, n, context.draw(row.count)))
    title = voice.say("section.breakdown", what=voice.figure(breakdown.code), dimension=voice.dimension(breakdown.dimension))
    return BreakdownTable(
        title=title,
        message=_message(context, breakdown, bars, shares=shares),
        rows=tuple(rows),
        chart=_chart(context, index, bars, title),
        caption=_caption(context, breakdown, shares=shares, unlisted=max(len(ranked) - ROWS, 0)),
        shares=shares,
        intervals=any(low is not None for _, _, _, low, _ in breakdown.rows),
        head=voice.word("col.share" if breakdown.code == "complaints" else "col.rate"),
    )


def _row(
    context: SectionContext, breakdown: Breakdown, row: tuple[str, float | None, float, float | None, float | None]
) -> BreakdownRow:
    voice, (value, share, n, low, high) = context.voice, row
    id_ = f"{_id(breakdown)}.{value}"
    rate = span = voice.word("word.none")
    if share is not None and n >= breakdown.minimum_n:
        rate = context.number(f"{id_}.share", share, "share", n=n, method=breakdown.code)
        if low is not None and high is not None:
            span = voice.part(
                "col.between",
                low=context.number(f"{id_}.low", low, "share", n=n, method="95%"),
                high=context.number(f"{id_}.high", high, "share", n=n, method="95%"),
            )
    count = context.number(f"{id_}.n", n, "count", method=breakdown.code)
    return BreakdownRow(voice.value(breakdown.dimension, value), rate, count, span)


def _id(breakdown: Breakdown) -> str:
    return f"breakdown.{breakdown.code}.{breakdown.dimension}"


def _message(context: SectionContext, breakdown: Breakdown, bars: Sequence[charts.Bar], *, shares: bool) -> Phrase:
    """Name the top value."""
    voice = context.voice
    if not bars:
        return EMPTY
    if not shares:
        return voice.say("breakdown.message_count", top=bars[0].label, n=bars[0].text)
    if breakdown.total is None:
        return EMPTY
    total = context.number(f"{_id(breakdown)}.total", breakdown.total, "share", n=breakdown.n, method=breakdown.code)
    what = voice.figure(breakdown.code)
    return voice.say("breakdown.message", what=what, top=bars[0].label, rate=bars[0].text, total=total)


def _caption(context: SectionContext, breakdown: Breakdown, *, shares: bool, unlisted: int) -> Phrase:
    voice, id_ = context.voice, _id(breakdown)
    parts = [context.whole_shop()]
    if breakdown.axis_from and breakdown.axis_to:
        parts.append(voice.part("breakdown.signed", days=voice.span(breakdown.axis_from, breakdown.axis_to)))
    if breakdown.age_days:
        age = context.number(f"{id_}.age", breakdown.age_days, "days", method="age")
        parts.append(voice.part("caption.age", age=age))
    parts.append(voice.part("caption.n", n=context.number(f"{id_}.n", breakdown.n, "count", method=breakdown.code)))
    if shares:
        parts.append(voice.part("breakdown.minimum", n=context.number(f"{id_}.minimum_n", breakdown.minimum_n, "count")))
    if breakdown.left_out + unlisted:
        left_out = context.number(f"{id_}.left_out", breakdown.left_out + unlisted, "count")
        parts.append(voice.part("breakdown.left_out", n=left_out))
    return context.caption(*parts)


def _chart(context: SectionContext, index: int, bars: Sequence[charts.Bar], title: Phrase) -> Markup:
    """Return bars beside the table of a monthly edition, if labels leave room for them."""
    longest = context.voice.language.longest_label
    if not bars or not context.agenda.monthly or max(len(bar.label.plain) for bar in bars) > longest:
        return Markup("")
    return charts.bars(bars[:CHART_BARS], name=f"breakdown{index}", aria=title, width=190, step=17, label_width=110)
