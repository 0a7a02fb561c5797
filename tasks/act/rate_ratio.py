"""Exact comparison of two rates, conditional on their total count."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, nan, sqrt

from scipy.optimize import brentq
from scipy.stats import beta, binom


@dataclass(frozen=True)
class RateRatio:
    """Rate after ÷ rate before with its interval."""

    ratio: float
    low: float
    high: float


def rate_ratio(
    events: float, exposure: float, events_before: float, exposure_before: float, *, confidence: float = 0.95, mid_p: bool = True
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

    Returns:
        Ratio with interval; nan, 0 and infinity where both counts are 0.
    """
    total = events + events_before
    if total == 0:
        return RateRatio(nan, 0.0, inf)
    tail = (1 - confidence) / 2
    if mid_p:
        low, high = _mid_p_limits(events, total, tail)
    else:
        low = 0.0 if events == 0 else float(beta.ppf(tail, events, events_before + 1))
        high = 1.0 if events_before == 0 else float(beta.ppf(1 - tail, events + 1, events_before))
    scale = exposure_before / exposure
    point = events / events_before * scale if events_before else inf
    return RateRatio(point, _odds(low) * scale, _odds(high) * scale)


def p_greater(
    events: float, exposure: float, events_before: float, exposure_before: float, *, ratio: float = 1.0, mid_p: bool = True
) -> float:
    """Return the one-sided probability of so many events or more if the true ratio were `ratio` (exact, conditional)."""
    total = events + events_before
    p = ratio * exposure / (ratio * exposure + exposure_before)
    tail = float(binom.sf(events - 1, total, p))
    return tail - 0.5 * float(binom.pmf(events, total, p)) if mid_p else tail


def relative_change(
    first: RateRatio, counts: tuple[float, float], control: RateRatio, control_counts: tuple[float, float]
) -> RateRatio:
    """Compare a ratio with that of the untouched slices: ratio of ratios, interval by the log method (Wald).

    Args:
        first: Ratio of the slice acted on.
        counts: Its two counts.
        control: Ratio of the control.
        control_counts: Its two counts.
    """
    if min(*counts, *control_counts) <= 0:
        return RateRatio(nan, 0.0, inf)
    point = log(first.ratio) - log(control.ratio)
    spread = 1.959964 * sqrt(sum(1 / count for count in (*counts, *control_counts)))
    return RateRatio(exp(point), exp(point - spread), exp(point + spread))


def _odds(p: float) -> float:
    return inf if p >= 1 else p / (1 - p)


def _mid_p_limits(events: float, total: float, tail: float) -> tuple[float, float]:
    def above(p: float) -> float:
        return float(binom.sf(events, total, p) + 0.5 * binom.pmf(events, total, p))

    low = 0.0 if events == 0 else float(brentq(lambda p: above(p) - tail, 0.0, events / total, xtol=1e-13))
    high = 1.0 if events == total else float(brentq(lambda p: 1 - above(p) - tail, events / total, 1.0, xtol=1e-13))
    return low, high
