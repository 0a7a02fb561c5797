"""Dispersion, drift, slopes, the course of a slice and the units that a halving takes."""

from math import inf, sqrt

import numpy as np
import pytest
from scipy import stats
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools import add_constant

from tasks.act.evidence import needed_units
from tasks.act.week_counts import Counts
from tasks.methods.noise import DRIFT, Noise, course, dispersion, drift, moves, ordinary, prior_of_sisters
from tasks.methods.rate_ratio import rate_ratio

WEEKS = np.arange(40, dtype=float)
NOTHING = np.zeros(40)


@pytest.mark.parametrize("true", [1.0, 2.0, 4.0])
def test_dispersion_of_small_counts(true: float) -> None:
    chance = np.random.default_rng(1)
    mean = 3.0
    estimates = []
    for _ in range(400):
        weekly = mean if true == 1 else chance.gamma(mean / (true - 1), true - 1, 40)
        observed = chance.poisson(weekly, 40).astype(float)
        estimates.append(dispersion(observed, np.full(40, observed.mean()), NOTHING, 1)[0])
    # An estimate is never below 1, so that of plain Poisson counts lies a little above it.
    assert np.mean(estimates) == pytest.approx(max(true, 1.08), rel=0.06)


def test_few_weeks_say_nothing_of_dispersion() -> None:
    assert dispersion(np.array([1.0, 9.0, 2.0, 8.0]), np.full(4, 5.0), np.zeros(4), 1) == (1.0, inf)


def test_an_uncertain_fit_explains_part_of_the_spread() -> None:
    chance = np.random.default_rng(2)
    fitted = 50 * chance.gamma(20, 1 / 20, 400)  # relative variance of 1/20
    observed = chance.poisson(50, 400).astype(float)
    assert dispersion(observed, fitted, np.zeros(400), 1)[0] > 2.5
    assert dispersion(observed, fitted, np.full(400, 0.05), 1)[0] == pytest.approx(1.0, abs=0.25)


def test_dispersion_from_few_weeks_is_widened() -> None:
    assert Noise(2.0, 10).at(0.95) == pytest.approx(2 * (2.228139 / 1.959964) ** 2, rel=1e-6)
    assert Noise(1.0, 10).at(0.95) == 1.0 and Noise(2.0).at(0.99) == 2.0


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_drift_among_sisters_with_many_cases(spread: float) -> None:
    chance = np.random.default_rng(3)
    found = []
    for _ in range(200):
        rate = chance.gamma(5, 0.01, 14)
        before, after = chance.poisson(rate * 40_000), chance.poisson(rate * 20_000 * np.exp(chance.normal(0.1, spread, 14)))
        found.append(drift(before.astype(float), np.full(14, 4e4), after.astype(float), np.full(14, 2e4), 1.0))
    assert np.mean(found) == pytest.approx(spread**2, abs=0.006)


def test_few_cases_or_sisters_say_nothing_of_drift() -> None:
    chance = np.random.default_rng(9)
    n = np.full(16, 2000.0)
    few = [drift(chance.poisson(3, 16).astype(float), n, chance.poisson(3, 16).astype(float), n, 1.0) for _ in range(100)]
    assert max(few) < 0.008  # chance alone makes 0.1 and more of such counts
    four = np.array([10.0, 90.0, 10.0, 90.0])
    assert drift(four, np.full(4, 100.0), four[::-1], np.full(4, 100.0), 1.0) == DRIFT


def test_earlier_incidents_are_no_part_of_the_history() -> None:
    chance = np.random.default_rng(10)
    counts = chance.poisson(12, 40).astype(float)
    assert ordinary(counts, np.full(40, 500.0)).all()
    counts[[7, 8]] = (160, 90)
    assert np.flatnonzero(~ordinary(counts, np.full(40, 500.0))).tolist() == [7, 8]


