"""One measure by the values of one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.model.figures import Breakdown
from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections.section import SectionContext

STEM = ReportSection.BREAKDOWNS
ROWS = 20
_OF_ALL = "complaints"
"""A measure whose shares are of all cases of the table, not of each value's own."""


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
    tables = tuple(_table(context, breakdown) for breakdown in context.agenda.breakdowns)
    return BreakdownsView(tables) if tables else None


def _table(context: SectionContext, breakdown: Breakdown) -> BreakdownTable:
    """Return the table, sorted by what it prints: shares by their rate, bare counts by size."""
    voice = context.voice
    shares = any(share is not None for _, share, _, _, _ in breakdown.rows)
    ranked = sorted(breakdown.rows, key=lambda row: (-(row[1] if shares and row[1] is not None else row[2]), row[0]))
    rows = tuple(_row(context, breakdown, value) for value in ranked[:ROWS])
    title = voice.say("section.breakdown", what=voice.figure(breakdown.code), dimension=voice.dimension(breakdown.dimension))
    return BreakdownTable(
        title=title,
        message=_message(context, breakdown, rows, shares=shares),
        rows=rows,
        caption=_caption(context, breakdown, shares=shares, unlisted=max(len(ranked) - ROWS, 0)),
        shares=shares,
        intervals=any(low is not None for _, _, _, low, _ in breakdown.rows),
        head=voice.word("col.share" if breakdown.code == _OF_ALL else "col.rate"),
    )


def _row(
    context: SectionContext, breakdown: Breakdown, row: tuple[str, float | None, float, float | None, float | None]
) -> BreakdownRow:
    voice, (value, share, n, low, high) = context.voice, row
    id_ = f"{_id(breakdown)}.{value}"
    rate = span = voice.word("word.none")
    base = breakdown.n if breakdown.code == _OF_ALL else n
    if share is not None and base >= breakdown.minimum_n:
        rate = context.number(f"{id_}.share", share, "share", n=base, method=breakdown.code)
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


def _message(context: SectionContext, breakdown: Breakdown, rows: Sequence[BreakdownRow], *, shares: bool) -> Phrase:
    """Name the first value of the table: it has the largest number printed."""
    voice = context.voice
    if not rows:
        return EMPTY
    if not shares:
        return voice.say("breakdown.message_count", top=rows[0].label, n=rows[0].count)
    if breakdown.total is None or rows[0].rate == voice.word("word.none"):
        return EMPTY
    total = context.number(f"{_id(breakdown)}.total", breakdown.total, "share", n=breakdown.n, method=breakdown.code)
    what = voice.figure(breakdown.code)
    return voice.say("breakdown.message", what=what, top=rows[0].label, rate=rows[0].rate, total=total)


def _caption(context: SectionContext, breakdown: Breakdown, *, shares: bool, unlisted: int) -> Phrase:
    voice, id_ = context.voice, _id(breakdown)
    parts = [context.whole_shop()]
    if breakdown.axis_from and breakdown.axis_to:
        parts.append(voice.part("breakdown.signed", days=voice.span(breakdown.axis_from, breakdown.axis_to)))
    if breakdown.age_days:
        age = context.number(f"{id_}.age", breakdown.age_days, "days", method="age")
        parts.append(voice.part("caption.age_signing", age=age))
    parts.append(voice.part("caption.n", n=context.number(f"{id_}.n", breakdown.n, "count", method=breakdown.code)))
    if shares and breakdown.code != _OF_ALL:
        parts.append(voice.part("breakdown.minimum", n=context.number(f"{id_}.minimum_n", breakdown.minimum_n, "count")))
    if breakdown.left_out + unlisted:
        left_out = context.number(f"{id_}.left_out", breakdown.left_out + unlisted, "count")
        parts.append(voice.part("breakdown.left_out", n=left_out))
    return context.caption(*parts)
