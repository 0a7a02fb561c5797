"""Published and closed-form answers of the statistics behind findings: exact Poisson limits, scan likelihood ratios, rate splits."""

from math import log

import pytest

from tasks.analyse.figures.comparison import share_interval
from tasks.methods.likelihood import likelihood_ratio, ratio_interval


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (3, 0.6187, 8.7673), (10, 4.7954, 18.3904), (20, 12.2165, 30.8884)],
)
def test_garwood_limits_of_a_count(count: int, low: float, high: float) -> None:
    assert ratio_interval(count, 1.0) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_garwood_limits_lie_close_to_byars_approximation() -> None:
    assert ratio_interval(65, 1.0) == (pytest.approx(50.1632, abs=0.01), pytest.approx(82.8491, abs=0.01))


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_limits_scale_with_the_expectation(level: float) -> None:
    low, high = ratio_interval(10, 1.0, level)
    assert ratio_interval(10, 4.0, level) == (pytest.approx(low / 4), pytest.approx(high / 4))


def test_ninety_percent_limits_of_ten() -> None:
    # χ²(.05, 20)/2 and χ²(.95, 22)/2
    assert ratio_interval(10, 1.0, 0.9) == (pytest.approx(5.4254, abs=5e-5), pytest.approx(16.9622, abs=5e-5))


STORIES = [
    ("battery of a batch", 9.5, 1.6, 9.0),
    ("adapter of a SKU", 36, 7.6, 27),
    ("release of an app", 150, 40, 88),
    ("night shift", 31, 6, 26),
    ("warehouse at 双11", 730, 135, 640),
    ("new packaging, a fall", 11.4, 29.9, 7.5),
    ("no change", 14, 14, 0.0),
]
"""Observed, expected and nats of the planted stories, rounded there to whole nats or tens."""


@pytest.mark.parametrize(("observed", "expected", "nats"), [row[1:] for row in STORIES], ids=[row[0] for row in STORIES])
def test_nats_of_the_planted_stories(observed: float, expected: float, nats: float) -> None:
    assert likelihood_ratio(observed, expected) == pytest.approx(nats, rel=0.03, abs=0.05)


@pytest.mark.parametrize(("observed", "before"), [(60, 30), (41, 15), (11, 21), (5, 0.5)])
def test_an_equal_earlier_span_is_the_conditional_binomial(observed: float, before: float) -> None:
    share = observed / (observed + before)
    exact = observed * log(share / 0.5) + before * log((1 - share) / 0.5)
    assert likelihood_ratio(observed, before, baseline=True) == pytest.approx(exact)


def test_against_a_long_earlier_span_both_forms_agree() -> None:
    # An expectation that rests on very many cases has no noise of its own: the binomial form tends to the Poisson one.
    many = 1e7
    share, usual = 30 / (30 + many), 10 / (10 + many)
    binomial = 30 * log(share / usual) + many * log((1 - share) / (1 - usual))
    assert likelihood_ratio(30, 10) == pytest.approx(binomial, rel=1e-4)


@pytest.mark.parametrize(("of", "n", "low", "high"), [(15, 100, 0.0931, 0.2328), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)])
def test_wilson_limits_of_a_share(of: int, n: int, low: float, high: float) -> None:
    assert share_interval(of, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
