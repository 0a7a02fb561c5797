"""A source is silent when it misses what its own habit promises, and not before."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tasks.validate.silence import Silence, silence

START = date(2026, 9, 7)  # a Monday


def day(number: int) -> date:
    return START + timedelta(days=number)


DAILY = {day(number): 4 for number in range(56)}
WEEKLY = [day(number) for number in range(7, 57, 7)]
MORNINGS = [day(number) for number in range(1, 57)]


def test_a_daily_source_is_told_after_a_few_days() -> None:
    assert silence(DAILY, MORNINGS, day(57)) is None
    assert silence(DAILY, MORNINGS, day(58)) == Silence(day(55), 4.0)


def test_a_weekly_export_is_told_when_the_next_one_fails_to_come() -> None:
    assert silence(DAILY, WEEKLY, day(63)) is None
    assert silence(DAILY, WEEKLY, day(64)) == Silence(day(55), 4.0)


def test_a_small_source_needs_the_time_in_which_five_rows_are_missed() -> None:
    small = {day(number): 1 for number in range(0, 56, 4)}
    assert silence(small, MORNINGS, day(60)) is None
    assert silence(small, MORNINGS, day(90)) is not None


def test_a_young_source_has_no_habit_unless_it_is_declared() -> None:
    young = {day(number): 9 for number in range(5)}
    assert silence(young, [day(5)], day(40)) is None
    assert silence(young, [day(5)], day(40), expected_daily=5) == Silence(day(4), 9.0)
    assert silence({}, [], day(40), expected_daily=5) is None


def test_a_pause_as_long_as_one_before_is_no_silence() -> None:
    holiday = {on: count for on, count in DAILY.items() if not day(20) <= on < day(30)}
    assert silence(holiday, MORNINGS, day(65)) is None
    assert silence(holiday, MORNINGS, day(68)) is not None


@given(st.lists(st.integers(0, 5), min_size=30, max_size=90), st.integers(0, 6))
def test_a_source_that_brought_rows_today_is_never_silent(counts: list[int], ahead: int) -> None:
    days = {day(number): count for number, count in enumerate(counts)} | {day(len(counts)): 1}
    assert silence(days, MORNINGS, day(len(counts))) is None
    assert silence(days | {day(len(counts) + ahead): 3}, MORNINGS, day(len(counts))) is None
