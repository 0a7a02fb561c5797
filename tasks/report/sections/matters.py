"""The three matters of the period, on page 1: what, where, since when, how much; and who does what next."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.actions import Action
from tasks.model.causes import Cause
from tasks.model.report_sections import ReportSection
from tasks.report.agenda import ConclusionKind, Matter
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import cause as cause_sentence
from tasks.report.sentences import mix

STEM = ReportSection.MATTERS


@dataclass(frozen=True)
class MatterLine:
    """One matter, and the next step against it."""

    what: Phrase
    next_step: Phrase


@dataclass(frozen=True)
class MattersView:
    """At most three matters; `none` says why there is none."""

    title: Phrase
    matters: tuple[MatterLine, ...]
    none: Phrase


def build(context: SectionContext) -> MattersView:
    """Return the matters of the period."""
    voice, agenda = context.voice, context.agenda
    sought = context.review.search.tells and context.review.tested
    calm = agenda.conclusion.kind in (ConclusionKind.QUIET, ConclusionKind.QUIET_LATE)
    none = voice.say("three.quiet" if calm else "three.none", this=voice.this())
    if agenda.quiet and not sought:
        none = voice.say("three.not_sought", this=voice.this())
    if agenda.partial:
        none = voice.word("missing.partial_causes")
    matters = tuple(_line(context, matter) for matter in agenda.matters)
    return MattersView(voice.say("section.three", this=voice.this()), matters, none)


def _line(context: SectionContext, matter: Matter) -> MatterLine:
    if matter.cause is not None:
        return MatterLine(_cause(context, matter.cause), _next_step(context, matter.next_step))
    return MatterLine(mix.sentence(context, matter.mix) if matter.mix else EMPTY, EMPTY)


def _cause(context: SectionContext, cause: Cause) -> Phrase:
    """Summarise a cause in one line; its sheet has the rest."""
    voice = context.voice
    head, life = cause_sentence.head(context, cause), cause_sentence.life(context, cause)
    if cause.expected <= 0 or cause.kind in ("cluster", "safety", "reputation"):
        line = voice.say("three.count", head=head, life=life, observed=cause_sentence.observed(context, cause))
    else:
        values = {
            "since": cause_sentence.since(context, cause),
            "counted": cause_sentence.counted(context, cause),
            "expected": cause_sentence.expected(context, cause),
            "times": cause_sentence.ratio(context, cause),
        }
        line = voice.say("three.amount", head=head, life=life, **values)
    if not cause.money:
        return line + voice.word("word.stop")
    return voice.part("three.loss", line=line, money=cause_sentence.money(context, cause))


def _next_step(context: SectionContext, action: Action | None) -> Phrase:
    if action is None:
        return EMPTY
    voice = context.voice
    what = voice.data(voice.action(action).what, 120)
    return voice.say("three.next", owner=voice.owner(action), due=context.by(f"action.{action.action_id}", action.due), what=what)
