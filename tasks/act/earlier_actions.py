"""Actions from earlier reviews: due, done, late or postponed, and whether they worked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tasks.act.evidence import Evidence
from tasks.act.observation import evidence
from tasks.act.verdict import JudgedEffect, judge
from tasks.model.actions import FINISHED, Action, ActionEvent, ActionEventKind, ActionResult, ActionState, ActionStatus, Verdict
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.shop.load import Shop

MINIMUM_UNITS = 500
"""Units that a verdict needs if neither the action nor the playbook sets a number."""

STATE_AFTER: dict[ActionEventKind, ActionState] = {
    ActionEventKind.PROPOSED: ActionState.PROPOSED,
    ActionEventKind.ACCEPTED: ActionState.OPEN,
    ActionEventKind.STARTED: ActionState.IN_PROGRESS,
    ActionEventKind.DONE: ActionState.TO_VERIFY,
    ActionEventKind.REOPENED: ActionState.REOPENED,
    ActionEventKind.CLOSED: ActionState.CLOSED,
    ActionEventKind.CANCELLED: ActionState.CANCELLED,
}
"""State that each kind of event leads to, unless the event names one."""


@dataclass(frozen=True)
class Standing:
    """An action at one moment: the result of its events up to then."""

    state: ActionState
    due: datetime
    owner: str
    postponed: int
    done_at: datetime | None
    cut_in_actual: str
    since: datetime | None = None


def check(
    actions: list[tuple[Action, list[ActionEvent]]], facts: CodedFacts, period: Period, shop: Shop, as_of: datetime
) -> list[ActionResult]:
    """Return how each action of an earlier period stands, and whether it worked.

    Args:
        actions: Actions with their events; events after `as_of` are ignored.
        facts: Coded tables as of the same moment.
        period: The period under review; actions created for it or later are left out. Effects are those known at `as_of`, so
            that every edition of one moment has the same verdict.
        shop: Configuration.
        as_of: Moment of knowledge, aware UTC.

    Returns:
        Results: late ones first (most days late first), then due, not due, done, cancelled, proposed; by id within.
    """
    seen = _days_seen(as_of, period.zone)
    results = [
        _result(action, events, facts, seen, shop, as_of)
        for action, events in actions
        if Period.parse(action.period, period.zone).is_reviewed_before(period) and _was_known(events, as_of)
    ]
    order = list(ActionStatus)
    return sorted(
        results, key=lambda result: (order.index(result.status), -result.days_late, result.due, result.action.action_id)
    )


def _days_seen(as_of: datetime, zone: str) -> Period:
    """Return the last whole day known at a moment: effects are measured up to it, whatever period is reviewed at that moment."""
    day = as_of.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    return Period.parse(f"{day}..{day}", zone)


def standing(action: Action, events: list[ActionEvent], as_of: datetime) -> Standing:
    """Fold an action's events up to a moment into its standing."""
    state, due, owner, postponed, cut_in = action.state, action.due, action.owner, 0, action.cut_in_actual
    done_at: datetime | None = None
    since: datetime | None = None
    known = sorted((event for event in events if event.at <= as_of), key=lambda event: event.seq)
    if known:
        state = ActionState.PROPOSED
    for event in known:
        before, state = state, event.state or STATE_AFTER.get(event.kind, state)
        since = event.at if state is not before or since is None else since
        due, owner, cut_in = event.due or due, event.owner or owner, event.cut_in_actual or cut_in
        postponed += event.kind == ActionEventKind.POSTPONED
        if event.kind == ActionEventKind.DONE or (state in FINISHED and done_at is None):
            done_at = event.at
        elif state not in FINISHED:
            done_at = None
    return Standing(state, due, owner, postponed if known else action.postponed, done_at, cut_in, since)


def _was_known(events: list[ActionEvent], as_of: datetime) -> bool:
    return not events or any(event.at <= as_of for event in events)


