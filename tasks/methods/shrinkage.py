"""Rates of many slices at once: shrinkage and funnel limits by the size of each slice, and proportions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import digamma, expit, gammaln, logsumexp
from scipy.stats import chi2_contingency, gamma, norm, poisson

MIXTURE_CELLS = 50
"""Slices from which two kinds of them, usual and raised, can be told apart; with fewer one kind is assumed."""

WINSORISED = 0.1
"""Share at either end whose distances are drawn in before overdispersion is measured (Spiegelhalter 2005)."""

SINGLE_STARTS = ((log(2.0), log(2.0)), (log(20.0), log(20.0)))
MIXTURE_STARTS = ((log(0.2), log(0.1), log(2.0), log(4.0), log(0.5)), (log(2.0), log(1.0), log(20.0), log(20.0), -2.0))
WIDEST = 5.0
"""Bound of the logarithms of a prior's parameters: a prior is worth at most about 150 cases, however similar the slices."""


@dataclass(frozen=True)
class Prior:
    """How true ratios of slices scatter: one gamma law, or two mixed with weight `share` of the first (DuMouchel 1999)."""

    shape: float
    rate: float
    other_shape: float = 1.0
    other_rate: float = 1.0
    share: float = 1.0


@dataclass(frozen=True)
class Shrunken:
    """A slice's ratio of observed to expected after shrinkage: geometric mean with its 5 % and 95 % points."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Disproportion:
    """How far a problem is over-represented in a slice: proportional ratio and Yates's χ²."""

    ratio: float
    chi_square: float
    cases: float

    @property
    def signals(self) -> bool:
        """Whether it counts as over-represented: three cases, twice the share, χ² of 4 (Evans, Waller and Davis 2001)."""
        return self.cases >= 3 and self.ratio >= 2 and self.chi_square >= 4


def fitted_prior(observed: Sequence[float], expected: Sequence[float]) -> Prior:
    """Fit the distribution of true ratios over slices by maximum likelihood of the negative binomial counts.

    Args:
        observed: Cases of each slice.
        expected: Cases that its size lets expect, above 0.

    Returns:
        A mixture of two gamma laws from 50 slices on (DuMouchel 1999, American Statistician 53:177), one law for fewer.
    """
    n, e = np.asarray(observed, dtype=float), np.asarray(expected, dtype=float)

    def lost(logs: NDArray[np.float64]) -> float:
        return -float(_log_likelihood(n, e, _of_logs(logs)).sum())

    starts = MIXTURE_STARTS if len(n) >= MIXTURE_CELLS else SINGLE_STARTS
    tried = [minimize(lost, start, method="L-BFGS-B", bounds=[(-WIDEST, WIDEST)] * len(start)) for start in starts]
    return _of_logs(min(tried, key=lambda result: float(result.fun)).x)


def shrunken(observed: float, expected: float, prior: Prior) -> Shrunken:
    """Return the empirical Bayes ratio of a slice: EBGM with EB05 and EB95 (DuMouchel 1999).

    Args:
        observed: Cases of the slice.
        expected: Cases that its size lets expect.
        prior: How ratios scatter.
    """
    laws = ((prior.shape + observed, prior.rate + expected), (prior.other_shape + observed, prior.other_rate + expected))
    share = _posterior_share(observed, expected, prior)
    weights = (share, 1 - share)
    mean = sum(
        weight * (float(digamma(shape)) - log(rate)) for weight, (shape, rate) in zip(weights, laws, strict=True) if weight > 0
    )

    def below(ratio: float) -> float:
        return sum(
            weight * float(gamma.cdf(ratio, shape, scale=1 / rate))
            for weight, (shape, rate) in zip(weights, laws, strict=True)
            if weight > 0
        )

    def point(chance: float) -> float:
        ends = [
            float(gamma.ppf(chance, shape, scale=1 / rate))
            for weight, (shape, rate) in zip(weights, laws, strict=True)
            if weight > 0
        ]
        # The mixture's point lies between those of its laws; a hair beyond both, so that rounding leaves the signs apart.
        return float(brentq(lambda ratio: below(ratio) - chance, min(ends) * 0.999, max(ends) * 1.001, xtol=1e-10))

    return Shrunken(exp(mean), point(0.05), point(0.95))


