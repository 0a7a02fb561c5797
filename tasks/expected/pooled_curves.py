"""Lag curves of families without a past: the hazard by age, pooled over all units of the latest weeks (docs/method.md, 4).

Such a curve says nothing of how many cases are usual, only how cases would be shared out among units of different ages if all
units were alike. That is enough to compare parts of the same weeks with each other.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import AXES, MAX_AGE, UnitHistory

POOLED_WEEKS = 8
"""Weeks of arrivals that are pooled: long enough for units of one age to come from several weeks."""

LEAST_POOLED = 5
"""Cases of a family without which its ages are not pooled; fewer name no slice."""


FLOOR_CASES = 0.5
"""Cases spread evenly over all ages, so that no age is thought to be without any risk."""


def pooled_curves(history: UnitHistory, families: Iterable[str], last: int) -> dict[str, Curve]:
    """Return the curves of some families, pooled over arrivals up to day `last`; a family with too few cases has none."""
    made = ((family, _pooled(history, family, last)) for family in families)
    return {family: curve for family, curve in made if curve is not None}


def _pooled(history: UnitHistory, family: str, last: int) -> Curve | None:
    if "sku" not in history.codes:
        return None
    first = max(history.known_from(family), last - POOLED_WEEKS * 7 + 1)
    length = MAX_AGE[family]
    days = history.days[AXES[family]]
    arrived, unit = history.case_day[family], history.case_unit[family]
    age = arrived - days[unit]
    inside = (arrived >= first) & (arrived <= last) & (days[unit] >= 0) & (age >= 0) & (age < length)
    if inside.sum() < LEAST_POOLED:
        return None
    # units whose age was a on one of the days first..last: those of the days first − a … last − a
    low = first - length
    known = days[(days >= low) & (days <= last)]
    through = np.concatenate(([0], np.cumsum(np.bincount(known - low, minlength=last - low + 1))))
    ages = np.arange(length)
    at_risk = (through[last - ages - low + 1] - through[first - ages - low]).astype(np.float64)
    events = np.bincount(age[inside], minlength=length)[:length].astype(np.float64)
    hazard = np.zeros(length)
    for a in range(length):
        reach = 1 if a < 3 else 2 if a < 7 else 4 if a < 21 else 10  # few cases: neighbouring ages are read together
        span = slice(max(a - reach, 0), min(a + reach + 1, length))
        risk = at_risk[span].sum()
        hazard[a] = events[span].sum() / risk if risk > 0 else 0.0
    hazard += FLOOR_CASES / max(float(at_risk.sum()), 1.0)
    alike = np.ones(len(history.values["sku"]))
    return Curve(family, hazard, {"sku": alike}, first, last, int(inside.sum()), same_weeks=True)
