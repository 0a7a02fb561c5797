"""Prior actions: state by events up to a moment, lateness in working days, and effect counted from cut-in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tasks.act.earlier_actions import check, standing
from tasks.act.observation import evidence
from tasks.model.actions import Action, ActionEvent, ActionKind, ActionState, Verdict
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.tables import TABLES
from tasks.shop.load import Shop
from tests.makers.shops import coded_facts, default_shop

W45 = Period.parse("2026-W45")
AS_OF = datetime(2026, 11, 10, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


def action(**fields: object) -> Action:
    values: dict[str, object] = {
        "action_id": "A-1", "what": "新包装", "kind": ActionKind.CORRECT, "cause_id": "C", "owner": "张*", "department": "仓配",
        "due": datetime(2026, 7, 6, 10, tzinfo=UTC), "metric": "破损率", "exposure": "units_signed", "age_days": 7,
        "slice": {"sku": "KT-05"}, "leaf": "LOG.DAMAGE", "target": 0.02, "target_text": "", "expected_effect": "", "period": "2026-W26",
        "cut_in_axis": "batch", "trigger_from": date(2026, 6, 22), "trigger_to": date(2026, 6, 28), "verify_weeks": 6, "min_units": 600,
    }  # fmt: skip
    return Action(**(values | fields))  # type: ignore[arg-type]


def events(*rows: tuple[str, str, dict[str, object]]) -> list[ActionEvent]:
    return [
        ActionEvent("A-1", n + 1, datetime.fromisoformat(at).replace(tzinfo=UTC), "张*", kind, **more)  # type: ignore[arg-type]
        for n, (at, kind, more) in enumerate(rows)
    ]


ACCEPTED = ("2026-06-29T03:00", "accepted", {})
DONE = ("2026-07-06T08:00", "done", {})
CUT_IN = ("2026-07-20T02:00", "cut_in", {"cut_in_actual": "KT05-2607C"})


def world(rate_old: int = 5, rate_new: int = 1) -> CodedFacts:
    """Twenty KT-05 a day from April to October, `rate_old` of 100 broken in the old packaging, `rate_new` in the new one.

    The new batch is sent from 20 July on, but half of each day's parcels are old stock until 9 August.
    """
    lines, broken = [], []
    day, number = date(2026, 4, 6), {"old": 0, "new": 0}
    while day < date(2026, 10, 26):
        for n in range(20):
            new = day >= date(2026, 8, 10) or (day >= date(2026, 7, 20) and n % 2 == 0)
            kind = "new" if new else "old"
            number[kind] += 1
            shipped = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
            oid = f"{day}-{n}"
            batch = "KT05-2607C" if new else "KT05-2604A"
            lines.append((oid, "KT-05", "KT", batch, 1, shipped - timedelta(days=1), shipped, shipped + timedelta(days=2)))
            if number[kind] % 100 < (rate_new if new else rate_old):
                broken.append((f"R{oid}", oid, "LOG.DAMAGE", shipped + timedelta(days=3)))
        day += timedelta(days=1)
    order_line = pl.DataFrame(
        lines, orient="row", schema={"oid": pl.String, "sku": pl.String, "line": pl.String, "batch_no": pl.String, "qty": pl.Int64,
                                     "paid_at": UTC_TIME, "shipped_at": UTC_TIME, "signed_at": UTC_TIME},
    )  # fmt: skip
    feedback = pl.DataFrame(
        broken, orient="row", schema={"record_id": pl.String, "oid": pl.String, "leaf": pl.String, "submitted_at": UTC_TIME}
    ).with_columns(counted=pl.lit(value=True))
    batch = pl.DataFrame(
        {"batch_no": ["KT05-2604A", "KT05-2607C"], "sku": ["KT-05"] * 2, "made_on": [date(2026, 4, 1), date(2026, 7, 10)]},
        schema_overrides={"made_on": pl.Date},
    )
    full = pl.DataFrame(schema=TABLES["batch"].columns)
    return coded_facts({"order_line": order_line, "feedback": feedback, "batch": pl.concat([full, batch], how="diagonal")}, AS_OF)


def with_sister(facts: CodedFacts) -> CodedFacts:
    """Add another product of the line that was left alone and fares as the slice does."""
    lines, cases = facts["order_line"], facts["feedback"]
    sister = lines.with_columns(oid=pl.lit("s") + pl.col("oid"), sku=pl.lit("KT-06"), batch_no=pl.lit(None, dtype=pl.String))
    shared = cases.with_columns(record_id=pl.lit("s") + pl.col("record_id"), oid=pl.lit("s") + pl.col("oid"))
    return coded_facts(
        {**facts.tables, "order_line": pl.concat([lines, sister]), "feedback": pl.concat([cases, shared], how="diagonal")}, AS_OF
    )


def test_effect_counts_from_cut_in_and_not_from_done(shop: Shop) -> None:
    [result] = check([(action(), events(ACCEPTED, DONE, CUT_IN))], world(), W45, shop, AS_OF)
    assert (result.status, result.verdict) == ("done", Verdict.EFFECTIVE)
    # 20 July … 9 August: 10 new ones a day; then 20 a day: 600 reached within six weeks, which are counted whole.
    assert result.n_after == 10 * 21 + 20 * 21
    assert result.rate_before == pytest.approx(0.05, abs=0.003) and result.rate_after == pytest.approx(0.01, abs=0.003)


def test_old_stock_after_the_cut_in_is_not_counted_as_treated(shop: Shop) -> None:
    found = evidence(action(), world(), W45, shop, done_on=date(2026, 7, 6), cut_in_actual="KT05-2607C")
    by_day = evidence(action(cut_in_axis="ship_date"), world(), W45, shop, done_on=date(2026, 7, 6), cut_in_actual="2026-07-20")
    assert found.after.rate is not None and by_day.after.rate is not None
    assert found.after.rate < 0.015 < by_day.after.rate


def test_units_whose_complaints_may_have_triggered_the_action_are_no_baseline(shop: Shop) -> None:
    found = evidence(action(), world(), W45, shop, done_on=None, cut_in_actual="KT05-2607C")
    # Signed from 8 April to 15 June: seven days before the trigger window begins on 22 June.
    assert found.before.n == 20 * ((date(2026, 6, 15) - date(2026, 4, 8)).days + 1)
    assert found.trigger.n == 20 * ((date(2026, 6, 28) - date(2026, 6, 15)).days)


def test_an_action_without_effect_is_no_change(shop: Shop) -> None:
    [result] = check([(action(), events(ACCEPTED, DONE, CUT_IN))], with_sister(world(20, 20)), W45, shop, AS_OF)
    assert result.verdict is Verdict.NO_CHANGE and result.low is not None and result.low < 1 < (result.high or 0)


def test_without_sisters_and_with_few_cases_no_change_is_not_claimed_either(shop: Shop) -> None:
    [result] = check([(action(), events(ACCEPTED, DONE, CUT_IN))], world(5, 5), W45, shop, AS_OF)
    assert (result.verdict, result.reason, result.method) == (Verdict.UNDECIDED, "too_few_cases", "course")


def test_other_cases_on_the_same_units_and_the_sisters_are_counted(shop: Shop) -> None:
    facts = world()
    smell = facts["feedback"].with_columns(record_id=pl.lit("x") + pl.col("record_id"), leaf=pl.lit("PRD.SMELL"))
    both = with_sister(coded_facts({**facts.tables, "feedback": pl.concat([facts["feedback"], smell], how="diagonal")}, AS_OF))
    found = evidence(action(), both, W45, shop, done_on=date(2026, 7, 6), cut_in_actual="KT05-2607C", min_units=600)
    alone = evidence(action(), facts, W45, shop, done_on=date(2026, 7, 6), cut_in_actual="KT05-2607C", min_units=600)
    assert (found.before, found.untreated) == (alone.before, alone.untreated)
    assert found.after.n >= alone.after.n  # what a sister tells makes the wait for a halving worth while
    assert found.other_before == found.before and found.other_after == found.after  # a smell with every breakage
    # The sister's old and new batches lie mixed in the same weeks; before, it has the same cases as the slice.
    assert found.control_before.rate == pytest.approx(found.before.rate, rel=0.02) and alone.control_before.n == 0


def test_a_rate_that_rises_again_within_eight_weeks_is_told(shop: Shop) -> None:
    facts = world(20, 4)
    worse = facts["order_line"].filter(pl.col("signed_at") >= datetime(2026, 10, 10, tzinfo=UTC)).select(
        record_id=pl.lit("L") + pl.col("oid"), oid="oid", leaf=pl.lit("LOG.DAMAGE"), submitted_at=pl.col("signed_at") + timedelta(days=1),
        counted=pl.lit(value=True),
    )  # fmt: skip
    both = coded_facts({**facts.tables, "feedback": pl.concat([facts["feedback"], worse], how="diagonal")}, AS_OF)
    [result] = check([(action(target=0.06), events(ACCEPTED, DONE, CUT_IN))], both, W45, shop, AS_OF)
    assert result.verdict is Verdict.RELAPSED and result.rate_later is not None and result.rate_later > 0.2


def test_without_a_known_cut_in_nothing_is_said(shop: Shop) -> None:
    [result] = check([(action(), events(ACCEPTED, DONE))], world(), W45, shop, AS_OF)
    assert (result.verdict, result.reason) == (Verdict.UNDECIDED, "cut_in_unknown")


def test_units_too_young_wait(shop: Shop) -> None:
    late_cut = ("2026-10-19T02:00", "cut_in", {"cut_in_actual": "2026-10-19"})
    [result] = check([(action(cut_in_axis="ship_date"), events(ACCEPTED, DONE, late_cut))], world(), W45, shop, AS_OF)
    assert (result.verdict, result.reason) == (Verdict.UNDECIDED, "too_few_units")
    assert result.needed and result.needed_by and result.needed_by > W45.last_day


def test_events_after_the_moment_are_not_known(shop: Shop) -> None:
    before_done = datetime(2026, 7, 1, tzinfo=UTC)
    period = Period.parse("2026-W27")
    [result] = check([(action(), events(ACCEPTED, DONE, CUT_IN))], world(), period, shop, before_done)
    assert (result.state, result.status, result.verdict) == (ActionState.OPEN, "not_due", None)
    assert check([(action(), events(ACCEPTED, DONE))], world(), period, shop, datetime(2026, 6, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("as_of", "status", "days"),
    [
        ("2026-07-06T09:00", "due", 0),
        ("2026-07-06T15:59", "due", 0),  # 23:59 in Shanghai
        ("2026-07-06T16:00", "late", 1),
        ("2026-07-10T12:00", "late", 4),
        ("2026-07-12T12:00", "late", 4),  # Sunday
        ("2026-07-03T12:00", "not_due", 0),
    ],
)
def test_late_begins_when_the_due_day_ends_and_counts_working_days(shop: Shop, as_of: str, status: str, days: int) -> None:
    moment = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    [result] = check([(action(), events(ACCEPTED))], world(), W45, shop, moment)
    assert (result.status, result.days_late) == (status, days)


def test_a_red_line_promise_is_late_at_its_hour(shop: Shop) -> None:
    [result] = check([(action(restricted=True), events(ACCEPTED))], world(), W45, shop, datetime(2026, 7, 6, 10, 1, tzinfo=UTC))
    assert result.status == "late"


def test_days_late_of_what_was_done_late_stay(shop: Shop) -> None:
    [result] = check([(action(), events(ACCEPTED, ("2026-07-09T03:00", "done", {})))], world(), W45, shop, AS_OF)
    assert (result.status, result.days_late) == ("done", 3)


def test_postponed_promises_keep_their_new_date_and_count(shop: Shop) -> None:
    moved = [
        ("2026-07-06T08:00", "postponed", {"due": datetime(2026, 7, 20, 10, tzinfo=UTC)}),
        ("2026-07-20T08:00", "postponed", {"due": datetime(2026, 11, 3, 10, tzinfo=UTC)}),
    ]
    [result] = check([(action(), events(ACCEPTED, *moved))], world(), W45, shop, AS_OF)
    assert (result.status, result.days_late, result.postponed) == ("late", 5, 2)


def test_a_proposal_is_never_overdue(shop: Shop) -> None:
    [result] = check([(action(), events(("2026-06-29T03:00", "proposed", {})))], world(), W45, shop, AS_OF)
    assert (result.status, result.days_late) == ("proposed", 0)


def test_only_earlier_reviews_are_checked(shop: Shop) -> None:
    known = [
        (action(period=period, action_id=period), []) for period in ("2026-W44", "2026-W45", "2026-W46", "2026-10", "2026-11")
    ]
    assert {result.action.action_id for result in check(known, world(), W45, shop, AS_OF)} == {"2026-W44", "2026-10"}


def test_reopened_work_is_open_again() -> None:
    folded = standing(action(), events(ACCEPTED, DONE, ("2026-08-01T00:00", "reopened", {"owner": "李*"})), AS_OF)
    assert (folded.state, folded.done_at, folded.owner) == (ActionState.REOPENED, None, "李*")


def test_late_ones_come_first(shop: Shop) -> None:
    done = (replace(action(), action_id="A-0"), events(ACCEPTED, DONE))
    late = (replace(action(), action_id="A-9"), events(ACCEPTED))
    assert [result.action.action_id for result in check([done, late], world(), W45, shop, AS_OF)] == ["A-9", "A-0"]


def test_share_of_replies_is_judged_by_its_misses(shop: Shop) -> None:
    rows = []
    for n in range(140):
        day = date(2026, 6, 1) + timedelta(days=n)
        answered = 60.0 if day < date(2026, 9, 14) else 95.0
        rows += [(day, "human_conversations", "外包", "22-02", 100.0), (day, "replied_3min", "外包", "22-02", answered)]
    frame = pl.DataFrame(
        rows, orient="row", schema={"day": pl.Date, "kind": pl.String, "queue": pl.String, "shift": pl.String, "n": pl.Float64}
    )
    night = action(
        exposure="human_conversations", slice={"queue": "外包", "shift": "22-02"}, leaf="SVC.SLOW", target=0.9, cut_in_axis="shift", age_days=0,
        period="2026-W36", trigger_from=date(2026, 8, 31), trigger_to=date(2026, 9, 6), playbook="PB13/roster", verify_weeks=2, min_units=1000,
    )  # fmt: skip
    facts = coded_facts({"exposure": frame}, AS_OF)
    [result] = check([(night, events(ACCEPTED, ("2026-09-13T08:00", "done", {})))], facts, W45, shop, AS_OF)
    assert (result.verdict, result.rate_before, result.rate_after) == (Verdict.EFFECTIVE, 0.6, 0.95)
    assert result.ratio == pytest.approx(5 / 40)
