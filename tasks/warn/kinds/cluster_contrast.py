"""Clusters of families without a past: slices of the same weeks against each other, as the weekly review compares them."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp

from tasks.analyse.causes.candidates import Candidate
from tasks.analyse.causes.families import PANELS, SEARCHED
from tasks.analyse.causes.naming import ancestry
from tasks.analyse.causes.same_weeks import contrast
from tasks.expected.lag_curves import Curve
from tasks.expected.pooled_curves import pooled_curves
from tasks.expected.unit_history import UnitHistory
from tasks.shop.load import Shop
from tasks.warn.kinds.cluster_signals import LONGEST_YEARS, RECENT_DAYS, SLICES, ClusterSignal

WEEKS = (1, 2, 4)
"""Weeks of the spans that are compared every morning."""

DIMENSIONS = tuple(dict.fromkeys(dim for dims in SLICES for dim in dims))


def contrast_signals(history: UnitHistory, fitted: dict[str, Curve], shop: Shop, last: int) -> Iterator[ClusterSignal]:
    """Yield the slices with more than their share of the cases of families that have no curve.

    All searches of a morning together find something by chance once in the shop's `false_alarm_days`, or less often: mornings
    overlap, and each pays as if they did not.
    """
    settings = shop.warnings.clusters
    pooled = pooled_curves(history, [family for family in SEARCHED if family not in fitted], last)
    windows = [(weeks, last - weeks * 7 + 1, last) for weeks in WEEKS]
    alpha = 1.0 / settings.false_alarm_days / (len(PANELS) + 1) / len(WEEKS)
    dims = [dim for dim in DIMENSIONS if dim in history.codes]
    found = contrast(history, pooled, PANELS, windows, ancestry(shop), alpha, dims)
    for candidate in found.candidates:
        recent = sum(day > last - RECENT_DAYS for day in candidate.days)
        if len(candidate.records) >= settings.least_cases and recent >= 2:
            yield _signal(candidate, settings.false_alarm_days)


def _signal(candidate: Candidate, false_alarm_days: float) -> ClusterSignal:
    leaf = min(candidate.leaves.items(), key=lambda pair: (-pair[1], pair[0]))[0]
    rarer = exp(min(candidate.found.score, 40.0))
    return ClusterSignal(
        slice=dict(candidate.labels),
        leaf=leaf,
        observed=candidate.found.observed,
        expected=candidate.found.expected,
        every_days=min(false_alarm_days * rarer, LONGEST_YEARS * 365),
        records=tuple(sorted(candidate.records)),
        days=tuple(sorted(candidate.days)),
    )
