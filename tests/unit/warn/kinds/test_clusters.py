"""Clusters: found at their slice, soon; a shop with nothing wrong is silent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from tasks.model.facts import CodedFacts
from tasks.shop.load import Shop
from tasks.warn.kinds.clusters import clusters
from tests.makers.ill_batches import ILL_FROM, on, shop_facts
from tests.makers.shops import coded_facts, complaints, facts_of


@pytest.fixture(scope="module")
def ill() -> CodedFacts:
    return shop_facts(1, ill=8.0)


def test_the_same_moment_gives_the_same_warnings(shop: Shop, ill: CodedFacts) -> None:
    day = ILL_FROM + timedelta(days=28)
    assert clusters(on(ill, day), shop) == clusters(on(ill, day), shop)


def test_nothing_is_known_before_it_happens(shop: Shop, ill: CodedFacts) -> None:
    assert clusters(on(ill, ILL_FROM - timedelta(days=1)), shop) == []
    # what arrived later is not in the lake's answer either, and the book does not look at it
    late = coded_facts(ill.tables, on(ill, ILL_FROM - timedelta(days=1)).as_of)
    assert clusters(late, shop) == []


def test_what_brings_no_more_than_expected_any_more_is_left_to_the_weekly_review(shop: Shop) -> None:
    facts = shop_facts(4, ill=12.0, ill_until=ILL_FROM + timedelta(days=10))
    assert clusters(on(facts, ILL_FROM + timedelta(days=14)), shop) != []
    assert clusters(on(facts, ILL_FROM + timedelta(days=40)), shop) == []


def test_one_problem_of_many_products_is_one_warning(shop: Shop) -> None:
    facts = shop_facts(5)
    lines = facts["order_line"]
    recent = np.flatnonzero((lines["paid_at"] >= datetime(2026, 10, 5, tzinfo=UTC)).to_numpy())
    unit = recent[::5]
    crowd = complaints(lines, "transit", unit, np.ones(len(unit), np.int64), prefix="crowd")
    crowded = facts_of(lines, facts["feedback"], crowd)
    found = [warning for warning in clusters(on(crowded, date(2026, 10, 20)), shop) if warning.leaf == "LOG.DAMAGE"]
    assert len(found) == 1 and found[0].spread >= shop.warnings.clusters.spread and "sku" not in found[0].slice


def test_a_shop_without_products_has_no_clusters(shop: Shop) -> None:
    assert clusters(facts_of(None), shop) == []
