"""The sums behind clusters: a Poisson CUSUM of every slice and problem, and the ones above their limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, exp, log

import numpy as np
from numpy.typing import NDArray

from tasks.expected.lag_curves import GAP_WEEKS, Curve, estimate_curve
from tasks.expected.unit_history import AXES, MAX_AGE, UnitHistory
from tasks.methods.cusum import CusumDesign, design, path
from tasks.shop.load import Shop

Weights = NDArray[np.float64]
Codes = NDArray[np.int32] | NDArray[np.int64]

SLICES: tuple[tuple[str, ...], ...] = (("batch_no",), ("session_id",), ("sku",), ("carrier", "region"))
"""Dimensions in which a cluster can lie; of two equally affected, the first is reported."""

ENDURING = frozenset({("sku",), ("carrier", "region")})
"""Slices long-lived enough to have their own level; in a batch or session, being special is what we look for."""

PARCEL_NODE = "LOG"
"""Node of the problems that a carrier can cause."""

RECENT_DAYS = 7
"""A slice with no more cases than expected in this many days is over it; that is for the weekly review."""

PRIOR_CASES = 6.0
"""Prior cases for a slice's own level of one problem: with fewer of its own it is shrunk towards its product line."""

PRIOR_SHARE = 20.0
"""Prior cases of a product line's shares of problems within a family."""

LEAST_STEP = 0.05
"""Expected cases per step when a limit is computed; finer steps give the same sum."""

LONGEST_YEARS = 10.0
"""Chances rarer than this are not distinguished."""


@dataclass(frozen=True)
class ClusterSignal:
    """A slice whose sum is above its limit."""

    slice: dict[str, str]
    leaf: str
    observed: float
    expected: float
    every_days: float
    records: tuple[str, ...]
    days: tuple[int, ...]


def curves_until(history: UnitHistory, last: int) -> dict[str, Curve]:
    """Return the curve of every lag family with a past, for judging the days up to `last`; four weeks' gap if history allows it."""
    fitted: dict[str, Curve] = {}
    for family in AXES:
        for gap in (GAP_WEEKS, 2, 1):
            if family not in ("return", "safety") and (curve := estimate_curve(history, family, last - gap * 7)) is not None:
                fitted[family] = curve
                break
    return fitted


def signals_of(history: UnitHistory, fitted: dict[str, Curve], shop: Shop, last: int) -> Iterator[ClusterSignal]:
    """Yield every slice and problem whose sum, carried over the window, is above its limit on day `last`."""
    settings = shop.warnings.clusters
    first = max(last - settings.window_days + 1, history.first_day)
    kinds = [slices_along(history, dims) for dims in SLICES if all(dim in history.codes for dim in dims)]
    panels = [ClusterPanel(history, curve, slices, shop, first, last) for slices in kinds for curve in fitted.values()]
    streams = max(sum(panel.streams for panel in panels), 1)
    for panel in panels:
        yield from panel.signals(settings.false_alarm_days * streams, streams)


@dataclass(frozen=True)
class ClusterSlices:
    """All slices of one kind: `code` of each unit, −1 where a value is unknown; the units in order of their code."""

    dims: tuple[str, ...]
    code: Codes
    labels: list[dict[str, str]]
    ordered: NDArray[np.int64]


