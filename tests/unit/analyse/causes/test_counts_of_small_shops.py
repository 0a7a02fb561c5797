"""Shops without orders and with few cases a week: compared with as many earlier weeks as it takes."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
import yaml

from tasks.analyse.causes.search import root_causes
from tasks.expected.unit_history import day_number
from tasks.model.causes import RootCauses
from tasks.model.columns.column import UTC_TIME
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import default_shop, facts_of

WEEK = Period.parse("2026-W45")
LEAVES = ("PRD.FAULT", "PRD.SMELL", "LOG.LATE", "SYS.CRASH")


def counted_shop() -> Shop:
    shop = default_shop()
    content = yaml.safe_load(shop.files["shop.yaml"]) | {"base": "records"}
    return Shop({**shop.files, "shop.yaml": yaml.safe_dump(content, allow_unicode=True).encode()})


def tickets(seed: int, *, per_week: int, weeks: int = 10, **values: object) -> pl.DataFrame:
    """Return tickets spread evenly over weeks, three SKUs and four kinds of problem."""
    rng = np.random.default_rng(seed)
    n = per_week * weeks
    back = np.arange(n) // per_week
    days = day_number(WEEK.first_day) - back * 7 + rng.integers(0, 7, n)
    frame = pl.DataFrame(
        {
            "record_id": [f"T{seed}-{k:05d}" for k in range(n)],
            "submitted_at": pl.Series(days).cast(pl.Int32).cast(pl.Date).cast(UTC_TIME) + timedelta(hours=4),
            "sku": np.array(["KT-01", "KT-02", "FN-01"])[rng.integers(0, 3, n)],
            "leaf": np.array(LEAVES)[rng.integers(0, 4, n)],
            "family": "other",
            "counted": True,
            "nature": "complaint",
            "source": "ticket",
        }
    )
    return frame.with_columns(pl.lit(value).alias(name) for name, value in values.items())


def judged(*frames: pl.DataFrame) -> RootCauses:
    return root_causes(facts_of(None, *frames), WEEK, counted_shop())


@pytest.mark.parametrize(("per_week", "word"), [(120, "period_before"), (40, "periods_before"), (9, "periods_before")])
def test_a_product_is_named_however_small_the_shop(per_week: int, word: str) -> None:
    fault = tickets(3, per_week=max(per_week // 2, 25), weeks=1, sku="FN-01", leaf="PRD.SMELL")
    [cause] = judged(tickets(2, per_week=per_week), fault).causes
    assert (cause.slice.get("sku"), cause.leaf, cause.comparison) == ("FN-01", "PRD.SMELL", word)


def test_a_calm_small_shop_has_no_cause() -> None:
    assert [judged(tickets(seed, per_week=9)).causes for seed in range(6)] == [[]] * 6


def test_weeks_before_the_first_record_are_no_past() -> None:
    result = judged(tickets(6, per_week=9, weeks=3))
    assert (result.causes, result.rejected_why) == ([], "no_history")


def test_few_cases_in_all_weeks_are_too_few() -> None:
    result = judged(tickets(7, per_week=3))
    assert (result.causes, result.rejected_why) == ([], "no_history")


def released(frame: pl.DataFrame, *, weeks_ago: int) -> pl.DataFrame:
    """Return tickets with the release of their week: 2.0.0, and 2.1.0 since some weeks before the end of the judged one."""
    changed = WEEK.start + timedelta(weeks=1 - weeks_ago)
    return frame.with_columns(
        app_version=pl.when(pl.col("submitted_at") >= changed).then(pl.lit("2.1.0")).otherwise(pl.lit("2.0.0"))
    )


@pytest.mark.parametrize("leaves", [("SYS.CRASH",), ("SYS.CRASH", "PRD.FAULT")])
def test_a_release_is_named_over_several_weeks_where_each_holds_few_cases(leaves: tuple[str, ...]) -> None:
    usual = tickets(2, per_week=6, weeks=20).with_columns(sku=pl.lit("APP"))
    more = [tickets(n, per_week=4, weeks=3, sku="APP", leaf=leaf) for n, leaf in enumerate(leaves, 30)]
    causes = judged(released(pl.concat([usual, *more]), weeks_ago=4)).causes
    assert causes and {(cause.slice["app_version"], cause.leaf) for cause in causes} <= {("2.1.0", leaf) for leaf in leaves}
    assert causes[0].window_weeks > 1 and causes[0].since is not None and causes[0].since.weekday() == 0


def test_a_release_in_busier_weeks_is_not_blamed() -> None:
    usual = tickets(2, per_week=6, weeks=20).with_columns(sku=pl.lit("APP"))
    busier = tickets(4, per_week=14, weeks=4, sku="APP")
    calm = [tickets(n, per_week=n, weeks=w, sku="APP").with_columns(counted=False) for n, w in ((5, 20), (11, 4))]
    assert judged(released(pl.concat([usual, busier, *calm]), weeks_ago=4)).causes == []


def test_releases_of_a_calm_small_shop_are_rarely_named() -> None:
    calm = (released(tickets(seed, per_week=7, weeks=20, sku="APP"), weeks_ago=1 + seed % 8) for seed in range(30))
    assert sum(bool(judged(frame).causes) for frame in calm) <= 1


def test_a_problem_that_has_ended_is_not_named_over_several_weeks() -> None:
    usual = tickets(2, per_week=6, weeks=20).with_columns(sku=pl.lit("APP"))
    ended = tickets(5, per_week=12, weeks=2, sku="APP", leaf="SYS.CRASH").with_columns(
        pl.col("submitted_at") - timedelta(weeks=2)
    )
    assert judged(released(pl.concat([usual, ended]), weeks_ago=5)).causes == []
