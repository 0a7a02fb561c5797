"""How urgent a case is, which route it takes, and when each step is due."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from tasks.model.coded import Severity, Track
from tasks.shop.currencies import CODES
from tasks.shop.names import Name
from tasks.shop.section import ConfigSection

Clock = Literal["elapsed", "service_hours", "workday", "supplier_workday", "platform_deadline"]

_UNITS = {"min": 1, "h": 60, "d": 1440}


def _minute_of_day(value: object) -> object:
    """Read `08:00` (or YAML's sexagesimal reading of it) as minutes since midnight; 24:00 is the day's end."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,2}):(\d{2})", value)):
        return int(match[1]) * 60 + int(match[2])
    return value


def _length(value: object) -> object:
    """Read `15min`, `4h`, `2d` as minutes."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(min|h|d)", value)):
        return float(match[1]) * _UNITS[match[2]]
    return value


Minutes = Annotated[float, BeforeValidator(_length), Field(ge=0)]
MinuteOfDay = Annotated[int, BeforeValidator(_minute_of_day), Field(ge=0, le=1440)]


class ServiceHours(ConfigSection):
    """When the service desk is open; a promotion's own days are open round the clock."""

    opens: MinuteOfDay = 480
    closes: MinuteOfDay = 1440

    @model_validator(mode="after")
    def _opens_first(self) -> Self:
        if self.closes <= self.opens:
            raise ValueError("closes must be later than opens; write midnight at the end of the day as 24:00")
        return self


class Condition(ConfigSection):
    """A condition on coded records: every given part must hold; an empty one always holds."""

    leaf: list[str] = Field(default_factory=list, description="Leaves or nodes.")
    nature: list[str] = []
    source: list[str] = []
    impact: list[str] = []
    customer_tier: list[str] = []
    unit_price_over: float | None = Field(
        default=None,
        description="In the shop's currency; or by currency, `{CNY: 2000, JPY: 40000}`: in one that is not listed it never holds.",
    )
    time_critical: bool | None = Field(default=None, description="The text names a date that will pass: birthday, wedding.")
    legal: bool | None = Field(default=None, description="The text cites law, a regulator or the press.")
    abnormal: bool | None = Field(default=None, description="The record is in a suspected abnormal-claim cluster.")
    repeat: bool | None = Field(default=None, description="The text says that the problem was reported before.")
    severity: list[Severity] = []
    track: list[Track] = []

    @field_validator("unit_price_over", mode="before")
    @classmethod
    def _in_the_shops_currency(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, dict):
            return value
        strange = sorted(str(code) for code in value if code not in CODES)
        if strange:
            raise ValueError(f"{strange[0]} is not the code of a currency")
        return value.get((info.context or {}).get("currency") or "CNY", math.inf)


class SeverityRule(Name):
    """One reason for a severity or track; all that match are recorded, the first that sets a value wins."""

    id: str
    when: Condition
    severity: Severity | None = None
    track: Track | None = None

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        if self.severity is None and self.track is None:
            raise ValueError(f"the rule {self.id} sets neither severity nor track")
        return self


class Milestone(Name):
    """One step with a deadline: from which moment, to which moment, within which time."""

    id: str
    table: Literal["feedback", "aftersale", "regulator_case"] = "feedback"
    start: str = Field(description="Column with the moment at which the clock starts.")
    met: list[str] = Field(description="Columns; the earliest moment among them meets the milestone.")
    clock: Clock
    target: Minutes | None = Field(default=None, description="Time allowed: 15min, 4h, 2d. For working days use working_days.")
    target_outside_hours: Minutes | None = Field(
        default=None, description="Time allowed when the clock starts outside service hours."
    )
    working_days: int | None = Field(default=None, ge=0)
    deadline: str = Field(default="", description="Column with an external deadline; if filled, it takes precedence.")
    deadline_unless: str = Field(default="", description="Column; if true, the deadline belongs to another step.")
    before: Minutes = Field(default=0.0, description="How long before that deadline the step must have happened.")
    when: Condition = Condition()
    types: list[str] = Field(default_factory=list, description="After-sales types it applies to.")
    phases: list[str] = Field(default_factory=list, description="After-sales phases it applies to.")
    required: list[str] = Field(
        default_factory=list, description="Columns that must be filled (or true) for the milestone to exist."
    )
    given: str = Field(
        default="",
        description="Column in which the source itself says whether it was met (milestone_met); it overrides the times.",
    )
    full: bool = Field(default=False, description="Anything below 100 % is red.")
    valid_from: date | None = None

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        by_days = self.clock in ("workday", "supplier_workday")
        if self.clock == "platform_deadline":
            if not self.deadline or self.target is not None or self.working_days is not None:
                raise ValueError(
                    f"the milestone {self.id} has an external deadline: give deadline, and neither target nor working_days"
                )
        elif by_days and (self.working_days is None or self.target is not None):
            raise ValueError(f"the milestone {self.id} counts working days: give working_days, not target")
        elif not by_days and (self.target is None or self.working_days is not None):
            raise ValueError(f"the milestone {self.id} counts minutes: give target, not working_days")
        return self


class ServiceLevels(ConfigSection):
    """Severity rules, milestones and service hours."""

    valid_from: date
    service_hours: ServiceHours = ServiceHours()
    severities: dict[Severity, Name]
    tracks: dict[Track, Name]
    severity_rules: list[SeverityRule]
    default_severity: Severity = Severity.P2
    default_severity_other: Severity = Field(
        default=Severity.P3, description="Severity of questions, suggestions and praise unless a rule raises it."
    )
    p0_budget: float = Field(default=0.05, description="Largest weekly share of P0 cases; above it the rules are too wide.")
    milestones: list[Milestone]

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        for kind, ids in (("rule", [r.id for r in self.severity_rules]), ("milestone", [m.id for m in self.milestones])):
            if double := sorted({i for i in ids if ids.count(i) > 1}):
                raise ValueError(f"the {kind} {double[0]} appears twice; keep one")
        return self

    def milestone(self, milestone_id: str) -> Milestone | None:
        """Return a milestone by id, or None if there is none."""
        return next((milestone for milestone in self.milestones if milestone.id == milestone_id), None)
