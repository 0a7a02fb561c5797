"""Earlier actions of a month as a table, late ones first, with the verdicts below it."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.actions import ActionResult, ActionState, ActionStatus
from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import verdict
from tasks.report.table_choice import MAXIMUM_ROWS

STEM = ReportSection.EARLIER_ACTIONS
_TONES = {"effective": "better", "worse": "worse", "no_change": "worse", "relapsed": "worse"}


@dataclass(frozen=True)
class EarlierActionRow:
    """One earlier action and how it stands."""

    what: Phrase
    owner: Phrase
    due: Phrase
    status: Phrase
    before: Phrase
    after: Phrase
    result: Phrase
    tone: str


@dataclass(frozen=True)
class EarlierActionsView:
    """The table, and verdicts in sentences."""

    rows: tuple[EarlierActionRow, ...]
    verdicts: tuple[tuple[str, Phrase], ...]


def build(context: SectionContext) -> EarlierActionsView:
    """Return earlier actions with their state and measured rates."""
    verdicts = verdict.sentences(context)
    rows = tuple(_row(context, result) for result in context.agenda.earlier.listed[:MAXIMUM_ROWS])
    return EarlierActionsView(rows, verdicts)


def _row(context: SectionContext, result: ActionResult) -> EarlierActionRow:
    voice = context.voice
    before = after = word = voice.word("word.none")
    if result.verdict is not None:
        word = voice.word(f"verdict.{result.verdict.value}")
        before = verdict.rate_before(context, result) if result.rate_before is not None else before
        after = verdict.rate_after(context, result) if result.rate_after is not None else after
    return EarlierActionRow(
        what=voice.data(voice.action(result.action).what, 100),
        owner=voice.owner(result.action),
        due=voice.due(result.due),
        status=_status(context, result),
        before=before,
        after=after,
        result=word,
        tone=_TONES.get(result.verdict.value if result.verdict else "", ""),
    )


def _status(context: SectionContext, result: ActionResult) -> Phrase:
    if result.status is ActionStatus.DONE and result.state is ActionState.TO_VERIFY:
        return context.voice.word("action_status.to_verify")
    if result.status != "late":
        return context.voice.word(f"action_status.{result.status}")
    days = context.number(verdict.number_id(result, "days_late"), result.days_late, "working_days", method="ledger")
    return context.voice.part("action_status.late_days", days=days)
