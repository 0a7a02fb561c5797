"""Known levels: found where a series changed for good, and not where it did not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from tasks.methods.levels import levels, usual


def test_a_series_without_change_is_one_level() -> None:
    split = sum(len(levels(np.random.default_rng(seed).normal(size=40).tolist())) > 1 for seed in range(150))
    assert binomtest(split, 150, 0.01, "greater").pvalue > 0.01


@pytest.mark.parametrize("size", [3.0, -3.0])
def test_a_change_for_good_is_found_where_it_is(size: float) -> None:
    found = 0
    for seed in range(40):
        values = np.random.default_rng(seed).normal(size=40)
        values[22:] += size
        made = levels(values.tolist())
        found += len(made) == 2 and abs(made[1].first - 22) <= 1
        assert [level.first for level in made[1:]] == [level.last + 1 for level in made[:-1]]
    assert found >= 38


def test_a_few_weeks_are_no_level_yet() -> None:
    values = np.random.default_rng(1).normal(size=30)
    values[26:] += 4
    assert all(level.last - level.first >= 7 for level in levels(values.tolist()))


def test_short_and_constant_series() -> None:
    assert levels([]) == []
    assert [(one.first, one.last, one.mean) for one in levels([2.0] * 20)] == [(0, 19, 2.0)]
    assert len(levels([1.0, 9.0])) == 1


def test_a_period_that_triggered_something_is_not_usual() -> None:
    values = [0.1, -0.4, 0.8, 9.0, -0.7, 0.3, 0.5, -0.2, -0.9, 0.6]
    assert [place for place, one in enumerate(usual(values)) if not one] == [3]
    assert all(usual([0.0] * 10)) and usual([]) == []
    assert all(usual([0.1, -0.2, 0.3, 0.0, 0.2, -0.1, 0.1, 9.0, 9.1, 9.0]))  # three in ten: so it varies
