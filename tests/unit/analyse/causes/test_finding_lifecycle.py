"""The life of a finding: one trouble keeps its name and age, the left-over are named, the ended are said to have ended."""

from dataclasses import replace
from typing import Any

import pytest

from tasks.analyse.causes.lifecycle import MAX_NEW, MEMORY, with_lifecycle
from tasks.analyse.causes.recount import Recount
from tasks.model.causes import Cause, CauseEvidence, CauseStatus, Forecast, GradedForecast, RootCauses, urgency
from tasks.model.periods import Period

WEEK = Period.parse("2026-W45")
LAST = WEEK.previous()


def cause(name: str, **changed: Any) -> Cause:
    """Return a cause of one SKU."""
    made = Cause(
        cause_id=name, kind="slice", slice={"sku": name}, family="function", leaf="PRD.FAULT", leaves=(("PRD.FAULT", 20),),
        observed=20.0, expected=5.0, ratio=4.0, low=2.4, high=6.2, contribution=None, llr=14.0, window_weeks=1,
        exposure_kind="units_signed", exposure=500.0, first_period=WEEK.id, rows=tuple(f"{name}-{n}" for n in range(20)),
    )  # fmt: skip
    return replace(made, **changed)


def judged(found: list[Cause], earlier: list[tuple[str, Cause]], now: dict[str, Recount] | None = None) -> RootCauses:
    result = RootCauses(found, [], 100, 0.05, None, "")
    return with_lifecycle(result, earlier, WEEK, lambda one: (now or {}).get(one.cause_id))


def then(name: str, period: Period = LAST, **changed: Any) -> tuple[str, Cause]:
    return period.id, cause(name, **{"first_period": period.id, **changed})


def test_the_first_time_is_new() -> None:
    [one] = judged([cause("A")], []).causes
    assert (one.life, one.periods, one.first_period) == ("new", 1, WEEK.id)


def test_the_new_ones_that_are_named_are_those_that_page_one_puts_first() -> None:
    many = [cause(f"many{n}", observed=90.0, expected=60.0, llr=8.0 + n) for n in range(MAX_NEW)]
    sure = cause("sure", observed=12.0, expected=1.0, llr=40.0)
    report = cause("hurt", kind="safety", observed=1.0, expected=0.0, llr=0.0)
    result = judged([*many, sure, report], [])
    assert [one.cause_id for one in result.causes] == ["hurt", "sure", "many2"]
    assert result.causes == sorted(result.causes, key=urgency)


def test_a_trouble_that_goes_on_keeps_its_age_and_what_people_decided() -> None:
    before = then("A", first_period="2026-W40", periods=5, status=CauseStatus.CONFIRMED)
    [one] = judged([cause("A")], [before]).causes
    assert (one.life, one.periods, one.first_period, one.status) == ("continuing", 6, "2026-W40", CauseStatus.CONFIRMED)


def test_a_trouble_left_out_in_between_is_back() -> None:
    [one] = judged([cause("A")], [then("A", LAST.previous(), periods=2)]).causes
    assert (one.life, one.periods) == ("recurring", 3)


def test_what_lies_further_back_than_half_a_year_is_new_again() -> None:
    old = WEEK
    for _ in range(MEMORY + 1):
        old = old.previous()
    assert judged([cause("A")], [then("A", old)]).causes[0].life == "new"


@pytest.mark.parametrize(
    ("slice_", "same"),
    [
        ({"sku": "A", "batch_no": "B1"}, True),  # narrower
        ({"sku": "A", "ship_date": "2026-10-20.."}, True),  # days of an interval move
        ({"sku": "C", "batch_no": "B1"}, False),
        ({"carrier": "丙"}, False),
    ],
)
def test_a_wider_or_narrower_slice_is_the_same_trouble(slice_: dict[str, str], same: bool) -> None:
    [one] = judged([cause("new-name", slice=slice_)], [then("A", slice={"sku": "A"})]).causes
    assert (one.life, one.cause_id) == (("continuing", "A") if same else ("new", "new-name"))


def test_another_name_for_the_same_cases_is_the_same_trouble() -> None:
    found = cause("W", slice={"warehouse": "西南仓"})
    before = then("R", slice={"region": "西南"})
    same = Recount(12.0, 3.0, frozenset(found.rows[:12]))
    result = judged([found], [before], {"R": same})
    assert [(one.cause_id, one.life) for one in result.causes] == [("R", "continuing")] and result.ended == []
    others = Recount(12.0, 3.0, frozenset(f"other-{n}" for n in range(12)))
    result = judged([found], [before], {"R": others})
    assert [(one.cause_id, one.life) for one in result.causes] == [("W", "new")]
    assert [(one.cause_id, one.life) for one in result.ended] == [("R", "watched")]


def test_another_problem_in_the_same_slice_is_another_trouble() -> None:
    found = cause("A2", slice={"sku": "A"}, leaf="LOG.DAMAGE", family="transit")
    assert judged([found], [then("A")]).causes[0].life == "new"


def test_at_most_three_new_ones_by_money_and_none_is_lost() -> None:
    found = [cause(name, money=float(n)) for n, name in enumerate("ABCDE")]
    result = judged([*found, cause("F", money=0.0)], [then("F")])
    assert [one.cause_id for one in result.causes] == ["E", "D", "C", "F"]
    assert [one.cause_id for one in result.deferred] == ["B", "A"] and MAX_NEW == 3


def test_the_one_with_most_evidence_is_news_whatever_it_costs() -> None:
    found = [cause(name, money=float(n)) for n, name in enumerate("ABCDE")]
    result = judged([replace(found[0], llr=222.0), *found[1:]], [])
    assert [one.cause_id for one in result.causes] == ["E", "D", "A"]


def test_a_month_takes_on_twice_as_many_new_ones() -> None:
    found = RootCauses([cause(name, money=float(n)) for n, name in enumerate("ABCDEFG")], [], 100, 0.05, None, "")
    month = with_lifecycle(found, [], Period.parse("2026-10"), lambda _: None)
    assert (len(month.causes), len(month.deferred)) == (6, 1)


def test_safety_comes_before_money() -> None:
    result = judged([cause("A", money=9000.0), cause("B", track="safety")], [])
    assert [one.cause_id for one in result.causes] == ["B", "A"]


@pytest.mark.parametrize(("observed", "life"), [(5.0, "recovered"), (1.0, "recovered"), (9.0, "watched"), (30.0, "watched")])
def test_what_is_not_named_any_more_has_ended_or_is_watched(observed: float, life: str) -> None:
    now = Recount(observed, 5.0, frozenset(f"x{n}" for n in range(int(observed))))
    [one] = judged([], [then("A")], {"A": now}).ended
    assert (one.life, one.observed, one.expected) == (life, observed, 5.0)


def test_what_cannot_be_counted_is_not_said_to_have_ended() -> None:
    assert judged([], [then("A")]).ended == []


def test_a_forecast_is_held_against_what_came() -> None:
    foretold = CauseEvidence(forecast=Forecast(WEEK.id, 12.0, 7.0, 18.0))
    now = {"A": Recount(15.0, 4.0, frozenset(cause("A").rows[:15]))}
    [one] = judged([cause("A")], [then("A", evidence=foretold)], now).causes
    assert one.evidence.graded == GradedForecast(12.0, 7.0, 18.0, 15.0)
    # A forecast for another week is not graded by this one.
    stale = CauseEvidence(forecast=Forecast("2026-W44", 12.0, 7.0, 18.0))
    assert judged([cause("A")], [then("A", evidence=stale)], now).causes[0].evidence.graded is None
