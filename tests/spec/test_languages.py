"""How numbers, dates and strengths are worded (docs/method.md, 11)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tasks.model.periods import Period
from tasks.report.language.registry import language
from tasks.report.reading import strength


@pytest.mark.parametrize(
    ("value", "unit", "chinese", "english"),
    [
        (0.019, "share", "1.9%", "1.9%"),
        (0.0185, "share", "1.9%", "1.9%"),
        (0.0035, "share", "0.35%", "0.35%"),
        (0.00994, "share", "0.99%", "0.99%"),
        (0.00996, "share", "1.0%", "1.0%"),
        (0.0, "share", "0%", "0%"),
        (1.0, "share", "100.0%", "100.0%"),
        (0.02, "points", "+2.0个百分点", "+2.0 pp"),
        (-0.13, "points", "−13.0个百分点", "−13.0 pp"),
        (0.0195, "points_fine", "+1.95个百分点", "+1.95 pp"),
        (86_400, "money", "8.6万元", "CNY 86,400"),
        (9_999.4, "money", "9,999元", "CNY 9,999"),
        (10_000, "money", "1.0万元", "CNY 10,000"),
        (1_260, "money", "1,260元", "CNY 1,260"),
        (7_100, "money_change", "+7,100元", "+CNY 7,100"),
        (-7_100, "money_change", "−7,100元", "−CNY 7,100"),
        (3, "cases", "3起", "3 cases"),
        (1, "cases", "1起", "1 case"),
        (400, "orders", "400单", "400 orders"),
        (312, "devices", "312台", "312 devices"),
        (318, "people", "318位", "318 people"),
        (2, "examples", "2例", "2 examples"),
        (940, "parcels", "940件", "940 parcels"),
        (4.12, "per_100", "4.1", "4.1"),
        (5.909, "times", "6倍", "6 times"),
        (2.44, "times", "2.4倍", "2.4 times"),
        (0.38, "tenths", "四成", "38%"),
        (0.04, "tenths", "不到一成", "4%"),
        (0.98, "tenths", "十成", "98%"),
        (4.72, "score", "4.72", "4.72"),
        (9.1, "score", "9.10", "9.10"),
        (92.0, "score", "92.0", "92.0"),
        (0.75, "minutes", "45秒", "45 s"),
        (24, "minutes", "24分钟", "24 min"),
        (1510, "minutes", "25.2小时", "25.2 h"),
        (None, "share", "—", "–"),
    ],
)
def test_a_number_is_worded_with_its_unit(value: float | None, unit: str, chinese: str, english: str) -> None:
    assert language("zh-CN").value(value, unit, "CNY") == chinese
    assert language("en").value(value, unit, "CNY") == english


@pytest.mark.parametrize(
    ("period", "chinese", "english"),
    [
        ("2026-W45", "11月2日—11月8日（第45周）", "2–8 Nov 2026 (week 45)"),
        ("2026-W01", "2025年12月29日—2026年1月4日（第1周）", "29 Dec 2025 – 4 Jan 2026 (week 1)"),
        ("2026-W40", "9月28日—10月4日（第40周）", "28 Sep – 4 Oct 2026 (week 40)"),
        ("2026-10", "2026年10月", "October 2026"),
        ("2026-Q4", "2026年第四季度", "Q4 2026"),
        ("2026-11-01..2026-11-15", "11月1日—11月15日", "1–15 Nov 2026"),
    ],
)
def test_a_period_is_worded_by_its_days(period: str, chinese: str, english: str) -> None:
    assert language("zh-CN").period(Period.parse(period)) == chinese
    assert language("en").period(Period.parse(period)) == english


def test_a_deadline_is_worded_in_the_business_zone() -> None:
    moment = datetime(2026, 11, 10, 10, 0, tzinfo=UTC)
    assert language("zh-CN").due(moment, "Asia/Shanghai") == "11月10日18:00"
    assert language("en").due(moment, "Asia/Shanghai") == "10 Nov 18:00"
    assert language("zh-CN").due(datetime(2026, 11, 10, 16, 0, tzinfo=UTC), "Asia/Shanghai") == "11月11日"


@pytest.mark.parametrize(
    ("observed", "low", "rung"), [(26, 4.1, "clear"), (9, 1.3, "watch"), (40, 0.9, "watch"), (5, 0.7, "normal")]
)
def test_the_ladder_needs_cases_and_an_interval_off_one(observed: float, low: float, rung: str) -> None:
    assert strength(observed, low) == rung


def test_series_labels_are_short() -> None:
    assert [language("zh-CN").short_label(label) for label in ("2026-W45", "2026-10", "2026-11-02")] == ["45周", "10月", "11-2"]
    assert [language("en").short_label(label) for label in ("2026-W45", "2026-10")] == ["W45", "Oct"]


def test_days_across_a_year_name_both_years() -> None:
    assert language("en").span(date(2025, 12, 29), date(2026, 1, 4)) == "29 Dec 2025 – 4 Jan 2026"
