"""Public holidays by rule, against days that the governments published."""

from datetime import date

import pytest

from tasks.shop.public_holidays import easter, public_holidays

PUBLISHED = {
    ("GB", 2026): "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    ("GB", 2027): "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    ("GB", 2028): "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
    ("US", 2026): "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
    ("US", 2027): "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
    ("DE", 2026): "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26",
}


@pytest.mark.parametrize(("country", "year"), sorted(PUBLISHED))
def test_holidays_are_those_that_were_published(country: str, year: int) -> None:
    wanted = tuple(date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[country, year].split())
    assert public_holidays(country, year) == wanted


def test_easter_and_countries_without_a_rule() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2038)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2038, 4, 25),
    ]  # fmt: skip
    assert public_holidays("FR", 2026) is None
