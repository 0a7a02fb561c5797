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
    return DecisionsView(tuple(_sentence(context, decision) for decision in context.agenda.decisions), none)


def _sentence(context: SectionContext, decision: Decision) -> Phrase:
    voice = context.voice
    owner, due = voice.person(decision.owner), voice.due(decision.due)
    key = "decision.full" if decision.due > context.review.as_of else "decision.full_past"
    sentence = voice.say(key, what=_what(context, decision), owner=owner, due=due, cost=_cost(context, decision))
    return cause_sentence.tidy(sentence)


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
    return _cost_of_waiting(context, cause) if cause is not None and cause.observed > cause.expected else EMPTY


def _cost_of_waiting(context: SectionContext, cause: Cause) -> Phrase:
    excess = round((cause.observed - cause.expected) / max(cause.window_weeks, 1))
    id_ = cause_sentence.number_id(cause, "excess_per_week")
    cases = context.number(id_, excess, "cases", method="excess per week")
    if not cause.money:
        return context.voice.say("decision.cost", cases=cases)
    return context.voice.say("decision.cost_money", cases=cases, money=cause_sentence.money(context, cause))
