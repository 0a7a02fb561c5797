"""Expected arrivals: the cases of a week if nothing had changed, from exposure and lag curves.

Summed over a week's units the hazards are the week's expectation: promotions, holidays and new products need no further
treatment, because their units are counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import AXES, MAX_AGE, UnitHistory
from tasks.methods.likelihood import likelihood_ratio
from tasks.methods.panels import Weights


def expected_units(
    history: UnitHistory, curve: Curve, first: int, last: int, among: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], Weights]:
    """Return the units at risk during arrival days `first..last` and their expected cases.

    Args:
        history: The arrays.
        curve: The family's curve.
        first: First day of arrival.
        last: Last day of arrival.
        among: Row numbers of the units to look at, ascending; default: all.

    Returns:
        Row numbers `(k,)` and expected cases `(k,)`, both over units with a positive expectation.
    """
    days = history.days[AXES[curve.family]]
    days = days if among is None else days[among]
    near = np.flatnonzero((days >= first - MAX_AGE[curve.family]) & (days <= last))
    base = curve.day_weights(days[near], first, last)
    at_risk = base > 0
    rows = near[at_risk] if among is None else among[near[at_risk]]
    return rows, base[at_risk] * curve.multiplier(history.codes, rows)


def observed_cases(history: UnitHistory, family: str, first: int, last: int) -> NDArray[np.int64]:
    """Return positions (into the family's case arrays) of the cases that arrived on days `first..last`."""
    arrived = history.case_day[family]
    axis = history.days[AXES[family]][history.case_unit[family]]
    inside = (arrived >= first) & (arrived <= last) & (axis >= 0) & (arrived - axis < MAX_AGE[family])
    return np.flatnonzero(inside)


def expected_by(
    history: UnitHistory, curve: Curve, dim: str, first: int, last: int, *, without: NDArray[np.int64] | None = None
) -> tuple[Weights, Weights]:
    """Return observed and expected cases by value of a dimension during arrival days `first..last`, without some SKUs."""
    rows, weights = expected_units(history, curve, first, last)
    units = history.case_unit[curve.family][observed_cases(history, curve.family, first, last)]
    if without is not None and len(without):
        keep = ~np.isin(history.codes["sku"][rows], without)
        rows, weights = rows[keep], weights[keep]
        units = units[~np.isin(history.codes["sku"][units], without)]
    code = history.codes[dim][rows]
    count = len(history.values[dim])
    expected = np.bincount(code[code >= 0], weights[code >= 0], count).astype(np.float64)
    seen = history.codes[dim][units]
    return np.bincount(seen[seen >= 0], minlength=count).astype(np.float64), expected


def excess_nats(observed: float, expected: float) -> float:
    """Return the likelihood ratio of an excess, zero for a fall."""
    return likelihood_ratio(observed, expected) if observed > expected else 0.0
