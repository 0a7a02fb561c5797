"""The table of figures: this period, last period, change, last year, target, judgement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from tasks.errors import UserError
from tasks.model.figures import Figure
from tasks.model.periods import Period
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.paper import charts
from tasks.report.reading import counts_only, direction
from tasks.report.sections.section import SectionContext
from tasks.report.sentences.mix import FINE

SMALL_SHARE = 0.01
"""Shares below it are printed with two decimals, and so are their changes."""

SPARK_PERIODS = 13
UNJUDGED = ("incomplete", "insufficient", "level_break")
"""Judgements that mean that none was made."""


@dataclass(frozen=True)
class FigureRow:
    """One row of the table of figures."""

    name: Phrase
    note: Phrase
    current: Phrase
    previous: Phrase
    change: Phrase
    last_year: Phrase
    target: Phrase
    judgement: Phrase
    tone: str
    spark: Markup


def rows(context: SectionContext, figures: Sequence[Figure]) -> tuple[FigureRow, ...]:
    """Return figures as rows of the table."""
    return tuple(_row(context, figure) for figure in figures)


def number_id(figure: Figure, name: str) -> str:
    """Return the id of one of a figure's numbers."""
    return f"{figure.code}@{figure.scope}.{name}" if figure.scope else f"{figure.code}.{name}"


def value(context: SectionContext, figure: Figure, name: str, measured: float | None, unit: str) -> Phrase:
    """Return one of a figure's numbers, or the dash for none."""
    if measured is None:
        return context.voice.word("word.none")
    days = f"{figure.axis_from}..{figure.axis_to}" if figure.axis_from and figure.axis_to else context.days
    add = context.voice.numbers.add
    return add(number_id(figure, name), measured, unit, n=figure.n, range=days, method=figure.method, rows=figure.rows)


def _row(context: SectionContext, figure: Figure) -> FigureRow:
    voice, partial = context.voice, context.agenda.partial
    few = counts_only(figure, context.agenda.minimum)
    none = voice.word("word.none")
    previous = change = last_year = none
    if few:
        current = value(context, figure, "count", figure.numerator, "cases")
    else:
        current = value(context, figure, "value", figure.value, figure.unit)
        change = _change(context, figure)
        if not partial:
            previous = value(context, figure, "previous", figure.previous, figure.unit)
            last_year = value(context, figure, "last_year", figure.last_year, figure.unit)
    target = none
    if figure.target is not None:
        sign = {"<=": "≤", ">=": "≥"}.get(figure.target_op, "")
        bound = value(context, figure, "target", figure.target, figure.unit)
        target = voice.part("col.target_value", sign=voice.data(sign), v=bound)
    word, tone = judgement(context, figure)
    return FigureRow(
        name=name(context, figure),
        note=note(context, figure),
        current=current,
        previous=previous,
        change=change,
        last_year=last_year,
        target=target,
        judgement=word,
        tone=tone,
        spark=Markup("") if few else _spark(context, figure),
    )


def _change(context: SectionContext, figure: Figure) -> Phrase:
    voice, partial = context.voice, context.agenda.partial
    if figure.value is None or figure.previous is None or figure.judgement in ("incomplete", "level_break") or partial:
        return voice.word("word.none")
    unit = figure.unit.change
    if figure.unit == "share" and max(figure.value, figure.previous) < SMALL_SHARE:
        unit = FINE[unit]
    phrase = value(context, figure, "change", figure.value - figure.previous, unit)
    return phrase if any(digit in phrase.plain for digit in "123456789") else voice.word("judge.unchanged")


def name(context: SectionContext, figure: Figure) -> Phrase:
    """Return a figure's name, with the part of the shop that it is about."""
    voice = context.voice
    whole = voice.figure(figure)
    return voice.part("col.scoped", name=whole, scope=voice.scope(figure)) if figure.scope else whole


