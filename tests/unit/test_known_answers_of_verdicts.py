"""Known answers of the methods behind verdicts: published where their source was seen, else against a second implementation.

1 Gu, Ng, Tang & Schucany 2008 (printed p-values). 2 R's poisson.test on its own example (its limits from a second formula) and the
Jeffreys MOVER lines of the R package ratesci (printed). 3 scipy's E-test against its definition summed out. 4 Garwood's limits
(closed form) and Byar's approximation. 9 Lopez Bernal, Cummins & Gasparrini 2017: their data and model; the paper prints a fall of 11 %,
the other figures are those of a second run of their code.
"""

from math import exp, inf, log, sqrt

import numpy as np
import pytest
from scipy.stats import beta, binom, binomtest, gamma, poisson, poisson_means_test
from statsmodels.stats.rates import confint_poisson_2indep, test_poisson_2indep

from tasks.methods.likelihood import ratio_interval
from tasks.methods.rate_ratio import p_greater, rate_ratio
from tasks.methods.segmented import step

test_poisson_2indep.__test__ = False  # a function of statsmodels, not one of ours

BREAST = (60, 51477.5, 30, 54308.7)
HEART = (41, 28010, 15, 19017)


# ---- 1: the two-rate test ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "printed"),
    [("wald", 0.000356), ("score", 0.000316), ("sqrt", 0.000285), ("exact-cond", 0.000428), ("cond-midp", 0.000310)],
)
def test_gu_breast_cancer(method: str, printed: float) -> None:
    library = test_poisson_2indep(*BREAST, method=method, alternative="larger").pvalue
    assert library == pytest.approx(printed, abs=5e-7)
    if method in ("exact-cond", "cond-midp"):
        assert p_greater(*BREAST, mid_p=method == "cond-midp") == pytest.approx(printed, abs=5e-7)
        assert p_greater(*BREAST, mid_p=method == "cond-midp") == pytest.approx(library, rel=1e-9)


@pytest.mark.parametrize(
    ("method", "printed"),
    [("wald", 0.2309), ("score", 0.2398), ("sqrt", 0.2499), ("exact-cond", 0.2913), ("cond-midp", 0.2450)],
)
def test_gu_heart_against_one_and_a_half(method: str, printed: float) -> None:
    library = test_poisson_2indep(*HEART, value=1.5, method=method, alternative="larger").pvalue
    assert library == pytest.approx(printed, abs=2e-4)
    if method in ("exact-cond", "cond-midp"):
        assert p_greater(*HEART, ratio=1.5, mid_p=method == "cond-midp") == pytest.approx(library, rel=1e-9)


# ---- 2: the interval of a rate ratio -------------------------------------------------------------


def test_interval_of_the_eba1977_example() -> None:
    found = rate_ratio(11, 800, 21, 3011, mid_p=False)
    low, high = beta.ppf(0.025, 11, 22), beta.ppf(0.975, 12, 21)
    assert (found.low, found.high) == (
        pytest.approx(low / (1 - low) * 3011 / 800, rel=1e-9),
        pytest.approx(high / (1 - high) * 3011 / 800, rel=1e-9),
    )
    assert (found.ratio, found.low, found.high) == pytest.approx((1.971488, 0.8584264, 4.277266), abs=1e-6)
    assert binomtest(11, 32, 800 / 3811).pvalue == pytest.approx(0.07967, abs=5e-6)


def test_interval_of_the_breast_example() -> None:
    found = rate_ratio(*BREAST, mid_p=False)
    assert (found.ratio, found.low, found.high) == pytest.approx((2.1100, 1.3397, 3.3884), abs=5e-5)


def mover(x1: float, n1: float, x2: float, n2: float, level: float) -> tuple[float, float]:
    """Limits of a rate ratio from the Jeffreys limits and medians of each rate (Donner & Zou 2012; Laud 2017)."""
    tail = (1 - level) / 2
    (p1, l1, u1), (p2, l2, u2) = ((gamma.ppf([0.5, tail, 1 - tail], x + 0.5) / n) for x, n in ((x1, n1), (x2, n2)))
    both = p1 * p2
    low = (both - sqrt(both**2 - l1 * (2 * p1 - l1) * u2 * (2 * p2 - u2))) / (u2 * (2 * p2 - u2))
    high = (both + sqrt(both**2 - u1 * (2 * p1 - u1) * l2 * (2 * p2 - l2))) / (l2 * (2 * p2 - l2))
    return low, high


