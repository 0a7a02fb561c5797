"""Red lines, deadlines, arrivals, coverage, breaks and the story of a period."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tasks.analyse.breaks import breaks
from tasks.analyse.coverage import coverage, must_have_data, partial
from tasks.analyse.deadlines import due_items
from tasks.analyse.example_case import LENGTH, example_case
from tasks.analyse.figures.all_figures import figures
from tasks.analyse.figures.comparison import last_year
from tasks.analyse.figures.expected_counts import unlinked_factor
from tasks.analyse.figures.inflow import daily, inflow
from tasks.analyse.late_arrivals import completeness
from tasks.analyse.red_lines import red_lines
from tasks.analyse.tables.breakdowns import breakdowns
from tasks.analyse.tables.problems import problems
from tasks.errors import UserError
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import Pull
from tasks.model.figure_kinds import FigureFamily
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import coded_facts, default_shop

W45 = Period.parse("2026-W45")
AS_OF = datetime(2026, 11, 10, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


SCHEMA = {
    "record_id": pl.String, "submitted_at": UTC_TIME, "leaf": pl.String, "symptom": pl.String, "sku": pl.String, "text": pl.String,
    "counted": pl.Boolean, "track": pl.String, "claim_cluster": pl.String, "nature": pl.String, "source": pl.String, "platform": pl.String,
    "channel": pl.String, "ingested_at": UTC_TIME, "promised_at": UTC_TIME, "solution_at": UTC_TIME, "closed_at": UTC_TIME, "order_ref": pl.String,
    "rating": pl.Float64, "region": pl.String, "oid": pl.String, "first_human_at": UTC_TIME, "first_bot_at": UTC_TIME, "batch_no": pl.String, "customer_ref": pl.String,
}  # fmt: skip


def moment(day: date, hour: int = 4) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def feedback(*rows: dict[str, object]) -> pl.DataFrame:
    usual: dict[str, object] = {
        "leaf": "PRD.FAULT", "counted": True, "track": "standard", "nature": "complaint", "source": "ticket", "channel": "tickets", "platform": "平台甲",
        "text": "用了三天就不转了，声音还特别大，怎么处理",
    }  # fmt: skip
    return pl.DataFrame([usual | {"record_id": f"R{n}"} | row for n, row in enumerate(rows)], schema=SCHEMA)


def on(day: int, **more: object) -> dict[str, object]:
    """A record on a day of November 2026."""
    return {"submitted_at": moment(date(2026, 11, day))} | more


def steady(per_day: int, first: date, last: date, **more: object) -> list[dict[str, object]]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [{"submitted_at": moment(day)} | more for day in days for _ in range(per_day)]


SHOCK = {"track": "safety", "leaf": "PRD.SAFETY", "symptom": "leak_current", "sku": "KT-11", "text": "壶底座摸着麻手"}


def test_one_safety_case_is_a_red_line(shop: Shop) -> None:
    [line] = red_lines(coded_facts({"feedback": feedback(on(3, **SHOCK))}, AS_OF), W45, shop)
    assert (line.kind, line.cases, line.slice) == ("safety", 1, {"sku": "KT-11", "symptom": "leak_current"})


def test_safety_cases_of_one_product_are_one_line_with_its_days(shop: Shop) -> None:
    rows = [
        on(3, **SHOCK),
        on(5, **SHOCK),
        on(6, **SHOCK),
        on(6, **(SHOCK | {"sku": "AF-01"})),
        on(6, **(SHOCK | {"counted": False})),
    ]
    first, second = red_lines(coded_facts({"feedback": feedback(*rows)}, AS_OF), W45, shop)
    assert (first.cases, first.days) == (3, (date(2026, 11, 3), date(2026, 11, 5), date(2026, 11, 6)))
    assert (second.slice["sku"], second.cases) == ("AF-01", 1)


def test_earlier_cases_and_claim_clusters_are_no_red_line_of_this_period(shop: Shop) -> None:
    rows = [{"submitted_at": moment(date(2026, 10, 30))} | SHOCK, on(4, **(SHOCK | {"claim_cluster": "K1"})), on(9, **SHOCK)]
    assert red_lines(coded_facts({"feedback": feedback(*rows)}, AS_OF), W45, shop) == []


def test_the_days_of_a_red_line_are_those_of_the_cases_it_counts(shop: Shop) -> None:
    rows = [{"submitted_at": moment(date(2026, 10, 30))} | SHOCK, on(4, **SHOCK)]
    [line] = red_lines(coded_facts({"feedback": feedback(*rows)}, AS_OF), W45, shop)
    assert (line.cases, line.days) == (1, (date(2026, 11, 4),))


def test_regulator_cases_and_missed_evidence_open_the_meeting(shop: Shop) -> None:
    day = moment(date(2026, 11, 4))
    cases = pl.DataFrame(
        {"case_no_hash": ["h1"], "body": ["12315"], "received_at": [day]}, schema_overrides={"received_at": UTC_TIME}
    )
    missed = pl.DataFrame(
        {"aftersale_id": ["AS1", "AS2"], "platform_involved": [True, True], "involved_at": [day - timedelta(days=3)] * 2, "must_act_by": [day] * 2,
         "evidence_at": [None, day - timedelta(hours=8)]},
        schema_overrides=dict.fromkeys(("involved_at", "must_act_by", "evidence_at"), UTC_TIME),
    )  # fmt: skip
    lines = red_lines(coded_facts({"regulator_case": cases, "aftersale": missed}, AS_OF), W45, shop)
    assert [(line.kind, line.cases, line.rows) for line in lines] == [("regulator", 1, ("h1",)), ("evidence_missed", 1, ("AS1",))]


def test_deadlines_close_and_missed(shop: Shop) -> None:
    promised = [
        on(3, promised_at=moment(date(2026, 11, 5)), order_ref="T1"),  # missed
        on(3, promised_at=moment(date(2026, 11, 5)), solution_at=moment(date(2026, 11, 4)), order_ref="T2"),  # kept
        on(3, promised_at=AS_OF + timedelta(hours=5), order_ref="T3"),  # close
        on(3, promised_at=AS_OF + timedelta(days=5), order_ref="T4"),  # far
    ]
    found = due_items(coded_facts({"feedback": feedback(*promised)}, AS_OF), W45, shop)
    assert [(item.reference, item.missed, item.kind) for item in found] == [("T1", True, "callback"), ("T3", False, "callback")]


def test_arrivals_are_counted_once_and_split_the_same_under_every_lens(shop: Shop) -> None:
    rows = [on(2, leaf="PRD.FAULT")] * 20 + [on(4, leaf="LOG.DAMAGE")] * 15 + [on(5, counted=False)] * 9 + [on(9)] * 4
    facts = coded_facts({"feedback": feedback(*rows)}, AS_OF)
    made = {(figure.code, figure.scope): figure.value for figure in inflow(facts, W45, shop)}
    assert (made["records", ""], made["complaints", ""], made["complaints_by_source", "ticket"]) == (44, 35, 35)
    table = problems(facts, W45, shop)
    assert {lens: sum(row.cases for row in table if row.lens == lens) for lens in shop.taxonomy.lenses} == dict.fromkeys(
        shop.taxonomy.lenses, 35
    )
    assert dict(daily(facts, W45))[date(2026, 11, 2)] == 20 and len(daily(facts, W45)) == 35


@pytest.mark.parametrize(("expected", "said"), [(40.0, "normal"), (12.0, "worse"), (100.0, "better")])
def test_a_problem_is_judged_against_what_was_to_be_expected(shop: Shop, expected: float, said: str) -> None:
    facts = coded_facts({"feedback": feedback(*[on(3)] * 40)}, AS_OF)
    [row] = [row for row in problems(facts, W45, shop, expected_leaves={"PRD.FAULT": expected}) if row.lens == "A"]
    assert (row.cases, row.expected, row.judgement) == (40, expected, said)


def test_few_cases_are_counted_and_not_judged(shop: Shop) -> None:
    facts = coded_facts({"feedback": feedback(*[on(3)] * 12)}, AS_OF)
    row = problems(facts, W45, shop, expected_leaves={"PRD.FAULT": 2.0})[0]
    assert (row.cases, row.share, row.low) == (12, None, None) and row.judgement in ("insufficient", "untested")


def test_missing_days_of_a_channel_are_named_and_the_period_is_still_whole(shop: Shop) -> None:
    reviews = [
        row
        for row in steady(20, date(2026, 9, 7), W45.last_day, channel="reviews")
        if not date(2026, 11, 3) <= row["submitted_at"].date() <= date(2026, 11, 5)
    ]  # type: ignore[attr-defined, operator]
    rows = reviews + steady(20, date(2026, 9, 7), W45.last_day)
    pulls = [
        Pull(f"p{name}", name, "feedback", W45.start, W45.end, AS_OF, read=5, quarantined=1) for name in ("reviews", "tickets")
    ]
    facts = coded_facts({"feedback": feedback(*rows)}, AS_OF, pulls)
    facts.rejected = {"tickets": 1}
    found = {channel.channel: channel for channel in coverage(facts, W45, shop)}
    assert (found["tickets"].read, found["reviews"].read) == (141, 80), "of the period, not of the last pull"
    assert (
        found["reviews"].missing_days == (date(2026, 11, 3), date(2026, 11, 4), date(2026, 11, 5))
        and found["reviews"].records == 80
    )
    assert (found["tickets"].missing_days, found["tickets"].records, found["tickets"].quarantined) == ((), 140, 1)
    assert partial(facts, W45) == ""
    named = [one for one in breaks(facts, W45, shop, list(found.values())) if one.kind == "missing_data"]
    assert [(one.on, one.until, one.affects) for one in named] == [(date(2026, 11, 3), date(2026, 11, 5), ("reviews",))]


def test_a_period_before_all_data_is_refused_and_one_without_cases_is_not(shop: Shop) -> None:
    facts = coded_facts({"feedback": feedback(on(3))}, AS_OF)
    must_have_data(facts, W45)
    must_have_data(facts, Period.parse("2026-W46"))
    with pytest.raises(UserError, match="2026-W44 lies before all data: the first row is of 2026-11-0"):
        must_have_data(facts, Period.parse("2026-W44"))


def test_a_home_in_which_nothing_arrived_is_refused_with_the_reason(shop: Shop) -> None:
    failed = Pull("p", "desk", "feedback", W45.start, W45.end, AS_OF, error="No file matches t.csv.")
    facts = coded_facts({}, AS_OF, [failed])
    with pytest.raises(UserError, match=r"No source has delivered a row; 2026-W45 .* desk: No file matches"):
        must_have_data(facts, W45)
    facts.unverified = feedback(on(3))
    must_have_data(facts, W45)


@pytest.mark.parametrize(
    ("first", "every", "missing"),
    [(date(2026, 9, 7), 1, 7), (date(2026, 10, 12), 1, 7), (date(2026, 10, 19), 1, 0), (date(2026, 9, 7), 3, 0)],
    ids=["by habit", "from three weeks on", "two weeks are no habit", "so few may be none by chance"],
)
def test_a_small_channel_that_falls_silent_for_a_whole_period_is_told(shop: Shop, first: date, every: int, missing: int) -> None:
    rows = steady(1, first, W45.first_day - timedelta(days=1), channel="reviews")[::every]
    pull = Pull("p", "reviews", "feedback", W45.start, W45.end, AS_OF)
    facts = coded_facts({"feedback": feedback(*rows, on(3))}, AS_OF, [pull])
    found = {one.channel: one for one in coverage(facts, W45, shop)}
    assert len(found["reviews"].missing_days) == missing


def test_data_that_stop_make_a_partial_period_that_judges_nothing(shop: Shop) -> None:
    facts = coded_facts({"feedback": feedback(*steady(20, date(2026, 8, 1), date(2026, 10, 19)))}, AS_OF)
    october = Period.parse("2026-10")
    assert partial(facts, october) == "2026-10-01..2026-10-19"
    assert {figure.judgement for figure in figures(facts, october, shop, partial="2026-10-01..2026-10-19")} == {"incomplete"}
    assert partial(facts, Period.parse("2026-09")) == ""


def test_a_period_that_still_runs_is_partial(shop: Shop) -> None:
    facts = coded_facts({"feedback": feedback(on(3))}, moment(date(2026, 11, 5)))
    assert partial(facts, W45) == "2026-11-02..2026-11-05"


def test_completeness_follows_from_how_late_records_came(shop: Shop) -> None:
    rows = steady(10, date(2026, 8, 10), date(2026, 11, 8))
    for n, row in enumerate(rows):
        lateness = timedelta(hours=1) if n % 10 else timedelta(days=5)
        row["ingested_at"] = row["submitted_at"] + lateness  # type: ignore[operator]
    as_of = W45.end + timedelta(hours=1)
    known = feedback(*rows).filter(pl.col("ingested_at") <= as_of)
    facts = coded_facts({"feedback": known}, as_of)
    # Nine in ten come with their day; the tenth comes five days after it: two of seven days are that old.
    assert completeness(facts, W45) == pytest.approx(0.9 + 0.1 * 2 / 7)


def test_a_week_that_came_in_one_export_on_monday_is_whole(shop: Shop) -> None:
    rows = steady(5, date(2026, 7, 6), date(2026, 11, 8))
    for row in rows:
        day = row["submitted_at"].date()  # type: ignore[attr-defined]
        monday = max(day + timedelta(days=7 - day.weekday()), date(2026, 8, 3))  # the first export held a month
        row["ingested_at"] = moment(monday, 1)
    facts = coded_facts({"feedback": feedback(*rows)}, moment(date(2026, 11, 9), 2))
    assert completeness(facts, W45) == 1.0
    before = coded_facts({"feedback": feedback(*[row for row in rows if row["submitted_at"] < W45.start])}, facts.as_of)  # type: ignore[operator]
    assert before.as_of > W45.end and completeness(before, W45) == 0.0


def test_a_backlog_teaches_no_lateness(shop: Shop) -> None:
    rows = [row | {"ingested_at": moment(date(2026, 11, 9))} for row in steady(10, date(2026, 8, 10), date(2026, 11, 8))]
    assert completeness(coded_facts({"feedback": feedback(*rows)}, AS_OF), W45) is None


def test_the_story_is_scrubbed_short_and_always_the_same(shop: Shop) -> None:
    long = "我" * 60 + "，电话19900001234，邮箱a@b.example，订单SF12345678901，" + "等" * 80
    facts = coded_facts({"feedback": feedback(on(3, text=long), on(3, text="坏了"), on(4, **SHOCK))}, AS_OF)
    told = example_case(facts, W45, [])
    assert told is not None and len(told.text) <= LENGTH
    assert not any(trace in told.text for trace in ("1990000", "a@b", "123456"))
    assert (
        example_case(facts, W45, []) == told
        and example_case(coded_facts({"feedback": feedback(on(4, **SHOCK))}, AS_OF), W45, []) is None
    )


def test_shares_of_a_breakdown_need_enough_reviews(shop: Shop) -> None:
    good = [
        on(3, source="review", rating=5.0, platform=p, counted=False)
        for p in ("甲", "乙", "丙")
        for _ in range({"甲": 30, "乙": 25, "丙": 3}[p])
    ]
    bad = [
        on(4, source="review", rating=1.0, platform=p)
        for p in ("甲", "乙", "丙")
        for _ in range({"甲": 10, "乙": 20, "丙": 1}[p])
    ]
    month = Period.parse("2026-11")
    found = {
        one.dimension: one
        for one in breakdowns(coded_facts({"feedback": feedback(*good, *bad)}, AS_OF), month, shop)
        if one.code == "negative_rate"
    }
    rows = found["platform"].rows
    assert [(value, n) for value, _, n, _, _ in rows] == [("乙", 45.0), ("甲", 40.0)] and rows[0][1] == pytest.approx(20 / 45)
    assert (found["platform"].left_out, found["platform"].total) == (1, 31 / 89)


def test_last_year_is_aligned_by_promotion_lunar_date_or_week(shop: Shop) -> None:
    d11 = last_year(date(2026, 11, 9), date(2026, 11, 15), shop)
    assert (d11.basis, date(2025, 11, 11) in d11.days) == ("promotion", True)
    spring = last_year(date(2026, 2, 16), date(2026, 2, 22), shop)
    assert spring.basis == "lunar" and date(2025, 1, 29) in spring.days  # new year's day, 17 February 2026
    plain = last_year(date(2026, 4, 13), date(2026, 4, 19), shop)
    assert (plain.basis, plain.days[0]) == ("iso_week", date(2025, 4, 14))


def test_figures_stand_in_one_order(shop: Shop) -> None:
    made = figures(coded_facts({"feedback": feedback(*[on(3)] * 40)}, AS_OF), W45, shop)
    order = list(FigureFamily)
    assert [order.index(figure.family) for figure in made] == sorted(order.index(figure.family) for figure in made)
    assert made == figures(coded_facts({"feedback": feedback(*[on(3)] * 40)}, AS_OF), W45, shop)


def test_expectations_are_raised_by_the_cases_that_no_order_explains() -> None:
    """Of twelve cases of a leaf ten have their order; of sixteen in all these ten and three of an app are covered."""
    before = W45.start - timedelta(days=10)
    rows = [(f"a{n}", "o" if n < 10 else None, "function", "PRD.FAULT", before, True) for n in range(12)]
    rows += [(f"b{n}", None, "app", "USE.SETUP", before, True) for n in range(3)]
    rows += [
        ("c", "o", None, "UNK", before, True),
        ("d", "o", "function", "PRD.FAULT", W45.start, True),
        ("e", "o", "function", "PRD.FAULT", before, False),
    ]
    schema = {
        "record_id": pl.String,
        "oid": pl.String,
        "family": pl.String,
        "leaf": pl.String,
        "submitted_at": UTC_TIME,
        "counted": pl.Boolean,
    }
    found = unlinked_factor(coded_facts({"feedback": pl.DataFrame(rows, orient="row", schema=schema)}, AS_OF), W45)
    assert found == {"PRD.FAULT": 1.2, "USE.SETUP": 1.0, "": pytest.approx(16 / 13)}
    assert unlinked_factor(coded_facts({"feedback": pl.DataFrame({"leaf": ["UNK"]})}, AS_OF), W45) == {}


def test_a_table_of_shares_is_led_by_what_its_size_bears_out(shop: Shop) -> None:
    """16 of 34 is the highest share; 160 of 400 is the surer excess, and stands first."""
    counts = {"甲": (16, 34), "乙": (160, 400), "丙": (60, 600)}
    rows = [
        on(3 + n % 3, source="review", rating=1.0 if n < bad else 5.0, platform=platform, counted=n < bad)
        for platform, (bad, every) in counts.items()
        for n in range(every)
    ]
    made = breakdowns(coded_facts({"feedback": feedback(*rows)}, AS_OF), Period.parse("2026-11"), shop)
    [shares] = [one for one in made if (one.code, one.dimension) == ("negative_rate", "platform")]
    assert [row[0] for row in shares.rows] == ["乙", "甲", "丙"]
    assert shares.rows[1][1] == pytest.approx(16 / 34)
