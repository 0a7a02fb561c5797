"""Panels in which nothing is wrong: the scan alarms no more often than its rate."""

import pytest

from tasks.methods.scan import scan
from tests.makers.scan_panels import ALPHA, most, noisy


@pytest.mark.parametrize(("cases", "panels"), [(400, 200), (60, 100)])
def test_null_panels_alarm_at_most_at_the_family_wise_rate(cases: int, panels: int) -> None:
    alarmed = sum(bool(scan(noisy(seed, cases), alpha=ALPHA).found) for seed in range(panels))
    assert alarmed <= most(panels)


def test_null_panels_with_a_common_level_alarm_no_more() -> None:
    # All sells well and all complains 30 % more than expected: no slice is to blame.
    alarmed = sum(bool(scan(noisy(seed, 400, rate=1.3), alpha=ALPHA).found) for seed in range(100))
    assert alarmed <= most(100)


def test_null_panels_against_an_earlier_count_alarm_no_more() -> None:
    alarmed = sum(bool(scan(noisy(seed, 400, baseline=True), alpha=ALPHA).found) for seed in range(100))
    assert alarmed <= most(100)


def test_null_panels_show_no_false_falls() -> None:
    alarmed = sum(bool(scan(noisy(seed, 400), alpha=ALPHA, falls=True, min_cases=12).found) for seed in range(100))
    assert alarmed <= most(100)