@pytest.mark.parametrize(
    ("counts", "level", "printed"),
    [((60, 51477.5, 30, 54308.8), 0.9, (1.4668, 3.0586)), ((15, 19017, 41, 28010), 0.95, (0.2933, 0.9571))],
)
def test_mid_p_lies_beside_the_published_jeffreys_mover_limits(
    counts: tuple[float, float, float, float], level: float, printed: tuple[float, float]
) -> None:
    assert mover(*counts, level) == pytest.approx(printed, abs=5e-5)
    found = rate_ratio(*counts, confidence=level)
    assert (found.low, found.high) == pytest.approx(printed, rel=0.015)
    library = confint_poisson_2indep(*counts, compare="ratio", method="mover", method_mover="midp-c", alpha=1 - level)
    assert (found.low, found.high) == pytest.approx(library, rel=0.015)


@pytest.mark.parametrize("counts", [(3, 100.0, 9, 120.0), (0, 50.0, 8, 90.0), (14, 70.0, 5, 60.0)])
def test_mid_p_limits_by_summing_the_binomial(counts: tuple[int, float, int, float]) -> None:
    """A second implementation: the limits are where the summed binomial tails are 2.5 %."""
    x, n, y, m = counts
    found = rate_ratio(*counts)

    def upper(ratio: float) -> float:
        p = ratio * n / (ratio * n + m)
        return float(sum(binom.pmf(k, x + y, p) for k in range(x + 1, x + y + 1)) + 0.5 * binom.pmf(x, x + y, p))

    if x:
        assert upper(found.low) == pytest.approx(0.025, abs=1e-8)
    assert 1 - upper(found.high) == pytest.approx(0.025, abs=1e-8)


# ---- 3: the E-test -------------------------------------------------------------------------------


def test_e_test_of_krishnamoorthy_and_thomson() -> None:
    result = poisson_means_test(0, 100, 3, 100)
    assert (result.statistic, result.pvalue) == pytest.approx((-1.7320508, 0.0883790), abs=5e-7)
    k = np.arange(60)
    chance = np.outer(poisson.pmf(k, 1.5), poisson.pmf(k, 1.5))  # both samples at the common rate of 3 in 200
    first, second = np.meshgrid(k, k, indexing="ij")
    with np.errstate(invalid="ignore"):
        statistic = np.abs(first - second) / np.sqrt(first + second)
    summed = float(chance[np.nan_to_num(statistic) >= sqrt(3) - 1e-12].sum())
    assert result.pvalue == pytest.approx(summed, rel=1e-9)
    # Given the three events ours asks how often none of them falls on the first sample.
    assert 1 - p_greater(0, 100, 3, 100, mid_p=True) == pytest.approx(0.5**3 / 2)


# ---- 4: limits of a count ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (3, 0.6187, 8.7673), (10, 4.7954, 18.3904), (20, 12.2165, 30.8884)],
)
def test_garwood_limits(count: int, low: float, high: float) -> None:
    assert ratio_interval(count, 1.0) == pytest.approx((low, high), abs=5e-5)
    found = ratio_interval(count, 1.0)
    assert poisson.cdf(count, found[1]) == pytest.approx(0.025) and (
        not count or poisson.sf(count - 1, found[0]) == pytest.approx(0.025)
    )


@pytest.mark.parametrize(("count", "low", "high"), [(10, 4.7874, 18.3915), (65, 50.1632, 82.8491)])
def test_byar_lies_beside_garwood(count: int, low: float, high: float) -> None:
    def byar(x: float, sign: int) -> float:
        return x * (1 - 1 / (9 * x) + sign * 1.959964 / (3 * sqrt(x))) ** 3

    assert (byar(count, -1), byar(count + 1, 1)) == pytest.approx((low, high), abs=5e-5)
    assert ratio_interval(count, 1.0) == pytest.approx((low, high), rel=0.002)


def test_a_rate_against_a_huge_exposure_has_garwoods_limits() -> None:
    huge = 1e9
    found = rate_ratio(10, 1.0, huge, huge, mid_p=False)
    assert (found.low, found.high) == pytest.approx(ratio_interval(10, 1.0), rel=1e-5)
    assert rate_ratio(0, 1.0, 0, 1.0).high == inf


