"""Lower limits after shrinkage lie below the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.methods.shrinkage import fitted_prior, shrunken
from tasks.shop.load import Shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop.load(None)


def test_the_lower_limit_is_below_the_truth_nineteen_times_in_twenty() -> None:
    generator = np.random.default_rng(12)
    true = generator.gamma(12, 1 / 12, 200)
    expected = generator.uniform(5, 60, 200)
    observed = generator.poisson(expected * true)
    prior = fitted_prior(observed.tolist(), expected.tolist())
    below = sum(shrunken(float(o), float(e), prior).low <= t for o, e, t in zip(observed, expected, true, strict=True))
    assert 0.92 <= below / 200 <= 0.98
