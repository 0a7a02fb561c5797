"""Known answers of the exact comparison of two rates."""

from math import inf

import pytest

from tasks.methods.rate_ratio import p_greater, rate_ratio


@pytest.mark.parametrize(("mid_p", "expected"), [(False, 0.000428), (True, 0.000310)], ids=["exact conditional", "mid-p"])
def test_p_of_gu_2008_breast_example(mid_p: bool, expected: float) -> None:
    assert p_greater(60, 51477.5, 30, 54308.7, mid_p=mid_p) == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize(("mid_p", "expected"), [(False, 0.2913), (True, 0.2450)], ids=["exact conditional", "mid-p"])
def test_p_against_a_ratio_of_one_and_a_half(mid_p: bool, expected: float) -> None:
    assert p_greater(41, 28010, 15, 19017, ratio=1.5, mid_p=mid_p) == pytest.approx(expected, abs=2e-4)


def test_exact_interval_of_the_eba1977_example() -> None:
    result = rate_ratio(11, 800, 21, 3011, mid_p=False)
    assert result.ratio == pytest.approx(1.971488, abs=1e-6)
    assert (result.low, result.high) == (pytest.approx(0.8584264, abs=1e-6), pytest.approx(4.277266, abs=1e-6))


def test_exact_interval_of_the_breast_example() -> None:
    result = rate_ratio(60, 51477.5, 30, 54308.7, mid_p=False)
    assert (round(result.ratio, 4), round(result.low, 4), round(result.high, 4)) == (2.1100, 1.3397, 3.3884)


def test_mid_p_interval_lies_inside_the_exact_one() -> None:
    exact, mid = rate_ratio(11, 800, 21, 3011, mid_p=False), rate_ratio(11, 800, 21, 3011)
    assert exact.low < mid.low < mid.ratio < mid.high < exact.high


def test_mid_p_limits_are_where_the_mid_p_tail_is_two_and_a_half_percent() -> None:
    result = rate_ratio(9, 1000, 30, 1500)
    assert p_greater(9, 1000, 30, 1500, ratio=result.low) == pytest.approx(0.025, abs=1e-6)
    assert 1 - p_greater(9, 1000, 30, 1500, ratio=result.high) == pytest.approx(0.025, abs=1e-6)


@pytest.mark.parametrize("mid_p", [True, False])
def test_zero_counts_leave_one_side_open(mid_p: bool) -> None:
    none_after = rate_ratio(0, 500, 12, 1000, mid_p=mid_p)
    assert none_after.ratio == 0 and none_after.low == 0 and 0 < none_after.high < 1
    none_before = rate_ratio(12, 1000, 0, 500, mid_p=mid_p)
    assert none_before.high == inf and none_before.low > 1


def test_no_event_at_all_says_nothing() -> None:
    result = rate_ratio(0, 500, 0, 500)
    assert (result.low, result.high) == (0.0, inf)


@pytest.mark.parametrize("dispersion", [1.0, 1.7, 3.0])
def test_dispersed_counts_tell_as_much_as_fewer_ones(dispersion: float) -> None:
    wide = rate_ratio(30 * dispersion, 1000, 60 * dispersion, 1500, dispersion=dispersion)
    plain = rate_ratio(30, 1000, 60, 1500)
    assert (wide.ratio, wide.low, wide.high) == pytest.approx((plain.ratio, plain.low, plain.high))
    p = p_greater(30 * dispersion, 1000, 60 * dispersion, 1500, ratio=plain.low, dispersion=dispersion)
    assert p == pytest.approx(0.025, abs=1e-6)
