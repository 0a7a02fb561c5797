"""Columns of moments by business day and within a period."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from tasks.model.columns.column import UTC_TIME
from tasks.model.moments import local_day, within
from tasks.model.periods import Period

WEEK = Period.parse("2026-W45")
AT = pl.DataFrame(
    {
        "at": [
            datetime(2026, 11, 1, 15, 59, tzinfo=UTC),
            datetime(2026, 11, 1, 16, tzinfo=UTC),
            datetime(2026, 11, 8, 16, tzinfo=UTC),
            None,
        ]
    },
    schema={"at": UTC_TIME},
)


def test_a_day_begins_at_midnight_of_the_shop() -> None:
    days = AT.select(local_day("at", "Asia/Shanghai"))["at"].to_list()
    assert days == [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 9), None]


def test_a_period_holds_its_first_moment_and_not_that_after_it() -> None:
    assert AT.select(within("at", WEEK))["at"].to_list() == [False, True, False, None]
