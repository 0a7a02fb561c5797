"""Measured figures and the tables made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tasks.model.figure_kinds import FigureFamily, FigureKind, FigureUnit, Good


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
    judgement: str = "insufficient"  # normal, worse, better, slightly_over, watch, insufficient, level_break, incomplete
    attainment: str = ""  # met, missed, mixed
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
    verdict: str  # composition, own, both, none


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
    judgement: str
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
    judgement: str = ""  # worse, watch, normal, better; empty below the minimum
    leaf: str = ""  # the problem that is out of proportion in it
    p: float | None = None


@dataclass(frozen=True)
class Ranking:
    """Slices of one dimension ranked by what their size leaves unexplained (已按销量大小校正)."""

    dimension: str
    rows: tuple[RankedSlice, ...]
    unit: str  # what exposure counts: orders, conversations
    compared_with: tuple[str, ...]  # dimensions within which slices are compared
    tested: int
    left_out: int
    minimum_n: int
    dispersion: float
    axis_from: date | None = None
    axis_to: date | None = None
