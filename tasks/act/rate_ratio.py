"""Exact comparison of two rates, conditional on their total count."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

from scipy.optimize import brentq
from scipy.special import betainc
from scipy.stats import beta, binom


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
        dispersion: Variance ÷ that of Poisson counts, 1 or more: the counts tell as much as counts so many times smaller
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
    total = events + events_before
    if mid_p:
        low, high = _mid_p_limits(events, total, tail)
    else:
        low = 0.0 if events == 0 else float(beta.ppf(tail, events, events_before + 1))
        high = 1.0 if events_before == 0 else float(beta.ppf(1 - tail, events + 1, events_before))
    return RateRatio(point, _odds(low) * scale, _odds(high) * scale)


def p_greater(
    events: float, exposure: float, events_before: float, exposure_before: float, *, ratio: float = 1.0, mid_p: bool = True
) -> float:
    """Return the one-sided probability of so many events or more if the true ratio were `ratio` (exact, conditional)."""
    total = events + events_before
    p = ratio * exposure / (ratio * exposure + exposure_before)
    tail = float(binom.sf(events - 1, total, p))
    return tail - 0.5 * float(binom.pmf(events, total, p)) if mid_p else tail


def _odds(p: float) -> float:
    return inf if p >= 1 else p / (1 - p)


def _mid_p_limits(events: float, total: float, tail: float) -> tuple[float, float]:
    """Return the limits of a share whose mid-p tails are `tail`; counts need not be whole.

    P(X ≥ x) is the incomplete beta function I_p(x, n-x+1), which goes on smoothly between whole counts; the mid-p tail is the mean
    of P(X ≥ x) and P(X > x).
    """
    rest = total - events

    def above(p: float) -> float:
        reached = float(betainc(events, rest + 1, p)) if events > 0 else 1.0
        passed = float(betainc(events + 1, rest, p)) if rest > 0 else 0.0
        return 0.5 * (reached + passed)

    low = 0.0 if events == 0 else float(brentq(lambda p: above(p) - tail, 0.0, 1.0, xtol=1e-13))
    high = 1.0 if rest == 0 else float(brentq(lambda p: 1 - above(p) - tail, 0.0, 1.0, xtol=1e-13))
    return low, high
