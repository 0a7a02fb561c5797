"""How often chance alone produces a count, as managers put it: days between two such counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma, nbinom

LONGEST_DAYS = 3650.0
"""Anything rarer than once in ten years is reported as once in ten years."""


def days_between(observed: float, expected: float, tests_a_day: float, *, dispersion: float = 1.0) -> float:
    """Return the mean days between two chance counts at least as high, over everything that is checked.

    P(Poisson(μ) ≥ x) is the gamma distribution's P(Γ(x) ≤ μ); both are divided by the dispersion (quasi-Poisson; McCullagh and
    Nelder 1989, section 6.2), so x need not be whole.

    Args:
        observed: The count.
        expected: Its expectation, above 0.
        tests_a_day: Number of such counts checked a day.
        dispersion: Variance ÷ mean of such counts with nothing wrong, at least 1.
    """
    if observed <= 0:
        return 1.0 / tests_a_day
    chance = float(gamma.cdf(max(expected, 1e-9) / dispersion, observed / dispersion))
    return min(1.0 / max(chance * tests_a_day, 1e-12), LONGEST_DAYS)


def days_between_new(cases: int, records: int, history: int, tests_a_day: float) -> float:
    """Return the mean days between two words that reach this many cases by chance after no case in the history.

    The word's rate has Jeffreys' prior, so that the count is negative binomial with size 1/2.

    Args:
        cases: Cases with the word.
        records: Records they are among.
        history: Earlier records, none of which held it.
        tests_a_day: Number of words checked a day.
    """
    chance = float(nbinom.sf(cases - 1, 0.5, history / (history + records)))
    return min(1.0 / max(chance * tests_a_day, 1e-12), LONGEST_DAYS)


def dispersion(observed: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Return Pearson's chi-square over its degrees of freedom, at least 1; cells that expect less than one are left out."""
    enough = expected >= 1.0
    if enough.sum() < 2:
        return 1.0
    residual = (observed[enough] - expected[enough]) ** 2 / expected[enough]
    return max(float(residual.sum() / (enough.sum() - 1)), 1.0)
