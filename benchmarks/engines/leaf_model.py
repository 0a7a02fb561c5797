"""What noise and a common shift do to the leaves of a measured table: likelihoods, and the fit of one shift.

A leaf's deviation is its signed relative change, (predict − real) ÷ max(predict, real): 0 is as expected, 1 is all gone, −1 came
out of nothing. Noise multiplies one of the two columns. A cause shifts all its leaves by about one deviation, whatever their size
(the generalised ripple effect: Li et al., ISSRE 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import log_ndtr

from benchmarks.engines.leaf_table import Leaves, Reals, Rows

Flags = NDArray[np.bool_]

ASTRAY = 0.01
"""Share of a cause's leaves that may not follow its shift."""

SPREADS = (0.002, 0.2)
"""Least and greatest spread of the deviations of one cause. Wider than 0.2 is no common shift."""

LEAST_NOISE = 1e-4
QUARTILE = 0.6745
LOG_TAU = log(2 * pi)
LOG_ASTRAY = log(ASTRAY)
LOG_FAITHFUL = log(1 - ASTRAY)
BANDS = 30
BAND_LEAVES = 50
FEWEST = 12
LARGE = 200
"""From this number of leaves on, Student's t is the normal distribution."""


@dataclass(frozen=True)
class Shift:
    """The common deviation of a cause's leaves."""

    mean: float
    spread: float
    weight: float
    """Number of leaves it was fitted to."""

    def density(self, deviation: Reals, predictive: bool = True) -> Reals:
        """Return the log density of leaves that follow the shift, in nats.

        Args:
            deviation: Deviations of the leaves.
            predictive: Whether the leaves are new to the fit: Student's t, whose tails are honest about few leaves.
        """
        if predictive and self.weight < LARGE:
            freedom, width = max(self.weight, 3.0) - 1, self.spread * sqrt(1 + 1 / max(self.weight, 3.0))
            scale = lgamma((freedom + 1) / 2) - lgamma(freedom / 2) - 0.5 * log(freedom * pi) - log(width)
            inside = scale - (freedom + 1) / 2 * np.log1p(((deviation - self.mean) / width) ** 2 / freedom)
        else:
            inside = -0.5 * ((deviation - self.mean) / self.spread) ** 2 - log(self.spread) - 0.5 * LOG_TAU
        edge = at_edge(deviation, self.mean)
        if edge.any():
            # Nothing falls below nothing: all of the distribution beyond the edge lies on it.
            inside[edge] = np.maximum(inside[edge], log_ndtr((abs(self.mean) - 1) / self.spread) - log(self.spread))
        return np.asarray(inside)


