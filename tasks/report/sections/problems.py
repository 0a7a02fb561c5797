"""Problems: the labels of the main lens with their expected cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tasks.model.figures import ProblemRow
from tasks.model.report_sections import ReportSection
from tasks.model.review import ListedCase
from tasks.report.language.phrase import Phrase
from tasks.report.paper import charts
from tasks.report.sections.section import SectionContext

STEM = ReportSection.PROBLEMS
CHART_BARS = 14


@dataclass(frozen=True)
class ProblemLine:
    """One label with its cases."""

    label: Phrase
    current: Phrase
    expected: Phrase
    previous: Phrase
    share: Phrase
    judgement: Phrase
    tone: str


@dataclass(frozen=True)
class ProblemTable:
    """The labels of one lens; `expected` and `judged` say whether to print these columns."""

    rows: tuple[ProblemLine, ...]
    caption: Phrase
    expected: bool
    judged: bool


@dataclass(frozen=True)
class CaseLine:
    """One complaint of a period with too few of them for rates."""

    day: Phrase
    product: Phrase
    problem: Phrase
    channel: Phrase


@dataclass(frozen=True)
class ProblemsView:
    """The table, where the period has any problems, and the single cases where they are few."""

    table: ProblemTable | None
    cases: tuple[CaseLine, ...]


def build(context: SectionContext) -> ProblemsView:
    """Return the table of problems, and the cases one by one where there are too few for rates."""
    return ProblemsView(table(context), tuple(_case(context, case) for case in context.review.listed if context.agenda.small))


def _case(context: SectionContext, case: ListedCase) -> CaseLine:
    voice, none = context.voice, context.voice.word("word.none")
    quality = next((channel for channel in context.review.channels if channel.channel == case.channel), None)
    return CaseLine(
        day=voice.day(case.on),
        product=voice.value("sku", case.sku) if case.sku else none,
        problem=voice.leaf(case.leaf, case.symptom) if case.leaf else none,
        channel=voice.channel(quality, 40) if quality else none,
    )


def table(context: SectionContext) -> ProblemTable | None:
    """Return the labels of the main lens, or None if the period has none."""
    chosen = context.agenda.problems
    if not chosen:
        return None
    voice = context.voice
    total = context.number("problems.total", sum(row.cases for row in chosen), "count", method="cases counted once")
    named = f"problem.caption_{voice.shop.base}"
    method = named if named in voice.catalogue else "problem.caption"
    caption = context.caption(
        context.whole_shop(), voice.part("caption.method", method=voice.word(method)), voice.part("caption.n", n=total)
    )
    expected = any(row.expected is not None for row in chosen)
    return ProblemTable(tuple(_line(context, row) for row in chosen), caption, expected, expected or context.agenda.partial)


def chart(context: SectionContext, lines: Sequence[ProblemLine]) -> Markup:
    """Return the most frequent problems as bars beside their expected cases."""
    bars = [
        charts.Bar(line.label, row.cases, context.draw(line.current), row.expected, strong=row.judgement == "worse")
        for line, row in zip(lines, context.agenda.problems, strict=True)
    ]
    return charts.bars(
        bars[:CHART_BARS],
        name="problems",
        aria=context.voice.word("section.problems"),
        width=340,
        step=19,
        label_width=150,
    )


def _line(context: SectionContext, row: ProblemRow) -> ProblemLine:
    voice = context.voice
    none = voice.word("word.none")
    id_ = f"problem.{row.lens}.{row.label}"
    method = "cases counted once"
    expected = share = none
    if row.expected is not None:
        value = round(row.expected) if row.expected >= 10 else round(row.expected, 1)
        expected = context.number(f"{id_}.expected", value, "count", method="expected arrivals")
    if row.share is not None and not context.agenda.small:
        share = context.number(f"{id_}.share", row.share, "share", method=method)
    judgement, tone = _judgement(context, row)
    return ProblemLine(
        label=voice.lens_label(row.lens, row.label),
        current=context.number(f"{id_}.cases", row.cases, "count", method=method),
        expected=expected,
        previous=voice.word("word.unknown_before")
        if row.previous is None
        else context.number(f"{id_}.previous", row.previous, "count", method=method),
        share=share,
        judgement=judgement,
        tone=tone,
    )


def _judgement(context: SectionContext, row: ProblemRow) -> tuple[Phrase, str]:
    voice = context.voice
    if row.incomplete or context.agenda.partial:
        return voice.word("judge.incomplete"), "muted"
    key = "judge.watch_down" if row.judgement == "watch" else f"judge.{row.judgement}"
    word = voice.word(key) if key in voice.catalogue else voice.word("judge.normal")
    return word, row.judgement if row.judgement in ("worse", "better") else ""
