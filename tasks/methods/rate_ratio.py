"""Exact comparison of two rates, conditional on their total count."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

from scipy.optimize import brentq
from scipy.special import betainc, betaincinv


@dataclass(frozen=True)
class RateRatio:
    """Rate after ÷ rate before with its interval."""

    ratio: float
    low: float
    high: float


def rate_ratio(
    events: float,
    exposure: float,
    events_before: float,
    exposure_before: float,
    *,
    confidence: float = 0.95,
    mid_p: bool = True,
    dispersion: float = 1.0,
) -> RateRatio:
    """Compare two Poisson rates exactly, given their total (Clopper & Pearson 1934; mid-p: Berry & Armitage 1995).

    Given the total, the first count is binomial with p = ratio·n₁ / (ratio·n₁ + n₀), so limits of p are limits of the ratio.

    Args:
        events: Events of the first group, 0 or more.
        exposure: Its exposure, above 0.
        events_before: Events of the group compared with.
        exposure_before: Its exposure, above 0.
        confidence: Coverage of the interval.
        mid_p: Count half of the observed outcome's probability; otherwise Clopper–Pearson.
        dispersion: Variance ÷ that of Poisson counts, 1 or more: the counts are worth as much as counts this many times smaller
            (the effective sample size of Rao & Scott 1992).

    Returns:
        Ratio with interval; nan, 0 and infinity where both counts are 0.
    """
    if events + events_before == 0:
        return RateRatio(nan, 0.0, inf)
    scale = exposure_before / exposure
    point = events / events_before * scale if events_before else inf
    tail = (1 - confidence) / 2
    events, events_before = events / dispersion, events_before / dispersion
    if mid_p:
        low, high = _mid_p_limits(events, events_before, tail)
    else:
        low = 0.0 if events == 0 else float(betaincinv(events, events_before + 1, tail))
        high = 1.0 if events_before == 0 else float(betaincinv(events + 1, events_before, 1 - tail))
    return RateRatio(point, _odds(low) * scale, _odds(high) * scale)


def p_greater(
    events: float,
    exposure: float,
    events_before: float,
    exposure_before: float,
    *,
    ratio: float = 1.0,
    mid_p: bool = True,
    dispersion: float = 1.0,
) -> float:
    """Return the one-sided probability of at least this many events if the true ratio were `ratio` (exact, conditional)."""
    p = ratio * exposure / (ratio * exposure + exposure_before)
    events, rest = events / dispersion, events_before / dispersion
    return _tail(events, rest, p) if mid_p else _reached(events, rest, p)


def _odds(p: float) -> float:
    return inf if p >= 1 else p / (1 - p)


def _reached(events: float, rest: float, p: float) -> float:
    """Return P(X ≥ events) of a binomial count: the incomplete beta function, which goes on smoothly between whole counts."""
    return float(betainc(events, rest + 1, p)) if events > 0 else 1.0


def _tail(events: float, rest: float, p: float) -> float:
    """Return the mid-p tail: the mean of P(X ≥ events) and P(X > events)."""
    passed = float(betainc(events + 1, rest, p)) if rest > 0 else 0.0
    return 0.5 * (_reached(events, rest, p) + passed)


def _mid_p_limits(events: float, rest: float, tail: float) -> tuple[float, float]:
    """Return the limits of a share whose mid-p tails are `tail`; they lie between those of the two tails that the mean is of."""
    low, high = 0.0, 1.0
    if events > 0:
        top = float(betaincinv(events + 1, rest, tail)) if rest > 0 else 1.0
        low = brentq(lambda p: _tail(events, rest, p) - tail, float(betaincinv(events, rest + 1, tail)), top, xtol=1e-12)
    if rest > 0:
        bottom = float(betaincinv(events, rest + 1, 1 - tail)) if events > 0 else 0.0
        high = brentq(
            lambda p: 1 - _tail(events, rest, p) - tail, bottom, float(betaincinv(events + 1, rest, 1 - tail)), xtol=1e-12
        )
    return float(low), float(high)
