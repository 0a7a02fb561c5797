"""What is done about which cause: triggers, steps, metrics, target rules and how the effect is verified."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from tasks.shop.names import Name
from tasks.shop.section import Section

if TYPE_CHECKING:
    from tasks.model.actions import Action

DUE = re.compile(r"(?P<n>\d+)(?P<unit>h|d|sd)|D-(?P<before>\d+)|next_session|下一场")

TARGET_NAMES = ("base", "cat", "others", "last_promotion")
"""What a target rule may name: the slice's base rate, its category's, the other slices', the last promotion's at the same stage."""


def _readable_due(text: str) -> str:
    if not DUE.fullmatch(text):
        raise ValueError(
            f"{text!r} is no due time; write 24h, 2d (working days), 5sd (supplier working days), D-14 or next_session"
        )
    return text


def _readable_rule(text: str) -> str:
    target_value(text, dict.fromkeys(TARGET_NAMES, 1.0))
    return text


Due = Annotated[str, AfterValidator(_readable_due)]
Rule = Annotated[str, AfterValidator(_readable_rule)]


def target_value(rule: str, values: dict[str, float]) -> float:
    """Compute a target rule such as `max(cat, base)` or `0.5 * base`.

    Args:
        rule: Numbers, the names of `TARGET_NAMES`, `* + -` and `max`, `min`, `median`.
        values: A value for each name.

    Raises:
        ValueError: If the rule holds anything else.
    """

    def compute(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in TARGET_NAMES:
                return values[name]
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return compute(left) * compute(right)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return compute(left) + compute(right)
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return compute(left) - compute(right)
            case ast.Call(func=ast.Name(id="max" | "min" | "median" as function), args=[_, *_] as arguments, keywords=[]):
                numbers = [compute(argument) for argument in arguments]
                return max(numbers) if function == "max" else min(numbers) if function == "min" else median(numbers)
        raise ValueError(f"the target rule {rule!r} may hold numbers, {', '.join(TARGET_NAMES)}, * + - and max, min, median")

    try:
        parsed = ast.parse(rule, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"the target rule {rule!r} cannot be read") from error
    return compute(parsed.body)


class Minimum(Section):
    """How strong a cause must be."""

    ratio: float = 0.0
    cases: int = 1


class Trigger(Section):
    """Which causes an entry answers."""

    leaves: list[str] = Field(default_factory=list, description="Leaves; empty means any.")
    symptoms: list[str] = Field(default_factory=list, description="Symptoms one of which the cause must have; empty means any.")
    all_of: list[str] = Field(default_factory=list, description="Dimensions that the slice must hold.")
    any_of: list[str] = Field(default_factory=list, description="Dimensions of which the slice must hold one.")
    none_of: list[str] = Field(default_factory=list, description="Dimensions that the slice must not hold.")
    kinds: list[str] = Field(default_factory=list, description="Kinds of cause; empty means any.")
    tracks: list[str] = Field(default_factory=list, description="Tracks; empty means every track but safety.")
    red_lines: list[str] = Field(default_factory=list, description="Red lines that trigger the entry without any cause.")
    min: Minimum = Field(default_factory=lambda: Minimum())


class Step(Section):
    """One thing to do: by which role, until when, proven by what."""

    step: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["contain", "correct", "prevent"]
    do: Name
    owner: str = Field(description="Role, a key of people.yaml.")
    due: Due
    evidence: Name | None = None
    reply: dict[str, Due] = Field(default_factory=dict, description="When the supplier's parts of the answer are due.")
    decide: str = Field(default="", description="Role that decides, where it is not the owner.")
    law_days: int | None = Field(None, description="Working days that the law gives, printed beside.")
    red_lines: list[str] = Field(
        default_factory=list, description="Red lines for which this step alone is proposed; empty means all of the entry."
    )


class Metric(Section):
    """What is counted over what, at which age."""

    code: Literal[
        "complaints",
        "confirmed_faults",
        "quality_returns",
        "replied_3min_share",
        "late_shipments",
        "merchant_liable",
        "safety_cases",
    ]
    name: Name
    exposure: Literal[
        "units_signed",
        "parcels_shipped",
        "orders_paid",
        "active_devices",
        "human_conversations",
        "aftersales",
        "parcels_due",
        "units_in_use",
    ]
    exposure_name: Name
    age_days: int = 0
    unit: Literal["share", "ppm", "per_1000", "count"] = "share"
    good: Literal["down", "up"] = "down"


class TargetRule(Section):
    """How the target follows from the base rate."""

    rule: Rule
    name: Name


class Verify(Section):
    """From when the effect counts, for how long, on how many units at least."""

    cut_in: Literal["batch", "ship_date", "pay_date", "apply_date", "release", "shift", "session", "promotion", "none"]
    min_units: int = 0
    weeks: int = Field(default=4, ge=1)


class Entry(Section):
    """One playbook entry (docs/method.md, 9)."""

    id: str
    name: Name
    when: Trigger
    rule_out: list[Name] = Field(default_factory=list, description="What must be excluded first.")
    actions: list[Step] = Field(min_length=1)
    metric: Metric
    target: TargetRule
    verify: Verify
    side: Name | None = Field(None, description="What may get worse by it.")
    gate: Name | None = Field(None, description="When another entry or legal takes over.")
    compare: Name | None = None
    never: list[Name] = Field(default_factory=list, description="What must not be done.")
    reply: str = Field(default="", description="Reply template for customers.")
    restricted: bool = False

    @model_validator(mode="after")
    def _steps_are_distinct(self) -> Self:
        steps = [step.step for step in self.actions]
        if len(set(steps)) < len(steps):
            raise ValueError(f"{self.id} names a step twice; give each step another name")
        return self


@dataclass(frozen=True)
class ActionWords:
    """An action in one language; the numbers in it are the action's own."""

    what: str
    metric: str
    exposure: str
    target: str
    effect: str
    evidence: tuple[str, ...]
    side_effect: str


