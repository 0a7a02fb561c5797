"""Decisions needed now, on page 1."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.causes import Cause
from tasks.model.report_sections import ReportSection
from tasks.report.agenda import Decision
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import cause as cause_sentence

STEM = ReportSection.DECISIONS


@dataclass(frozen=True)
class DecisionsView:
    """The decisions as sentences; `none` is printed if there are none."""

    sentences: tuple[Phrase, ...]
    none: Phrase


def build(context: SectionContext) -> DecisionsView:
    """Return the decisions needed."""
    none = context.voice.say("decision.none", this=context.voice.this())
    return DecisionsView(tuple(_sentence(context, place, it) for place, it in enumerate(context.agenda.decisions)), none)


def _sentence(context: SectionContext, place: int, decision: Decision) -> Phrase:
    """Ask for a decision by its time, or at once if that has passed since an earlier edition asked."""
    voice = context.voice
    values = {"what": _what(context, decision), "owner": voice.person(decision.owner), "cost": _cost(context, decision)}
    late = context.days_late(decision.due)
    if late is None:
        return cause_sentence.tidy(voice.say("decision.full", due=voice.due(decision.due), **values))
    if not late:
        return cause_sentence.tidy(voice.say("decision.full_today", **values))
    days = context.number(f"decision.{place}.days_late", late, "days", method="ledger")
    return cause_sentence.tidy(voice.say("decision.full_past", days=days, **values))


def _what(context: SectionContext, decision: Decision) -> Phrase:
    voice, cause = context.voice, decision.cause
    if decision.red_line is not None:
        return voice.part("decision.safety", where=voice.where(decision.red_line.slice))
    if cause is not None and cause.stock and cause.slice.get("batch_no"):
        batch = voice.data(cause.slice["batch_no"])
        return voice.part("decision.stock", batch=batch, stock=cause_sentence.stock(context, cause))
    words = voice.action(decision.action).what if decision.action else ""
    return voice.part("decision.action", what=voice.data(words, 80))


def _cost(context: SectionContext, decision: Decision) -> Phrase:
    """Say what waiting costs, if that is known."""
    cause = decision.cause
    if decision.red_line is not None or (cause is not None and cause.kind == "safety"):
        return context.voice.word("decision.cost_safety")
    if cause is None or cause.observed <= cause.expected:
        return EMPTY
    return _cost_of_stock(context, cause) if cause.stock and cause.slice.get("batch_no") else _cost_of_waiting(context, cause)


def _cost_of_stock(context: SectionContext, cause: Cause) -> Phrase:
    """Say what the units in stock would bring if they were sold: no decision changes what is sold already."""
    if cause.rate is None or cause.comparison_rate is None or cause.rate <= cause.comparison_rate:
        return EMPTY
    more = (cause.stock or 0) * (cause.rate - cause.comparison_rate)
    value = float(round(more)) if more >= 1 else round(more, 1)
    cases = context.number(cause_sentence.number_id(cause, "stock_cases"), value, "cases", method="stock × excess rate")
    return context.voice.say("decision.cost_stock", stock=cause_sentence.stock(context, cause), cases=cases)


def _cost_of_waiting(context: SectionContext, cause: Cause) -> Phrase:
    excess = round((cause.observed - cause.expected) / max(cause.window_weeks, 1))
    id_ = cause_sentence.number_id(cause, "excess_per_week")
    cases = context.number(id_, excess, "cases", method="excess per week")
    if not cause.money:
        return context.voice.say("decision.cost", cases=cases)
    return context.voice.say("decision.cost_money", cases=cases, money=cause_sentence.money(context, cause))
