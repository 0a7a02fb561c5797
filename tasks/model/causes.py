"""Causes: an excess or a fall against what was expected, in one slice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from tasks.model.coded import Track
from tasks.model.figures import MixEffect
from tasks.model.slices import Slice


class CauseStatus(StrEnum):
    """How certain a cause is: suspected from data, reproduced, confirmed by a person, or rejected."""

    SUSPECTED = "suspected"
    REPRODUCED = "reproduced"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class CauseKind(StrEnum):
    """What sort of finding a cause is."""

    SLICE = "slice"  # part of the shop: a batch, carrier, product, region …
    SESSION = "session"  # orders of one live session
    PROMOTION = "promotion"  # a warehouse that fell behind in a promotion
    APP = "app"  # a release of the app
    SERVICE = "service"  # a queue or shift of the service desk
    REPUTATION = "reputation"  # a wave of records without orders
    CLUSTER = "cluster"  # suspected abnormal claims
    SAFETY = "safety"  # a danger to people, whatever the numbers say
    FALL = "fall"  # fewer cases than expected


class Trend(StrEnum):
    """The direction of a cause's weekly cases."""

    RISING = "rising"  # more than last week, beyond chance
    FALLING = "falling"  # fewer than last week, beyond chance
    STEADY = "steady"  # neither
    UNKNOWN = ""  # not examined


class CauseLife(StrEnum):
    """What earlier editions said of a cause."""

    NEW = "new"  # nothing
    CONTINUING = "continuing"  # the last edition named it too
    RECURRING = "recurring"  # an earlier edition named it, the last did not
    WATCHED = "watched"  # named before, still raised, but no longer beyond chance
    RECOVERED = "recovered"  # named before, back to what is expected


@dataclass(frozen=True)
class Arrival:
    """What arrived in a slice around the day of a change, and its share of the slice's units before and after."""

    dimension: str
    value: str
    before: float
    after: float


@dataclass(frozen=True)
class RuledOut:
    """A dimension that a cause does not depend on: how many of its compared values are raised alike."""

    dimension: str
    raised: int
    compared: int


@dataclass(frozen=True)
class Forecast:
    """The cases expected in a slice in a coming period: the mean and its 90 % interval."""

    period: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class GradedForecast:
    """An earlier review's forecast of this period, beside the cases that came."""

    mean: float
    low: float
    high: float
    actual: float


