"""Causes: a sheet each with facts, open questions and a chart; then the deferred, the ended and the falls."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from tasks.model.causes import Cause
from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.paper import charts
from tasks.report.reading import strength
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import cause as cause_sentence
from tasks.report.sentences import cause_facts, cause_search, red_line
from tasks.report.sentences.customer_words import cause_quote, cause_words

STEM = ReportSection.CAUSES

RED_PLACES = 12
"""Red lines that are named beside the causes."""

DEFERRED = 5
"""Deferred findings to name."""

CHART_WEEKS = 13
LINE_WEEKS = 3
"""Weeks needed to draw a cause over time."""


@dataclass(frozen=True)
class CauseSheet:
    """One cause: message, sentence, facts, open questions, and its chart."""

    head: Phrase
    tone: str
    sentence: Phrase
    facts: tuple[Phrase, ...]
    confirm: tuple[Phrase, ...]
    unit: Phrase
    chart: Markup
    caption: Phrase
    words: Phrase
    quote: Phrase


@dataclass(frozen=True)
class CausesView:
    """Red lines that page 1 only counts, the sheets, and a line for each other finding; `none` says why there is no cause."""

    red_lines: Phrase
    sheets: tuple[CauseSheet, ...]
    none: Phrase
    others: tuple[Phrase, ...]


def build(context: SectionContext) -> CausesView | None:
    """Return the causes, or None if there are none and the period has few cases."""
    agenda, voice = context.agenda, context.voice
    if agenda.small and not agenda.causes:
        return None
    none = voice.word("missing.partial_causes") if agenda.partial else cause_search.nothing_found(context)
    none = none or voice.word("missing.causes")
    sheets = tuple(_sheet(context, cause) for cause in agenda.causes)
    return CausesView(_red_lines(context), sheets, none, () if agenda.partial else _others(context))


def _red_lines(context: SectionContext) -> Phrase:
    """Name the red lines that page 1 only counts: where, what, how many."""
    voice, counted = context.voice, context.agenda.red_counted
    if not counted:
        return EMPTY
    places = []
    for index in counted[:RED_PLACES]:
        line = context.review.red_lines[index]
        parts = [red_line.where(context, line), red_line.leaf(context, line), red_line.cases(context, index)]
        places.append(join(parts, voice.catalogue["where.join"]))
    named = voice.listed(places) + (voice.word("word.and_more") if len(counted) > RED_PLACES else EMPTY)
    return voice.say("red.rest_places", n=red_line.counted_cases(context), places=named)


def _others(context: SectionContext) -> tuple[Phrase, ...]:
    """Return a line for each deferred or ended finding and for each fall."""
    ended = [_ended(context, cause) for cause in context.review.ended]
    falls = [cause_sentence.finding(context, cause) for cause in context.agenda.falls]
    return (*([deferred] if (deferred := _deferred(context)) else []), *ended, *falls)


def _deferred(context: SectionContext) -> Phrase:
    """Name the findings for which there was no room this time."""
    deferred = context.review.deferred
    if not deferred:
        return EMPTY
    n = context.number("review.deferred", len(deferred), "places", method="scan")
    places = context.voice.listed([cause_sentence.head(context, cause) for cause in deferred[:DEFERRED]])
    return context.voice.say("life.deferred", n=n, places=places)


def _ended(context: SectionContext, cause: Cause) -> Phrase:
    """Say what became of a finding that only the last review names, beside that review's forecast."""
    voice = context.voice
    sentence = voice.say(
        f"life.{cause.life}",
        where=voice.where(cause.slice),
        leaf=cause_sentence.leaf(context, cause),
        this=voice.this(),
        observed=cause_sentence.observed(context, cause),
        expected=cause_sentence.expected(context, cause),
    )
    graded = cause_sentence.graded_forecast(context, cause)
    return voice.say("life.graded", sentence=sentence, **graded) if graded else sentence


def _sheet(context: SectionContext, cause: Cause) -> CauseSheet:
    voice = context.voice
    statistical = cause_facts.is_statistical(cause)
    alarming = cause.kind == "safety" or strength(cause.observed, cause.low) == "clear"
    return CauseSheet(
        head=cause_sentence.head(context, cause),
        tone="worse" if alarming else "",
        sentence=cause_sentence.finding(context, cause),
        facts=cause_facts.facts(context, cause),
        confirm=cause_facts.questions(context, cause),
        unit=voice.word("chart.unit_cause_series" if len(cause.evidence.weekly) >= LINE_WEEKS else "chart.unit_cause_bars"),
        chart=_chart(context, cause) if statistical else Markup(""),
        caption=_caption(context, cause),
        words=cause_words(context, cause),
        quote=cause_quote(context, cause),
    )


def _chart(context: SectionContext, cause: Cause) -> Markup:
    """Draw a cause by week, or as two bars if too few weeks are known."""
    voice = context.voice
    aria = voice.say("chart.aria_cause", where=voice.where(cause.slice), leaf=cause_sentence.leaf(context, cause))
    name = f"cause{cause.cause_id}"
    if len(cause.evidence.weekly) >= LINE_WEEKS:
        return _line(context, cause, name, aria)
    observed, expected = cause_sentence.observed(context, cause), cause_sentence.expected(context, cause)
    bars = [
        charts.Bar(voice.word("chart.actual"), cause.observed, context.draw(observed), strong=True),
        charts.Bar(voice.word("chart.expected"), cause.expected, context.draw(expected)),
    ]
    return charts.bars(bars, name=name, aria=aria, width=190, step=24, label_width=50)


def _line(context: SectionContext, cause: Cause, name: str, aria: Phrase) -> Markup:
    voice, weeks = context.voice, cause.evidence.weekly[-CHART_WEEKS:]
    _, observed, expected = weeks[-1]
    actual = context.number(cause_sentence.number_id(cause, "last.observed"), observed, "count", method="arrivals")
    usual = context.number(
        cause_sentence.number_id(cause, "last.expected"),
        round(expected, 1) if expected < 10 else round(expected),
        "count",
        method="expected arrivals",
    )
    return charts.line(
        [charts.Point(voice.language.short_label(label), came, foreseen) for label, came, foreseen in weeks],
        name=name,
        aria=aria,
        last=context.draw(voice.part("chart.actual_n", n=actual)),
        expected=context.draw(voice.part("chart.expected_n", n=usual)),
        width=205,
        height=112 if context.agenda.monthly else 84,
    )


def _caption(context: SectionContext, cause: Cause) -> Phrase:
    voice = context.voice
    counted = cause.exposure_kind in cause_sentence.COUNTED
    method = "caption.expected_records" if counted else "caption.expected"
    if cause.exposure_kind == "other_cases":
        method = "caption.expected_mixture"
    n = context.number(cause_sentence.number_id(cause, "n"), cause.observed, "count", method="cases counted once")
    return context.caption(
        voice.part("caption.scope", scope=voice.where(cause.slice)),
        voice.part("caption.method", method=voice.word(method)),
        voice.part("caption.n", n=n),
    )
