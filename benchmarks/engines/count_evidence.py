"""Evidence for a raised count against an earlier one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, log_ndtr, xlogy

Floats = NDArray[np.float64]

EXACT_NATS = 60.0
"""Below it the tail is computed exactly, above it by the likelihood ratio's normal root: far beyond any price."""


def nats(observed: Floats, baseline: Floats, ratio: Floats | float) -> Floats:
    """Return the log-likelihood ratio of raised counts given earlier ones and the exposure ratio, 0 where not raised.

    O ln(p/p₀) + B ln((1−p)/(1−p₀)) with p = O/(O+B), p₀ = ρ/(1+ρ): two Poisson counts given their sum (Przyborowski and
    Wilenski 1940).
    """
    both = np.maximum(observed + baseline, 1e-12)
    usual = ratio / (1 + ratio)
    out = xlogy(observed, observed / both / usual) + xlogy(baseline, baseline / both / (1 - usual))
    return np.where(observed > ratio * baseline, np.maximum(out, 0.0), 0.0)


def nats_of(observed: float, baseline: float, ratio: float) -> float:
    """Return the same for one count."""
    return float(nats(np.array([observed]), np.array([baseline]), ratio)[0])


def tail_nats(observed: Floats, baseline: Floats, ratio: Floats | float) -> Floats:
    """Return −ln of the chance of at least this many cases given the baseline, 0 if they are not raised.

    The negative-binomial predictive distribution of a count after `baseline` earlier ones; with whole counts the exact
    conditional test of two Poisson counts.
    """
    out = nats(observed, baseline, ratio)
    ratios = np.broadcast_to(np.asarray(ratio, np.float64), out.shape)
    near = (out > 0) & (out < EXACT_NATS)
    far = out >= EXACT_NATS
    usual = ratios[near] / (1 + ratios[near])
    out[far] = -log_ndtr(-np.sqrt(2 * out[far]))
    out[near] = -np.log(betainc(observed[near], np.maximum(baseline[near], 1.0), usual))
    return out