@dataclass(frozen=True)
class Measure:
    """Cases against those to be expected, as they are printed: one measure, whose ratio is what a reader divides.

    The expectation is rounded to what is printed, whole from ten up and else to one decimal; ratio and 95 % interval are of the
    cases over that.
    """

    observed: float
    expected: float
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class CauseEvidence:
    """What the data show about a cause; an empty field was not examined or could not be determined.

    `weekly` holds (first day of the week, observed, expected), oldest first; `coincides` (dimension, value) of two changes that
    reached the same units.
    """

    families: tuple[str, ...] = ()  # lag families whose cases the slice holds
    problem: str = ""  # the only leaf whose cases were counted, if not all of the families
    weekly: tuple[tuple[str, float, float], ...] = ()
    supplier: str = ""  # of the slice's batch
    component_supplier: str = ""
    coincides: tuple[tuple[str, str], ...] = ()
    change_point: date | None = None
    arrived: tuple[Arrival, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    forecast: Forecast | None = None
    graded: GradedForecast | None = None
    category_rate: float | None = None  # rates at the cause's reference age: median of the other products of its line,
    others_rate: float | None = None  # the other values of its leading dimension,
    last_promotion_rate: float | None = None  # and the slice itself at the same stage of the promotion before
    rate_with: float | None = None  # complaints over units signed, a suspected claim cluster counted and left out
    rate_without: float | None = None


@dataclass(frozen=True)
class Cause:
    """An excess (or fall) against what was expected, in one slice.

    `slice` maps dimension to value; `since` is the day of the change on the axis `since_axis`; `leaves` splits the observed
    cases, the largest first, and `rows` are their records.
    """

    cause_id: str
    kind: CauseKind
    slice: Slice
    family: str
    leaf: str
    leaves: tuple[tuple[str, int], ...]
    observed: float
    expected: float
    ratio: float
    low: float
    high: float
    contribution: float | None
    llr: float
    window_weeks: int
    exposure_kind: str
    exposure: float
    track: Track = Track.STANDARD
    since: date | None = None
    since_axis: str = ""
    trend: Trend = Trend.UNKNOWN
    rate: float | None = None
    comparison_rate: float | None = None
    comparison: str = ""
    age_days: int | None = None
    evidence: CauseEvidence = field(default_factory=CauseEvidence)
    to_confirm: tuple[tuple[str, str, str], ...] = ()  # question code, owner role, due
    money: float | None = None
    stock: int | None = None
    first_period: str = ""
    periods: int = 1
    life: CauseLife = CauseLife.NEW
    status: CauseStatus = CauseStatus.SUSPECTED
    rows: tuple[str, ...] = ()  # record ids
    days: tuple[date, ...] = ()

    @property
    def measure(self) -> Measure:
        """The cause's cases against the expected ones, as every sentence, table and chart prints them."""
        expected = float(round(self.expected)) if self.expected >= WHOLE_FROM else round(self.expected, 1)
        printed = expected or LEAST_EXPECTED
        scale = self.expected / printed
        return Measure(self.observed, expected, self.observed / printed, self.low * scale, self.high * scale)

    @property
    def own_cases(self) -> float:
        """Cases of the leaf that names the cause; the others that were observed are of related leaves."""
        return float(dict(self.leaves).get(self.leaf, self.observed))


WHOLE_FROM = 10
"""Expected cases from which on no decimal is printed."""

LEAST_EXPECTED = 0.05
"""What stands for an expectation that is printed as zero: the most that is."""


def urgency(cause: Cause) -> tuple[bool, float, float, str]:
    """Return the key that sorts causes by urgency: risk, then money a week, then evidence.

    The meeting's findings and the page that prints them share this order.
    """
    safe = cause.kind != CauseKind.SAFETY and cause.track != Track.SAFETY
    return safe, -(cause.money or 0.0), -cause.llr, cause.cause_id


class SearchBasis(StrEnum):
    """What the cases of a period were compared with when causes were sought."""

    HISTORY = "history"  # what earlier weeks led to expect
    SAME_WEEKS = "same_weeks"  # other parts of the same weeks
    NOTHING = "nothing"  # nothing: causes were not sought


class SearchLack(StrEnum):
    """What kept causes from being sought against the past."""

    NOTHING = ""
    WEEKS = "weeks"  # too few weeks of orders before the period
    KINDS = "kinds"  # too few earlier cases of any lag family
    CASES = "cases"  # too few earlier records
    DIMENSIONS = "dimensions"  # nothing that tells one part of the shop from another


@dataclass(frozen=True)
class CauseSearch:
    """How far causes were sought: an edition that compared nothing must not say that nothing is wrong.

    `known` and `needed` are weeks or cases, as `lack` says; `compared` counts the parts of the same weeks that were compared with
    each other. `searched` places were looked at; at one with a tenth of the complaints a fault is seen from about `visible` cases
    in `weeks` weeks on. `able` says whether that is little beside all complaints, `near` whether something only just fell short.
    """

    basis: SearchBasis = SearchBasis.HISTORY
    lack: SearchLack = SearchLack.NOTHING
    known: int = 0
    needed: int = 0
    compared: int = 0
    searched: int = 0
    visible: int = 0
    weeks: int = 0
    able: bool = True
    near: bool = False

    @property
    def tells(self) -> bool:
        """Whether no finding means that nothing of any size is wrong."""
        return self.basis is SearchBasis.HISTORY and self.able and not self.near


@dataclass
class RootCauses:
    """What was found, what was searched, and why the strongest remaining candidate was not named."""

    causes: list[Cause]
    falls: list[Cause]
    tested: int
    expected_false_alarms: float
    strongest_rejected: Cause | None
    rejected_why: str
    ended: list[Cause] = field(default_factory=list)
    deferred: list[Cause] = field(default_factory=list)
    mix: list[MixEffect] = field(default_factory=list)
    expected_leaves: dict[str, float] = field(default_factory=dict)
    expected_total: float | None = None
    partial: str = ""  # the days covered, if the period is incomplete
    search: CauseSearch = field(default_factory=CauseSearch)
