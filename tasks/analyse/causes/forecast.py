"""The cases to expect from a cause's slice in the coming week."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom

from tasks.analyse.causes.candidates import AXIS_OF_INTERVAL, Candidate, order_panel, units_of
from tasks.expected.arrivals import expected_units
from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import AXES, UnitHistory
from tasks.methods.panels import Pattern

SURE = 0.9
"""Share of forecast intervals that should contain the outcome."""


def forecast(history: UnitHistory, fitted: dict[str, Curve], candidate: Candidate) -> tuple[float, float, float] | None:
    """Forecast the cases of a slice in the week after: the mean and its 90 % interval.

    The slice's own excess over the last two weeks goes on over the units that will be at risk: those known now, raised by
    as much as a week's expectation grew, the week before, between its eve and its end. The count is negative binomial: the
    ratio is itself known from few cases (gamma posterior), and weeks vary beyond Poisson.

    Returns:
        Mean, low, high, or None if too little is known.
    """
    known = [fitted[family] for family in candidate.families if family in fitted]
    pattern = candidate.found.pattern
    if not known:
        weekly = candidate.found.expected / max(candidate.weeks, 1)
        recent = sum(day > candidate.last - 7 for day in candidate.days)
        return _interval(float(recent), weekly, weekly, 1.2)
    dims = [dim for dim, _ in pattern.conditions]
    among = units_of(history, pattern)
    two, _, _ = order_panel(history, known, candidate.last - 13, candidate.last, {}, dims, among)
    observed = float(pattern.rows(two.cases, two.case_days).sum())
    expected = float(two.weights[pattern.rows(two.units, two.unit_days)].sum())
    expect = partial(_expected, history, known, pattern, among)
    this, before = expect(candidate.last, known_by=candidate.last), expect(candidate.last, known_by=candidate.last - 7)
    coming = expect(candidate.last + 7, known_by=candidate.last)
    growth = min(this / before, 3.0) if before > 0.2 else 1.0
    return _interval(observed, expected, coming * growth, max(curve.dispersion for curve in known))


def _expected(
    history: UnitHistory, known: list[Curve], pattern: Pattern, among: NDArray[np.int64], last: int, *, known_by: int
) -> float:
    """Return the slice's expected cases in the week that ends with a day, on units whose age had begun by another."""
    total = 0.0
    for curve in known:
        rows, weights = expected_units(history, curve, last - 6, last, among)
        young = history.days[AXES[curve.family]][rows] <= known_by
        codes = {dim: history.codes[dim][rows] for dim, _ in pattern.conditions}
        days = {axis: history.days[column][rows] for axis, column in AXIS_OF_INTERVAL.items()}
        total += float(weights[pattern.rows(codes, days) & young].sum())
    return total


def _interval(observed: float, expected: float, coming: float, dispersion: float) -> tuple[float, float, float] | None:
    if expected <= 0 or coming <= 0 or observed < 3:
        return None
    # a gamma posterior of the ratio, worth this many cases; fewer where weeks vary beyond Poisson
    size = (observed + 0.5) / dispersion
    mean = (observed + 0.5) / expected * coming
    spread = nbinom(size, size / (size + mean))
    tail = (1 - SURE) / 2
    return mean, float(spread.ppf(tail)), float(spread.ppf(1 - tail))
