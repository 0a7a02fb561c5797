"""Expected arrivals: a constant true rate stays constant through 双11 and Spring Festival, and troubles do not excuse themselves."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from tasks.expected.arrivals import excess_nats, expected_by, expected_units, observed_cases
from tasks.expected.lag_curves import Curve, curves, estimate_curve
from tasks.expected.unit_history import MAX_AGE, UnitHistory, as_of_day, build_history, day_number, day_of
from tasks.model.periods import Period
from tests.makers.shops import LAG, arising, complaints, drawn, facts_of, noon, order_lines, pay_days

ZONE = "Asia/Shanghai"
MONDAY = date(2025, 9, 15)
START = day_number(MONDAY)

INDEX = [
    1, 1, 0.95, 0.85, 1, 1.6, 2.1, 1.5, 2.6, 0.8, 0.9, 1, 1.25, 1, 1, 1,  # 2025-09-15 …, 双11 in the ninth week
    1, 1.2, 1.2, 1.2, 0.7, 0.4, 0.25, 0.75, 1.2, 1, 1, 0.95, 1, 1, 0.95, 1, 1, 1,  # 2026-01-05 …, Spring Festival 02-17
    1.3, 1.5, 1.5, 1.4, 1.4, 2.1, 0.75, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 1, 1, 1, 1,  # 618 … mid September
    0.9, 0.85, 1, 1.7, 2.2, 1.6, 2.8, 0.85,  # 双11 in the last week but one
]  # fmt: skip
"""Orders of the sample shop by week, normal = 1."""

BY_WEEK = [0.22, 0.34, 0.18, 0.09, 0.06, 0.04, 0.03, 0.02, 0.02]
"""Share of complaints by week since payment (docs/method.md, 5)."""

RATE = 0.04


def book_of(
    lines: pl.DataFrame, *records: pl.DataFrame, end: date = date(2026, 11, 23), dims: tuple[str, ...] = ("sku", "line")
) -> UnitHistory:
    return build_history(facts_of(lines, *records), dims, ZONE, end)


def judged(history: UnitHistory, week: str, family: str) -> tuple[float, float]:
    """Return observed and expected cases of one week by what was known at its end."""
    period = Period.parse(week)
    then = as_of_day(history, period.last_day + timedelta(days=1))
    curve = curves(then, period)[family]
    first, last = day_number(period.first_day), day_number(period.last_day)
    _, weights = expected_units(then, curve, first, last)
    return float(len(observed_cases(then, family, first, last))), float(weights.sum())


def weeks(first: str, last: str) -> list[str]:
    return [period.id for period in Period.span(f"{first}..{last}")]


# ---- The demonstration ---------------------------------------------------------------------------


def demonstration(tail: list[float]) -> tuple[list[float], list[float]]:
    """Return calendar rates per 100 and observed/expected of the weeks of `tail` after half a year of normal weeks.

    All of a week is paid on its Monday, as the domain's table counts by weeks.
    """
    index = [1.0] * 26 + tail
    paid = pay_days(MONDAY, [4800 * i for i in index], weekdays=1)
    lines = order_lines(paid, sku="KT-01")
    unit, age = [], []
    for later, share in enumerate(BY_WEEK):
        due = np.cumsum(4800 * np.array(index) * RATE * share)  # cases that have come so many weeks after their payment
        for week, n in enumerate(np.diff(np.floor(due + 0.5), prepend=0).astype(int)):
            unit.append(np.flatnonzero(paid == START + week * 7)[len(BY_WEEK) * np.arange(n) + later])
            age.append(later * 7 + np.arange(n) % 7)
    records = complaints(lines, "ship", np.concatenate(unit), np.concatenate(age))
    history = book_of(lines, records, end=MONDAY + timedelta(weeks=len(index)), dims=("sku",))
    rates, ratios = [], []
    for number in range(26, len(index)):
        week = Period.containing(noon(MONDAY + timedelta(weeks=number)), "week").id
        observed, expected = judged(history, week, "ship")
        rates.append(100 * observed / (4800 * index[number]))
        ratios.append(observed / expected)
    return rates, ratios


def test_double_eleven_swings_the_calendar_rate_and_not_the_ratio() -> None:
    rates, ratios = demonstration([0.85, 1, 1.6, 2.1, 1.5, 2.6, 0.8, 0.9])
    assert rates[1:] == pytest.approx([3.80, 2.76, 2.73, 4.22, 2.72, 8.60, 5.91], abs=0.08)
    assert ratios == pytest.approx([1.0] * 8, abs=0.06)


def test_spring_festival_swings_the_calendar_rate_and_not_the_ratio() -> None:
    rates, ratios = demonstration([1.2, 1.2, 0.7, 0.4, 0.25, 0.75, 1, 1])
    assert rates == pytest.approx([3.5, 3.7, 5.9, 8.2, 9.7, 3.1, 2.9, 3.4], abs=0.15)
    assert ratios == pytest.approx([1.0] * 8, abs=0.06)


# ---- A year by chance ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def year() -> UnitHistory:
    """Sixty-two weeks of twelve SKUs at one constant rate, drawn by chance, with the order index of the sample shop."""
    paid = pay_days(MONDAY, [1500 * i for i in INDEX])
    rng = np.random.default_rng(7)
    sku = rng.integers(0, 12, len(paid))
    lines = order_lines(
        paid,
        sku=[f"KT-{n:02d}" for n in sku],
        line=["KT" if n < 6 else "AF" for n in sku],
        carrier=[f"承运商{'甲乙丙丁'[n]}" for n in rng.integers(0, 4, len(paid))],
        warehouse=[("华东仓", "华南仓", "西南仓")[n] for n in rng.integers(0, 3, len(paid))],
    )
    records = complaints(lines, "function", *drawn(np.full(len(paid), RATE), LAG["function"], seed=11))
    return book_of(lines, records, dims=("sku", "line", "carrier", "warehouse"))


def test_every_week_of_a_year_is_as_expected(year: UnitHistory) -> None:
    z, calendar = [], []
    for week in weeks("2026-W02", "2026-W47"):
        observed, expected = judged(year, week, "function")
        z.append((observed - expected) / expected**0.5)
        paid = year.days["paid_at"]
        first = day_number(Period.parse(week).first_day)
        calendar.append(100 * observed / ((paid >= first) & (paid < first + 7)).sum())
    assert max(calendar) > 1.8 * RATE * 100 and min(calendar) < 0.75 * RATE * 100
    # Chance alone: z of 46 weeks stays below 3.5, and the squares sum to about their number (0.999 quantile of χ²₄₆: 81).
    assert np.abs(z).max() < 3.5
    assert np.square(z).sum() < 81


@pytest.mark.parametrize("week", ["2026-W08", "2026-W46", "2026-W47"])
def test_no_value_of_any_dimension_stands_out_in_the_hard_weeks(year: UnitHistory, week: str) -> None:
    period = Period.parse(week)
    history = as_of_day(year, period.last_day + timedelta(days=1))
    curve = curves(history, period)["function"]
    for dim in ("sku", "line", "carrier", "warehouse"):
        observed, expected = expected_by(history, curve, dim, day_number(period.first_day), day_number(period.last_day))
        assert max(excess_nats(o, e) for o, e in zip(observed.tolist(), expected.tolist(), strict=True)) < 6


def test_slices_of_the_expectation_sum_to_the_whole(year: UnitHistory) -> None:
    period = Period.parse("2026-W30")
    curve = curves(year, period)["function"]
    first, last = day_number(period.first_day), day_number(period.last_day)
    _, weights = expected_units(year, curve, first, last)
    for dim in ("sku", "carrier"):
        observed, expected = expected_by(year, curve, dim, first, last)
        assert expected.sum() == pytest.approx(weights.sum())
        assert observed.sum() == len(observed_cases(year, "function", first, last))


def test_days_add_up_to_their_week(year: UnitHistory) -> None:
    curve = curves(year, Period.parse("2026-W30"))["function"]
    first = day_number(date(2026, 7, 20))
    days = [expected_units(year, curve, first + n, first + n)[1].sum() for n in range(7)]
    assert sum(days) == pytest.approx(expected_units(year, curve, first, first + 6)[1].sum())


def test_some_skus_can_be_left_out(year: UnitHistory) -> None:
    curve = curves(year, Period.parse("2026-W30"))["function"]
    first = day_number(date(2026, 7, 20))
    all_o, all_e = expected_by(year, curve, "sku", first, first + 6)
    some_o, some_e = expected_by(year, curve, "sku", first, first + 6, without=np.array([3]))
    assert some_e[3] == some_o[3] == 0 < all_e[3]
    assert np.delete(some_e, 3) == pytest.approx(np.delete(all_e, 3)) and np.delete(some_o, 3) == pytest.approx(
        np.delete(all_o, 3)
    )


# ---- Lag curves ----------------------------------------------------------------------------------


def even(
    n_weeks: int,
    per_week: float | list[float],
    chance: float | NDArray[np.float64],
    lag: NDArray[np.float64],
    family: str = "function",
) -> UnitHistory:
    """One SKU at a chance per unit, without any chance in it, looked at on the day after `n_weeks` weeks."""
    paid = pay_days(MONDAY, per_week if isinstance(per_week, list) else [per_week] * n_weeks)
    lines = order_lines(paid, sku="KT-01")
    unit, age = arising(np.broadcast_to(np.asarray(chance, dtype=float), len(paid)), lag)
    return book_of(lines, complaints(lines, family, unit, age), end=MONDAY + timedelta(weeks=n_weeks), dims=("sku",))


def curve_of(history: UnitHistory, family: str = "function", weeks_: int = 30) -> Curve:
    curve = estimate_curve(history, family, history.end_day, weeks=weeks_)
    assert curve is not None
    return curve


def level(curve: Curve, sku: int = 0) -> float:
    return float(curve.effects["sku"][sku])


def test_the_lag_curve_is_recovered() -> None:
    curve = curve_of(even(40, 1400, RATE, LAG["function"]))
    hazard = curve.hazard * level(curve)
    assert hazard.sum() == pytest.approx(RATE, rel=0.02)
    assert hazard[:5] == pytest.approx(RATE * LAG["function"][:5], rel=0.06)
    assert np.cumsum(hazard)[[6, 13, 30]] == pytest.approx(RATE * np.array([LAG["function"][:7].sum(), 1, 1]), rel=0.03)
    assert hazard[20:].max() < 0.02 * RATE


def test_the_curve_grows_with_age_and_stops() -> None:
    curve = curve_of(even(40, 1400, RATE, LAG["function"]))
    seen = [curve.cumulative(age) for age in range(60)]
    assert np.diff(seen).min() >= -1e-12
    assert seen[MAX_AGE["function"] - 1] == seen[59] == pytest.approx(curve.hazard.sum())
    days = np.array([START, START + 3, -1], np.int32)
    # A unit brings over its days what its curve says; an unsigned one brings nothing; nothing comes before the first day.
    assert curve.day_weights(days, START, START + 7).tolist() == pytest.approx([curve.cumulative(7), curve.cumulative(4), 0.0])
    assert curve.day_weights(days, START - 9, START - 1).tolist() == [0.0, 0.0, 0.0]


def test_slow_troubles_are_not_cut_off() -> None:
    lag = np.zeros(90)
    lag[30:] = 1 / 60
    curve = curve_of(even(45, 700, 0.05, lag, "wear"), "wear")
    assert curve.cumulative(29) * level(curve) == pytest.approx(0, abs=0.005)
    assert curve.cumulative(59) * level(curve) == pytest.approx(0.025, rel=0.15)
    assert curve.cumulative(89) * level(curve) == pytest.approx(0.05, rel=0.1)


def test_young_units_leave_the_risk_set() -> None:
    """Half of all units were sold in the last two weeks: their complaints to come must not be missed as if they never came."""
    volume = [700.0] * 28 + [9000.0, 9000.0]
    history = even(30, volume, RATE, LAG["function"])
    curve = curve_of(history)
    signed = history.days["signed_at"]
    naive = len(history.case_unit["function"]) / (signed >= 0).sum()
    assert naive < 0.9 * RATE
    assert curve.hazard.sum() * level(curve) == pytest.approx(RATE, rel=0.03)


def test_too_little_history_gives_no_curve() -> None:
    assert estimate_curve(even(3, 1400, RATE, LAG["function"]), "function", START + 21) is None
    assert estimate_curve(even(20, 20, RATE, LAG["function"]), "function", START + 140) is None  # sixteen cases
    assert estimate_curve(even(20, 700, RATE, LAG["function"]), "transit", START + 140) is None  # none of this family


def test_a_family_with_other_axis_counts_from_payment() -> None:
    curve = curve_of(even(30, 1400, 0.02, LAG["ship"], "ship"), "ship")
    assert curve.hazard[:6] * level(curve) == pytest.approx(0.02 * LAG["ship"], rel=0.1, abs=2e-5)


# ---- Troubles and their own expectation ----------------------------------------------------------


def troubled(times: float, from_week: int, to_week: int, sku: int, n_weeks: int = 40) -> UnitHistory:
    """Six SKUs; one complains `times` as often about what is paid in some weeks."""
    n = 1800 * n_weeks
    number = np.arange(n)
    paid = START + number // 1800 * 7 + number % 300 * 7 // 300
    which = number % 1800 // 300
    week = (paid - START) // 7
    chance = np.where((which == sku) & (week >= from_week) & (week <= to_week), RATE * times, RATE)
    lines = order_lines(paid.astype(np.int32), sku=[f"KT-{s:02d}" for s in which], line=["KT" if s < 3 else "AF" for s in which])
    order = np.lexsort((paid, which))  # each SKU spends its own chances
    unit, age = arising(chance[order], LAG["function"])
    return book_of(lines, complaints(lines, "function", order[unit], age), end=MONDAY + timedelta(weeks=n_weeks))


def expectation(history: UnitHistory, sku: int, week: int) -> float:
    period = Period.containing(noon(MONDAY + timedelta(weeks=week)), "week")
    curve = curves(history, period)["function"]
    return float(expected_by(history, curve, "sku", day_number(period.first_day), day_number(period.last_day))[1][sku])


def test_a_trouble_of_the_last_weeks_does_not_raise_its_own_expectation() -> None:
    calm, ill = troubled(1.0, 0, 0, 2), troubled(6.0, 36, 39, 2)
    assert expectation(ill, 2, 39) == pytest.approx(expectation(calm, 2, 39), rel=0.02)


@pytest.mark.parametrize("times", [4.0, 10.0])
def test_a_trigger_week_of_the_baseline_does_not_raise_its_own_expectation(times: float) -> None:
    calm, ill = troubled(1.0, 0, 0, 2), troubled(times, 24, 25, 2)
    # Six times the usual in two of thirty weeks would raise a plain mean by a third.
    assert expectation(ill, 2, 39) == pytest.approx(expectation(calm, 2, 39), rel=0.06)
    assert expectation(ill, 4, 39) == pytest.approx(expectation(calm, 4, 39), rel=0.04)


def test_a_lasting_level_is_expected() -> None:
    ill = troubled(3.0, 0, 39, 2)
    assert expectation(ill, 2, 39) == pytest.approx(3 * expectation(ill, 4, 39), rel=0.1)


def test_the_baseline_ends_before_the_judged_period() -> None:
    history = troubled(1.0, 0, 0, 2)
    period = Period.containing(noon(MONDAY + timedelta(weeks=39)), "week")
    curve = curves(history, period)["function"]
    assert curve.baseline_last == day_number(period.first_day) - 28 - 1
    # A young shop gives up the gap before it gives up the expectation.
    young = Period.containing(noon(MONDAY + timedelta(weeks=6)), "week")
    assert (
        curves(as_of_day(history, young.last_day + timedelta(days=1)), young)["function"].baseline_last
        == day_number(young.first_day) - 14 - 1
    )


# ---- Levels of products --------------------------------------------------------------------------


def test_a_small_sku_is_drawn_to_its_line_and_a_large_one_keeps_its_own() -> None:
    # Line AF complains at 2 %, line KT at 6 %; KT-03 sells little and nobody complained; KT-02 sells much and complains at 10 %.
    volume = {"AF-01": 600, "AF-02": 600, "KT-01": 600, "KT-02": 600, "KT-03": 5}
    chance = {"AF-01": 0.02, "AF-02": 0.02, "KT-01": 0.03, "KT-02": 0.10, "KT-03": 0.0}
    parts = [pay_days(MONDAY, [float(n)] * 30) for n in volume.values()]
    sku = np.repeat(list(volume), [len(p) for p in parts])
    lines = order_lines(np.concatenate(parts), sku=sku.tolist(), line=[s[:2] for s in sku])
    unit, age = arising(np.array([chance[s] for s in sku]), LAG["function"])
    history = book_of(lines, complaints(lines, "function", unit, age), end=MONDAY + timedelta(weeks=30))
    curve = curve_of(history, weeks_=26)
    rate = dict(zip(history.values["sku"], curve.effects["sku"] * curve.hazard.sum(), strict=True))
    assert rate["AF-01"] == pytest.approx(0.02, rel=0.06)
    assert rate["KT-01"] == pytest.approx(0.03, rel=0.06) and rate["KT-02"] == pytest.approx(0.10, rel=0.06)
    # Fewer cases than its line, and not none.
    assert 0.01 < rate["KT-03"] < 0.065


def test_the_prior_counts_its_cases_once() -> None:
    parts = [pay_days(MONDAY, [1200.0] * 30), pay_days(MONDAY, [5.0] * 30)]
    sku = np.repeat(["KT-01", "KT-02"], [len(p) for p in parts])
    lines = order_lines(np.concatenate(parts), sku=sku.tolist(), line="KT")
    history = book_of(
        lines,
        complaints(lines, "function", *arising(np.where(sku == "KT-01", 0.06, 0.0), LAG["function"])),
        end=MONDAY + timedelta(weeks=30),
    )
    curve = estimate_curve(history, "function", history.end_day, weeks=26)
    assert curve is not None
    # 5 × 26 units of which about 7.8 cases were due and none came: (0 + 12)/(7.8 + 12) of the line's level
    assert curve.effects["sku"][1] / curve.effects["sku"][0] == pytest.approx(12 / (7.8 + 12), rel=0.1)


def test_a_sku_without_history_gets_its_lines_level() -> None:
    parts = [pay_days(MONDAY, [600.0] * 30), pay_days(MONDAY, [600.0] * 30), pay_days(MONDAY + timedelta(weeks=29), [300.0])]
    sku = np.repeat(["AF-01", "KT-01", "KT-99"], [len(p) for p in parts])
    lines = order_lines(np.concatenate(parts), sku=sku.tolist(), line=[s[:2] for s in sku])
    chance = np.where(sku == "AF-01", 0.02, np.where(sku == "KT-01", 0.08, 0.0))
    history = book_of(lines, complaints(lines, "function", *arising(chance, LAG["function"])), end=MONDAY + timedelta(weeks=30))
    curve = estimate_curve(history, "function", history.end_day - 14)
    assert curve is not None
    rate = dict(zip(history.values["sku"], curve.effects["sku"] * curve.hazard.sum(), strict=True))
    assert rate["KT-99"] == pytest.approx(0.08, rel=0.1)


def test_lasting_differences_of_carriers_are_expected() -> None:
    paid = pay_days(MONDAY, [1500.0] * 36)
    carrier = np.where(np.arange(len(paid)) % 3 == 0, "承运商丙", "承运商甲")
    lines = order_lines(paid, sku="KT-01", carrier=carrier.tolist())
    chance = np.where(carrier == "承运商丙", 0.09, 0.03)
    order = np.lexsort((paid, carrier))
    unit, age = arising(chance[order], LAG["transit"])
    history = book_of(
        lines, complaints(lines, "transit", order[unit], age), end=MONDAY + timedelta(weeks=36), dims=("sku", "carrier")
    )
    period = Period.containing(noon(MONDAY + timedelta(weeks=35)), "week")
    curve = curves(history, period)["transit"]
    observed, expected = expected_by(history, curve, "carrier", day_number(period.first_day), day_number(period.last_day))
    assert observed / expected == pytest.approx([1.0, 1.0], abs=0.1)


# ---- What had happened by then -------------------------------------------------------------------


def test_until_hides_the_future(year: UnitHistory) -> None:
    end = date(2026, 9, 14)
    then = as_of_day(year, end)
    cut = day_number(end)
    assert then.end_day == cut
    assert all(days.max() < cut for days in then.days.values())
    assert all(len(days) == 0 or days.max() < cut for days in then.case_day.values())
    assert len(then.case_unit["function"]) == len(then.case_day["function"]) == len(then.case_record["function"])
    # What had happened is untouched, and the book of all weeks too; lines that were paid later are not there yet.
    past = year.days["signed_at"][: then.n] < cut
    assert np.array_equal(then.days["signed_at"][past], year.days["signed_at"][: then.n][past])
    assert year.days["paid_at"][then.n :].min() >= cut and then.n < year.n
    assert year.end_day == day_number(date(2026, 11, 23)) and year.days["paid_at"].max() >= cut


def test_the_same_answer_from_a_book_made_then_and_one_cut_later() -> None:
    paid = pay_days(MONDAY, [700.0] * 40)
    lines = order_lines(paid, sku="KT-01")
    records = complaints(lines, "function", *arising(np.full(len(paid), RATE), LAG["function"]))
    later = book_of(lines, records, end=MONDAY + timedelta(weeks=42), dims=("sku",))
    week = Period.containing(noon(MONDAY + timedelta(weeks=30)), "week")
    made_then = book_of(lines, records, end=week.last_day + timedelta(days=1), dims=("sku",))
    assert judged(later, week.id, "function") == judged(made_then, week.id, "function")


def test_until_of_a_later_day_changes_nothing(year: UnitHistory) -> None:
    assert as_of_day(year, date(2027, 1, 1)) is year


def test_the_book_leaves_out_what_is_no_case() -> None:
    paid = pay_days(MONDAY, [100.0] * 10)
    lines = order_lines(paid, sku="KT-01")
    real = complaints(lines, "function", np.arange(10), np.zeros(10, np.int64))
    claim = complaints(lines, "function", np.arange(20, 25), np.zeros(5, np.int64), prefix="c-", claim_cluster="CC-1")
    repeat = complaints(lines, "function", np.arange(30, 33), np.zeros(3, np.int64), prefix="r-").with_columns(
        counted=pl.lit(value=False)
    )
    loose = complaints(lines, "function", np.arange(40, 44), np.zeros(4, np.int64), prefix="l-").with_columns(
        oid=pl.lit(None, pl.String)
    )
    late = complaints(lines, "function", np.arange(50, 52), np.full(2, 500), prefix="f-")
    history = book_of(lines, real, claim, repeat, loose, late, dims=("sku",))
    assert history.n == 1000
    assert len(history.case_unit["function"]) == 10 and {r.split("-")[0] for r in history.case_record["function"]} == {"function"}


def test_days_are_those_of_the_business_zone() -> None:
    lines = order_lines(pay_days(MONDAY, [7.0]), sku="KT-01").with_columns(
        paid_at=pl.lit(noon(date(2026, 3, 1)) + timedelta(hours=13))  # 01:00 on 2 March in Shanghai
    )
    assert {day_of(int(n)) for n in book_of(lines, dims=("sku",)).days["paid_at"]} == {date(2026, 3, 2)}


def test_a_parcel_without_signing_scan_was_received_all_the_same() -> None:
    lines = order_lines(pay_days(MONDAY, [100.0] * 10), sku="KT-01")
    orphan = lines.with_columns(signed_at=pl.when(pl.int_range(pl.len()) == 5).then(None).otherwise("signed_at"))
    assert np.array_equal(book_of(orphan, dims=("sku",)).days["signed_at"], book_of(lines, dims=("sku",)).days["signed_at"])
    # One that was shipped a few days ago may still be under way.
    soon = book_of(orphan, end=MONDAY + timedelta(days=8), dims=("sku",))
    assert soon.days["signed_at"][5] == -1


@pytest.mark.parametrize("days", [30, None], ids=["signed much later", "never signed"])
def test_a_book_cut_later_takes_the_same_parcels_for_received(days: int | None) -> None:
    lines = order_lines(pay_days(MONDAY, [100.0] * 10), sku="KT-01")
    signed = pl.lit(None) if days is None else pl.col("signed_at") + timedelta(days=days)
    odd = lines.with_columns(signed_at=pl.when(pl.int_range(pl.len()) == 5).then(signed).otherwise("signed_at"))
    end = MONDAY + timedelta(days=11 if days is None else 25)
    made_then, later = book_of(odd, end=end, dims=("sku",)), book_of(odd, dims=("sku",))
    cut = as_of_day(later, end)
    assert np.array_equal(cut.days["signed_at"], made_then.days["signed_at"][: cut.n])
    assert (made_then.days["signed_at"][cut.n :] == -1).all()


def test_the_same_facts_give_the_same_curves() -> None:
    first, second = curve_of(even(30, 700, RATE, LAG["function"])), curve_of(even(30, 700, RATE, LAG["function"]))
    assert np.array_equal(first.hazard, second.hazard) and np.array_equal(first.effects["sku"], second.effects["sku"])
