"""Measured figures and the tables made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tasks.model.figure_kinds import FigureFamily, FigureKind, FigureUnit, Good


class Judgement(StrEnum):
    """The verdict on a measured value against what was expected (docs/method.md, 3)."""

    NORMAL = "normal"  # within its normal range
    SLIGHTLY_OVER = "slightly_over"  # within its range, near the bad end
    WORSE = "worse"  # beyond its range on the bad side
    BETTER = "better"  # beyond its range on the good side
    WATCH = "watch"  # looks worse, but does not survive correction over everything tested
    UNTESTED = "untested"  # reported, but not judged
    INSUFFICIENT = "insufficient"  # too few cases
    SHORT_HISTORY = "short_history"  # too few comparable periods are known to say what is normal
    LEVEL_BREAK = "level_break"  # a change of rules makes before and after incomparable
    INCOMPLETE = "incomplete"  # data of the period are missing


UNJUDGED = (Judgement.UNTESTED, Judgement.INSUFFICIENT, Judgement.SHORT_HISTORY)
"""Judgements of what was measured but never compared with a range."""

CHANGED = (Judgement.WORSE, Judgement.BETTER)
"""Judgements of what left its range."""


class Attainment(StrEnum):
    """Whether a target was met."""

    MET = "met"  # this period meets it
    MISSED = "missed"  # this period does not
    MIXED = "mixed"  # it changed sides at least three times in six periods
    NONE = ""  # there is no target


class MixVerdict(StrEnum):
    """What moved a rate of the whole shop."""

    COMPOSITION = "composition"  # changed shares of its parts
    OWN = "own"  # the parts themselves
    BOTH = "both"  # either
    NONE = "none"  # it hardly moved


class RankedBy(StrEnum):
    """The unit in which a ranked slice's size is counted."""

    ORDERS = "orders"
    CONVERSATIONS = "conversations"


@dataclass(frozen=True)
class Figure:
    """One measured figure of a period, with what it is judged against; its kind gives code, family, unit and direction."""

    kind: FigureKind
    value: float | None
    numerator: float | None = None
    n: float | None = None
    low: float | None = None
    high: float | None = None
    previous: float | None = None
    last_year: float | None = None
    last_year_basis: str = ""
    target: float | None = None
    target_op: str = ""
    judgement: Judgement = Judgement.INSUFFICIENT
    attainment: Attainment = Attainment.NONE
    streak: int = 0  # periods in a row on the wrong side of the target
    axis_from: date | None = None
    axis_to: date | None = None
    age_days: int | None = None
    method: str = ""
    scope: str = ""  # platform, line … where the figure is one of several
    missing: str = ""  # why there is no value
    series: tuple[tuple[str, float | None], ...] = ()
    note: str = ""
    rows: str = ""
    p: float | None = None  # two-sided probability of such a distance if nothing changed, if it was tested
    without: tuple[str, ...] = ()  # channels whose missing rows leave it without a judgement
    without_before: tuple[str, ...] = ()  # channels that the period before lacked, so that it is not compared
    level_since: date | None = None  # when the level that it is judged by began, if that changed within its history

    @property
    def code(self) -> str:
        """The name of its kind."""
        return self.kind.code

    @property
    def family(self) -> FigureFamily:
        """What it is about."""
        return self.kind.family

    @property
    def unit(self) -> FigureUnit:
        """What its value is."""
        return self.kind.unit

    @property
    def good(self) -> Good:
        """The direction in which it gets better."""
        return self.kind.good


@dataclass(frozen=True)
class MixEffect:
    """A change of a shop-level rate split into composition and the slices' own change (sums exactly)."""

    figure: str
    dimension: str
    before: float
    after: float
    composition: float
    own: float
    leading: str
    share_before: float
    share_after: float
    verdict: MixVerdict


@dataclass(frozen=True)
class ProblemRow:
    """One label of a lens: counted cases of the period, the expected number, and the judgement.

    `previous` is None where nothing at all is known of the period before.
    """

    lens: str
    label: str
    cases: int
    previous: int | None
    expected: float | None
    low: float | None
    high: float | None
    share: float | None
    judgement: Judgement
    leaves: tuple[str, ...] = ()
    incomplete: str = ""
    p: float | None = None


@dataclass(frozen=True)
class Breakdown:
    """A table of one measure by the values of one dimension, for a monthly edition or a shop without orders."""

    code: str
    dimension: str
    rows: tuple[tuple[str, float | None, float, float | None, float | None], ...]  # value, share, n, low, high
    minimum_n: int
    total: float | None
    n: float
    left_out: int = 0
    axis_from: date | None = None
    axis_to: date | None = None
    age_days: int | None = None


@dataclass(frozen=True)
class Projection:
    """A signing week too young to be compared: the cases so far, and the projected final rate (fractions)."""

    first_day: date
    last_day: date
    age_days: int
    units: float
    so_far: float
    reached: float
    rate: float
    low: float
    high: float
    usual: float


@dataclass(frozen=True)
class RankedSlice:
    """One slice of a ranking: cases against those expected for its size, the shrunken ratio with its 5 % limit, the judgement.

    Below the minimum number of cases only the cases are given: no ratio, no judgement.
    """

    value: str
    cases: float
    exposure: float
    expected: float
    ratio: float | None = None
    low: float | None = None
    judgement: Judgement = Judgement.INSUFFICIENT  # below the minimum; else worse, watch, normal or better
    leaf: str = ""  # the problem over-represented in it
    p: float | None = None


@dataclass(frozen=True)
class Ranking:
    """Slices of one dimension ranked by what their size leaves unexplained (已按销量大小校正)."""

    dimension: str
    rows: tuple[RankedSlice, ...]
    unit: RankedBy
    compared_with: tuple[str, ...]  # dimensions within which slices are compared
    tested: int
    left_out: int
    minimum_n: int
    dispersion: float
    axis_from: date | None = None
    axis_to: date | None = None
