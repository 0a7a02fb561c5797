"""The table of figures: this period, last period, change, last year, target, judgement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from markupsafe import Markup

from tasks.errors import UserError
from tasks.model.figure_kinds import FigureFamily
from tasks.model.figures import Attainment, Figure
from tasks.model.periods import Period
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.paper import charts
from tasks.report.reading import counts_only, direction
from tasks.report.sections.section import SectionContext
from tasks.report.sentences.mix import FINE

SMALL_SHARE = 0.01
"""Shares below it are printed with two decimals, and so are their changes."""

FINER = {"share": "share_fine", "per_100": "per_100_fine"}
"""Unit → the unit in which a value is printed that would else look like the target that it misses."""

COARSE_SCORE = 10
"""Scores from which on one decimal is printed, and so of their changes."""

SPARK_PERIODS = 13
UNJUDGED = ("incomplete", "insufficient", "level_break", "short_history")
"""Judgements that mean that none was made."""

WITHOUT_TARGET = ("incomplete", "insufficient", "slightly_over")
"""Readings beside which a target says nothing."""


@dataclass(frozen=True)
class FigureRow:
    """One row of the table of figures."""

    name: Phrase
    note: Phrase
    current: Phrase
    cohort: Phrase
    previous: Phrase
    cohort_before: Phrase
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


def value(context: SectionContext, figure: Figure, name: str, measured: float | None, unit: str = "") -> Phrase:
    """Return one of a figure's numbers in its own unit or another one, or the dash for none."""
    if measured is None:
        return context.voice.word("word.none")
    unit = unit or _unit(context, figure)
    days = f"{figure.axis_from}..{figure.axis_to}" if figure.axis_from and figure.axis_to else context.days
    add = context.voice.numbers.add
    return add(number_id(figure, name), measured, unit, n=figure.n, range=days, method=figure.method, rows=figure.rows)


def _unit(context: SectionContext, figure: Figure) -> str:
    """Return the unit in which a figure is printed: a finer one if value and missed target would look the same."""
    if figure.value is None or figure.target is None or figure.unit not in FINER or _meets(figure):
        return figure.unit
    language, currency = context.voice.language, context.voice.numbers.currency
    alike = language.value(figure.value, figure.unit, currency) == language.value(figure.target, figure.unit, currency)
    return FINER[figure.unit] if alike else figure.unit


def _meets(figure: Figure) -> bool:
    value, target = figure.value or 0.0, figure.target or 0.0
    return value <= target if figure.target_op == "<=" else value >= target