def _result(
    action: Action, events: list[ActionEvent], facts: CodedFacts, seen: Period, shop: Shop, as_of: datetime
) -> ActionResult:
    now = standing(action, events, as_of)
    status, days_late = _status(now, as_of, shop, seen.zone, exact=action.restricted)
    result = ActionResult(action, now.state, now.due, now.done_at, days_late, now.postponed, status, now.since)
    if status != ActionStatus.DONE:
        return result
    done_on = now.done_at.astimezone(ZoneInfo(seen.zone)).date() if now.done_at else None
    good_is_up = _good_is_up(action, shop)
    target = action.target
    if target is not None and good_is_up:
        target = 1 - target
    entry = shop.playbook.entry(action.playbook.partition("/")[0])
    min_units = action.min_units or (entry.verify.min_units if entry else 0) or MINIMUM_UNITS
    found = evidence(action, facts, seen, shop, done_on=done_on, cut_in_actual=now.cut_in_actual, min_units=min_units)
    effect = judge(found, target=target, min_units=min_units, age_days=action.age_days, last_day=seen.last_day)
    return _with_numbers(result, effect, found, good_is_up)


def _with_numbers(result: ActionResult, effect: JudgedEffect, found: Evidence, good_is_up: bool) -> ActionResult:
    """Add verdict and printed numbers; a share that should rise is printed as it is, with the ratio of the misses."""

    def printed(rate: float | None) -> float | None:
        return 1 - rate if rate is not None and good_is_up else rate

    before = effect.compared or found.before
    relapsed = effect.verdict is Verdict.RELAPSED
    ratio = effect.ratio
    return replace(
        result,
        verdict=effect.verdict,
        method=effect.method,
        rate_before=printed(before.rate),
        rate_after=printed(found.after.rate),
        n_before=before.n or None,
        n_after=found.after.n or None,
        events_before=before.events if before.n else None,
        events_after=found.after.events if found.after.n else None,
        rate_later=printed(found.later.rate) if relapsed else None,
        n_later=found.later.n if relapsed else None,
        side_before=effect.side[0] if effect.side else None,
        side_after=effect.side[1] if effect.side else None,
        ratio=_finite(ratio.ratio) if ratio else None,
        low=_finite(ratio.low) if ratio else None,
        high=_finite(ratio.high) if ratio else None,
        control_ratio=effect.control_ratio,
        needed=effect.needed,
        needed_by=effect.needed_by,
        reason=effect.reason,
    )


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None


def _good_is_up(action: Action, shop: Shop) -> bool:
    entry = shop.playbook.entry(action.playbook.partition("/")[0])
    return entry.metric.good == "up" if entry else action.exposure == "human_conversations"


def _status(now: Standing, as_of: datetime, shop: Shop, zone: str, *, exact: bool) -> tuple[ActionStatus, int]:
    """Return the status word and the working days late.

    An action is on time until its due day ends in the business zone; a red-line action until its exact time.
    """
    if now.state is ActionState.CANCELLED:
        return ActionStatus.CANCELLED, 0
    if now.state is ActionState.PROPOSED:
        return ActionStatus.PROPOSED, 0
    due_day = now.due.astimezone(ZoneInfo(zone)).date()
    deadline = now.due if exact else datetime.combine(due_day + timedelta(days=1), time(), ZoneInfo(zone))
    if now.state in FINISHED:
        done_at = now.done_at or now.due
        late = _days_late(due_day, done_at.astimezone(ZoneInfo(zone)).date(), shop) if done_at >= deadline else 0
        return ActionStatus.DONE, late
    if as_of >= deadline:
        return ActionStatus.LATE, _days_late(due_day, as_of.astimezone(ZoneInfo(zone)).date(), shop)
    return (ActionStatus.DUE if as_of.astimezone(ZoneInfo(zone)).date() == due_day else ActionStatus.NOT_DUE), 0


def _days_late(due_day: date, day: date, shop: Shop) -> int:
    return shop.calendar.working_days(due_day + timedelta(days=1), day)
