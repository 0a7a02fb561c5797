"""CUSUM of Poisson counts: run lengths, designs, varying expectations, the promised delay."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from tasks.methods.cusum import delay, design, path
from tests.makers.run_lengths import arl


def test_the_limit_is_the_smallest_that_keeps_the_promised_run_length() -> None:
    made = design(1.6, 4.0, 200.0)
    assert made.arl0 >= 200
    assert arl(made.h, made.k, 1.6) == pytest.approx(made.arl0)
    assert arl(made.h, made.k, 6.4) == pytest.approx(made.arl1)
    assert arl(made.h - 1 / 8, made.k, 1.6) < 200


@pytest.mark.parametrize(
    ("expected", "ratio", "arl0"), [(0.02, 3.0, 5000.0), (0.1, 5.0, 1000.0), (15.0, 1.5, 500.0), (100.0, 1.3, 300.0)]
)
def test_the_allowance_stays_near_the_likelihood_ratio_and_the_promise_is_not_overpaid(
    expected: float, ratio: float, arl0: float
) -> None:
    made = design(expected, ratio, arl0)
    assert made.k == pytest.approx(expected * (ratio - 1) / np.log(ratio), rel=0.011)
    assert arl0 <= made.arl0 <= 1.25 * arl0
    assert made.arl1 < made.arl0 / 10


def test_a_head_start_finds_an_old_fault_sooner_at_the_same_promise() -> None:
    plain, ahead = design(0.5, 3.0, 400.0), design(0.5, 3.0, 400.0, head_start=0.5)
    assert ahead.arl0 >= 400
    assert ahead.fir == pytest.approx(ahead.h / 2, abs=0.2)
    assert ahead.arl1 < plain.arl1


def test_with_varying_expectations_chance_signals_as_rarely_per_expected_case() -> None:
    generator = np.random.default_rng(11)
    made = design(0.5, 3.0, 200.0)
    signalled = 0
    for _ in range(600):
        expected = generator.uniform(0.05, 1.5, 100)
        signalled += path(generator.poisson(expected).tolist(), expected.tolist(), made).first_signal is not None
    same = sum(path(generator.poisson(0.5, 155).tolist(), [0.5] * 155, made).first_signal is not None for _ in range(600))
    assert signalled <= same + 3 * np.sqrt(2 * same)


def test_the_promised_delay_holds_for_simulated_faults_of_the_size_designed_for() -> None:
    made = design(0.4, 4.0, 300.0)
    promised = delay(made)
    assert promised.steps == pytest.approx(made.arl1)
    assert promised.cases == pytest.approx(made.arl1 * 1.6)
    generator = np.random.default_rng(3)
    steps, cases = [], []
    for _ in range(3000):
        counts = generator.poisson(1.6, 200)
        signal = path(counts.tolist(), [0.4] * 200, made).first_signal
        assert signal is not None
        steps.append(signal + 1)
        cases.append(int(counts[: signal + 1].sum()))
    for seen, most in ((steps, promised.most_steps), (cases, promised.most_cases)):
        within = sum(value <= most for value in seen)
        assert within / 3000 >= 0.94
        assert sum(value < most for value in seen) / 3000 < 0.955
    assert np.mean(cases) == pytest.approx(promised.cases, rel=0.05)
    assert binomtest(sum(value <= promised.most_cases for value in cases), 3000, 0.95, "less").pvalue > 0.001


def test_a_larger_fault_is_promised_sooner() -> None:
    made = design(0.4, 3.0, 300.0)
    assert delay(made, 6.0).most_steps < delay(made).most_steps


def test_a_path_without_a_signal_says_so() -> None:
    made = design(1.0, 3.0, 100.0)
    found = path([0, 1, 0, 9], [1.0] * 4, made)
    assert found.first_signal == 3
    assert found.values[0] == 0.0
    assert path([0, 1], [1.0] * 2, made).first_signal is None
