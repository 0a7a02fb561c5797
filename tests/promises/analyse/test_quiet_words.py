"""Chance draws of words: nothing stands out more often than promised."""

from __future__ import annotations

from scipy.stats import binom

from tests.makers.word_corpora import compared, corpus


def test_quiet_draws_stay_silent() -> None:
    alarms = sum(bool(compared(corpus(1000 + draw, 120), corpus(2000 + draw, 400))) for draw in range(50))
    assert alarms <= binom.ppf(0.99, 50, 0.05)
