"""The earlier actions that an edition names, in the orders in which it prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.model.actions import Action, ActionResult, ActionState, ActionStatus, Verdict
from tasks.model.causes import Cause
from tasks.model.periods import Period

_STATUS_ORDER = (
    ActionStatus.LATE,
    ActionStatus.DUE,
    ActionStatus.DONE,
    ActionStatus.NOT_DUE,
    ActionStatus.PROPOSED,
    ActionStatus.CANCELLED,
)
_VERDICT_ORDER = (Verdict.EFFECTIVE, Verdict.PARTLY, Verdict.RELAPSED, Verdict.WORSE, Verdict.NO_CHANGE, Verdict.UNDECIDED)


@dataclass(frozen=True)
class EarlierActions:
    """Earlier actions that this edition may name.

    `listed` is in the order of the table, late ones first; `due` are those whose day lay in the period, `older` those due before
    it, and `since` those due between its end and the review's moment; `late` the longest first; `judged` the sure verdicts
    first; `without_numbers` are undecided ones of which only the names can be printed.
    """

    listed: tuple[ActionResult, ...]
    due: tuple[ActionResult, ...]
    older: tuple[ActionResult, ...]
    since: tuple[ActionResult, ...]
    late: tuple[ActionResult, ...]
    judged: tuple[ActionResult, ...]
    without_numbers: tuple[ActionResult, ...]


def earlier_actions(results: Sequence[ActionResult], period: Period, as_of: datetime) -> EarlierActions:
    """Put earlier actions into the orders in which they are printed; what ended before the period is not told again."""
    results = [result for result in results if _concerns(result, period)]
    promised = [result for result in results if result.status not in (ActionStatus.PROPOSED, ActionStatus.CANCELLED)]
    late = [result for result in results if result.status == ActionStatus.LATE]
    judged = [result for result in results if result.verdict is not None]
    judged.sort(key=lambda result: (_VERDICT_ORDER.index(result.verdict or Verdict.UNDECIDED), result.action.action_id))
    without_numbers = [
        result for result in judged if result.verdict == Verdict.UNDECIDED and (result.needed is None or result.n_after is None)
    ]
    if len(without_numbers) < 2:
        without_numbers = []  # a single one has its own line
    return EarlierActions(
        listed=tuple(
            sorted(results, key=lambda result: (_STATUS_ORDER.index(result.status), result.due, result.action.action_id))
        ),
        due=tuple(result for result in promised if period.start <= result.due < period.end),
        older=tuple(result for result in promised if result.due < period.start),
        since=tuple(result for result in promised if period.end <= result.due < as_of),
        late=tuple(sorted(late, key=lambda result: (-result.days_late, result.action.action_id))),
        judged=tuple(result for result in judged if result not in without_numbers),
        without_numbers=tuple(without_numbers),
    )


def _concerns(result: ActionResult, period: Period) -> bool:
    """Whether an action is still at work, ended in the period or after it, or has relapsed."""
    if result.state not in (ActionState.CLOSED, ActionState.CANCELLED) or result.verdict is Verdict.RELAPSED:
        return True
    ended = result.state_since or result.done_at or result.due
    return ended >= period.start


def comparable(causes: Sequence[Cause], results: Sequence[ActionResult]) -> dict[str, tuple[Action, Verdict]]:
    """Return for each cause the judged earlier action against the same problem at the same kind of slice, an effective one first."""
    order = (Verdict.EFFECTIVE, Verdict.PARTLY, Verdict.NO_CHANGE, Verdict.WORSE)
    chosen: dict[str, tuple[Action, Verdict]] = {}
    for cause in causes:
        fits = [
            (order.index(result.verdict), result.action.action_id, result.action, result.verdict)
            for result in results
            if result.verdict in order
            and result.action.cause_id != cause.cause_id
            and result.action.leaf == cause.leaf
            and set(result.action.slice) & set(cause.slice)
        ]
        if fits:
            _, _, action, verdict = min(fits, key=lambda fit: fit[:2])
            chosen[cause.cause_id] = (action, verdict)
    return chosen
