"""Current and baseline cases as codes: slices of them, cells of them, and how many are equal in everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Codes = NDArray[np.unsignedinteger[Any]]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Condition = tuple[int, int]
"""A dimension's position and a code of it."""

Cuboid = tuple[int, ...]
"""Positions of the crossed dimensions, rising."""

FLOOR_NATS = 7.0
"""Fewer cases than could reach this against an empty baseline are not judged: no bar of any search is lower."""

LEAST_CASES = 5
UNCLUMPED = 1.2
"""Up to this mean size of groups of equal cases nothing is corrected."""


@dataclass(frozen=True)
class CaseCodes:
    """Current and baseline cases.

    Args:
        now: Codes of the current cases by dimension, each `(cases,)`; 0 stands for all values too rare to be judged.
        before: Codes of the baseline's.
        weights: Weight of each baseline row, or None where each is one case.
        widths: Dimension → number of codes.
        minimum: Fewest current cases with which a cell is judged.
        values: How many values of all dimensions could have so many by chance.
    """

    now: list[Codes]
    before: list[Codes]
    weights: Floats | None
    widths: list[int]
    minimum: float
    values: int

    @property
    def total(self) -> int:
        """Current cases."""
        return len(self.now[0])

    @property
    def total_before(self) -> float:
        """Baseline cases."""
        return float(len(self.before[0]) if self.weights is None else self.weights.sum())

    def rows(self, conditions: Sequence[Condition]) -> Ints:
        """Return the current cases that fulfil all (dimension, code) conditions."""
        return self._rows(self.now, conditions)

    def earlier(self, conditions: Sequence[Condition]) -> Ints:
        """Return the baseline rows that fulfil all conditions."""
        return self._rows(self.before, conditions)

    def _rows(self, side: list[Codes], conditions: Sequence[Condition]) -> Ints:
        (dim, code), *others = sorted(conditions, key=lambda condition: -self.widths[condition[0]])
        rows = np.flatnonzero(side[dim] == code)
        for dim, code in others:
            rows = rows[side[dim][rows] == code]
        return rows

    def clump(self, conditions: Sequence[Condition]) -> float:
        """Return how many cases of a slice count as one, since they are equal in every dimension as its baseline's are not."""
        rows = self.rows(conditions)
        equal, _ = _equal(self.now, rows, None)
        if not len(equal):
            return 1.0
        size = float((equal**2).sum() / equal.sum())
        if size <= UNCLUMPED:
            return 1.0
        earlier = self.earlier(conditions)
        usual, alone = _equal(self.before, earlier, self.weights)
        if not len(usual):
            return size
        others = float((usual * (usual - alone)).sum() / usual.sum())  # equal cases that a baseline case has beside itself
        return max(size - others * len(rows) / float(usual.sum()), 1.0)

    def size(self, cuboid: Cuboid) -> int:
        """Return how many cells a cuboid has."""
        out = 1
        for dim in cuboid:
            out *= self.widths[dim]
        return out

    def codes(self, cuboid: Cuboid, cells: Ints) -> list[Ints]:
        """Return the codes of cells, by dimension of their cuboid."""
        out: list[Ints] = []
        for dim in reversed(cuboid):
            cells, code = np.divmod(cells, self.widths[dim])
            out.append(code)
        return out[::-1]


def codes_of(column: pl.Series) -> NDArray[Any]:
    """Encode distinct values as whole numbers from 0; empty is a value of its own."""
    if column.null_count():
        column = column.cast(pl.String).fill_null("")
    if isinstance(column.dtype, pl.Enum):
        return column.to_physical().to_numpy()
    if not (column.dtype.is_integer() or isinstance(column.dtype, pl.Categorical)):
        column = column.cast(pl.String).cast(pl.Categorical)
    codes = column.to_physical().to_numpy()
    low, high = int(codes.min()), int(codes.max())
    if high - low < max(4 * len(codes), 70_000):
        return codes if low == 0 else codes.astype(np.int64) - low
    return np.unique(codes, return_inverse=True)[1]


def cases_of(columns: Sequence[NDArray[Any]], now: Ints, before: Ints, weights: Floats | None, known: bool) -> CaseCodes:
    """Return the cases with the rare values of each dimension put together.

    Args:
        columns: Dimension → codes of all rows, whole numbers from 0.
        now: Rows of the current cases (a row may come more than once).
        before: Rows of the baseline's.
        weights: Weight of each row of `before`, or None.
        known: Whether the baseline is a known expectation.
    """
    total = float(len(before) if weights is None else weights.sum())
    ratio = len(now) / total
    minimum = LEAST_CASES if known else max(ceil(FLOOR_NATS / log((1 + ratio) / ratio)), LEAST_CASES)
    coded_now: list[Codes] = []
    coded_before: list[Codes] = []
    widths: list[int] = []
    values = 0
    for column in columns:
        current = column[now]
        counts = np.bincount(current)
        frequent = np.flatnonzero(counts >= minimum)
        values += possible(counts, minimum)
        codes = np.zeros(max(int(column.max()) + 1, len(counts)), np.min_scalar_type(len(frequent)))
        codes[frequent] = np.arange(1, len(frequent) + 1)
        coded_now.append(codes[current])
        coded_before.append(codes[column[before]])
        widths.append(len(frequent) + 1)
    return CaseCodes(coded_now, coded_before, weights, widths, minimum, values)


def joined(codes: Sequence[NDArray[Any]], widths: Sequence[int]) -> Ints:
    """Return one number for each combination of codes; the first dimension's width does not matter."""
    keys = codes[0].astype(np.int64)
    for code, width in zip(codes[1:], widths[1:], strict=True):
        keys *= width
        keys += code
    return keys


def possible(counts: Ints, minimum: float) -> int:
    """Return how many cells could reach the minimum by chance; one that expects less than an eighth of it cannot."""
    return int(np.count_nonzero(counts >= minimum / 8))


def _equal(side: list[Codes], rows: Ints, weights: Floats | None) -> tuple[Floats, float]:
    """Return how many cases each distinct case among the rows stands for, and what one row stands for by itself."""
    key = np.zeros(len(rows), np.uint64)
    for codes in side:
        key = key * np.uint64(1_000_003) + codes[rows]
    if weights is not None:
        _, place = np.unique(key, return_inverse=True)
        return np.bincount(place, weights[rows]).astype(np.float64), 0.0
    key.sort()
    return np.diff(np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1], [True]]))).astype(np.float64), 1.0
