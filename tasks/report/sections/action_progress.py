"""Progress of actions, on page 1: due, done, late, checked; then the late ones by owner."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tasks.model.actions import ActionResult, ActionStatus, Verdict
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
        return ActionProgressView(title, (voice.word("promise.withheld" if context.review.prior else "promise.none_made"),))
    lines = [_counts(context) + _verdicts(context), *(_late(context, result) for result in late[:LATE])]
    if len(late) > LATE:
        n = context.number("prior.more_late", len(late) - LATE, "items", method="ledger")
        lines.append(voice.say("promise.more_late", n=n))
    return ActionProgressView(title, tuple(lines))


def _counts(context: SectionContext) -> Phrase:
    counts = Counter(result.status for result in context.agenda.earlier.listed)
    due = counts[ActionStatus.DONE] + counts[ActionStatus.LATE] + counts[ActionStatus.DUE]
    if not due:
        return context.voice.word("promise.none")
    return context.voice.say(
        "promise.line",
        due=context.number("prior.due", due, "items", method="ledger"),
        done=context.number("prior.done", counts[ActionStatus.DONE], "items", method="ledger"),
        late=context.number("prior.late", counts[ActionStatus.LATE], "items", method="ledger"),
    )


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


def _late(context: SectionContext, result: ActionResult) -> Phrase:
    voice = context.voice
    id_ = verdict_sentence.number_id(result, "days_late")
    days = context.number(id_, result.days_late, "days", method="ledger")
    owner, what = voice.owner(result.action), voice.data(voice.action(result.action).what, 60)
    if not result.days_late:
        return voice.say("promise.late_today", owner=owner, what=what)
    if not result.postponed:
        return voice.say("promise.late", owner=owner, what=what, days=days)
    times = context.number(verdict_sentence.number_id(result, "postponed"), result.postponed, "count", method="ledger")
    return voice.say("promise.late_postponed", owner=owner, what=what, days=days, times=times)
