"""Clusters: found at their slice, soon; a shop with nothing wrong is silent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from tasks.model.facts import Facts
from tasks.shop.load import Shop
from tasks.warn.kinds.clusters import clusters
from tests.makers.shops import LAG, complaints, drawn, facts_of, order_lines, pay_days

FIRST = date(2026, 1, 5)
WEEKS = 44
PER_WEEK = 400.0
SKUS = 8
ILL_FROM = date(2026, 10, 5)


def shop_facts(seed: int, ill: float = 1.0, ill_until: date = date(2027, 1, 1)) -> Facts:
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


def promising(shop: Shop, days: int) -> Shop:
    """Return the shop with another promise about false alarms."""
    text = shop.text("warnings.yaml").replace("false_alarm_days: 60,", f"false_alarm_days: {days},")
    return Shop({**shop.files, "warnings.yaml": text.encode()})


def on(facts: Facts, day: date) -> Facts:
    """Return the facts on a day's morning."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    known = Facts(facts.tables, moment)
    known.tables["feedback"] = facts["feedback"].filter(facts["feedback"]["submitted_at"] <= moment)
    return known


@pytest.fixture(scope="module")
def ill() -> Facts:
    return shop_facts(1, ill=8.0)


def test_an_ill_batch_is_found_at_its_batch_within_weeks(shop: Shop, ill: Facts) -> None:
    found = clusters(on(ill, ILL_FROM + timedelta(days=28)), shop)
    assert [warning.slice.get("sku") for warning in found] == ["S0"]
    first = found[0]
    assert "batch_no" in first.slice and first.leaf == "PRD.FAULT"
    assert first.observed >= 2 * (first.expected or 0) and first.observed == len(first.items)
    assert first.since >= ILL_FROM and (first.every_days or 0) >= shop.warnings.clusters.false_alarm_days


@pytest.mark.parametrize("seed", [2, 3])
def test_a_shop_with_nothing_wrong_is_as_silent_as_promised(shop: Shop, seed: int) -> None:
    facts, quiet = shop_facts(seed), promising(shop, 3000)
    mornings = [ILL_FROM + timedelta(days=days) for days in (0, 14, 28)]
    assert [clusters(on(facts, day), quiet) for day in mornings] == [[], [], []]


def test_a_looser_promise_finds_no_later(shop: Shop, ill: Facts) -> None:
    def first_found(days: int) -> int:
        other = promising(shop, days)
        return next(day for day in range(8, 40, 4) if clusters(on(ill, ILL_FROM + timedelta(days=day)), other))

    assert first_found(14) <= first_found(3000) < 40
