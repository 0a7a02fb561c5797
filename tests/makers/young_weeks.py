"""Shops whose last signing weeks are young."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tests.makers.shops import complaints, drawn, facts_of, order_lines, pay_days

WEEK = Period.parse("2026-W37")
WEEKS = 34
FIRST = WEEK.first_day - timedelta(weeks=WEEKS - 3)
SLOW = np.exp(-np.arange(14) / 5)  # all within the age at which the shop compares
RATE = 0.04


def shop_facts(seed: int, *, ill_weeks: int = 0, times: float = 1.0, spread: float = 0.0) -> CodedFacts:
    """Draw a shop of even sales; its last weeks before the reviewed one's end may be ill, and weeks may differ at large."""
    paid = pay_days(FIRST, [4200.0] * WEEKS)
    lines = order_lines(paid, sku="KT-01")
    week = (paid - paid[0]) // 7
    level = np.ones(WEEKS)
    if spread:
        level = np.random.default_rng(1000 + seed).gamma(1 / spread**2, spread**2, WEEKS)
    if ill_weeks:
        level[WEEKS - 3 - ill_weeks :] *= times
    return facts_of(lines, complaints(lines, "function", *drawn(RATE * level[week], SLOW, seed)))
