"""Run lengths of CUSUMs agree with the chain, and impossible designs are refused."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.errors import UserError
from tasks.methods.cusum import design, path


def test_simulated_run_lengths_agree_with_the_chain() -> None:
    made = design(0.5, 3.0, 100.0)
    drawn = np.random.default_rng(5).poisson(0.5, (2000, 1500))
    lengths = [path(row.tolist(), [0.5] * 1500, made).first_signal for row in drawn]
    assert None not in lengths
    steps = np.array(lengths, dtype=float) + 1
    assert abs(steps.mean() - made.arl0) < 3.5 * steps.std() / np.sqrt(len(steps))


def test_nothing_expected_of_an_impossible_design() -> None:
    for expected, ratio, arl0, head_start in (
        (0.0, 2.0, 10.0, 0.0),
        (1.0, 1.0, 10.0, 0.0),
        (1.0, 2.0, 0.5, 0.0),
        (1.0, 2.0, 9.0, 1.0),
    ):
        with pytest.raises(UserError, match="cannot be designed"):
            design(expected, ratio, arl0, head_start=head_start)
    with pytest.raises(UserError, match="too short"):
        design(1e-5, 2.0, 10.0)
    with pytest.raises(UserError, match="too long"):
        design(1.0, 1.01, 1e9)
