"""Measured figures and the tables made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tasks.model.figure_kinds import FigureFamily, FigureKind, FigureUnit, Good


class Judgement(StrEnum):
    """The word for a measured value against what was to be expected (docs/method.md, 3)."""

    NORMAL = "normal"  # within its normal range
    SLIGHTLY_OVER = "slightly_over"  # within its range, near the bad end
    WORSE = "worse"  # beyond its range on the bad side
    BETTER = "better"  # beyond its range on the good side
    WATCH = "watch"  # looks worse, and does not survive when everything tested is judged together
    UNTESTED = "untested"  # told, and not judged
    INSUFFICIENT = "insufficient"  # too few cases, or too short a history
    LEVEL_BREAK = "level_break"  # a change of rules makes before and after incomparable
    INCOMPLETE = "incomplete"  # data of the period are missing


UNJUDGED = (Judgement.UNTESTED, Judgement.INSUFFICIENT)
"""Words of what was measured and never held against a range."""

CHANGED = (Judgement.WORSE, Judgement.BETTER)
"""Words of what left its range."""


class Attainment(StrEnum):
    """Whether a target was met."""

    MET = "met"  # this period meets it
    MISSED = "missed"  # this period does not
    MIXED = "mixed"  # it changed sides three times or more in six periods
    NONE = ""  # there is no target


class MixVerdict(StrEnum):
    """What moved a rate of the whole shop."""

    COMPOSITION = "composition"  # other shares of its parts
    OWN = "own"  # the parts themselves
    BOTH = "both"  # either
    NONE = "none"  # it hardly moved


class RankedBy(StrEnum):
    """What the size of a ranked slice is counted in."""

    ORDERS = "orders"
    CONVERSATIONS = "conversations"


@dataclass(frozen=True)
class Figure:
    """One measured figure of a period, with what it is judged against; code, family, unit and direction are its kind's."""

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
    p: float | None = None  # two-sided probability of such a distance when nothing changed, where it was tested
    level_since: date | None = None  # when the level began that it is judged by, where that changed within its history

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
    """One label of a lens: counted cases of the period, what was to be expected, and the word for it."""

    lens: str
    label: str
    cases: int
    previous: int
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
    """A signing week that is too young to be compared: what came so far, and the rate it is going to reach, fractions."""

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
    """One slice of a ranking: cases against what its size lets expect, the shrunken ratio with its 5 % limit, the word.

    Below the minimum of cases only the cases are told: no ratio, no word.
    """

    value: str
    cases: float
    exposure: float
    expected: float
    ratio: float | None = None
    low: float | None = None
    judgement: Judgement = Judgement.INSUFFICIENT  # below the minimum; else worse, watch, normal or better
    leaf: str = ""  # the problem that is out of proportion in it
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
