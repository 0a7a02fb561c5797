"""Actions: one owner, one date and one measurable target each, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tasks.model.slices import Slice


class ActionKind(StrEnum):
    """What an action does: stop the harm, fix the cause, or keep it from coming back."""

    CONTAIN = "contain"
    CORRECT = "correct"
    PREVENT = "prevent"


class ActionState(StrEnum):
    """The state of an action; a proposal is never overdue, and closed requires proof by the numbers."""

    PROPOSED = "proposed"
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    TO_VERIFY = "to_verify"
    CLOSED = "closed"
    INEFFECTIVE = "ineffective"
    REOPENED = "reopened"
    CANCELLED = "cancelled"


WORKING = (ActionState.OPEN, ActionState.IN_PROGRESS, ActionState.REOPENED)
"""States in which the work is agreed and not finished."""

FINISHED = (ActionState.TO_VERIFY, ActionState.CLOSED, ActionState.INEFFECTIVE)
"""States in which the work itself is finished, whether or not it helped."""


class Verdict(StrEnum):
    """Whether an action worked (docs/method.md, 9)."""

    EFFECTIVE = "effective"
    PARTLY = "partly"
    NO_CHANGE = "no_change"
    WORSE = "worse"
    UNDECIDED = "undecided"
    RELAPSED = "relapsed"


class ActionEventKind(StrEnum):
    """What happened to an action."""

    PROPOSED = "proposed"  # a review printed it as a proposal
    ACCEPTED = "accepted"  # a person accepted it, or its report was mailed
    STARTED = "started"  # the work began
    DONE = "done"  # the work is finished; whether it helped is not known yet
    POSTPONED = "postponed"  # a new date, with the reason
    REASSIGNED = "reassigned"  # a new owner
    CUT_IN = "cut_in"  # from which batch, date, release or shift it took effect
    VERIFIED = "verified"  # somebody checked the numbers
    CLOSED = "closed"  # proven and closed
    REOPENED = "reopened"  # reopened: closed too early
    CANCELLED = "cancelled"  # given up, with the reason


class ActionStatus(StrEnum):
    """How an earlier action stands on the day of a review."""

    LATE = "late"  # not done, and its due day is over
    DUE = "due"  # not done, and due today
    NOT_DUE = "not_due"  # not done, and not due yet
    DONE = "done"  # the work is finished
    CANCELLED = "cancelled"  # given up
    PROPOSED = "proposed"  # nobody has accepted it yet


class EffectMethod(StrEnum):
    """What the printed interval of an effect comes from."""

    EXACT = "exact"  # exact rate ratio of before and after
    CONTROL = "control"  # the same, against slices that the action did not touch
    COURSE = "course"  # the same, against the course expected without it
    SEGMENTED = "segmented"  # segmented regression of a series
    NONE = ""  # nothing was measured


class CutInAxis(StrEnum):
    """The axis along which an action takes effect: what comes after the cut-in is treated, what came before is not."""

    BATCH = "batch"  # batch number
    SHIP_DATE = "ship_date"  # day of shipment
    PAY_DATE = "pay_date"  # day of payment
    APPLY_DATE = "apply_date"  # day on which an after-sales order was opened
    RELEASE = "release"  # version of the app
    SHIFT = "shift"  # shift of the service desk
    SESSION = "session"  # live session
    PROMOTION = "promotion"  # the next promotion
    DONE_DATE = "none"  # none of these: the day on which it was done counts
    UNKNOWN = ""  # not stated


class TargetBasis(StrEnum):
    """What a target is based on: the playbook's rule, or its substitute."""

    RULE = "rule"
    COMPARABLE = "comparable"  # the rule's target would be no improvement: the rate of comparable units
    NOT_COMPUTED = "not_computed"  # a rate named by the rule is unknown: the rate of comparable units
    FIFTH_LESS = "fifth_less"  # neither is below the current rate: a fifth less than now
    HALF = "half"  # neither is above zero: half of now
    LEAST = "least"  # no rate is known: one in a thousand


@dataclass(frozen=True)
class Action:
    """An action: one person, one date, one measurable target."""

    action_id: str
    what: str
    kind: ActionKind
    cause_id: str
    owner: str
    department: str
    due: datetime
    metric: str
    exposure: str
    age_days: int
    slice: Slice
    leaf: str
    target: float | None
    target_text: str
    expected_effect: str
    period: str
    target_basis: TargetBasis = TargetBasis.RULE
    playbook: str = ""
    resources: str = ""
    cut_in_axis: CutInAxis = CutInAxis.UNKNOWN
    cut_in_planned: str = ""
    cut_in_actual: str = ""
    evidence_required: tuple[str, ...] = ()
    side_effect_metric: str = ""
    baseline_from: date | None = None
    baseline_to: date | None = None
    trigger_from: date | None = None
    trigger_to: date | None = None
    control: Slice = field(default_factory=dict)
    verify_weeks: int = 4
    min_units: int = 0
    state: ActionState = ActionState.PROPOSED
    postponed: int = 0
    restricted: bool = False
    numbers: tuple[
        tuple[str, float], ...
    ] = ()  # behind target_text and expected_effect: observed_rate, base_rate, fewer_per_week


@dataclass(frozen=True)
class ActionEvent:
    """A change of an action's state, owner or date: by whom, when and why."""

    action_id: str
    seq: int
    at: datetime
    by: str
    kind: ActionEventKind
    state: ActionState | None = None
    owner: str = ""
    due: datetime | None = None
    cut_in_actual: str = ""
    evidence: str = ""
    why: str = ""


@dataclass(frozen=True)
class ActionWords:
    """An action in the words of one language; the numbers in them are the action's own."""

    what: str
    metric: str
    exposure: str
    target: str
    effect: str
    evidence: tuple[str, ...]
    side_effect: str


@dataclass(frozen=True)
class ActionResult:
    """How an earlier action stands at the moment of a review, and whether it worked."""

    action: Action
    state: ActionState
    due: datetime
    done_at: datetime | None
    days_late: int
    postponed: int
    status: ActionStatus
    state_since: datetime | None = None  # when the event came that led to its state
    verdict: Verdict | None = None
    method: EffectMethod = EffectMethod.NONE
    rate_before: float | None = None
    rate_after: float | None = None
    n_before: float | None = None
    n_after: float | None = None
    events_before: float | None = None
    events_after: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    control_ratio: float | None = None
    rate_later: float | None = None  # in the follow-up weeks, if it rose again
    n_later: float | None = None
    side_before: float | None = None  # other cases on the same units, if they rose
    side_after: float | None = None
    needed: int | None = None
    needed_by: date | None = None
    reason: str = ""
