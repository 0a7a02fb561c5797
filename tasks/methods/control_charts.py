"""Control charts by kind of data: rates of large and small samples, times and scores, rare events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, geom, norm, t

MINIMUM_HISTORY = 8
"""Earlier periods that limits need."""

LIMIT_Z = 3.0
D2 = 1.128
"""Mean moving range ÷ standard deviation for pairs of a normal variable."""

FREEDOM = 0.62
"""Degrees of freedom of a mean moving range for each range in it (Wheeler and Chambers 1992, table 2)."""

TAIL = 0.00135
"""Probability beyond three standard deviations on one side, which charts of gaps take as their limit."""


@dataclass(frozen=True)
class Normal:
    """The range of a figure when nothing has changed, and the place of the present value in it.

    `z` is its distance from the centre in standard deviations, `p` the two-sided probability of such a distance when nothing
    changed, the uncertainty of centre and spread counted in; `weeks` is the number of earlier periods.
    `level` is the index in the history at which the present level began, 0 if it never changed.
    """

    low: float
    high: float
    centre: float
    z: float
    weeks: int
    p: float
    level: int = 0


def laney_p(numerators: Sequence[float], exposures: Sequence[float], numerator: float, exposure: float) -> Normal | None:
    """Return the p′ limits of a share: binomial, widened by the variation of earlier periods beyond chance (Laney 2002).

    Args:
        numerators: Events of earlier periods, oldest first.
        exposures: What they are shares of.
        numerator: Events of the judged period.
        exposure: Its exposure.

    Returns:
        Limits at three standard deviations, or None with fewer than eight earlier periods, without any event, or when all
        are events.
    """
    return _laney(numerators, exposures, numerator, exposure, share=True)


def laney_u(numerators: Sequence[float], exposures: Sequence[float], numerator: float, exposure: float) -> Normal | None:
    """Return the u′ limits of events per unit when a unit may have several: Poisson, widened as in `laney_p`."""
    return _laney(numerators, exposures, numerator, exposure, share=False)


def xmr(earlier: Sequence[float], value: float, *, floor: float = 0.0) -> Normal | None:
    """Return the limits of a single value a period (times, scores, amounts) from the mean moving range (XmR chart).

    Args:
        earlier: Values of earlier periods, oldest first.
        value: The judged one.
        floor: Least value possible.
    """
    x = np.asarray(earlier, dtype=float)
    if len(x) < MINIMUM_HISTORY:
        return None
    sigma = float(np.abs(np.diff(x)).mean()) / D2
    if sigma == 0:
        return None
    return _normal(float(x.mean()), sigma, value, len(x), estimated=True, floor=floor)


def g_chart(seen: int, within: float, earlier: int, span: float) -> Normal | None:
    """Judge rare events by the opportunities between them (g chart, Kaminsky et al. 1992, with probability limits).

    Gaps of a constant chance are geometric. Whether the judged period's events come sooner than the earlier ones did is the
    exact conditional test of two counts (mid-p), so that a history with few events or none is enough.

    Args:
        seen: Events of the judged period.
        within: Opportunities of the judged period.
        earlier: Events before.
        span: Opportunities before, eight times as many as within at least.

    Returns:
        Limits of the opportunities between two events; `z` is above 0 if they come closer together than usual. None
        without an event or with too short a history.
    """
    if seen < 1 or within <= 0 or span < MINIMUM_HISTORY * within:
        return None
    chance = min((earlier + 0.5) / span, 1.0)
    return _gap(seen, within, earlier, span, *(float(geom.ppf(tail, chance)) for tail in (TAIL, 1 - TAIL)))


def t_chart(seen: int, within: float, earlier: int, span: float) -> Normal | None:
    """Judge rare events by the days between them where opportunities are not counted (t chart, exponential gaps).

    Args:
        seen: Events of the judged period.
        within: Its days.
        earlier: Events before.
        span: Days before, eight times as many as within at least.

    Returns:
        As `g_chart`, in days.
    """
    if seen < 1 or within <= 0 or span < MINIMUM_HISTORY * within:
        return None
    mean = span / (earlier + 0.5)
    return _gap(seen, within, earlier, span, -mean * log(1 - TAIL), -mean * log(TAIL))


def spread(numerators: Sequence[float], exposures: Sequence[float], *, share: bool) -> NDArray[np.float64]:
    """Return each period's distance from the common rate in units of pure chance; zeros if nothing varies."""
    x, n = np.asarray(numerators, dtype=float), np.asarray(exposures, dtype=float)
    centre = float(x.sum() / n.sum()) if n.sum() else 0.0
    variance = centre * (1 - centre) if share else centre
    if variance <= 0:
        return np.zeros(len(x))
    return np.asarray((x / n - centre) / np.sqrt(variance / n), dtype=np.float64)


def _laney(
    numerators: Sequence[float], exposures: Sequence[float], numerator: float, exposure: float, *, share: bool
) -> Normal | None:
    held = [(x, n) for x, n in zip(numerators, exposures, strict=True) if n > 0]
    if len(held) < MINIMUM_HISTORY or exposure <= 0:
        return None
    events, units = [x for x, _ in held], [n for _, n in held]
    centre = sum(events) / sum(units)
    variance = centre * (1 - centre) if share else centre
    if variance <= 0:
        return None
    beyond = float(np.abs(np.diff(spread(events, units, share=share))).mean()) / D2
    sigma = sqrt(variance / exposure) * max(beyond, 1.0)
    ceiling = 1.0 if share else inf
    return _normal(centre, sigma, numerator / exposure, len(held), estimated=beyond > 1, ceiling=ceiling)


def _normal(
    centre: float, sigma: float, value: float, points: int, *, estimated: bool, floor: float = 0.0, ceiling: float = inf
) -> Normal:
    z = (value - centre) / sigma
    freedom = FREEDOM * (points - 1) if estimated else inf
    p = 2 * float(t.sf(abs(z) / sqrt(1 + 1 / points), freedom))
    return Normal(max(centre - LIMIT_Z * sigma, floor), min(centre + LIMIT_Z * sigma, ceiling), centre, z, points, p)


def _gap(seen: int, within: float, earlier: int, span: float, low: float, high: float) -> Normal:
    """Return limits of gaps with the distance of the judged period: its events given all events are binomial."""
    total, share = seen + earlier, within / (within + span)
    at = 0.5 * float(binom.pmf(seen, total, share))
    sooner, later = float(binom.sf(seen, total, share)) + at, float(binom.cdf(seen - 1, total, share)) + at
    z = float(norm.isf(sooner)) if sooner < later else float(norm.ppf(later))
    return Normal(low, high, span / (earlier + 0.5), z, int(span // within), min(2 * min(sooner, later), 1.0))
