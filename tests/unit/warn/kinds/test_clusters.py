"""Clusters: found at their slice, soon; a shop with nothing wrong is silent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from tasks.model.facts import CodedFacts
from tasks.shop.load import Shop
from tasks.warn.kinds.clusters import clusters
from tests.makers.shops import LAG, coded_facts, complaints, drawn, facts_of, order_lines, pay_days

FIRST = date(2026, 1, 5)

WEEKS = 44

PER_WEEK = 400.0

SKUS = 8

ILL_FROM = date(2026, 10, 5)


def shop_facts(seed: int, ill: float = 1.0, ill_until: date = date(2027, 1, 1)) -> CodedFacts:
    """Return 44 weeks of eight products in monthly batches, 3 in 100 complaining; one batch is ill from October."""
    paid = pay_days(FIRST, [PER_WEEK] * WEEKS)
    rng = np.random.default_rng(seed)
    sku = rng.integers(0, SKUS, len(paid))
    month = (paid - paid[0]) // 30
    lines = order_lines(
        paid,
        sku=[f"S{n}" for n in sku],
        line=["L0" if n < SKUS // 2 else "L1" for n in sku],
        batch_no=[f"S{s}-B{m}" for s, m in zip(sku, month, strict=True)],
        carrier=[f"C{n}" for n in rng.integers(0, 3, len(paid))],
        region=[f"R{n}" for n in rng.integers(0, 3, len(paid))],
        platform="P",
        warehouse="W",
        traffic_source="shelf",
    )
    begins, ends = (ILL_FROM - date(1970, 1, 1)).days, (ill_until - date(1970, 1, 1)).days
    sick = (sku == 0) & (month == (begins - paid[0]) // 30) & (paid < ends)
    unit, age = drawn(0.03 * np.where(sick, ill, 1.0), LAG["function"], seed)
    damage, damaged_after = drawn(np.full(len(paid), 0.02), LAG["transit"], seed + 1000)
    return facts_of(
        lines, complaints(lines, "function", unit, age), complaints(lines, "transit", damage, damaged_after, prefix="d")
    )


def on(facts: CodedFacts, day: date) -> CodedFacts:
    """Return the facts on a day's morning."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    known = coded_facts(facts.tables, moment)
    known.tables["feedback"] = facts["feedback"].filter(facts["feedback"]["submitted_at"] <= moment)
    return known


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