@pytest.mark.parametrize("true", [1.0, 2.0])
def test_counts_that_go_nowhere_rarely_seem_to_move(true: float) -> None:
    chance = np.random.default_rng(4)
    n = np.full(40, 500.0)
    p = []
    for _ in range(600):
        weekly = 12.0 if true == 1 else chance.gamma(12 / (true - 1), true - 1, 40)
        p.append(moves(WEEKS, chance.poisson(weekly, 40).astype(float), n, NOTHING, season=False))
    assert np.mean(np.array(p) < 0.05) <= 0.075


def test_a_slope_and_a_season_are_seen() -> None:
    chance = np.random.default_rng(5)
    week = np.arange(80, dtype=float)
    n, nothing = np.full(80, 1000.0), np.zeros(80)
    rising = chance.poisson(20 * np.exp(0.01 * (week - 40))).astype(float)
    wave = chance.poisson(20 * np.exp(0.3 * np.sin(2 * np.pi * week / 52))).astype(float)
    assert moves(week, rising, n, nothing, season=False) < 0.001
    assert moves(week, wave, n, nothing, season=True) < 0.001


def test_moves_agrees_with_the_regression_of_statsmodels() -> None:
    chance = np.random.default_rng(6)
    n = chance.uniform(200, 900, 40)
    observed = chance.poisson(0.02 * n * np.exp(0.01 * (WEEKS - 20))).astype(float)
    x = add_constant(WEEKS)
    fitted = GLM(observed, x, family=Poisson(), exposure=n).fit(scale="X2")
    wald = (fitted.params[1] / (fitted.bse[1] / sqrt(min(1.0, fitted.scale)))) ** 2
    library = 1 - stats.f.cdf(wald, 1, 38)
    assert moves(WEEKS, observed, n, NOTHING, season=False) == pytest.approx(library, rel=0.25)


def test_a_course_is_drawn_towards_none_by_a_short_history_and_true_after_a_long_one() -> None:
    week = np.arange(104, dtype=float)
    true = np.exp(0.01 * (week - 52) + 0.2 * np.sin(2 * np.pi * week / (365.25 / 7)))
    long = course(week, 4000 * true, np.full(104, 1e5))
    ahead = np.arange(104, 112, dtype=float)
    wanted = np.exp(0.01 * (ahead - 52) + 0.2 * np.sin(2 * np.pi * ahead / (365.25 / 7)))
    assert long.at(ahead) / long.at(week).mean() * true.mean() == pytest.approx(wanted, rel=0.02)
    short = course(week[:6], np.array([3.0, 5, 4, 6, 7, 9]), np.full(6, 100.0))
    assert abs(short.parts[0]) < 0.008  # six weeks that treble say little
    sides = (week[:6], np.ones(6), week[12:18], np.ones(6))
    assert short.variance(*sides) > 0.02 > 100 * long.variance(week[:12], np.ones(12), week[20:26], np.ones(6))


def test_prior_of_sisters_is_the_gamma_they_were_drawn_from() -> None:
    chance = np.random.default_rng(7)
    n = chance.uniform(2000, 9000, 400)
    events = chance.poisson(chance.gamma(6, 0.02 / 6, 400) * n).astype(float)
    found = prior_of_sisters(events, n)
    assert found is not None
    assert found[0] == pytest.approx(6, rel=0.2) and found[0] / found[1] == pytest.approx(0.02, rel=0.05)
    assert prior_of_sisters(events[:4], n[:4]) is None


def test_a_halving_is_found_nine_times_in_ten_with_the_units_asked_for() -> None:
    chance = np.random.default_rng(8)
    rate, n_before = 0.02, 10_000.0
    planned = needed_units(Counts(rate * n_before, n_before), Noise())
    hits = 0
    for _ in range(1500):
        before, after = chance.poisson(rate * n_before), chance.poisson(rate / 2 * planned)
        hits += rate_ratio(float(after), planned, float(before), n_before).high < 1
    assert 0.9 <= hits / 1500 <= 0.97  # the normal approximation asks for a few too many


def test_what_no_number_of_units_can_show() -> None:
    assert needed_units(Counts(20, 1000), Noise()) == inf
    assert needed_units(Counts(200, 10_000), Noise(), 0.05) == inf
