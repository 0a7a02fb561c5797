"""What to do about which cause: triggers, steps, metrics, target rules and how the effect is verified."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from tasks.model.actions import CutInAxis
from tasks.shop.names import Name
from tasks.shop.section import ConfigSection

DUE = re.compile(r"(?P<n>\d+)(?P<unit>h|d|sd)|D-(?P<before>\d+)|next_session|下一场")

TARGET_NAMES = ("base", "cat", "others", "last_promotion")
"""What a target rule may name, all at one age: the rate of comparable units; the median of the other products of its line; that
of the other values of its leading dimension; its own at the same stage of the promotion before."""


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


def target_rates(rule: str) -> frozenset[str]:
    """Return the rates that a target rule names."""
    return frozenset(node.id for node in ast.walk(ast.parse(rule, mode="eval")) if isinstance(node, ast.Name)) & set(TARGET_NAMES)


def target_value(rule: str, values: Mapping[str, float]) -> float:
    """Compute a target rule such as `max(cat, base)` or `0.5 * base`.

    Args:
        rule: Numbers, the names of `TARGET_NAMES`, `* + -` and `max`, `min`, `median`.
        values: A value for each name in the rule.

    Raises:
        ValueError: If the rule contains anything else.
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
        raise ValueError(f"the target rule {rule!r} may contain numbers, {', '.join(TARGET_NAMES)}, * + - and max, min, median")

    try:
        parsed = ast.parse(rule, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"the target rule {rule!r} cannot be read") from error
    return compute(parsed.body)


class Minimum(ConfigSection):
    """How strong a cause must be."""

    ratio: float = 0.0
    cases: int = 1


class Trigger(ConfigSection):
    """Which causes an entry answers."""

    leaves: list[str] = Field(default_factory=list, description="Leaves; empty means any.")
    symptoms: list[str] = Field(default_factory=list, description="Symptoms of which the cause must have one; empty means any.")
    all_of: list[str] = Field(default_factory=list, description="Dimensions that the slice must have.")
    any_of: list[str] = Field(default_factory=list, description="Dimensions of which the slice must have at least one.")
    none_of: list[str] = Field(default_factory=list, description="Dimensions that the slice must not have.")
    kinds: list[str] = Field(default_factory=list, description="Kinds of cause; empty means any.")
    tracks: list[str] = Field(default_factory=list, description="Tracks; empty means every track but safety.")
    red_lines: list[str] = Field(default_factory=list, description="Red lines that trigger the entry without any cause.")
    min: Minimum = Field(default_factory=lambda: Minimum())


class Step(ConfigSection):
    """One thing to do: by whom, by when, and the evidence."""

    step: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["contain", "correct", "prevent"]
    do: Name
    owner: str = Field(description="Role, a key of people.yaml.")
    due: Due
    evidence: Name | None = None
    reply: dict[str, Due] = Field(default_factory=dict, description="When the parts of the supplier's answer are due.")
    decide: str = Field(default="", description="Role that decides on it, a key of people.yaml; empty means the default owner.")
    law_days: int | None = Field(None, description="Working days that the law allows, printed beside it.")
    red_lines: list[str] = Field(
        default_factory=list, description="Red lines for which only this step is proposed; empty means all of the entry's."
    )


class Metric(ConfigSection):
    """What is counted, over which exposure, at which age."""

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


class TargetRule(ConfigSection):
    """How the target follows from the base rate."""

    rule: Rule
    name: Name


class Verify(ConfigSection):
    """From when the effect counts, for how long, and on at least how many units."""

    cut_in: CutInAxis
    min_units: int = 0
    weeks: int = Field(default=4, ge=1)


class Entry(ConfigSection):
    """One playbook entry (docs/method.md, 9)."""

    id: str
    name: Name
    when: Trigger
    rule_out: list[Name] = Field(default_factory=list, description="What must be ruled out first.")
    actions: list[Step] = Field(min_length=1)
    metric: Metric
    target: TargetRule
    verify: Verify
    side: Name | None = Field(None, description="What may get worse because of it.")
    gate: Name | None = Field(None, description="When another entry or legal takes over.")
    compare: Name | None = None
    never: list[Name] = Field(default_factory=list, description="What must not be done.")
    reply: str = Field(default="", description="Reply template for customers.")
    restricted: bool = False

    @model_validator(mode="after")
    def _steps_are_distinct(self) -> Self:
        steps = [step.step for step in self.actions]
        if len(set(steps)) < len(steps):
            raise ValueError(f"{self.id} names a step twice; give each step a different name")
        return self


class Playbook(ConfigSection):
    """All entries, and the hour from which hours are counted."""

    clock_starts: str = Field(
        default="09:30", pattern=r"^\d\d:\d\d$", description="Hours of an edition issued earlier in the day count from this time."
    )
    day_ends: str = Field(default="18:00", pattern=r"^\d\d:\d\d$", description="A due day ends at this time.")
    session_days: int = Field(default=3, description="Days within which the next live session is held.")
    entries: list[Entry]

    @model_validator(mode="after")
    def _ids_are_distinct(self) -> Self:
        ids = [entry.id for entry in self.entries]
        if len(set(ids)) < len(ids):
            raise ValueError("an entry's id appears twice; give each entry its own")
        return self

    def entry(self, entry_id: str) -> Entry | None:
        """Return an entry by its id, or None if there is none."""
        return next((entry for entry in self.entries if entry.id == entry_id), None)

    def decides(self, playbooks: Iterable[str]) -> str:
        """Return the role that decides on the entries of actions' `playbook` marks (`PB15/lab`); empty if none of them names one."""
        entries = (found[0] for mark in playbooks if (found := self.step(mark)))
        return next((step.decide for entry in entries for step in entry.actions if step.decide), "")

    @property
    def roles(self) -> set[str]:
        """All roles that own a step or decide on one."""
        return {role for entry in self.entries for step in entry.actions for role in (step.owner, step.decide) if role}

    def step(self, playbook: str) -> tuple[Entry, Step] | None:
        """Return the entry and step of an action's `playbook` mark (`PB01/block`), or None if there is none."""
        entry_id, _, step_id = playbook.partition("/")
        entry = self.entry(entry_id)
        step = next((step for step in entry.actions if step.step == step_id), None) if entry else None
        return (entry, step) if entry and step else None
