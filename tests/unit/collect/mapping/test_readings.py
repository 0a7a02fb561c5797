from datetime import UTC, datetime

import polars as pl
import pytest

from tasks.collect.mapping.readings import read_times

END = datetime(2026, 11, 9, tzinfo=UTC)


@pytest.mark.parametrize("forms", [["auto"], ["minguo"]])
@pytest.mark.parametrize(
    ("cell", "hour", "minute"),
    [
        ("115/11/03 09:54", 1, 54),
        ("115.11.3", 16, 0),  # the day before, in UTC
        ("115-11-03 下午3:05", 7, 5),
        ("民國115年11月3日 09:54", 1, 54),
        ("中華民國 115 年 11 月 3 日", 16, 0),
        ("民国115/11/03 09:54:00", 1, 54),
    ],
)
def test_years_of_taiwans_calendar(cell: str, hour: int, minute: int, forms: list[str]) -> None:
    moment = read_times(pl.Series([cell]), forms, "Asia/Taipei", END).values[0]
    assert moment == datetime(2026, 11, 2 if hour == 16 else 3, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize("cell", ["115.5", "192.168.1.1", "115/13/03", "115/11/32", "99/11/03x", "1150/11/03 x", "115"])
def test_what_only_looks_like_such_a_year_is_no_moment(cell: str) -> None:
    assert read_times(pl.Series([cell]), ["minguo"], "Asia/Taipei", END).values.to_list() == [None]