def disproportion(both: float, slice_other: float, rest_same: float, rest_other: float) -> Disproportion:
    """Return the proportional reporting ratio of a problem in a slice (Evans, Waller and Davis 2001).

    Args:
        both: Cases of the slice with the problem.
        slice_other: Other cases of the slice.
        rest_same: Cases outside the slice with the problem.
        rest_other: Other cases outside.
    """
    table = np.array([[both, slice_other], [rest_same, rest_other]])
    if not table.sum(axis=0).all() or not table.sum(axis=1).all():
        return Disproportion(1.0, 0.0, both)
    usual = rest_same / (rest_same + rest_other)
    ratio = both / (both + slice_other) / usual if usual else float("inf")
    return Disproportion(ratio, float(chi2_contingency(table, correction=True).statistic), both)


def funnel_limits(expected: float, tail: float, *, dispersion: float = 1.0) -> tuple[float, float]:
    """Return the limits of observed ÷ expected for a slice of this size (Spiegelhalter 2005, Statistics in Medicine 24:1185).

    Args:
        expected: Cases that the slice's size lets expect.
        tail: Probability beyond each limit: .025 and .001 are usual.
        dispersion: Variance of slices over chance; the limits move away from 1 by its root.

    Returns:
        Exact Poisson limits, interpolated between counts, as multiples of the expectation.
    """
    low, high = (_interpolated(probability, expected) / expected for probability in (tail, 1 - tail))
    wider = sqrt(max(dispersion, 1.0))
    return max(1 - (1 - low) * wider, 0.0), 1 + (high - 1) * wider


def distances(observed: Sequence[float], expected: Sequence[float]) -> NDArray[np.float64]:
    """Return how far each slice lies from its expectation, in standard deviations: exact Poisson mid-p as normal quantile."""
    n, e = np.asarray(observed, dtype=float), np.asarray(expected, dtype=float)
    half = 0.5 * poisson.pmf(n, e)
    below, above = poisson.cdf(n - 1, e) + half, poisson.sf(n, e) + half
    return np.asarray(np.where(above < below, norm.isf(np.maximum(above, 1e-300)), norm.ppf(np.maximum(below, 1e-300))))


def dispersion(z: Sequence[float] | NDArray[np.float64]) -> float:
    """Return how much slices vary beyond chance: the mean square of their winsorised distances, at least 1."""
    x = np.asarray(z, dtype=float)
    if len(x) < 2:
        return 1.0
    low, high = np.quantile(x, [WINSORISED, 1 - WINSORISED])
    return max(float((np.clip(x, low, high) ** 2).mean()), 1.0)


def _of_logs(logs: NDArray[np.float64]) -> Prior:
    values = [float(value) for value in logs]
    if len(values) == 2:
        return Prior(exp(values[0]), exp(values[1]))
    shape, rate, other_shape, other_rate, share = values
    return Prior(exp(shape), exp(rate), exp(other_shape), exp(other_rate), float(expit(share)))


def _log_negative_binomial(n: NDArray[np.float64], e: NDArray[np.float64], shape: float, rate: float) -> NDArray[np.float64]:
    """Return the log probability of counts whose ratio follows a gamma law."""
    found = gammaln(shape + n) - gammaln(shape) - gammaln(n + 1) + shape * np.log(rate / (rate + e)) + n * np.log(e / (rate + e))
    return np.asarray(found, dtype=np.float64)


def _log_likelihood(n: NDArray[np.float64], e: NDArray[np.float64], prior: Prior) -> NDArray[np.float64]:
    first = _log_negative_binomial(n, e, prior.shape, prior.rate)
    if prior.share >= 1:
        return first
    second = _log_negative_binomial(n, e, prior.other_shape, prior.other_rate)
    mixed = logsumexp([first + log(max(prior.share, 1e-300)), second + log(max(1 - prior.share, 1e-300))], axis=0)
    return np.asarray(mixed, dtype=np.float64)


def _posterior_share(observed: float, expected: float, prior: Prior) -> float:
    """Return the probability that a slice is of the first kind, given its count."""
    if prior.share >= 1:
        return 1.0
    n, e = np.array([observed], dtype=float), np.array([expected], dtype=float)
    first = float(_log_negative_binomial(n, e, prior.shape, prior.rate)[0]) + log(max(prior.share, 1e-300))
    second = float(_log_negative_binomial(n, e, prior.other_shape, prior.other_rate)[0]) + log(max(1 - prior.share, 1e-300))
    return float(expit(first - second))


def _interpolated(probability: float, mean: float) -> float:
    """Return the quantile of a Poisson count, moved between whole counts so that limits of slices form a smooth curve."""
    count = int(poisson.ppf(probability, mean))
    mass = float(poisson.pmf(count, mean))
    over = (float(poisson.cdf(count, mean)) - probability) / mass if mass > 0 else 0.0
    return max(count - over, 0.0)
