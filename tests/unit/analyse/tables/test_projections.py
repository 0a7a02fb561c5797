"""Young cohorts: the projected range holds the final rate as often as it says, and widens with youth."""

from datetime import timedelta

import pytest

from tasks.analyse.tables.projections import projections
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import coded_facts, default_shop, noon
from tests.makers.young_weeks import FIRST, RATE, WEEK, shop_facts


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


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
