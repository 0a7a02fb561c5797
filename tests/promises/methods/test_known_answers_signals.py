"""Known answers of the methods behind signals, each with its provenance.

«Published» figures were seen in the source's own text. «Computed» ones were not; each is checked here against a second
implementation that shares no code with the product's: a closed form, an integral equation, a simulation, another distribution.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, chi2, gamma, nbinom, norm, poisson

from tasks.methods.shrinkage import (
    Prior,
    dispersion,
    disproportion,
    distances,
    fitted_prior,
    funnel_limits,
    shrunken,
)
from tests.makers.run_lengths import arl

# ---- 5. Proportional reporting ratio. Computed; the paper's figures are known from memory only -----------------------------


def test_rifabutin_and_uveitis() -> None:
    """Computed: Evans, Waller and Davis 2001 print PRR and Yates's χ²; here against the arithmetic written out."""
    found = disproportion(41, 55 - 41, 754, 591_958 - 754)
    assert found.ratio == pytest.approx((41 / 55) / (754 / 591_958), rel=1e-12)
    assert round(found.ratio) == 585
    a, b, c, d = 41.0, 14.0, 754.0, 591_204.0
    n = a + b + c + d
    yates = n * (abs(a * d - b * c) - n / 2) ** 2 / ((a + b) * (c + d) * (a + c) * (b + d))
    assert found.chi_square == pytest.approx(yates, rel=1e-9)
    assert round(yates) == 22_159
    assert found.signals


@pytest.mark.parametrize(("both", "signals"), [(2, False), (3, True)])
def test_fewer_than_three_cases_are_no_signal(both: int, signals: bool) -> None:
    assert disproportion(both, 5, 10, 5_000).signals is signals


# ---- 6. EBGM. Published: openEBGM's vignette 4 prints them for this prior ----------------------------------------------------

VIGNETTE = Prior(3.25379356, 0.39988854, 2.02612692, 1.90807970, 0.06534557)
"""The vignette orders its parameters α1, β1, α2, β2, P; P is the weight of the first law."""


@pytest.mark.parametrize(
    ("observed", "expected", "middle", "low", "high"),
    [
        (1, 0.0360548272, 2.23, 0.49, 13.86),  # the vignette prints 13.85; the exact point is 13.856
        (1, 0.0038736591, 2.58, 0.52, 15.79),  # printed 15.78, exact 15.786
        (16, 0.40643623, 23.26, 15.69, 33.48),  # printed 15.68, exact 15.686
        (19, 0.89690107, 16.78, 11.65, 23.55),
        (6, 0.07866508, 18.28, 10.16, 30.84),  # printed 30.83, exact 30.836
    ],
)
def test_the_vignettes_shrunken_ratios(observed: int, expected: float, middle: float, low: float, high: float) -> None:
    """Published, to the second decimal, which the vignette cuts off and does not round."""
    found = shrunken(observed, expected, VIGNETTE)
    assert found.ratio == pytest.approx(middle, abs=0.0051)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.0051), pytest.approx(high, abs=0.0051))


def test_points_of_the_posterior_by_numerical_integration() -> None:
    """Second implementation: prior times Poisson likelihood on a grid, without the conjugate form."""
    grid = np.linspace(1e-4, 60, 400_001)
    p = VIGNETTE
    prior = p.share * gamma.pdf(grid, p.shape, scale=1 / p.rate) + (1 - p.share) * gamma.pdf(
        grid, p.other_shape, scale=1 / p.other_rate
    )
    weight = prior * poisson.pmf(6, grid * 0.07866508)
    cumulative = np.cumsum(weight) / weight.sum()
    found = shrunken(6, 0.07866508, VIGNETTE)
    assert found.low == pytest.approx(grid[np.searchsorted(cumulative, 0.05)], abs=2e-3)
    assert found.high == pytest.approx(grid[np.searchsorted(cumulative, 0.95)], abs=2e-3)
    assert np.log(found.ratio) == pytest.approx(float((weight * np.log(grid)).sum() / weight.sum()), abs=1e-4)


