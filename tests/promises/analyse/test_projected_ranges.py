"""Young cohorts: the projected range holds the final rate as often as it says, and widens with youth."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from tasks.analyse.tables.projections import projections
from tasks.model.facts import Facts
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import complaints, drawn, facts_of, order_lines, pay_days

WEEK = Period.parse("2026-W37")
WEEKS = 34
FIRST = WEEK.first_day - timedelta(weeks=WEEKS - 3)
SLOW = np.exp(-np.arange(14) / 5)  # all within the age at which the shop compares
RATE = 0.04


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop.load(None)


def shop_facts(seed: int, *, ill_weeks: int = 0, times: float = 1.0, spread: float = 0.0) -> Facts:
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


def final_rates(facts: Facts) -> dict[object, float]:
    """Return the complaint rate of each signing week when all is known."""
    lines = facts["order_line"].select("oid", week=pl.col("signed_at").dt.date().dt.truncate("1w"))
    hit = facts["feedback"].select("oid").unique().with_columns(hit=pl.lit(1.0))
    rates = lines.join(hit, on="oid", how="left").group_by("week").agg(pl.col("hit").fill_null(0.0).mean())
    return dict(rates.iter_rows())


@pytest.mark.parametrize("spread", [0.0, 0.15], ids=["weeks alike", "weeks that differ"])
def test_nine_in_ten_ranges_hold_what_comes(shop: Shop, spread: float) -> None:
    held = total = 0
    for seed in range(25):
        facts = shop_facts(seed, spread=spread)
        final = final_rates(facts)
        for one in projections(facts, WEEK, shop):
            total += 1
            held += one.low - 1e-9 <= final[one.first_day] <= one.high + 1e-9
    assert total >= 45
    assert 0.82 <= held / total <= 0.99
