"""Who is warned of what each day, by when they answer, who is next, and how often chance may cause a warning."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from tasks.shop.section import ConfigSection


class WarningRule(ConfigSection):
    """One kind of warning."""

    owner: str = Field(
        default="", description="Role that is warned first; empty means the role that the playbook or the problem names."
    )
    ladder: list[str] = Field(min_length=1, description="Roles to notify next until someone answers, in order.")
    answer_hours: float = Field(gt=0, description="Hours within which the owner answers.")
    escalate_hours: float = Field(gt=0, le=24, description="Hours without an answer after which the next role is notified.")
    red_line: bool = Field(default=False, description="True: escalates on holidays too, and reports every new case.")
    restricted: bool = Field(default=False, description="True: only people with one of restricted_roles are notified.")
    reminder: bool = Field(default=False, description="True: a deadline or task, which cannot turn out false; not graded.")


class Clusters(ConfigSection):
    """How clusters of one problem are found: by a Poisson CUSUM for each slice and problem."""

    ratio: float = Field(default=3.0, gt=1, description="Rate ÷ expected rate that is to be found soonest.")
    false_alarm_days: float = Field(
        default=60, ge=7, description="Fewest days between two cluster warnings by chance in the whole shop."
    )
    least_cases: int = Field(default=4, ge=3, description="Fewer cases than this are no cluster, however few were expected.")
    window_days: int = Field(default=56, ge=14, description="Days over which a sum is carried.")
    spread: int = Field(default=4, ge=2, description="From this many products with one problem on, one warning covers them all.")


class Warnings(ConfigSection):
    """Everything the daily watch needs to know."""

    kinds: dict[str, WarningRule] = Field(
        default_factory=dict, description="Rules by kind; a kind not named here has its default rule."
    )
    restricted_roles: list[str] = Field(description="Roles that may read restricted warnings.")
    clusters: Clusters = Clusters()
    safety_days: int = Field(default=7, ge=1, description="Safety cases this recent cause a warning.")
    silent_hours: float = Field(default=48, gt=0, description="Hours without a new scan after which a parcel has stalled.")
    due_hours: float = Field(default=24, gt=0, description="An external deadline this close causes a warning.")
    mood_days: int = Field(default=3, ge=1, description="Days over which angry records are counted.")
    false_alarm_days: float = Field(
        default=180, ge=7, description="Days between two warnings by chance, for each of emotion, reputation and new words."
    )
    word_days: int = Field(default=7, ge=1, description="Days within which a new word must reach word_cases.")
    word_cases: int = Field(default=5, ge=3, description="Cases of different orders that a new word needs.")
    history_weeks: int = Field(default=8, ge=4, description="Weeks of records needed before anything is called new or unusual.")
    growth: float = Field(default=1.5, gt=1, description="A known matter is reported again once its cases grow by this factor.")
    quiet_days: int = Field(default=14, ge=1, description="A matter not seen for this long has ended; seen again, it is new.")

    @model_validator(mode="after")
    def _restricted_stays_restricted(self) -> Self:
        for kind, rule in self.kinds.items():
            barred = [role for role in (rule.owner, *rule.ladder) if role and role not in self.restricted_roles]
            if rule.restricted and barred:
                raise ValueError(f"{kind} is restricted, but {barred[0]} is not one of restricted_roles")
            if rule.restricted and not rule.owner:
                raise ValueError(f"{kind} is restricted and needs an owner of its own")
        return self