def noise_of(leaves: Leaves, rows: Rows) -> Reals:
    """Estimate the relative noise of every leaf from leaves that no cause explains.

    Causes mostly push one way, so the quieter side of zero is noise alone: half-normal, scale = median ÷ 0.6745. Small leaves may be
    noisier (counts), never less noisy: a decreasing (isotonic) function of volume. Whole numbers are rounded ones, each with a
    variance of 1/12.

    Args:
        leaves: The leaves.
        rows: The leaves to estimate from.

    Returns:
        Standard deviation of the noise factor, one a leaf.
    """
    size = np.maximum(leaves.real, leaves.predict)
    whole = all((column == np.round(column)).all() for column in (leaves.real, leaves.predict))
    rounding = sqrt(1 / 6) / size if whole else np.zeros(len(size))
    # Symmetric in the two columns, so that noise on either looks the same.
    change = (2 * (leaves.predict - leaves.real) / (leaves.predict + leaves.real))[rows]
    # A leaf exactly as expected is quiet on both sides, and shows no more than its rounding allows.
    distance = np.maximum(np.abs(change), QUARTILE * rounding[rows])
    sides = [side for side in (np.flatnonzero(change >= 0), np.flatnonzero(change <= 0)) if len(side) >= FEWEST]
    if not sides:
        return np.asarray(np.maximum(rounding, LEAST_NOISE))
    quiet = min(sides, key=lambda side: float(np.median(distance[side])))
    volume = np.log(size)
    quiet = quiet[np.argsort(volume[rows[quiet]], kind="stable")]
    bands = np.array_split(quiet, min(max(len(quiet) // BAND_LEAVES, 1), BANDS))
    scale = [max(float(np.median(distance[band])) / QUARTILE, LEAST_NOISE) for band in bands]
    middle = [float(np.median(volume[rows[band]])) for band in bands]
    smooth = isotonic_regression(scale, weights=[len(band) for band in bands], increasing=False).x
    return np.asarray(np.hypot(np.interp(volume, middle, smooth), rounding))


def null_density(deviation: Reals, noise: Reals | float) -> Reals:
    """Return the log density of leaves without a cause: noise N(0, noise²) on `real` or on `predict`, each with chance ½."""
    size = np.minimum(np.abs(deviation), 1 - 1e-9)
    ratio = size / (1 - size)
    shrunk, grown = -0.5 * (size / noise) ** 2, -0.5 * (ratio / noise) ** 2 + 2 * np.log1p(ratio)
    return np.asarray(np.logaddexp(shrunk, grown) - np.log(2 * np.asarray(noise)) - 0.5 * LOG_TAU)


def at_edge(deviation: Reals, mean: float) -> Flags:
    """Return the leaves that went as far as a leaf can go, on the shift's side."""
    return np.asarray(deviation >= 1 if mean > 0 else deviation <= -1)


def prior(leaves: Reals | float, mean: Reals | float, spread: Reals | float) -> Reals:
    """Return the log price of choosing a mean and a spread after the fact (Laplace's approximation of the marginal likelihood).

    Small shifts are a priori rarer, with a density of |mean|; spreads are uniform in their logarithm.
    """
    leaves = np.asarray(leaves, float)
    free = np.maximum(log(SPREADS[1] / SPREADS[0]) * np.sqrt(leaves / pi), 1)
    chosen = np.log(np.maximum(np.abs(mean), 1e-3)) + np.log(spread) + 0.5 * (LOG_TAU - np.log(leaves))
    return np.asarray(chosen - np.where(leaves > 1, np.log(free), 0))


def summed_score(count: Reals, total: Reals, squares: Reals, null: Reals) -> Reals:
    """Return the log Bayes factor of a normal common shift from sums over leaves alone.

    Args:
        count: Number of leaves, one entry a slice.
        total: Sum of their deviations.
        squares: Sum of their squared deviations.
        null: Sum of their log densities as explained so far.
    """
    mean = total / count
    around = np.maximum(squares - total * mean, 0)
    variance = np.clip(around / np.maximum(count - 1, 1), SPREADS[0] ** 2, SPREADS[1] ** 2)
    fit = -0.5 * count * (np.log(variance) + LOG_TAU) - around / (2 * variance)
    return np.asarray(fit + prior(count, mean, np.sqrt(variance)) - null)


def fitted_shift(deviation: Reals, other: Reals) -> Shift:
    """Fit a common shift to leaves of which some may not follow it (EM from median and MAD).

    Leaves at the edge are censored: they count as the mean of what lies beyond it (Tobit).

    Args:
        deviation: Deviations of the leaves.
        other: Log density of the leaves that do not follow, times their share.
    """
    count = len(deviation)
    mean = float(np.median(deviation))
    spread = 1.4826 * float(np.median(np.abs(deviation - mean)))
    edge = at_edge(deviation, mean)
    censored = float(edge.mean())
    if 0.25 < censored < 1:
        spread = max(spread, float(np.median(np.abs(deviation[~edge] - mean))) / QUARTILE)
    shift = Shift(mean, min(max(spread, SPREADS[0]), SPREADS[1]), float(count))
    for _ in range(8 if censored > 0.1 else 3):
        follows = 1 / (1 + np.exp(np.clip(other - LOG_FAITHFUL - shift.density(deviation), -50, 50)))
        weight = float(follows.sum())
        if weight < 0.5:
            break
        seen, beyond = deviation, 0.0
        if censored and weight > 3:
            far = (1 - abs(shift.mean)) / shift.spread
            hazard = float(np.exp(-0.5 * far * far - 0.5 * LOG_TAU - log_ndtr(-far)))
            edge = at_edge(deviation, shift.mean)
            sign = 1 if shift.mean > 0 else -1
            seen = np.where(edge, sign * (abs(shift.mean) + shift.spread * hazard), deviation)
            beyond = float((follows * edge).sum()) * shift.spread**2 * max(1 + far * hazard - hazard**2, 0)
        mean = float((follows * seen).sum()) / weight
        if weight > 1.01:
            spread = sqrt((float((follows * (seen - mean) ** 2).sum()) + beyond) / (weight - 1))
        shift = Shift(min(max(mean, -1.2), 1.2), min(max(spread, SPREADS[0]), SPREADS[1]), weight)
    return shift
