"""False alarms of control charts are as rare as their probability says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from tasks.methods.control_charts import laney_p
from tasks.shop.load import Shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop.load(None)


def test_false_alarms_of_the_probability_are_as_rare_as_it_says() -> None:
    """The p of a rate without change is below .05 in about one of twenty, though centre and spread are estimated."""
    generator = np.random.default_rng(7)
    hits = 0
    for _ in range(2000):
        counts = generator.binomial(1000, 0.04, 27)
        made = laney_p(counts[:-1].tolist(), [1000] * 26, float(counts[-1]), 1000)
        assert made is not None
        hits += made.p < 0.05
    assert binomtest(hits, 2000, 0.05, "greater").pvalue > 0.001
    assert hits > 40
