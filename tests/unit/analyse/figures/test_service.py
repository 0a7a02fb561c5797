"""Service figures: counted when the clock was due, open and overdue ones included."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tasks.analyse.figures.published import published
from tasks.analyse.figures.service import service
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts
from tasks.model.figures import Figure
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import coded_facts, default_shop

W45 = Period.parse("2026-W45")
AS_OF = datetime(2026, 11, 10, 4, tzinfo=UTC)
NOON = datetime(2026, 11, 4, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


def find(figures: list[Figure], code: str, scope: str = "") -> Figure:
    return next(figure for figure in figures if (figure.code, figure.scope) == (code, scope))


def replies() -> pl.DataFrame:
    rows = []
    for n in range(15 * 7):
        day = date(2026, 7, 27) + timedelta(days=n)
        for shift, answered in (("白班", 95.0), ("22-02", 52.0 if day >= date(2026, 10, 26) else 91.0)):
            rows += [(day, "human_conversations", "外包", shift, 100.0), (day, "replied_3min", "外包", shift, answered)]
    return pl.DataFrame(
        rows, orient="row", schema={"day": pl.Date, "kind": pl.String, "queue": pl.String, "shift": pl.String, "n": pl.Float64}
    )


def test_replies_within_three_minutes_by_shift(shop: Shop) -> None:
    made = service(coded_facts({"exposure": replies()}, AS_OF), W45, shop)
    whole = find(made, "reply_3min_rate")
    assert (whole.value, whole.n, whole.target, whole.attainment, whole.streak, whole.judgement) == (
        0.735,
        1400,
        0.9,
        "missed",
        2,
        "worse",
    )
    night = find(made, "reply_3min_rate", "外包 22-02")
    assert (night.value, night.judgement) == (0.52, "worse")
    assert find(made, "reply_3min_rate", "白班").judgement == "normal"


def promises(met: int, missed: int, milestone: str, due: datetime) -> pl.DataFrame:
    return pl.DataFrame(
        {"milestone": [milestone] * (met + missed), "due_at": [due] * (met + missed), "met": [True] * met + [False] * missed}
    )


def test_promises_count_when_due_and_open_ones_are_missed(shop: Shop) -> None:
    due = pl.concat(
        [
            promises(27, 3, "human_first", NOON),
            promises(2, 1, "regulator_answer", NOON),
            promises(50, 0, "human_first", W45.end),  # due after the period
        ]
    )
    made = service(coded_facts({}, AS_OF), W45, shop, due)
    whole = find(made, "sla_rate")
    assert (whole.numerator, whole.n, whole.value) == (29, 33, 29 / 33)
    few = find(made, "sla_rate", "regulator_answer")
    assert (few.value, few.numerator, few.n, few.missing) == (None, 2, 3, "few_cases")


def aftersales() -> pl.DataFrame:
    def row(n: int, **more: object) -> dict[str, object]:
        values: dict[str, object] = {
            "aftersale_id": f"AS{n}", "oid": f"T{n}", "type": "return_refund", "phase": "after_sign", "applied_at": NOON - timedelta(days=2),
            "agreed_at": NOON - timedelta(days=2) + timedelta(minutes=60), "closed_at": NOON, "platform_involved": False, "involved_at": None,
            "must_act_by": None, "evidence_at": None, "liability": "none", "decided_by": "merchant", "received_at": None, "refunded_at": None,
        }  # fmt: skip
        return values | more

    rows = [row(n) for n in range(46)]
    rows += [row(100, platform_involved=True, involved_at=NOON - timedelta(days=3), must_act_by=NOON, liability="merchant")]
    rows += [
        row(
            101,
            platform_involved=True,
            involved_at=NOON - timedelta(days=3),
            must_act_by=NOON,
            evidence_at=NOON - timedelta(hours=9),
        )
    ]
    rows += [row(102, decided_by="auto_timeout"), row(103, closed_at=None, agreed_at=None, applied_at=NOON - timedelta(days=1))]
    schema = {
        name: UTC_TIME
        if name.endswith(("_at", "_by")) and name != "decided_by"
        else pl.Boolean
        if name == "platform_involved"
        else pl.String
        for name in rows[0]
    }
    return pl.DataFrame(rows, schema=schema)


def test_platform_cases_evidence_and_timeouts(shop: Shop) -> None:
    made = service(coded_facts({"aftersale": aftersales()}, AS_OF), W45, shop)
    assert (find(made, "platform_involved_rate").numerator, find(made, "platform_involved_rate").n) == (2, 49)
    assert find(made, "merchant_liable_rate").value is None and find(made, "merchant_liable_rate").numerator == 1
    evidence = find(made, "evidence_missed")
    assert (evidence.value, evidence.n, evidence.judgement, evidence.attainment) == (1, 2, "watch", "missed")
    assert find(made, "auto_timeout_count").value == 1
    # 46 + 2 agreed after an hour, one waits since yesterday; the timer's case does not flatter the median.
    assert (find(made, "refund_minutes_median").value, find(made, "refund_minutes_median").n) == (60, 49)


def test_regulator_cases_are_told_one_by_one(shop: Shop) -> None:
    cases = pl.DataFrame(
        {"case_no_hash": ["a", "b", "c"], "received_at": [NOON] * 3, "must_act_by": [NOON, NOON, AS_OF + timedelta(days=9)],
         "first_contact_at": [NOON - timedelta(hours=1), None, None], "answered_at": [None, NOON + timedelta(hours=1), None]},
        schema={"case_no_hash": pl.String, "received_at": UTC_TIME, "must_act_by": UTC_TIME, "first_contact_at": UTC_TIME, "answered_at": UTC_TIME},
    )  # fmt: skip
    figure = find(service(coded_facts({"regulator_case": cases}, AS_OF), W45, shop), "regulator_on_time")
    assert (figure.value, figure.n, figure.judgement) == (0.5, 2, "watch")


def contacts(closed: date) -> CodedFacts:
    moment = datetime(closed.year, closed.month, closed.day, 4, tzinfo=UTC)
    rows = [(f"R{n}", f"c{n}", f"T{n}", moment - timedelta(days=1), moment, True) for n in range(40)]
    rows += [(f"S{n}", f"c{n}", f"T{n}", moment + timedelta(days=n), None, False) for n in range(1, 12)]
    schema = {
        "record_id": pl.String,
        "customer_ref": pl.String,
        "oid": pl.String,
        "submitted_at": UTC_TIME,
        "closed_at": UTC_TIME,
        "counted": pl.Boolean,
    }
    frame = pl.DataFrame(rows, orient="row", schema=schema).with_columns(
        source=pl.lit("mail"), order_ref=pl.lit(None, dtype=pl.String)
    )
    full = frame.with_columns(first_human_at=pl.lit(None, dtype=UTC_TIME), first_bot_at=pl.lit(None, dtype=UTC_TIME))
    return coded_facts({"feedback": full}, AS_OF)


def test_solved_at_once_is_monthly_and_a_week_old(shop: Shop) -> None:
    october = Period.parse("2026-10")
    figure = find(service(contacts(date(2026, 9, 15)), october, shop), "fcr")
    # Second contacts on days 1 to 7 count, on days 8 to 11 not.
    assert (figure.numerator, figure.n, figure.axis_from) == (33, 40, date(2026, 9, 1))
    assert not [f for f in service(contacts(date(2026, 9, 15)), W45, shop) if f.code == "fcr"]


def metrics(*rows: tuple[str, float, int, str]) -> CodedFacts:
    frame = pl.DataFrame(
        [("平台甲", "店", code, code, value, 30, AS_OF - timedelta(days=days), 4.5, 4.3, version) for code, value, days, version in rows],
        orient="row",
        schema={"platform": pl.String, "shop": pl.String, "metric_code": pl.String, "metric_name": pl.String, "value": pl.Float64,
                "window_days": pl.Int64, "as_published_at": UTC_TIME, "warn_line": pl.Float64, "bad_line": pl.Float64, "formula_version": pl.String},
    )  # fmt: skip
    return coded_facts({"platform_metric": frame}, AS_OF)


def test_published_scores_are_repeated_with_their_distance(shop: Shop) -> None:
    [figure] = published(metrics(("score", 4.6, 8, "v1"), ("score", 4.7, 1, "v1")), W45, shop)
    assert (figure.code, figure.scope, figure.value, figure.previous, figure.judgement) == (
        "platform_score",
        "平台甲",
        4.7,
        4.6,
        "normal",
    )
    assert "distance=0.2" in figure.note and figure.target == 4.5


def test_a_score_below_its_warning_line_is_worse(shop: Shop) -> None:
    [figure] = published(metrics(("score", 4.4, 1, "v1")), W45, shop)
    assert (figure.judgement, figure.attainment) == ("worse", "missed")


def test_a_new_formula_breaks_the_comparison(shop: Shop) -> None:
    [figure] = published(metrics(("score", 4.9, 8, "v1"), ("score", 4.7, 1, "v2")), W45, shop)
    assert (figure.previous, figure.judgement) == (None, "level_break")
    assert [value for _, value in figure.series][-2:] == [None, 4.7]


def test_what_was_published_later_is_not_known(shop: Shop) -> None:
    facts = metrics(("score", 4.7, 1, "v1"), ("score", 3.0, -3, "v1"))
    assert published(facts, W45, shop)[0].value == 4.7