def test_the_fitted_prior_is_the_most_likely_one() -> None:
    """Second implementation: scipy's negative binomial as the likelihood, compared over a grid of priors."""
    generator = np.random.default_rng(4)
    expected = generator.gamma(2.0, 20.0, 40)
    observed = generator.poisson(expected * generator.gamma(8.0, 1 / 8.0, 40)).astype(float)
    found = fitted_prior(observed.tolist(), expected.tolist())

    def likelihood(shape: float, rate: float) -> float:
        return float(nbinom.logpmf(observed, shape, rate / (rate + expected)).sum())

    best = max(likelihood(shape, rate) for shape in np.geomspace(1, 60, 60) for rate in np.geomspace(1, 60, 60))
    assert likelihood(found.shape, found.rate) >= best - 1e-6
    assert likelihood(found.shape, found.rate) == pytest.approx(best, abs=0.1)  # between the grid's points


# ---- 7. CUSUM of a normal variable. Computed; Montgomery's table 9.3 is known from memory only ---------------------------------


def nystrom(h: float, k: float, shift: float) -> float:
    """Two-sided ARL by Gauss–Legendre quadrature of the integral equation (Page 1954) for each side."""

    def one_side(delta: float) -> float:
        nodes, weights = np.polynomial.legendre.leggauss(80)
        x, w = (nodes + 1) * h / 2, weights * h / 2
        # unknowns: the value at zero, then those at the nodes
        kernel = norm.pdf(x[None, :] + k - delta - x[:, None]) * w[None, :]
        system = np.eye(81)
        system[0, 0] -= norm.cdf(k - delta)
        system[0, 1:] -= norm.pdf(x + k - delta) * w
        system[1:, 0] -= norm.cdf(k - delta - x)
        system[1:, 1:] -= kernel
        return float(np.linalg.solve(system, np.ones(81))[0])

    up, down = one_side(shift), one_side(-shift)
    return 1 / (1 / up + 1 / down)


@pytest.mark.parametrize(("h", "shift", "length"), [(4.0, 0.0, 168), (5.0, 0.0, 465), (4.0, 1.0, 8.38), (5.0, 1.0, 10.4)])
def test_run_lengths_of_a_normal_cusum(h: float, shift: float, length: float) -> None:
    """Computed: the integral equation by Nyström's method, and the chain of Brook and Evans for one side of it."""
    assert nystrom(h, 0.5, shift) == pytest.approx(length, rel=0.003)
    sides = [one_sided_normal(h, 0.5, one) for one in (shift, -shift)]
    assert 1 / sum(1 / side for side in sides) == pytest.approx(nystrom(h, 0.5, shift), rel=0.001)


def test_the_limit_of_a_run_length_of_370() -> None:
    """Computed: the table gives h = 4.77, rounded to the second decimal."""
    assert nystrom(4.765, 0.5, 0.0) < 370 < nystrom(4.775, 0.5, 0.0)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_the_products_chain_on_large_counts_is_that_of_a_normal_variable(shift: float) -> None:
    """Computed: a Poisson count of mean 10⁴ stands for the normal one, which it is but for a skewness of a hundredth."""
    assert arl(400, 10_050, 10_000 + 100 * shift) == pytest.approx(one_sided_normal(4.0, 0.5, shift), rel=0.06)


def one_sided_normal(h: float, k: float, shift: float) -> float:
    """Brook–Evans for one side of a normal CUSUM, on 1,000 states of equal width."""
    states = 1000
    width = 2 * h / (2 * states - 1)
    at = np.arange(states) * width
    upper = norm.cdf(at[None, :] + width / 2 - at[:, None] + k - shift)
    lower = norm.cdf(at[None, :] - width / 2 - at[:, None] + k - shift)
    moves = upper - lower
    moves[:, 0] = upper[:, 0]
    return float(np.linalg.solve(np.eye(states) - moves, np.ones(states))[0])


