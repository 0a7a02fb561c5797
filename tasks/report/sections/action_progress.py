"""Progress of actions, on page 1: due, done, late, checked; then the late ones by owner."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tasks.model.actions import ActionResult, ActionState, ActionStatus, Verdict
from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import verdict as verdict_sentence

STEM = ReportSection.ACTION_PROGRESS
LATE = 3
"""Late actions that page 1 names."""


@dataclass(frozen=True)
class ActionProgressView:
    """A line of counts, and lines that name the late actions."""

    title: Phrase
    lines: tuple[Phrase, ...]


def build(context: SectionContext) -> ActionProgressView:
    """Return the progress of earlier actions."""
    voice, late = context.voice, context.agenda.earlier.late
    title = voice.say("section.promises", last=voice.this("last"))
    if not context.agenda.earlier.listed:
        restricted = any(result.action.restricted for result in context.review.prior)
        return ActionProgressView(title, (voice.word("promise.withheld" if restricted else "promise.none_made"),))
    lines = [
        _due(context) + _since(context) + _older(context) + _verdicts(context),
        *(late_line(context, result) for result in late[:LATE]),
    ]
    if len(late) > LATE:
        n = context.number("prior.more_late", len(late) - LATE, "items", method="ledger")
        lines.append(voice.say("promise.more_late", n=n))
    return ActionProgressView(title, tuple(lines))


def _due(context: SectionContext) -> Phrase:
    """Count what was due in the period itself; a promise is not due again in every later period."""
    voice, results = context.voice, context.agenda.earlier.due
    if not results:
        return voice.say("promise.none", this=voice.this())
    done = [result for result in results if result.status is ActionStatus.DONE]
    values = {
        "this": voice.this(),
        "due": context.number("prior.due", len(results), "items", method="ledger"),
        "done": context.number("prior.done", len(done), "items", method="ledger"),
        "open": context.number("prior.open", len(results) - len(done), "items", method="ledger"),
    }
    if not (delayed := sum(result.days_late > 0 for result in done)):
        return voice.say("promise.line", **values)
    return voice.say("promise.line_delayed", delayed=context.number("prior.delayed", delayed, "items", method="ledger"), **values)


def _since(context: SectionContext) -> Phrase:
    """Count what fell due between the period's end and the review's moment."""
    results = context.agenda.earlier.since
    if not results:
        return EMPTY
    still_open = sum(result.status is not ActionStatus.DONE for result in results)
    return context.voice.say(
        "promise.since",
        due=context.number("prior.since.due", len(results), "items", method="ledger"),
        open=context.number("prior.since.open", still_open, "items", method="ledger"),
    )


def _older(context: SectionContext) -> Phrase:
    """Count what was due before: what is still not done, and what is done and waits for proof."""
    results = context.agenda.earlier.older
    counts = {
        "late": sum(result.status is not ActionStatus.DONE for result in results),
        "proof": sum(result.state is ActionState.TO_VERIFY for result in results),
    }
    parts = [
        context.voice.part(f"promise.older_{name}", n=context.number(f"prior.older.{name}", n, "items", method="ledger"))
        for name, n in counts.items()
        if n
    ]
    return context.voice.say("promise.older", parts=context.voice.listed(parts)) if parts else EMPTY


def _verdicts(context: SectionContext) -> Phrase:
    voice = context.voice
    counts = Counter(result.verdict for result in context.agenda.earlier.listed if result.verdict is not None)
    parts = [
        voice.part(
            "promise.part",
            word=voice.word(f"verdict.{verdict.value}"),
            n=context.number(f"prior.verdict.{verdict.value}", counts[verdict], "items", method="effect check"),
        )
        for verdict in Verdict
        if counts[verdict]
    ]
    return voice.say("promise.verified", parts=voice.listed(parts)) if parts else EMPTY


def late_line(context: SectionContext, result: ActionResult) -> Phrase:
    """Name a late action with its owner, how late it is, and how often it was postponed."""
    voice = context.voice
    id_ = verdict_sentence.number_id(result, "days_late")
    days = context.number(id_, result.days_late, "working_days", method="ledger")
    owner, what = voice.owner(result.action), voice.data(voice.action(result.action).what, 60)
    if not result.days_late:
        return voice.say("promise.late_today", owner=owner, what=what)
    if not result.postponed:
        return voice.say("promise.late", owner=owner, what=what, days=days)
    times = context.number(verdict_sentence.number_id(result, "postponed"), result.postponed, "count", method="ledger")
    return voice.say("promise.late_postponed", owner=owner, what=what, days=days, times=times)
