"""Customer groups and markets are cut like any other dimension: found where they are ill, and no finding where they only differ for good."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from tasks.analyse.causes.search import root_causes
from tasks.expected.unit_history import day_number
from tasks.model.facts import Facts
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import LAG, complaints, default_shop, drawn, facts_of, order_lines, pay_days

WEEK = Period.parse("2026-W37")
WEEKS = 24
SKUS = ("AF-01", "CP-01", "FW-01", "KT-01", "KT-02", "SM-01")


GROUPS = [("buyer_group", "new", "returning"), ("market", "DE", "GB")]


def shop_with(group: tuple[str, str, str], *, new_rate: float, extra: int = 0, seed: int = 3) -> Facts:
    """Return half a year of orders, four in ten by new buyers or to one market, whose complaints come at a rate of their own."""
    paid = pay_days(WEEK.first_day - timedelta(weeks=WEEKS - 1), [1400.0] * WEEKS)
    rng = np.random.default_rng(seed)
    n = len(paid)
    sku = np.array(SKUS)[rng.integers(0, len(SKUS), n)].tolist()
    new = rng.random(n) < 0.4
    lines = order_lines(
        paid,
        sku=sku,
        line=[one[:2] for one in sku],
        carrier=np.array(["承运商甲", "承运商乙"])[rng.integers(0, 2, n)].tolist(),
        **{group[0]: np.where(new, group[1], group[2]).tolist()},
    )
    records = [complaints(lines, "function", *drawn(np.where(new, new_rate, 0.04), LAG["function"], seed))]
    if extra:
        ago = day_number(WEEK.last_day) - lines["signed_at"].dt.date().cast(pl.Int32).to_numpy().astype(np.int64)
        able = np.flatnonzero(new & (ago >= 0) & (ago <= 14))
        unit = np.sort(rng.choice(able, extra, replace=False))
        age = np.array([rng.integers(max(int(ago[u]) - 6, 0), int(ago[u]) + 1) for u in unit])
        records.append(complaints(lines, "function", unit, age, prefix="x-"))
    return facts_of(lines, *records)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


@pytest.mark.parametrize("group", GROUPS)
def test_a_trouble_of_one_group_is_found_at_it(group: tuple[str, str, str], shop: Shop) -> None:
    found = root_causes(shop_with(group, new_rate=0.04, extra=90), WEEK, shop)
    assert [cause.slice for cause in found.causes] == [{group[0]: group[1]}]


@pytest.mark.parametrize("group", GROUPS)
def test_what_one_group_always_complains_more_is_expected_of_it(group: tuple[str, str, str], shop: Shop) -> None:
    found = root_causes(shop_with(group, new_rate=0.08), WEEK, shop)
    assert found.causes == [] and found.tested > 0
