"""The input of a scan: exposure rows with expected counts, the cases observed on them, and patterns over both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32] | NDArray[np.int16]


Days = NDArray[np.int32]


Weights = NDArray[np.float64]


Condition = tuple[str, int]


@dataclass
class Panel:
    """Exposure rows with expected counts, and the cases observed on them.

    Args:
        units: Dimension → value codes of the exposure rows, int16 or int32 `(rows,)`, −1 where unknown.
        weights: Expected cases of each exposure row, `(rows,)`.
        cases: Dimension → value codes of the observed cases, int16 or int32 `(cases,)`.
        values: Dimension → names of the codes.
        parents: Dimension → dimensions that it determines (a batch determines its SKU).
        unit_days: Axis → day numbers of the exposure rows (`ship_date`, `pay_date`), −1 where unknown.
        case_days: Axis → day numbers of the cases.
        interval_dims: Dimensions whose values may be cut by an interval of days on an axis.
        baseline: Whether `weights` are earlier counts with their own sampling noise, not known expectations.
        common_level: Whether all may have risen together, so that a slice is judged against the level of the rest.
        conditional: Whether only the proportions of `weights` are known: slices share out the observed total among themselves.
        lasting: Dimension → ratio to the others that its values may have for good; only a total cannot tell it from a new problem.
    """

    units: Mapping[str, Codes]
    weights: Weights
    cases: Mapping[str, Codes]
    values: Mapping[str, list[str]]
    parents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unit_days: Mapping[str, Days] = field(default_factory=dict)
    case_days: Mapping[str, Days] = field(default_factory=dict)
    interval_dims: tuple[str, ...] = ()
    baseline: bool = False
    common_level: bool = True
    conditional: bool = False
    lasting: Mapping[str, float] = field(default_factory=dict)

    @property
    def n_cases(self) -> int:
        """Number of observed cases."""
        return len(next(iter(self.cases.values()))) if self.cases else 0

    def without(self, pattern: Pattern) -> Panel:
        """Return the panel without the cases of a pattern."""
        kept = ~pattern.rows(self.cases, self.case_days)
        return replace(
            self,
            cases={dim: codes[kept] for dim, codes in self.cases.items()},
            case_days={axis: days[kept] for axis, days in self.case_days.items()},
        )


@dataclass(frozen=True)
class Pattern:
    """A conjunction of values with at most one interval of days `first..last` on one axis."""

    conditions: tuple[Condition, ...]
    axis: str = ""
    first: int = -1
    last: int = -1

    def rows(self, codes: Mapping[str, Codes], days: Mapping[str, Days]) -> NDArray[np.bool_]:
        """Return the mask of the rows that fulfil every condition."""
        mask = np.ones(len(next(iter(codes.values()))), bool)
        for dim, code in self.conditions:
            mask &= codes[dim] == code
        if self.axis:
            day = days[self.axis]
            mask &= (day >= self.first) & (day <= self.last)
        return mask

    def labels(self, values: Mapping[str, list[str]]) -> dict[str, str]:
        """Return dimension → value name."""
        return {dim: values[dim][code] for dim, code in self.conditions}


@dataclass(frozen=True)
class FoundSlice:
    """A pattern with its counts; `score` is its likelihood ratio less the price of the search, in nats."""

    pattern: Pattern
    observed: float
    expected: float
    llr: float
    score: float
    excess: float = 0.0

    @property
    def ratio(self) -> float:
        """Observed over expected."""
        return self.observed / max(self.expected, 1e-9)
