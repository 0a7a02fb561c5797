"""Clusters: found at their slice, soon; a shop with nothing wrong is silent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tasks.model.facts import CodedFacts
from tasks.shop.load import Shop
from tasks.warn.kinds.clusters import clusters
from tests.makers.ill_batches import ILL_FROM, on, shop_facts


def promising(shop: Shop, days: int) -> Shop:
    """Return the shop with another promise about false alarms."""
    text = shop.text("warnings.yaml").replace("false_alarm_days: 60,", f"false_alarm_days: {days},")
    return Shop({**shop.files, "warnings.yaml": text.encode()})


@pytest.fixture(scope="module")
def ill() -> CodedFacts:
    return shop_facts(1, ill=8.0)


def test_an_ill_batch_is_found_at_its_batch_within_weeks(shop: Shop, ill: CodedFacts) -> None:
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


def test_a_looser_promise_finds_no_later(shop: Shop, ill: CodedFacts) -> None:
    def first_found(days: int) -> int:
        other = promising(shop, days)
        return next(day for day in range(8, 40, 4) if clusters(on(ill, ILL_FROM + timedelta(days=day)), other))

    assert first_found(14) <= first_found(3000) < 40