class Playbook(Section):
    """All entries, and the hour from which hours are counted."""

    clock_starts: str = Field(
        default="09:30", pattern=r"^\d\d:\d\d$", description="Hours count from this time of the day after the period."
    )
    day_ends: str = Field(default="18:00", pattern=r"^\d\d:\d\d$", description="A due day ends at this time.")
    session_days: int = Field(default=3, description="Days within which the next live session is held.")
    entries: list[Entry]

    @model_validator(mode="after")
    def _ids_are_distinct(self) -> Self:
        ids = [entry.id for entry in self.entries]
        if len(set(ids)) < len(ids):
            raise ValueError("an entry's id stands twice")
        return self

    def entry(self, entry_id: str) -> Entry | None:
        """Return an entry by its id, or nothing."""
        return next((entry for entry in self.entries if entry.id == entry_id), None)

    def step(self, playbook: str) -> tuple[Entry, Step] | None:
        """Return entry and step of an action's `playbook` mark (`PB01/block`), or nothing."""
        entry_id, _, step_id = playbook.partition("/")
        entry = self.entry(entry_id)
        step = next((step for step in entry.actions if step.step == step_id), None) if entry else None
        return (entry, step) if entry and step else None

    def words(self, action: Action, language: str) -> ActionWords:
        """Return an action's wording in a language; one that no entry made keeps the words it was written in."""
        found = self.step(action.playbook)
        numbers = dict(action.numbers)
        if found is None:
            return ActionWords(
                action.what, action.metric, action.exposure, action.target_text, action.expected_effect,
                action.evidence_required, action.side_effect_metric,
            )  # fmt: skip
        entry, step = found
        return ActionWords(
            what=step.do.of(language),
            metric=entry.metric.name.of(language),
            exposure=entry.metric.exposure_name.of(language),
            target=_target_words(entry, action.target, numbers, action.age_days, language),
            effect=_effect_words(entry, numbers, language),
            evidence=(step.evidence.of(language),) if step.evidence else (),
            side_effect=entry.side.of(language) if entry.side else "",
        )


def rate_text(value: float, unit: str) -> str:
    """Write a rate in its unit: share as percent (two decimals below 1 %), ppm, per 1,000, or a count."""
    if unit == "ppm":
        return f"{value * 1e6:,.0f}ppm"
    if unit == "per_1000":
        return f"{value * 1000:.2f}‰"
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value * 100:.1f}%" if value >= 0.01 or value == 0 else f"{value * 100:.2f}%"


def _target_words(entry: Entry, target: float | None, numbers: dict[str, float], age_days: int, language: str) -> str:
    chinese = language.startswith("zh")
    name = entry.metric.name.of(language)
    basis = entry.target.name.of(language)
    if target is None:
        return basis
    goal, now = rate_text(target, entry.metric.unit), numbers.get("observed_rate")
    age = ""
    if age_days:
        age = f"，满{age_days}天口径" if chinese else f", at {age_days} days"
    if entry.metric.unit == "count":
        return f"{name}{goal}例（{basis}）" if chinese else f"{name}: {goal} ({basis})"
    if now is None or entry.metric.good == "up":
        sign = "≥" if entry.metric.good == "up" else "≤"
        return f"{name}{sign}{goal}（{basis}{age}）" if chinese else f"{name} {sign} {goal} ({basis}{age})"
    before = rate_text(now, entry.metric.unit)
    return f"{name}由{before}降到{goal}（{basis}{age}）" if chinese else f"{name} from {before} to {goal} ({basis}{age})"


def _effect_words(entry: Entry, numbers: dict[str, float], language: str) -> str:
    chinese = language.startswith("zh")
    per_week = numbers.get("fewer_per_week")
    if per_week is not None and per_week >= 1:
        return f"每周约少{per_week:.0f}起" if chinese else f"about {per_week:.0f} fewer cases a week"
    return entry.target.name.of(language)
