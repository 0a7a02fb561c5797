"""Young cohorts: the projected range holds the final rate as often as it says, and widens with youth."""

from datetime import timedelta

import numpy as np
import pytest

from tasks.analyse.tables.projections import projections
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import coded_facts, complaints, drawn, facts_of, noon, order_lines, pay_days

WEEK = Period.parse("2026-W37")

WEEKS = 34

FIRST = WEEK.first_day - timedelta(weeks=WEEKS - 3)

SLOW = np.exp(-np.arange(14) / 5)  # all within the age at which the shop compares

RATE = 0.04


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop.load(None)


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


def test_ranges_widen_with_youth(shop: Shop) -> None:
    young = projections(shop_facts(1), WEEK, shop)
    assert len(young) == 2
    assert [one.first_day for one in young] == sorted(one.first_day for one in young)
    width = [one.high - one.low for one in young]
    assert width == sorted(width) and [one.reached for one in young] == sorted((one.reached for one in young), reverse=True)
    assert all(one.low <= one.rate <= one.high and one.so_far / one.units <= one.low for one in young)
    assert young[0].usual == pytest.approx(RATE, rel=0.05)


def test_an_ill_week_heads_above_the_usual(shop: Shop) -> None:
    young = projections(shop_facts(2, ill_weeks=4, times=1.8), WEEK, shop)
    assert max(one.low for one in young) > young[0].usual


def test_nothing_without_a_past_or_without_orders(shop: Shop) -> None:
    facts = shop_facts(3)
    assert projections(facts, Period.containing(noon(FIRST + timedelta(weeks=2)), "week"), shop) == []
    empty = coded_facts({**facts.tables, "order_line": facts["order_line"].clear()}, facts.as_of)
    assert projections(empty, WEEK, shop) == []