def _row(context: SectionContext, figure: Figure) -> FigureRow:
    voice, partial = context.voice, context.agenda.partial
    few = counts_only(figure, context.agenda.minimum)
    none = voice.word("word.none")
    previous = change = last_year = none
    if few:
        current = value(context, figure, "count", figure.numerator, "cases")
    else:
        current = value(context, figure, "value", figure.value)
        change = _change(context, figure)
        if not partial:
            previous = value(context, figure, "previous", figure.previous)
            last_year = value(context, figure, "last_year", figure.last_year)
    target = none
    if figure.target is not None:
        sign = {"<=": "≤", ">=": "≥"}.get(figure.target_op, "")
        bound = value(context, figure, "target", figure.target)
        key = "col.warning_value" if figure.family is FigureFamily.PUBLISHED else "col.target_value"
        target = voice.part(key, sign=voice.data(sign), v=bound)
    word, tone = judgement(context, figure)
    return FigureRow(
        name=name(context, figure),
        note=note(context, figure),
        current=current,
        cohort=_cohort(context, figure),
        previous=previous,
        cohort_before=EMPTY if previous is none else _cohort(context, figure, 1),
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
    unit: str = figure.unit.change
    if figure.unit == "share" and (max(figure.value, figure.previous) < SMALL_SHARE or _unit(context, figure) != figure.unit):
        unit = FINE[unit]
    if figure.unit == "score" and max(figure.value, figure.previous) >= COARSE_SCORE:
        unit = "change_score_coarse"
    phrase = value(context, figure, "change", figure.value - figure.previous, unit)
    return phrase if any(digit in phrase.plain for digit in "123456789") else voice.word("judge.unchanged")


def name(context: SectionContext, figure: Figure) -> Phrase:
    """Return a figure's name, with the part of the shop that it is about."""
    voice = context.voice
    whole = voice.figure(figure)
    return voice.part("col.scoped", name=whole, scope=voice.scope(figure)) if figure.scope else whole


def _is_other_cohort(context: SectionContext, figure: Figure) -> bool:
    """Whether a figure is about other days than the period's: an October report holds a September cohort."""
    period = context.review.period
    return None not in (figure.axis_from, figure.axis_to) and (figure.axis_from, figure.axis_to) != (
        period.first_day,
        period.last_day,
    )


def _days(context: SectionContext, figure: Figure) -> Phrase:
    """Return the days that a figure is about if they are not those of the period."""
    if not _is_other_cohort(context, figure) or figure.axis_from is None or figure.axis_to is None:
        return EMPTY
    span = context.voice.short_span(figure.axis_from, figure.axis_to)
    if figure.family is not FigureFamily.QUALITY:
        return span
    return context.voice.part(f"caption.cohort_{figure.kind.aged_from.value}", days=span)


def _cohort(context: SectionContext, figure: Figure, back: int = 0) -> Phrase:
    """Return the month of a monthly edition's cohort, or of an earlier one, as the column's own small print."""
    period, voice = context.review.period, context.voice
    quality = figure.family is FigureFamily.QUALITY and _is_other_cohort(context, figure)
    if not quality or period.grain not in ("month", "quarter") or figure.axis_from is None:
        return EMPTY
    noon = datetime.combine(figure.axis_from, time(12), ZoneInfo(period.zone))
    cohort = Period.containing(noon, period.grain, period.zone)
    for _ in range(back):
        cohort = cohort.previous()
    first, last = voice.language.short_month(cohort.first_day.month), voice.language.short_month(cohort.last_day.month)
    days = voice.dated(first if first == last else f"{first}–{last}")
    return voice.part(f"caption.cohort_{figure.kind.aged_from.value}", days=days)


def note(context: SectionContext, figure: Figure) -> Phrase:
    """Return the note under a figure's name: at which age, over which days, and of how many things of which kind."""
    voice = context.voice
    parts: list[Phrase] = []
    if figure.age_days:
        age = voice.numbers.add(number_id(figure, "age"), figure.age_days, "days", method="age")
        parts.append(voice.part(f"caption.age_{figure.kind.aged_from.value}", age=age))
    if span := _days(context, figure):
        parts.append(span)
    if figure.n is not None and figure.unit in ("share", "per_100"):
        n = voice.numbers.add(number_id(figure, "n"), figure.n, "count", method=figure.method)
        parts.append(voice.part("caption.n_of", n=n, things=voice.word(f"counted.{figure.kind.counted.name.lower()}")))
    if figure.level_since and not context.agenda.partial:
        parts.append(voice.part("caption.level", day=voice.day(figure.level_since)))
    if figure.missing:
        parts.append(_missing(context, figure.missing))
    for key, names in (("caption.without", figure.without), ("caption.without_before", figure.without_before)):
        if names:
            lacking = [channel for channel in context.review.channels if channel.channel in names]
            parts.append(voice.part(key, channels=voice.listed(voice.channel(channel, 30) for channel in lacking)))
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
    if figure.without and not context.agenda.partial:
        return voice.word("judge.without"), "muted"
    reading = "incomplete" if context.agenda.partial else direction(figure)
    key = f"judge.watch_{figure.good}" if reading == "watch" else f"judge.{reading}"
    word = voice.word(key) if key in voice.catalogue else voice.word("judge.normal")
    if reading in ("worse", "better") and (side := _side(figure)):
        word = voice.part("judge.beyond", word=word, side=voice.word(f"judge.{side}"))
    tone = {"worse": "worse", "better": "better"}.get(reading, "muted" if reading in UNJUDGED else "")
    against_target = EMPTY
    if reading not in WITHOUT_TARGET:
        against_target = _against_target(context, figure)
    if reading == "untested" and against_target:
        word = EMPTY
    return join([word, against_target], voice.catalogue["word.comma"]), tone


def _side(figure: Figure) -> str:
    """Return on which side of its normal range a value lies, or nothing if no range was formed."""
    if figure.family is FigureFamily.PUBLISHED or figure.value is None or figure.low is None or figure.high is None:
        return ""
    return "below" if figure.value < figure.low else "above" if figure.value > figure.high else ""


def _against_target(context: SectionContext, figure: Figure) -> Phrase:
    """Say whether the target is met this time, for how long it has not been, or that a score is beyond its warning line."""
    if figure.family is FigureFamily.PUBLISHED and figure.attainment:
        return EMPTY if _meets(figure) else context.voice.word("judge.warn_beyond")
    if figure.streak >= 2:
        unit = "weeks" if context.review.period.grain == "week" else "periods"
        streak = context.number(number_id(figure, "streak"), figure.streak, unit, method="target")
        return context.voice.part("judge.streak_over", n=streak)
    if figure.attainment is Attainment.MIXED:
        return context.voice.word("judge.mixed_met" if _meets(figure) else "judge.mixed_missed")
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