# ---- 9: an interrupted time series ---------------------------------------------------------------

CORONARY = np.array(
    [
        728, 659, 791, 734, 757, 726, 760, 740, 720, 814, 795, 858, 887, 766, 851, 769, 781, 756, 766, 752, 765, 831, 879, 928,
        914, 808, 937, 840, 916, 828, 845, 818, 860, 839, 887, 886, 831, 796, 833, 820, 877, 758, 767, 738, 781, 843, 850, 908,
        1021, 859, 976, 888, 962, 838, 810, 876, 843, 936, 912,
    ],
    dtype=float,
)  # fmt: skip
"""Acute coronary events in Sicily by month, January 2002 … November 2006 (github gasparrini/2017_lopezbernal_IJE_codedata)."""

POPULATION = np.array(
    [
        379875.3, 376495.5, 377040.8, 377116.4, 377383.4, 374113.1, 379513.3, 376295.5, 374653.2, 378485.6, 375955.5, 378349.7, 376762.4,
        379032.3, 379360.4, 376162.0, 377972.4, 381830.7, 379888.6, 380872.2, 380966.9, 381240.4, 382104.9, 381802.7, 381656.3, 383680.0,
        383504.2, 386462.9, 383783.1, 380836.8, 383483.0, 380906.2, 382926.8, 384052.4, 384449.6, 383428.4, 388153.2, 388373.2, 386470.1,
        386033.2, 383686.4, 385509.3, 385901.9, 386516.6, 388436.5, 383255.2, 390148.7, 385874.9, 391613.6, 391750.4, 394005.6, 391364.9,
        391664.6, 389022.3, 391878.5, 388575.3, 392989.0, 390018.8, 390712.3,
    ]
)  # fmt: skip
"""Age-standardised population of the same months."""

MONTH = np.arange(1.0, 60.0)
BAN = (MONTH >= 37).astype(float)


@pytest.mark.parametrize(
    ("model", "ratio", "low", "high", "dispersion"),
    [
        ({}, 0.8944, 0.8392, 0.9532, 3.559),
        ({"pairs": 2, "cycle": 12.0}, 0.8851, 0.8394, 0.9332, 2.262),
        ({"pairs": 2, "cycle": 12.0, "slope_changes": True}, 0.8765, 0.8268, 0.9292, None),
    ],
    ids=["quasi-Poisson", "two harmonics", "slope"],
)
def test_sicily_smoking_ban(model: dict[str, float], ratio: float, low: float, high: float, dispersion: float | None) -> None:
    found = step(MONTH, CORONARY, POPULATION, BAN, robust=False, **model)  # type: ignore[arg-type]
    assert (found.ratio.ratio, found.ratio.low, found.ratio.high) == pytest.approx((ratio, low, high), abs=5e-5)
    if dispersion is not None:
        assert found.dispersion == pytest.approx(dispersion, abs=5e-4)


def test_sicily_without_overdispersion() -> None:
    quasi = step(MONTH, CORONARY, POPULATION, BAN, robust=False)
    error = log(quasi.ratio.high / quasi.ratio.ratio) / sqrt(quasi.dispersion)
    assert (quasi.ratio.ratio * exp(-error), quasi.ratio.ratio * exp(error)) == pytest.approx((0.8647, 0.9251), abs=5e-5)


def test_sicily_by_a_second_implementation() -> None:
    """Newton's steps by hand give what statsmodels gives."""
    x = np.column_stack([np.ones(59), BAN, MONTH])
    b = np.array([log(CORONARY.sum() / POPULATION.sum()), 0.0, 0.0])
    for _ in range(20):
        mean = POPULATION * np.exp(x @ b)
        b = b + np.linalg.solve(x.T @ (mean[:, None] * x), x.T @ (CORONARY - mean))
    assert exp(b[1]) == pytest.approx(step(MONTH, CORONARY, POPULATION, BAN).ratio.ratio, rel=1e-7)


def test_sicily_as_a_verdict_would_print_it() -> None:
    """The same model as verdicts use it: Newey–West errors and t quantiles widen the interval a little, the fall of 11 % stays."""
    found = step(MONTH, CORONARY, POPULATION, BAN, pairs=2, cycle=12.0)
    assert round(1 - found.ratio.ratio, 2) == 0.11
    assert found.ratio.low <= 0.8394 and 0.9332 <= found.ratio.high < 1