class ClusterPanel:
    """All slices of one kind in one family: cases and expectations by day, problem by problem."""

    def __init__(self, history: UnitHistory, curve: Curve, slices: ClusterSlices, shop: Shop, first: int, last: int) -> None:
        self.history, self.curve, self.dims, self.first, self.last = history, curve, slices.dims, first, last
        self.settings = shop.warnings.clusters
        self.code, self.labels = slices.code, slices.labels
        self.levels = _levels(history, curve)
        self.days = history.days[AXES[curve.family]]
        self.leaves = np.array(
            [
                leaf
                for leaf in np.flatnonzero(self.levels.sum(0)).tolist()
                if self.dims != ("carrier", "region") or shop.taxonomy.problem_of(history.leaves[leaf]) == PARCEL_NODE
            ],
            dtype=np.int64,
        )
        begin = min(first, curve.baseline_first) if self.dims in ENDURING else first
        days = self.days[slices.ordered]
        self.near = slices.ordered[(days > begin - len(curve.hazard)) & (days <= last)]
        self.edges = np.searchsorted(self.code[self.near], np.arange(len(self.labels) + 1))
        recent = self.days[self.near] > first - len(curve.hazard)
        at_risk = np.unique(self.code[self.near[recent]])
        self.streams = len(at_risk) * len(self.leaves)

    def signals(self, run_length: float, streams: int) -> Iterator[ClusterSignal]:
        """Yield the signals of this panel; `run_length` is every sum's own, in days."""
        history, family, least = self.history, self.curve.family, self.settings.least_cases
        arrived, unit, leaf = history.case_day[family], history.case_unit[family], history.case_leaf[family]
        age = arrived - self.days[unit]
        inside = (arrived <= self.last) & (age >= 0) & (age < MAX_AGE[family]) & (self.days[unit] >= 0)
        inside &= (self.code[unit] >= 0) & np.isin(leaf, self.leaves)
        position = np.flatnonzero(inside)
        pair = self.code[unit[position]].astype(np.int64) * len(history.leaves) + leaf[position]
        names, counts = np.unique(pair[arrived[position] >= self.first], return_counts=True)
        for name in names[counts >= least]:
            code, problem = divmod(int(name), len(history.leaves))
            cases = position[pair == name]
            expected = self._expected(code, problem, self.first, self.last)
            if self.dims in ENDURING:
                expected *= self._own_level(code, problem, arrived[cases])
            spread = self.curve.dispersion
            seen = np.bincount(arrived[cases[arrived[cases] >= self.first]] - self.first, minlength=len(expected))
            chosen = _design(float(expected.mean()) / spread, self.settings.ratio, run_length)
            sums = path((seen / spread).tolist(), (expected / spread).tolist(), chosen).values
            if sums[-1] < chosen.h:
                continue
            zeros = np.flatnonzero(np.asarray(sums) == 0.0)
            begin = int(zeros[-1]) + 1 if len(zeros) else 0
            rows = cases[arrived[cases] >= self.first + begin]
            if len(rows) < least or (arrived[rows] > self.last - RECENT_DAYS).sum() <= expected[-RECENT_DAYS:].sum():
                continue
            # A likelihood ratio's sum is e times rarer by chance with every nat (Wald 1947); a case weighs ln ratio nats.
            rarer = exp(min((sums[-1] - chosen.h) * log(self.settings.ratio), 40.0))
            yield ClusterSignal(
                slice=self.labels[code],
                leaf=history.leaves[problem],
                observed=float(len(rows)),
                expected=float(expected[begin:].sum()),
                every_days=min(run_length / streams * rarer, LONGEST_YEARS * 365),
                records=tuple(sorted(history.case_record[family][rows].tolist())),
                days=tuple(sorted(arrived[rows].tolist())),
            )

    def _expected(self, code: int, problem: int, first: int, last: int) -> Weights:
        """Return the expected cases of one slice and problem by arrival day: its units by axis day, convolved with the hazard."""
        hazard = self.curve.hazard
        rows = self.near[self.edges[code] : self.edges[code + 1]]
        low, width = first - len(hazard) + 1, last - first + len(hazard)
        rows = rows[(self.days[rows] >= low) & (self.days[rows] <= last)]
        weight = self.curve.multiplier(self.history.codes, rows) * self.levels[self.history.codes["sku"][rows], problem]
        units = np.bincount(self.days[rows] - low, weight, width)
        carried: Weights = np.convolve(units, hazard)[len(hazard) - 1 : width]
        return carried

    def _own_level(self, code: int, problem: int, arrived: NDArray[np.int32]) -> float:
        """Return cases ÷ expectation of the baseline, shrunk towards 1 where they are few."""
        first, last = self.curve.baseline_first, self.curve.baseline_last
        seen = float(((arrived >= first) & (arrived <= last)).sum())
        due = float(self._expected(code, problem, first, last).sum())
        return (seen + PRIOR_CASES) / (due + PRIOR_CASES)


def slices_along(history: UnitHistory, dims: tuple[str, ...]) -> ClusterSlices:
    """Return the slices along some dimensions."""
    code = history.codes[dims[0]].astype(np.int32)
    labels = [{dims[0]: value} for value in history.values[dims[0]]]
    for dim in dims[1:]:
        other, values = history.codes[dim], history.values[dim]
        code = np.where((code >= 0) & (other >= 0), code * len(values) + other, -1).astype(np.int32)
        labels = [{**label, dim: value} for label in labels for value in values]
    known = np.flatnonzero((code >= 0) & (history.codes["sku"] >= 0)).astype(np.int64)
    return ClusterSlices(dims, code, labels, known[np.argsort(code[known], kind="stable")])


def _levels(history: UnitHistory, curve: Curve) -> Weights:
    """Return each problem's share of a family's expectation in each SKU: its line's, shrunk towards the shop's."""
    arrived, unit, leaf = history.case_day[curve.family], history.case_unit[curve.family], history.case_leaf[curve.family]
    sku = history.codes["sku"][unit].astype(np.int64)
    past = (arrived >= curve.baseline_first) & (arrived <= curve.baseline_last) & (sku >= 0)
    lines, leaves = int(history.line_of_sku.max()) + 1, len(history.leaves)
    pair = history.line_of_sku[sku[past]] * leaves + leaf[past]
    of_line = np.bincount(pair, minlength=lines * leaves).reshape(lines, leaves).astype(np.float64)
    whole = of_line.sum(0) / max(of_line.sum(), 1.0)
    share = (of_line + PRIOR_SHARE * whole) / (of_line.sum(1, keepdims=True) + PRIOR_SHARE)
    return np.asarray(share[history.line_of_sku])


def _design(expected: float, ratio: float, days: float) -> CusumDesign:
    """Return the design of a sum for an expectation (cases a day) and a run length (days between chance signals).

    Both are rounded to the next coarser step of a scale, so that similar slices share one design.
    """
    step = max(expected, LEAST_STEP)
    step = LEAST_STEP * 1.5 ** round(log(step / LEAST_STEP) / log(1.5))
    steps = max(days * expected / step, 1.0)
    return _kept_design(step, ratio, 2.0 ** ceil(log(steps, 2)))


@lru_cache(maxsize=2048)
def _kept_design(step: float, ratio: float, steps: float) -> CusumDesign:
    return design(step, ratio, steps)
