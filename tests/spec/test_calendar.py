from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tasks.errors import ConfigurationError
from tasks.shop.calendar_days import Calendar
from tasks.shop.load import parse_section
from tests.makers.shops import default_shop

CALENDAR = default_shop().calendar


def test_2026_agrees_with_the_published_days() -> None:
    holidays = pytest.importorskip("chinese_calendar", reason="The package with the published days is not installed.")
    for year in (2025, 2026):
        day = date(year, 1, 1)
        while day.year == year:
            assert CALENDAR.is_working_day(day) == holidays.is_workday(day), day
            day = date.fromordinal(day.toordinal() + 1)


@pytest.mark.parametrize("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_make_up_weekends_are_worked(day: str) -> None:
    assert date.fromisoformat(day).isoweekday() >= 6
    assert CALENDAR.is_working_day(date.fromisoformat(day))


def test_an_unpublished_year_is_labelled_assumed() -> None:
    assert CALENDAR.is_assumed(date(2027, 5, 3))
    assert not CALENDAR.is_assumed(date(2026, 5, 3))


@pytest.mark.parametrize(
    ("day", "calendar", "worked"),
    [
        ("2026-02-09", "statutory", True),
        ("2026-02-09", "supplier", False),
        ("2026-03-01", "supplier", False),
        ("2026-03-02", "supplier", True),
    ],
)
def test_suppliers_close_longer_than_the_statutory_days(day: str, calendar: str, worked: bool) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day), calendar) == worked  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "last_year", "basis"),
    [
        ("2026-11-11", "2025-11-11", "promotion"),
        ("2026-11-08", "2025-11-08", "promotion"),  # three days before, and not the Sunday of the same ISO week
        ("2026-11-18", "2025-11-18", "promotion"),  # the week after belongs to it
        ("2026-06-18", "2025-06-18", "promotion"),
        ("2026-02-17", "2025-01-29", "lunar"),
        ("2026-02-10", "2025-01-22", "lunar"),
        ("2026-03-01", "2025-02-10", "lunar"),
        ("2026-08-08", "2025-08-09", "iso_week"),
    ],
)
def test_the_same_period_of_last_year(day: str, last_year: str, basis: str) -> None:
    found = CALENDAR.last_year(date.fromisoformat(day))
    assert (found.day.isoformat(), found.basis) == (last_year, basis)


def test_same_stage_of_the_promotion_before() -> None:
    days = CALENDAR.same_stage_before(date(2026, 11, 2), date(2026, 11, 8))  # 双11, D-9 to D-3; the promotion before is 618
    assert days == (date(2026, 6, 9), date(2026, 6, 15))
    assert CALENDAR.same_stage_before(date(2026, 9, 7), date(2026, 9, 13)) is None


@pytest.mark.parametrize(
    ("day", "stage"), [("2026-11-11", "d11 D+0"), ("2026-10-20", "d11 D-22"), ("2026-11-20", "d11 D+9"), ("2026-09-01", "None")]
)
def test_stages(day: str, stage: str) -> None:
    assert str(CALENDAR.stage(date.fromisoformat(day))) == stage


@pytest.mark.parametrize(
    ("start", "n", "calendar", "due"),
    [
        ("2026-09-18 10:00", 1, "statutory", "2026-09-20 10:00"),  # Friday + 1 is the worked Sunday
        ("2026-09-30 15:00", 1, "statutory", "2026-10-08 15:00"),  # across the October holiday
        ("2026-10-09 09:00", 1, "statutory", "2026-10-10 09:00"),  # the worked Saturday
        ("2026-11-07 12:00", 1, "statutory", "2026-11-10 00:00"),  # Saturday counts from Monday's beginning
        ("2026-02-06 17:00", 2, "supplier", "2026-03-03 17:00"),
        ("2026-02-06 17:00", 2, "statutory", "2026-02-10 17:00"),
        ("2026-11-03 08:00", 0, "statutory", "2026-11-03 08:00"),
    ],
)
def test_working_days_are_added(start: str, n: int, calendar: str, due: str) -> None:
    moment = CALENDAR.add_working_days(local(start), n, calendar)  # type: ignore[arg-type]
    assert moment == local(due)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-09-08 10:00", 30, "2026-09-08 10:30"),
        ("2026-09-08 23:50", 30, "2026-09-09 08:20"),  # overnight: ten minutes today, twenty tomorrow
        ("2026-09-08 03:00", 3, "2026-09-08 08:03"),
        ("2026-11-11 03:00", 3, "2026-11-11 03:03"),  # a promotion's own day is open round the clock
        ("2026-09-08 23:00", 60, "2026-09-09 00:00"),
    ],
)
def test_service_hours(start: str, minutes: float, due: str) -> None:
    end = CALENDAR.add_service_minutes(local(start), minutes)
    assert end == local(due)
    assert CALENDAR.service_minutes(local(start), end) == pytest.approx(minutes)


def test_the_samples_events_are_read() -> None:
    path = Path(__file__).parents[2] / "examples" / "sample_shop" / "shop" / "calendar.yaml"
    events = parse_section(Calendar, path.read_bytes(), str(path)).events
    kinds = {(event.kind, event.day.isoformat()) for event in events}
    assert {
        ("freight_insurance", "2026-04-15"),
        ("formula", "2026-07-01"),
        ("taxonomy", "2026-03-02"),
        ("release", "2026-10-14"),
        ("switch", "2026-10-26"),
        ("missing_data", "2026-10-30"),
    } <= kinds


def test_a_promotion_whose_day_0_lies_outside_is_told_with_its_line() -> None:
    text = (
        "valid_from: 2026-01-01\nyears: {}\npromotions:\n  - {id: d11, first: 2026-11-01, last: 2026-11-10, day0: 2026-11-11}\n"
    )
    with pytest.raises(ConfigurationError, match=r"line 4.*day0"):
        parse_section(Calendar, text.encode(), "calendar.yaml")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