def note(context: SectionContext, figure: Figure) -> Phrase:
    """Return the note under a figure's name: at which age and over which days it is measured."""
    voice, period = context.voice, context.review.period
    parts: list[Phrase] = []
    if figure.age_days:
        age = voice.numbers.add(number_id(figure, "age"), figure.age_days, "days", method="age")
        parts.append(voice.part("caption.age", age=age))
    days = (figure.axis_from, figure.axis_to)
    if figure.axis_from and figure.axis_to and days != (period.first_day, period.last_day):
        parts.append(voice.span(figure.axis_from, figure.axis_to))
    if figure.n is not None and figure.unit in ("share", "per_100"):
        n = voice.numbers.add(number_id(figure, "n"), figure.n, "count", method=figure.method)
        parts.append(voice.part("caption.n", n=n))
    if figure.level_since and not context.agenda.partial:
        parts.append(voice.part("caption.level", day=voice.day(figure.level_since)))
    if figure.missing:
        parts.append(_missing(context, figure.missing))
    return join(parts, voice.catalogue["word.comma"])


def _missing(context: SectionContext, why: str) -> Phrase:
    voice = context.voice
    items = [f"scope.{item}" for item in why.split(",")]
    if all(item in voice.catalogue for item in items):
        return voice.part("missing.items", items=voice.listed(voice.word(item) for item in items))
    key = f"missing.{why}"
    return voice.word(key) if key in voice.catalogue else voice.data(why, 60)


def judgement(context: SectionContext, figure: Figure) -> tuple[Phrase, str]:
    """Return a figure's judgement in words, and the tone in which to print it."""
    voice = context.voice
    if figure.value is None and figure.missing != "few_cases":
        return voice.word("judge.missing"), "muted"
    if figure.value is None or counts_only(figure, context.agenda.minimum):
        return voice.word("judge.insufficient"), "muted"
    reading = "incomplete" if context.agenda.partial else direction(figure)
    key = f"judge.watch_{figure.good}" if reading == "watch" else f"judge.{reading}"
    word = voice.word(key) if key in voice.catalogue else voice.word("judge.normal")
    tone = {"worse": "worse", "better": "better"}.get(reading, "muted" if reading in UNJUDGED else "")
    against_target = EMPTY
    if reading not in (*UNJUDGED, "slightly_over"):
        against_target = _against_target(context, figure)
    if reading == "untested" and against_target:
        word = EMPTY
    return join([word, against_target], voice.catalogue["word.comma"]), tone


def _against_target(context: SectionContext, figure: Figure) -> Phrase:
    if figure.streak >= 2:
        unit = "weeks" if context.review.period.grain == "week" else "periods"
        streak = context.number(number_id(figure, "streak"), figure.streak, unit, method="target")
        return context.voice.part("judge.streak_over", n=streak)
    return context.voice.word(f"judge.{figure.attainment}") if figure.attainment else EMPTY


def level_breaks(context: SectionContext, figure: Figure) -> list[int]:
    """Return the indices of a figure's series at which a break of level begins."""
    indices: list[int] = []
    for event in context.review.breaks:
        if event.kind not in ("formula", "taxonomy", "rule", "switch") or figure.code not in event.affects:
            continue
        platform = event.slice.get("platform")
        if platform and figure.scope and platform != figure.scope:
            continue
        starts = (_first_day(label, context.review.period.zone) for label, _ in figure.series)
        after = (index for index, start in enumerate(starts) if start is not None and start >= event.on)
        indices += [index for index in [next(after, None)] if index is not None]
    return indices


def _first_day(label: str, zone: str) -> date | None:
    """Return the first day of the period that a series label names, or None if it names none."""
    try:
        return Period.parse(label, zone).first_day if not re.fullmatch(r"\d{4}-\d\d-\d\d", label) else date.fromisoformat(label)
    except UserError:
        return None


def band(figure: Figure) -> tuple[float, float] | None:
    """Return a figure's normal range, or None if it has none."""
    if figure.low is None or figure.high is None or figure.high <= figure.low:
        return None
    return figure.low, figure.high


def immature(context: SectionContext, figure: Figure) -> bool:
    """Whether the last point of a figure's series will still grow."""
    return figure.judgement == "incomplete" or context.agenda.partial


def _spark(context: SectionContext, figure: Figure) -> Markup:
    values = [measured for _, measured in figure.series][-SPARK_PERIODS:]
    shift = max(len(figure.series) - SPARK_PERIODS, 0)
    breaks = [index - shift for index in level_breaks(context, figure) if index > shift]
    return charts.spark(values, band=band(figure), immature=immature(context, figure), breaks=breaks)
