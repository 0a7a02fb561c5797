"""New actions from the playbook: for each cause, steps to contain, correct and prevent, with person, date and target."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tasks.act.due_dates import due_at
from tasks.act.observation import BASELINE_WEEKS
from tasks.model.actions import Action, ActionKind, ActionState, ActionWords, TargetBasis
from tasks.model.causes import Cause, CauseStatus
from tasks.model.periods import Period
from tasks.model.review import RedLine
from tasks.model.slices import Slice
from tasks.shop.load import Shop
from tasks.shop.playbook import Entry, Step, target_rates, target_value

FINISHED = (ActionState.CLOSED, ActionState.INEFFECTIVE, ActionState.CANCELLED)
"""States after which the same cause asks for a new action."""

AXIS_DIMENSIONS = {"shipped_at": "ship_date", "ship_date": "ship_date", "paid_at": "pay_date", "pay_date": "pay_date"}
"""Axis on which a cause begins → the dimension it amounts to."""

FAMILY_SYMPTOMS = {"wear": "battery", "app": "app"}
"""Lag family → the symptom it stands for where the slice names none."""

VAGUE = re.compile(r"加强|提高重视|高度重视|引起重视|多加注意|pay (more )?attention|strengthen|be more careful", re.IGNORECASE)

INTERVALS = ("ship_date", "pay_date")
"""Dimensions whose value is a span of days, which grows from week to week while the cause stays the same."""

HARMLESS_KINDS = ("fall", "reputation")
"""Kinds of finding that call for no action: nothing is broken."""


@dataclass(frozen=True)
class _Subject:
    """What an action is about, whether a cause or a red line raised it."""

    cause_id: str
    kind: str
    slice: Slice
    leaves: tuple[str, ...]
    symptoms: tuple[str, ...]
    dimensions: frozenset[str]
    track: str
    red_line: str
    observed: float
    ratio: float
    exposure: float
    window_weeks: int
    since: date | None
    age_days: int | None
    rate: float | None
    rates: Mapping[str, float]
    line: str

    @property
    def signature(self) -> str:
        """The identity that stays the same when the cause appears again next week."""
        return "\x1f".join((*(f"{k}={v}" for k, v in sorted(_lasting(self.slice))), self.leaves[0] if self.leaves else ""))


def propose(
    causes: list[Cause],
    red_lines: list[RedLine],
    period: Period,
    shop: Shop,
    existing: list[Action],
    wording: Callable[[Action], ActionWords],
    *,
    as_of: datetime,
    forbidden: Callable[[str], object] | None = None,
) -> list[Action]:
    """Propose actions for the causes and red lines of a period.

    An action that is still open is not proposed again: the same step for the same or a containing slice is left out. The
    action's id derives from cause, entry and step, so that a second run makes the same action.

    Args:
        causes: Excesses found.
        red_lines: What opens the meeting regardless of statistics.
        period: The period under review.
        shop: Configuration.
        existing: Actions known so far, with their current state.
        wording: Words an action in the shop's first language.
        as_of: The review's moment, from which due dates count.
        forbidden: Tells whether a text is a practice that may never be proposed; by default the shop's words decide.

    Returns:
        Actions in the order of red lines, then causes, then the playbook.
    """
    refuses = forbidden or shop.words.forbidden_practice
    proposed: dict[str, Action] = {}
    for subject in [_of_red_line(line, shop) for line in red_lines] + [
        _of_cause(cause, shop) for cause in causes if _is_open(cause)
    ]:
        chosen = _entry(subject, shop)
        if chosen is None:
            continue
        entry, steps = chosen
        if subject.red_line == "safety" and subject.observed < 2:
            steps = steps[:1]  # the person who reaches the customer looks into a lead; their finding decides the rest
        for step in steps:
            action = replace(_action(subject, entry, step, period, shop), due=due_at(step.due, as_of, shop))
            words = wording(action)
            action = replace(action, target_text=words.target, expected_effect=words.effect)
            fresh = _fresh(action, subject, entry, step, period, existing)
            if fresh is not None and not refusal(fresh, refuses):
                proposed.setdefault(fresh.action_id, fresh)
    return list(proposed.values())


def refusal(action: Action, forbidden: Callable[[str], object]) -> str:
    """Return why an action may not be stored: no person, date or target, vague, or a forbidden practice.

    Args:
        action: The action, proposed or entered by a person.
        forbidden: Tells whether a text is a forbidden practice (docs/method.md, 10).

    Returns:
        Code: no_person, no_date, no_target, no_metric, vague, forbidden; empty if it may be stored.
    """
    if not action.owner.strip():
        return "no_person"
    if action.due is None or action.due.tzinfo is None:
        return "no_date"
    if action.target is None or (action.target <= 0 and not action.restricted):
        return "no_target"
    if not action.metric.strip() or not action.what.strip():
        return "no_metric"
    if VAGUE.search(action.what) and not re.search(r"\d|三批|双签", action.what):
        return "vague"
    if any(forbidden(text) for text in (action.what, action.expected_effect, action.resources) if text):
        return "forbidden"
    return ""


def _is_open(cause: Cause) -> bool:
    return cause.kind not in HARMLESS_KINDS and cause.status is not CauseStatus.REJECTED


def _line(conditions: Mapping[str, str], shop: Shop) -> str:
    if line := conditions.get("line"):
        return line
    known = sorted({line for person in shop.people.people for line in person.lines})
    return next((line for line in known if conditions.get("sku", "").startswith(line)), "")


def _of_cause(cause: Cause, shop: Shop) -> _Subject:
    named = [symptom for symptom in (cause.slice.get("symptom"), FAMILY_SYMPTOMS.get(cause.family)) if symptom]
    dimensions = {*cause.slice, *filter(None, [AXIS_DIMENSIONS.get(cause.since_axis) if cause.since else None])}
    base = cause.comparison_rate
    if base is None and cause.exposure:
        base = cause.expected / cause.exposure
    rate = cause.rate if cause.rate is not None else (cause.observed / cause.exposure if cause.exposure else None)
    rates = {
        "base": base,
        "cat": cause.evidence.category_rate,
        "others": cause.evidence.others_rate,
        "last_promotion": cause.evidence.last_promotion_rate,
    }
    return _Subject(
        cause_id=cause.cause_id,
        kind=cause.kind,
        slice=dict(cause.slice),
        leaves=tuple(dict.fromkeys(filter(None, (cause.leaf, *(leaf for leaf, _ in cause.leaves[:1]))))),
        symptoms=tuple(named),
        dimensions=frozenset(dimensions),
        track=cause.track,
        red_line="",
        observed=cause.observed,
        ratio=cause.ratio,
        exposure=cause.exposure,
        window_weeks=max(cause.window_weeks, 1),
        since=cause.since,
        age_days=cause.age_days if cause.comparison_rate is not None else None,
        rate=rate,
        rates={name: value for name, value in rates.items() if value is not None},
        line=_line(cause.slice, shop),
    )


def _of_red_line(line: RedLine, shop: Shop) -> _Subject:
    return _Subject(
        cause_id=f"red_line:{line.kind}",
        kind=line.kind,
        slice=dict(line.slice),
        leaves=(line.leaf,) if line.leaf else (),
        symptoms=(line.slice["symptom"],) if "symptom" in line.slice else (),
        dimensions=frozenset(line.slice),
        track="safety" if line.kind == "safety" else "dispute",
        red_line=line.kind,
        observed=line.cases,
        ratio=float("inf"),
        exposure=line.sold or 0.0,
        window_weeks=1,
        since=None,
        age_days=None,
        rate=None,
        rates={},
        line=_line(line.slice, shop),
    )


def _entry(subject: _Subject, shop: Shop) -> tuple[Entry, list[Step]] | None:
    """Return the best-fitting entry and its steps that apply; a weak cause never stops sales."""
    fitting = [(rank, entry) for entry in shop.playbook.entries if (rank := _rank(subject, entry)) is not None]
    if not fitting:
        return None
    strong = [(rank, entry) for rank, entry in fitting if _is_strong(subject, entry)]
    # max() keeps the first of equals: the playbook's order decides between entries that fit equally well.
    entry = max(strong or fitting, key=lambda pair: pair[0])[1]
    steps = [step for step in entry.actions if strong or step.kind != "contain"]
    if subject.red_line and entry.when.tracks != ["safety"]:
        steps = [step for step in steps if step.kind == "contain"]
    return (entry, steps) if steps else None


def _rank(subject: _Subject, entry: Entry) -> tuple[int, ...] | None:
    when = entry.when
    if subject.red_line:
        return (1,) if subject.red_line in when.red_lines else None
    tracks = when.tracks or ["standard", "dispute", "batch"]
    if subject.track not in tracks:
        return None
    if subject.track == "safety":
        return (1, len(when.leaves))
    abnormal = subject.kind == "cluster" and "SPC.ABNORMAL" in when.leaves
    if when.leaves and not set(subject.leaves) & set(when.leaves) and not abnormal:
        return None
    if (when.symptoms and not set(when.symptoms) & set(subject.symptoms)) or (when.kinds and subject.kind not in when.kinds):
        return None
    dimensions = subject.dimensions
    if not set(when.all_of) <= dimensions or set(when.none_of) & dimensions:
        return None
    if when.any_of and not set(when.any_of) & dimensions:
        return None
    first = int(bool(subject.leaves) and subject.leaves[0] in when.leaves)
    return (
        int(abnormal),
        int(bool(when.symptoms)),
        len(set(when.all_of) & dimensions),
        first,
        len(set(when.any_of) & dimensions),
    )


def _is_strong(subject: _Subject, entry: Entry) -> bool:
    return subject.observed >= entry.when.min.cases and subject.ratio >= entry.when.min.ratio


def _target(subject: _Subject, entry: Entry) -> tuple[float, TargetBasis]:
    """Return the target and its basis; 0 only for safety, and never above the current rate."""
    rates, now = subject.rates, subject.rate
    base = rates.get("base", 0.0)
    if target_rates(entry.target.rule) <= rates.keys():
        target, basis = target_value(entry.target.rule, rates), TargetBasis.RULE
    else:
        target, basis = base, TargetBasis.NOT_COMPUTED
    if entry.restricted or entry.metric.good == "up":
        return target, basis
    if now is not None and now > 0 and (target <= 0 or target >= now):
        if 0 < base < now:
            target, basis = base, TargetBasis.COMPARABLE
        else:
            target, basis = (0.8 * now, TargetBasis.FIFTH_LESS) if target >= now else (0.5 * now, TargetBasis.HALF)
    if target <= 0:
        target, basis = (base, TargetBasis.COMPARABLE) if base > 0 else (0.001, TargetBasis.LEAST)
    return float(f"{target:.3g}"), basis


def _action(subject: _Subject, entry: Entry, step: Step, period: Period, shop: Shop) -> Action:
    target, basis = _target(subject, entry)
    now, base = subject.rate, subject.rates.get("base")
    numbers: dict[str, float] = {}
    if now is not None:
        numbers["observed_rate"] = now
    if base is not None:
        numbers["base_rate"] = base
    if now and entry.metric.good == "down" and not entry.restricted:
        numbers["fewer_per_week"] = round(subject.observed * (1 - min(target / now, 1.0)) / subject.window_weeks, 1)
    supplier = subject.slice.get("component_supplier") or subject.slice.get("supplier") or ""
    person = shop.people.owner(step.owner, line=subject.line, supplier=supplier, platform=subject.slice.get("platform", ""))
    window_from = period.last_day + timedelta(days=1) - timedelta(weeks=subject.window_weeks)
    trigger_from = min(filter(None, (window_from, period.first_day, subject.since)))
    age = subject.age_days if subject.age_days is not None else entry.metric.age_days
    baseline_to = trigger_from - timedelta(days=max(age, 1))
    language = shop.identity.languages[0]
    return Action(
        action_id="",
        what=step.do.of(language),
        kind=ActionKind(step.kind),
        cause_id=subject.cause_id,
        owner=person.name,
        department=step.owner,
        due=period.end,
        metric=entry.metric.name.of(language),
        exposure=entry.metric.exposure,
        age_days=age,
        slice=subject.slice,
        leaf=subject.leaves[0] if subject.leaves else "",
        target=target,
        target_text="",
        expected_effect="",
        period=period.id,
        target_basis=basis,
        playbook=f"{entry.id}/{step.step}",
        cut_in_axis=entry.verify.cut_in,
        evidence_required=(step.evidence.of(language),) if step.evidence else (),
        side_effect_metric=entry.side.of(language) if entry.side else "",
        baseline_from=baseline_to - timedelta(weeks=BASELINE_WEEKS) + timedelta(days=1),
        baseline_to=baseline_to,
        trigger_from=trigger_from,
        trigger_to=period.last_day,
        verify_weeks=entry.verify.weeks,
        min_units=entry.verify.min_units,
        restricted=entry.restricted,
        numbers=tuple(sorted(numbers.items())),
    )


def _fresh(action: Action, subject: _Subject, entry: Entry, step: Step, period: Period, existing: list[Action]) -> Action | None:
    """Return an action with its id, or None if an action of an earlier review still covers it.

    An action that people worded themselves names the entry without a step; it covers the entry's steps of its kind.
    """
    earlier = [
        other
        for other in existing
        if other.period != period.id
        and Period.parse(other.period, period.zone).end < period.end
        and (other.playbook == action.playbook or (other.playbook == entry.id and other.kind is action.kind))
    ]
    for other in earlier:
        if other.state not in FINISHED and _covers(other, action):
            return None
    ids = {other.action_id for other in earlier}
    turn = 1
    while (action_id := _id(subject, entry, step, turn)) in ids:
        turn += 1
    return replace(action, action_id=action_id)


def _lasting(conditions: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return the part of a slice that stays the same while its cause lasts."""
    return {(name, value) for name, value in conditions.items() if name not in INTERVALS}


def _covers(other: Action, action: Action) -> bool:
    """Whether two actions are about one thing: one slice contains the other, and their leaves belong to one node."""
    first, second = _lasting(other.slice), _lasting(action.slice)
    same_node = other.leaf.partition(".")[0] == action.leaf.partition(".")[0]
    return same_node and (first <= second or second <= first)


def _id(subject: _Subject, entry: Entry, step: Step, turn: int) -> str:
    content = "\x1f".join((subject.signature, entry.id, step.step, str(turn)))
    return f"A-{hashlib.sha256(content.encode()).hexdigest()[:10]}"
