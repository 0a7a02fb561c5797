"""Single problems, places of the same weeks against each other: found beside other problems of the family and in bad weeks for all."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from tasks.analyse.causes.search import root_causes
from tasks.model.causes import Cause, RootCauses
from tasks.model.periods import Period
from tests.makers.shops import LAG, complaints, default_shop, drawn, facts_of, order_lines, pay_days

WEEK = Period.parse("2026-W45")
SHOP = default_shop()
PLACES = ("华东", "华南", "华北")


@cache
def sold(weeks: int) -> pl.DataFrame:
    paid = pay_days(WEEK.first_day - timedelta(weeks=weeks - 1), [500.0] * weeks)
    rng = np.random.default_rng(weeks)
    return order_lines(
        paid,
        sku=[f"S{n}" for n in rng.integers(0, 3, len(paid))],
        carrier=[f"C{n}" for n in rng.integers(0, 3, len(paid))],
        region=[PLACES[n] for n in rng.integers(0, 3, len(paid))],
    )


def judged(
    weeks: int,
    seed: int,
    *,
    times: float = 1.0,
    ill_weeks: int = 4,
    swing: float = 0.0,
    earlier: list[tuple[str, Cause]] | None = None,
    week: Period = WEEK,
) -> RootCauses:
    """Review a shop in which damage is `times` as frequent in one region since some weeks; missing parts stay as they are.

    `swing`: Relative deviation by which every week's complaints swing, alike at all places.
    """
    lines = sold(weeks)
    since = (lines["paid_at"] - lines["paid_at"].min()).dt.total_days().to_numpy() // 7
    wave = np.random.default_rng(seed + 1000).gamma(1 / max(swing, 1e-3) ** 2, max(swing, 1e-3) ** 2, weeks)[since]
    ill = (since >= weeks - ill_weeks) & (lines["region"] == "华北").to_numpy()
    damage = complaints(lines, "transit", *drawn(np.where(ill, times, 1.0) * 0.03 * wave, LAG["transit"], seed))
    missing = complaints(lines, "transit", *drawn(0.06 * wave, LAG["transit"], seed + 1), leaf="PKG.MISSING", prefix="m")
    return root_causes(facts_of(lines, damage, missing), week, SHOP, earlier=earlier or [])


@pytest.mark.parametrize("weeks", [6, 12, 30])
@pytest.mark.parametrize("seed", range(3))
def test_a_region_is_named_for_one_problem_of_a_family(weeks: int, seed: int) -> None:
    found = judged(weeks, seed, times=3.5).causes
    assert found and {(cause.slice.get("region"), cause.leaf) for cause in found} == {("华北", "LOG.DAMAGE")}
    assert all(cause.rate and cause.comparison_rate and cause.rate > 1.25 * cause.comparison_rate for cause in found)


@pytest.mark.parametrize("weeks", [6, 12, 30])
def test_weeks_that_are_bad_for_all_name_no_place(weeks: int) -> None:
    assert sum(bool(judged(weeks, seed, swing=0.4).causes) for seed in range(20)) <= 1


def test_a_place_that_has_always_had_more_is_not_news() -> None:
    assert sum(bool(judged(30, seed, times=1.8, ill_weeks=30).causes) for seed in range(8)) == 0


def test_a_cause_of_one_problem_is_followed_up_by_that_problem_only() -> None:
    before = WEEK.previous()
    named = judged(30, 1, times=3.5, week=before).causes
    assert named and named[0].evidence.problem in ("LOG.DAMAGE", "")
    found = judged(30, 1, times=3.5, earlier=[(before.id, cause) for cause in named])
    assert [cause.life for cause in found.causes] == ["continuing"] and found.ended == []
