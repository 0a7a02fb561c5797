"""Projected ranges hold the final rate as often as they say."""

import polars as pl
import pytest

from tasks.analyse.tables.projections import projections
from tasks.model.facts import CodedFacts
from tasks.shop.load import Shop
from tests.makers.young_weeks import WEEK, shop_facts


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop.load(None)


def final_rates(facts: CodedFacts) -> dict[object, float]:
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
