"""Evidence of a count against its expectation, in nats, and the interval of their ratio."""

from __future__ import annotations

from math import log

from scipy.special import betainc, gammainc
from scipy.stats import chi2


def likelihood_ratio(observed: float, expected: float, *, baseline: bool = False, rho: float = 1.0, total: float = 0.0) -> float:
    """Return the log-likelihood ratio of a raised (or lowered) count in nats, not doubled.

    Against a known expectation: O ln(O/E) − (O−E). Against an earlier count B, of which E = ρB was to be expected, that of
    the conditional binomial: O ln(p/p₀) + B ln((1−p)/(1−p₀)) with p = O/(O+B) and p₀ = ρ/(1+ρ). Given a total N of which E are
    a slice's share (Kulldorff 1997): O ln(O/E) + (N−O) ln((N−O)/(N−E)).
    """
    if expected <= 0:
        return 0.0
    if total:
        rest, due = total - observed, max(total - expected, 1e-9)
        return (observed * log(observed / expected) if observed > 0 else 0.0) + (rest * log(rest / due) if rest > 0 else 0.0)
    if baseline:
        before = expected / rho
        share, usual = observed / (observed + before), rho / (1 + rho)
        left = observed * log(share / usual) if observed > 0 else 0.0
        return left + before * log((1 - share) / (1 - usual))
    return (observed * log(observed / expected) if observed > 0 else 0.0) - (observed - expected)


def tail_nats(
    observed: float,
    expected: float,
    *,
    dispersion: float = 1.0,
    baseline: bool = False,
    rho: float = 1.0,
    total: float = 0.0,
) -> float:
    """Return −ln P of a count at least this high, in nats: the Poisson tail or, against an earlier count or given a total, the binomial one.

    Counts that vary more than by chance are taken for clumps of `dispersion` cases each; the tail is read between whole
    numbers (incomplete gamma and beta functions), so it is exact where the dispersion is 1.
    """
    if observed <= 0:
        return 0.0
    o, e = observed / dispersion, max(expected, 1e-9) / dispersion
    if total:
        n = total / dispersion
        p = betainc(o, n - o + 1, min(e / n, 1.0))
        return -log(p) if p > 0 else likelihood_ratio(o, e, total=n)
    p = betainc(o, e / rho + 1, rho / (1 + rho)) if baseline else gammainc(o, e)
    return -log(p) if p > 0 else likelihood_ratio(o, e, baseline=baseline, rho=rho)


def ratio_interval(observed: float, expected: float, level: float = 0.95) -> tuple[float, float]:
    """Return Garwood's exact Poisson interval of observed/expected."""
    tail = (1 - level) / 2
    low = chi2.ppf(tail, 2 * observed) / 2 if observed > 0 else 0.0
    high = chi2.ppf(1 - tail, 2 * observed + 2) / 2
    return float(low / max(expected, 1e-9)), float(high / max(expected, 1e-9))
