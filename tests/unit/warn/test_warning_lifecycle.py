"""A warning is told once, again when it grows, passed on while nobody answers, and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tasks.errors import ConfigurationError
from tasks.model.warnings import (
    EarlyWarning,
    KeptWarning,
    WarningAnswer,
    WarningEvent,
    WarningEventKind,
    WarningState,
)
from tasks.shop.load import Shop
from tasks.warn.lifecycle import WatchResult, due_round, warning_id
from tasks.warn.owners import ladder
from tests.makers.warnings import MOMENT, kept_after

Make = Callable[..., EarlyWarning]
DAY = timedelta(days=1)


def told(due: WatchResult) -> list[tuple[str, str]]:
    return [(telling.event.kind, telling.event.to) for telling in due.notices]


def remembered(kept: list[KeptWarning], due: WatchResult, moment: datetime) -> list[KeptWarning]:
    by_id = {each.warning_id: each for each in kept}
    for name in due.seen:
        by_id[name] = replace(by_id[name], last_seen=moment)
    for telling in due.notices:
        old = by_id.get(telling.event.warning_id, telling.kept)
        by_id[telling.event.warning_id] = replace(old, events=(*old.events, telling.event))
    return list(by_id.values())


def test_a_new_matter_is_told_to_its_owner_and_a_rerun_tells_nothing(shop: Shop, warning: Make) -> None:
    first = due_round([warning()], [], shop, MOMENT)
    assert told(first) == [("opened", "品控主管")]
    kept = remembered([], first, MOMENT)
    assert due_round([warning()], kept, shop, MOMENT) == WatchResult((), (kept[0].warning_id,))
    assert told(due_round([warning(observed=8.0)], kept, shop, MOMENT + timedelta(hours=8))) == []


def test_where_there_is_nothing_nothing_is_told(shop: Shop) -> None:
    assert due_round([], [], shop, MOMENT) == WatchResult((), ())


def test_a_matter_that_grows_is_an_update_of_the_same_warning(shop: Shop, warning: Make) -> None:
    grown = warning(observed=9.0, items=tuple(f"r{n}" for n in range(9)))
    due = due_round([grown], [kept_after(warning())], shop, MOMENT + timedelta(hours=8))
    assert [(t.event.kind, t.event.warning_id, t.event.seq, t.event.items) for t in due.notices] == [
        ("grew", "W1", 2, ("r6", "r7", "r8"))
    ]


def test_the_same_cases_under_another_slice_are_the_same_matter(shop: Shop, warning: Make) -> None:
    whole = warning(slice={"sku": "FW-03"}, items=(*(f"r{n}" for n in range(6)), "r9"), observed=7.0)
    due = due_round([whole], [kept_after(warning())], shop, MOMENT + timedelta(hours=8))
    assert due == WatchResult((), ("W1",))
    other = warning(slice={"sku": "FW-03"}, items=("x1", "x2", "x3", "x4"), observed=4.0)
    assert [kind for kind, _ in told(due_round([other], [kept_after(warning())], shop, MOMENT + timedelta(hours=8)))] == [
        "opened"
    ]


def test_every_further_safety_case_is_told_even_after_an_answer(shop: Shop, warning: Make) -> None:
    one = warning("safety", slice={"sku": "KT-11"}, symptom="leak_current", items=("a",), observed=1.0, restricted=True)
    two = replace(one, items=("a", "b"), observed=2.0)
    answered = WarningEvent(
        "W1", 2, MOMENT + timedelta(hours=1), WarningEventKind.ANSWERED, by="品控主管", answer=WarningAnswer.KNOWN
    )
    for kept in (kept_after(one), kept_after(one, answered)):
        assert told(due_round([two], [kept], shop, MOMENT + timedelta(hours=3))) == [("grew", "品控主管")]
        assert told(due_round([one], [kept], shop, MOMENT + timedelta(hours=3))) == []


def test_an_answered_matter_is_silent_however_much_it_grows(shop: Shop, warning: Make) -> None:
    answered = WarningEvent(
        "W1", 2, MOMENT + timedelta(hours=1), WarningEventKind.ANSWERED, by="品控主管", answer=WarningAnswer.REAL
    )
    kept = kept_after(warning(), answered)
    assert kept.state is WarningState.ANSWERED
    assert told(due_round([warning(observed=60.0)], [kept], shop, MOMENT + 3 * DAY)) == []


def test_who_does_not_answer_within_a_day_is_passed_over_up_to_the_ladders_end(shop: Shop, warning: Make) -> None:
    kept, moment = [kept_after(warning())], MOMENT
    seen = []
    for _ in range(5):
        moment += timedelta(hours=24)
        due = due_round([warning()], kept, shop, moment)
        seen.append(told(due))
        kept = remembered(kept, due, moment)
    assert seen == [[("escalated", "供应链主管")], [("escalated", "店长")], [], [], []]
    assert kept[0].state is WarningState.ESCALATED


@pytest.mark.parametrize(("kind", "passed_on"), [("cluster", []), ("safety", [("escalated", "店长")])])
def test_on_a_statutory_holiday_only_a_red_line_is_passed_on(
    shop: Shop, warning: Make, kind: str, passed_on: list[tuple[str, str]]
) -> None:
    golden_week = datetime(2026, 10, 2, 0, 0, tzinfo=UTC)
    one = warning(kind, restricted=kind == "safety")
    kept = kept_after(one, opened=golden_week - DAY)
    assert told(due_round([one], [kept], shop, golden_week)) == passed_on
    saturday = datetime(2026, 11, 14, 0, 0, tzinfo=UTC)  # a plain weekend is no holiday
    assert [kind for kind, _ in told(due_round([one], [kept_after(one, opened=saturday - DAY)], shop, saturday))] == ["escalated"]


def test_what_is_not_there_any_more_is_not_passed_on_and_ends_by_itself(shop: Shop, warning: Make) -> None:
    kept = kept_after(warning())
    assert told(due_round([], [kept], shop, MOMENT + 3 * DAY)) == []
    due = due_round([], [kept], shop, MOMENT + 15 * DAY)
    assert [(t.event.kind, t.event.why) for t in due.notices] == [("expired", "not seen again")]
    assert remembered([kept], due, MOMENT + 15 * DAY)[0].state is WarningState.EXPIRED


def test_a_matter_that_comes_back_after_it_ended_is_a_new_warning(shop: Shop, warning: Make) -> None:
    kept = kept_after(warning(), WarningEvent("W1", 2, MOMENT + 15 * DAY, WarningEventKind.EXPIRED))
    kept = replace(kept, last_seen=MOMENT)
    later = MOMENT + 40 * DAY
    due = due_round([warning(items=("n1", "n2", "n3", "n4"))], [kept], shop, later)
    assert told(due) == [("opened", "品控主管")]
    assert due.notices[0].event.warning_id != "W1"


def test_each_deadline_is_told_once_and_ends_when_it_is_done(shop: Shop, warning: Make) -> None:
    dues = tuple(MOMENT + timedelta(hours=hours) for hours in (5, 9, 12))
    first = warning(
        "deadline", slice={"deadline": "evidence"}, leaf="", items=("a", "b"), dues=dues[:2], amounts=(10.0, 20.0),
        observed=2.0, owner="客服主管", role="客服",
    )  # fmt: skip
    more = replace(first, items=("a", "b", "c"), dues=dues, amounts=(10.0, 20.0, 5.0), observed=3.0)
    due = due_round([more], [kept_after(first)], shop, MOMENT + timedelta(hours=1))
    opened = due.notices[0].warning
    assert told(due) == [("opened", "客服主管")]
    assert (opened.items, opened.observed, opened.amounts, opened.answer_by) == (("c",), 1.0, (5.0,), dues[2])
    done = due_round([], [kept_after(first)], shop, MOMENT + timedelta(hours=8))
    assert [(t.event.kind, t.event.why) for t in done.notices] == [("expired", "past")]


def test_a_restricted_warning_goes_only_to_people_who_may_read_it(shop: Shop, warning: Make) -> None:
    one = warning("safety", restricted=True, owner="客服主管")
    assert [person.name for person in ladder(one, shop)] == ["店长"]
    files = {
        **shop.files,
        "people.yaml": shop.text("people.yaml").replace("roles: [总经理, 财务, 法务]", "roles: [财务]").encode(),
    }
    with pytest.raises(ConfigurationError, match="Nobody can be notified of safety warnings"):
        ladder(one, Shop(files))


def test_a_warnings_number_is_that_of_its_day_and_matter(shop: Shop, warning: Make) -> None:
    number = warning_id(warning(), MOMENT, "Asia/Shanghai")
    assert number.startswith("W261109-") and number == warning_id(warning(observed=7.0), MOMENT, "Asia/Shanghai")
    assert number != warning_id(warning(items=("z",)), MOMENT, "Asia/Shanghai")