# ---- 8. Poisson CUSUM. Published: IAcsSPCR's documentation prints them after Lucas 1985 -----------------------------------------


@pytest.mark.parametrize(
    ("mean", "start", "length"),
    [(1.88, 0.0, 37.2), (1.88, 3.0, 29.19), (1.88 + 0.9627 * 1.88**0.5, 0.0, 5.49), (1.88 + 0.9627 * 1.88**0.5, 3.0, 3.33)],
)
def test_lucas_poisson_cusum(mean: float, start: float, length: float) -> None:
    """Published: h = 6, k = 2; a signal is a sum at or above the limit."""
    assert arl(6, 2, mean, start) == pytest.approx(length, abs=0.05 if length == 37.2 else 0.005)


def test_lucas_poisson_cusum_simulated() -> None:
    """Second implementation: the sums themselves, 20,000 runs."""
    generator = np.random.default_rng(8)
    total = np.full(20_000, 3.0)
    length = np.zeros(20_000)
    running = np.ones(20_000, bool)
    while running.any():
        length[running] += 1
        total[running] = np.maximum(total[running] + generator.poisson(1.88, running.sum()) - 2, 0)
        running &= total < 6
    assert length.mean() == pytest.approx(arl(6, 2, 1.88, 3.0), abs=4 * length.std() / 20_000**0.5)


# ---- 10. Funnel limits. Computed; Spiegelhalter 2005 gives the recipe, his figures were not seen --------------------------------


@pytest.mark.parametrize("expected", [2.0, 10.0, 37.5, 400.0])
@pytest.mark.parametrize("tail", [0.025, 0.001])
def test_funnel_limits_follow_the_exact_quantiles(expected: float, tail: float) -> None:
    """Computed: interpolated Poisson quantiles; second implementation by the χ² form of the Poisson distribution.

    P(X ≤ x) = P(χ²(2x + 2) > 2μ), so the count before the limit lies below the tail's probability and the limit's own above.
    """
    low, high = (limit * expected for limit in funnel_limits(expected, tail))
    for limit, probability in ((low, tail), (high, 1 - tail)):
        if limit == 0:
            assert chi2.sf(2 * expected, 2) > probability
            continue
        count = np.ceil(limit)
        at, before = chi2.sf(2 * expected, 2 * count + 2), chi2.sf(2 * expected, 2 * count) if count >= 1 else 0.0
        assert before <= probability <= at + 1e-12
        assert count - limit == pytest.approx((at - probability) / (at - before), abs=1e-9)


def test_large_funnels_approach_the_normal_ones_and_widen_by_overdispersion() -> None:
    low, high = funnel_limits(10_000.0, 0.025)
    assert (low, high) == (pytest.approx(1 - 0.0196, abs=2e-4), pytest.approx(1 + 0.0196, abs=2e-4))
    assert funnel_limits(10_000.0, 0.025, dispersion=4.0)[1] - 1 == pytest.approx(2 * (high - 1))


def test_distances_agree_with_the_binomial_split_of_a_count() -> None:
    """Second implementation: a Poisson count is the limit of a binomial one."""
    n, expected = 14.0, 7.3
    trials = 10**7
    above = binom.sf(n, trials, expected / trials) + binom.pmf(n, trials, expected / trials) / 2
    assert distances([n], [expected])[0] == pytest.approx(norm.isf(above), abs=1e-4)


def test_overdispersion_is_the_winsorised_mean_square() -> None:
    z = [*np.linspace(-2, 2, 18), 30.0, -30.0]
    ordered = np.sort(z)
    low, high = np.quantile(ordered, 0.1), np.quantile(ordered, 0.9)
    by_hand = np.mean([min(max(one, low), high) ** 2 for one in z])
    assert dispersion(z) == pytest.approx(by_hand)
    assert dispersion([0.1, -0.1, 0.2]) == 1.0
