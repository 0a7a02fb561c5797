"""Everything that one edition may print."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tasks.errors import ChannelProblem
from tasks.model.actions import Action, ActionResult
from tasks.model.causes import Cause, CauseSearch
from tasks.model.editions import EditionStatus
from tasks.model.facts import EstimatedReceipts
from tasks.model.figures import Breakdown, Figure, MixEffect, ProblemRow, Projection, Ranking
from tasks.model.foreign_amounts import ForeignAmounts
from tasks.model.periods import Period
from tasks.model.warnings import WarningGrades
from tasks.model.words import CustomerWords


class RedLineKind(StrEnum):
    """What opens a meeting regardless of statistics."""

    SAFETY = "safety"  # a credible case of danger to people
    REGULATOR = "regulator"  # a case that reached a regulator
    EVIDENCE_MISSED = "evidence_missed"  # a platform's deadline for evidence was missed
    PLATFORM_WARN = "platform_warn"  # a platform's score beyond its warning line


class DueKind(StrEnum):
    """Whose deadline it is."""

    EVIDENCE = "evidence"  # a platform waits for evidence in a dispute
    REFUND = "refund"  # an after-sales order waits for the shop
    REGULATOR = "regulator"  # a regulator waits for an answer
    CALLBACK = "callback"  # a customer was promised an answer


@dataclass(frozen=True)
class RedLine:
    """Something that opens the meeting regardless of statistics: injury, regulator, missed evidence."""

    kind: RedLineKind
    slice: dict[str, str]
    leaf: str
    cases: int
    days: tuple[date, ...]
    words: str = ""  # the customers' own word, scrubbed, such as 麻手
    sold: float | None = None  # units signed in the last `sold_weeks` weeks
    rows: tuple[str, ...] = ()
    unverified: bool = False  # from rows that failed the checks, which no figure counts
    sold_weeks: int = 13


@dataclass(frozen=True)
class ChannelQuality:
    """What one channel delivered for a period, and whether it can be trusted."""

    channel: str
    label: str
    records: int
    read: int
    quarantined: int
    error: str = ""
    hint: str = ""
    problem: ChannelProblem = ChannelProblem.OTHER
    excluded: dict[str, str] = field(default_factory=dict)
    missing_days: tuple[date, ...] = ()
    complete_through: datetime | None = None
    usual: float = 0.0  # records that its own weeks promise for a period; 0 if it has no habit yet
    lost: float | None = 0.0  # of these, how many are missing; None if nobody can say


@dataclass(frozen=True)
class DueItem:
    """An external deadline that is close or was missed; `reference` is an order reference, never a person."""

    kind: DueKind
    must_act_by: datetime
    reference: str
    amount: float | None = None
    missed: bool = False


@dataclass(frozen=True)
class UnmeasuredClock:
    """A milestone that fell due in channels which never record the moment that meets it: no data, neither met nor missed."""

    milestone: str
    channels: tuple[str, ...]
    n: int


@dataclass(frozen=True)
class ListedCase:
    """One complaint of a period that has too few for rates: when, what about, where from."""

    on: date
    sku: str
    leaf: str
    symptom: str
    channel: str


class BreakKind(StrEnum):
    """What makes before and after incomparable, or explains a change."""

    FREIGHT_INSURANCE = "freight_insurance"  # returns became free for buyers, or stopped being free
    FORMULA = "formula"  # a platform changed how it computes its score
    TAXONOMY = "taxonomy"  # the shop changed how it sorts problems
    MISSING_DATA = "missing_data"  # days of a channel were not read
    PROMOTION = "promotion"  # 大促
    HOLIDAY = "holiday"  # a public holiday
    RELEASE = "release"  # a release of the app
    RULE = "rule"  # a rule of a platform or the law
    SWITCH = "switch"  # another supplier, carrier or system
    REPUTATION = "reputation"  # a wave of public attention


@dataclass(frozen=True)
class Break:
    """A rule, formula, taxonomy or data event that makes before and after incomparable; named, not blamed."""

    kind: BreakKind
    on: date
    until: date | None
    name: dict[str, str]
    affects: tuple[str, ...] = ()
    slice: dict[str, str] = field(default_factory=dict)
    bridge: tuple[tuple[str, str, int], ...] = ()  # old leaf, new leaf, cases moved


@dataclass(frozen=True)
class ExampleCase:
    """One example case, in words free of personal data."""

    text: str
    leaf: str
    slice: dict[str, str]
    on: date
    record_id: str


@dataclass(frozen=True, kw_only=True)
class Review:
    """Everything that one edition may say; the report prints nothing that is not in here. It contains no frame, because Prefect inspects it."""

    period: Period
    as_of: datetime
    status: EditionStatus
    figures: list[Figure]
    red_lines: list[RedLine]
    causes: list[Cause]
    falls: list[Cause]
    ended: list[Cause]
    deferred: list[Cause]
    tested: int
    expected_false_alarms: float
    strongest_rejected: Cause | None
    rejected_why: str
    mix: list[MixEffect]
    prior: list[ActionResult]
    proposals: list[Action]
    problems: list[ProblemRow]
    channels: list[ChannelQuality]
    due_items: list[DueItem]
    breaks: list[Break]
    example_case: ExampleCase | None
    breakdowns: list[Breakdown]
    projections: list[Projection]
    daily: list[tuple[date, int]]
    rankings: list[Ranking] = field(default_factory=list)
    partial: str = ""
    completeness: float | None = None
    previous_numbers: dict[str, float] = field(default_factory=dict)
    revision: int = 1
    customer_words: CustomerWords = field(default_factory=CustomerWords)
    warnings: WarningGrades | None = None
    search: CauseSearch = field(default_factory=CauseSearch)
    unmeasured: list[UnmeasuredClock] = field(default_factory=list)
    listed: list[ListedCase] = field(default_factory=list)
    estimated_receipts: EstimatedReceipts | None = None
    foreign_amounts: tuple[ForeignAmounts, ...] = ()

    def figure(self, code: str, scope: str = "") -> Figure | None:
        """Return a figure by its code (and scope), or None if there is none."""
        return next((figure for figure in self.figures if figure.code == code and figure.scope == scope), None)
