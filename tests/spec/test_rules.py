"""Every rule is seen to fail: a good row that all rules accept, and for each rule a row that it rejects."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from expectations.catalogue import PAGE, page
from expectations.channel import EXPORT_CUTS, MOSTLY_READABLE
from expectations.channel import rules as channel_rules
from expectations.rules import Given
from expectations.suites import SUITES, suite
from tasks.errors import UserError
from tasks.model.rows import CheckedRows
from tasks.model.tables import TABLES
from tasks.validate.channel_verdict import verdict
from tasks.validate.quarantine import judge

NOW = datetime(2026, 11, 16, 1, 30, tzinfo=UTC)
KNOWN = {"sku": {"FW-01", "KT-02"}, "issue": {"PRD.FAULT", "LOG.LATE"}}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FUTURE, ANCIENT = NOW + 2 * DAY, datetime(1970, 1, 1, tzinfo=UTC)

GOOD: dict[str, dict[str, Any]] = {
    "feedback": {
        "record_id": "r1", "source": "chat", "origin": "online", "submitted_at": NOW - 5 * DAY, "purchased_at": NOW - 30 * DAY,
        "first_human_at": NOW - 5 * DAY + HOUR, "closed_at": NOW - 4 * DAY, "must_act_by": NOW + 9 * DAY, "rating": 1.0,
        "csat": 2, "emotion": 4, "title": "充不进电", "text": "用了两个月，充一晚上也只能拖十分钟", "unit_price": 899.0,
        "refund_amount": 0.0, "attachments": 2, "contact_count": 1, "currency": "CNY", "customer_tier": "new",
        "impact": "severe", "frequency": "often", "request": "repair", "nature": "complaint", "traffic_source": "self_live",
        "issue": "PRD.FAULT", "sku": "FW-01", "order_ref": "2026111600012345", "batch_no": "2608-B",
    },
    "order_line": {
        "oid": "o1", "tid": "t1", "sku": "FW-01", "qty": 1, "paid_at": NOW - 9 * DAY, "shipped_at": NOW - 8 * DAY,
        "signed_at": NOW - 5 * DAY, "paid_amount": 899.0, "cost_amount": 400.0, "cancelled_before_ship": False,
        "traffic_source": "shelf", "batch_source": "sn", "batch_no": "FW03-2608B",
    },
    "aftersale": {
        "aftersale_id": "a1", "type": "return_refund", "phase": "after_sign", "applied_at": NOW - 4 * DAY, "qty": 1,
        "must_act_by": NOW - 2 * DAY, "refunded_at": NOW - 3 * DAY, "refund_amount": 899.0, "freight_amount": 12.0,
        "compensation_amount": 0.0, "liability": "merchant", "decided_by": "merchant", "sku": "FW-01",
    },
    "return_inspection": {
        "aftersale_id": "a1", "inspected_at": NOW - DAY, "result": "scrap", "photo_count": 3, "loss_amount": 400.0,
        "batch_no": "FW03-2608B",
    },
    "exposure": {"day": date(2026, 11, 9), "kind": "units_signed", "n": 310.0, "sku": "FW-01"},
    "platform_metric": {
        "platform": "平台甲", "metric_code": "dsr", "value": 4.7, "window_days": 30, "as_published_at": NOW - DAY,
    },
    "regulator_case": {
        "case_no_hash": "c1", "body": "12315", "kind": "complaint", "received_at": NOW - 3 * DAY,
        "must_act_by": NOW + 4 * DAY, "answered_at": NOW - DAY, "amount": 899.0,
    },
    "batch": {
        "batch_no": "FW03-2608B", "sku": "FW-01", "made_on": date(2026, 8, 20), "qty_in": 900, "qty_shipped": 800,
        "qty_stock": 100, "qty_transit": 0, "qty_at_supplier": 0, "first_ship": date(2026, 9, 1), "last_ship": date(2026, 11, 1),
    },
    "cost_rate": {"item": "freight_back", "valid_from": date(2026, 1, 1), "amount": 12.0},
    "product": {
        "sku": "FW-01", "line": "FW", "listed_on": date(2025, 3, 1), "maturity_days": 30, "price": 899.0, "cost": 400.0,
    },
}  # fmt: skip

LONG = "x" * 201
REJECTED: dict[str, dict[str, Any] | list[dict[str, Any]]] = {
    "feedback.record_id_known": {"record_id": None},
    "feedback.record_id_sound": [{"record_id": ""}, {"record_id": LONG}],
    "feedback.source_known": {"source": None},
    "feedback.source_coded": {"source": "pigeon"},
    "feedback.submitted_at_known": {"submitted_at": None},
    "feedback.submitted_at_sane": [{"submitted_at": FUTURE, "first_human_at": None, "closed_at": None}, {"submitted_at": ANCIENT}],
    "feedback.first_human_after_submitted": {"first_human_at": NOW - 7 * DAY},
    "feedback.first_human_after_submitted_exactly": {"first_human_at": NOW - 5 * DAY - HOUR},
    "feedback.closed_after_submitted": {"closed_at": NOW - 7 * DAY},
    "feedback.closed_after_submitted_exactly": {"closed_at": NOW - 5 * DAY - HOUR},
    "feedback.rating_in_stars": [{"rating": 5.5}, {"rating": -1.0}],
    "feedback.csat_in_points": [{"csat": 0}, {"csat": 6}],
    "feedback.emotion_in_grades": [{"emotion": 0}, {"emotion": 6}],
    "feedback.text_short_enough": {"text": "长" * 100_001},
    "feedback.title_short_enough": {"title": "长" * 501},
    "feedback.unit_price_sane": [{"unit_price": -0.01}, {"unit_price": 1e7}],
    "feedback.refund_amount_sane": [{"refund_amount": -0.01}, {"refund_amount": 1e7}],
    "feedback.attachments_counted": [{"attachments": -1}, {"attachments": 10_001}],
    "feedback.contact_count_sane": [{"contact_count": 0}, {"contact_count": 1_001}],
    "feedback.currency_of_shop": {"currency": "USD"},
    "order_line.currency_of_shop": {"currency": "USD"},
    "aftersale.currency_of_shop": {"currency": "USD"},
    "return_inspection.currency_of_shop": {"currency": "USD"},
    "regulator_case.currency_of_shop": {"currency": "USD"},
    "feedback.origin_coded": {"origin": "moon"},
    "feedback.customer_tier_coded": {"customer_tier": "gold"},
    "feedback.impact_coded": {"impact": "huge"},
    "feedback.frequency_coded": {"frequency": "daily"},
    "feedback.request_coded": {"request": "apology"},
    "feedback.nature_coded": {"nature": "rant"},
    "feedback.traffic_source_coded": {"traffic_source": "tv"},
    "feedback.issue_in_taxonomy": {"issue": "XXX.YYY"},
    "feedback.sku_listed": {"sku": "FW-99"},
    "feedback.order_ref_of_order": [{"order_ref": "SF1234567890123"}, {"order_ref": " yt8812345678901 "}],
    "feedback.batch_no_telling": [{"batch_no": text} for text in ("无", "/", "-", "n/a", "不详", "", " 0 ", "？")],
    "feedback.batch_no_digits": {"batch_no": "26O8B"},
    "feedback.text_whole": {"text": "打我电话[电话]，一直没人接"},
    "feedback.deadline_after_submitted": {"must_act_by": NOW - 7 * DAY},
    "feedback.deadline_after_submitted_exactly": {"must_act_by": NOW - 5 * DAY - HOUR},
    "feedback.times_not_ancient": {"purchased_at": ANCIENT},
    "feedback.times_not_ahead": {"purchased_at": FUTURE},
    "order_line.oid_known": {"oid": None},
    "order_line.oid_sound": [{"oid": ""}, {"oid": LONG}],
    "order_line.tid_known": {"tid": None},
    "order_line.tid_sound": [{"tid": ""}, {"tid": LONG}],
    "order_line.sku_known": {"sku": None},
    "order_line.sku_sound": [{"sku": ""}, {"sku": LONG}],
    "order_line.qty_known": {"qty": None},
    "order_line.qty_sane": [{"qty": 0}, {"qty": 100_001}],
    "order_line.paid_at_known": {"paid_at": None},
    "order_line.paid_at_sane": [{"paid_at": FUTURE, "shipped_at": None}, {"paid_at": ANCIENT}],
    "order_line.paid_amount_sane": [{"paid_amount": -1.0}, {"paid_amount": 1e7}],
    "order_line.cost_amount_sane": [{"cost_amount": -1.0}, {"cost_amount": 1e7}],
    "order_line.shipped_after_paid": {"shipped_at": NOW - 11 * DAY},
    "order_line.shipped_after_paid_exactly": {"shipped_at": NOW - 9 * DAY - HOUR},
    "order_line.signed_after_shipped": {"signed_at": NOW - 8 * DAY - timedelta(minutes=3)},
    "order_line.signature_known": {"paid_at": NOW - 20 * DAY, "shipped_at": NOW - 17 * DAY, "signed_at": None},
    "order_line.cancelled_not_shipped": {"cancelled_before_ship": True},
    "order_line.times_not_ancient": {"signed_at": ANCIENT},
    "order_line.times_not_ahead": {"signed_at": FUTURE},
    "order_line.traffic_source_coded": {"traffic_source": "tv"},
    "order_line.batch_source_coded": {"batch_source": "guess"},
    "order_line.sku_listed": {"sku": "FW-99"},
    "order_line.batch_no_telling": {"batch_no": "无"},
    "order_line.batch_no_digits": {"batch_no": "26O8B"},
    "aftersale.aftersale_id_known": {"aftersale_id": None},
    "aftersale.aftersale_id_sound": [{"aftersale_id": ""}, {"aftersale_id": LONG}],
    "aftersale.type_known": {"type": None},
    "aftersale.type_coded": {"type": "gift"},
    "aftersale.phase_known": {"phase": None},
    "aftersale.phase_coded": {"phase": "later"},
    "aftersale.applied_at_known": {"applied_at": None},
    "aftersale.applied_at_sane": [{"applied_at": FUTURE, "refunded_at": None, "must_act_by": None}, {"applied_at": ANCIENT}],
    "aftersale.qty_sane": [{"qty": 0}, {"qty": 100_001}],
    "aftersale.refund_amount_sane": [{"refund_amount": -1.0}, {"refund_amount": 1e7}],
    "aftersale.freight_amount_sane": [{"freight_amount": -1.0}, {"freight_amount": 1e7}],
    "aftersale.compensation_amount_sane": [{"compensation_amount": -1.0}, {"compensation_amount": 1e7}],
    "aftersale.refunded_after_applied": {"refunded_at": NOW - 6 * DAY},
    "aftersale.refunded_after_applied_exactly": {"refunded_at": NOW - 4 * DAY - HOUR},
    "aftersale.deadline_after_applied": {"must_act_by": NOW - 6 * DAY},
    "aftersale.deadline_after_applied_exactly": {"must_act_by": NOW - 4 * DAY - HOUR},
    "aftersale.liability_coded": {"liability": "weather"},
    "aftersale.decided_by_coded": {"decided_by": "dice"},
    "aftersale.sku_listed": {"sku": "FW-99"},
    "aftersale.times_not_ancient": {"returned_at": ANCIENT},
    "aftersale.times_not_ahead": {"received_at": FUTURE},
    "return_inspection.aftersale_id_known": {"aftersale_id": None},
    "return_inspection.aftersale_id_sound": [{"aftersale_id": ""}, {"aftersale_id": LONG}],
    "return_inspection.inspected_at_known": {"inspected_at": None},
    "return_inspection.inspected_at_sane": [{"inspected_at": FUTURE}, {"inspected_at": ANCIENT}],
    "return_inspection.result_known": {"result": None},
    "return_inspection.result_coded": {"result": "fine"},
    "return_inspection.photo_count_sane": [{"photo_count": -1}, {"photo_count": 10_001}],
    "return_inspection.loss_amount_sane": [{"loss_amount": -1.0}, {"loss_amount": 1e7}],
    "return_inspection.batch_no_telling": {"batch_no": "/"},
    "return_inspection.batch_no_digits": {"batch_no": "26O8B"},
    "exposure.day_known": {"day": None},
    "exposure.day_sane": [{"day": date(2026, 11, 18)}, {"day": date(1999, 12, 31)}],
    "exposure.kind_known": {"kind": None},
    "exposure.kind_coded": {"kind": "visits"},
    "exposure.n_known": {"n": None},
    "exposure.n_sane": [{"n": -1.0}, {"n": 1.1e9}],
    "exposure.sku_listed": {"sku": "FW-99"},
    "platform_metric.platform_known": {"platform": None},
    "platform_metric.platform_sound": [{"platform": ""}, {"platform": LONG}],
    "platform_metric.metric_code_known": {"metric_code": None},
    "platform_metric.metric_code_sound": [{"metric_code": ""}, {"metric_code": LONG}],
    "platform_metric.value_known": {"value": None},
    "platform_metric.value_sane": [{"value": 1.1e9}, {"value": -1.1e9}],
    "platform_metric.window_days_sane": [{"window_days": 0}, {"window_days": 367}],
    "platform_metric.as_published_at_known": {"as_published_at": None},
    "platform_metric.as_published_at_sane": [{"as_published_at": FUTURE}, {"as_published_at": ANCIENT}],
    "regulator_case.case_no_hash_known": {"case_no_hash": None},
    "regulator_case.case_no_hash_sound": [{"case_no_hash": ""}, {"case_no_hash": LONG}],
    "regulator_case.body_known": {"body": None},
    "regulator_case.body_coded": {"body": "mayor"},
    "regulator_case.kind_coded": {"kind": "poem"},
    "regulator_case.received_at_known": {"received_at": None},
    "regulator_case.received_at_sane": [{"received_at": FUTURE, "answered_at": None}, {"received_at": ANCIENT}],
    "regulator_case.amount_sane": [{"amount": -1.0}, {"amount": 1e7}],
    "regulator_case.deadline_after_received": {"must_act_by": NOW - 5 * DAY},
    "regulator_case.deadline_after_received_exactly": {"must_act_by": NOW - 3 * DAY - HOUR},
    "regulator_case.answered_after_received": {"answered_at": NOW - 5 * DAY},
    "regulator_case.answered_after_received_exactly": {"answered_at": NOW - 3 * DAY - HOUR},
    "batch.batch_no_known": {"batch_no": None},
    "batch.batch_no_sound": [{"batch_no": ""}, {"batch_no": LONG}],
    "batch.sku_known": {"sku": None},
    "batch.sku_sound": [{"sku": ""}, {"sku": LONG}],
    "batch.made_on_sane": [{"made_on": date(2026, 11, 18)}, {"made_on": date(1999, 12, 31)}],
    "batch.quantities_sane": [{name: -1} for name in ("qty_in", "qty_shipped", "qty_stock", "qty_transit", "qty_at_supplier")],
    "batch.shipments_in_order": {"last_ship": date(2026, 8, 31)},
    "batch.sku_listed": {"sku": "FW-99"},
    "batch.batch_no_telling": {"batch_no": "/"},
    "batch.batch_no_digits": {"batch_no": "26O8B"},
    "cost_rate.item_known": {"item": None},
    "cost_rate.item_sound": [{"item": ""}, {"item": LONG}],
    "cost_rate.valid_from_known": {"valid_from": None},
    "cost_rate.valid_from_sane": [{"valid_from": date(2026, 11, 18)}, {"valid_from": date(1999, 12, 31)}],
    "cost_rate.amount_known": {"amount": None},
    "cost_rate.amount_sane": [{"amount": -1.0}, {"amount": 1e7}],
    "product.sku_known": {"sku": None},
    "product.sku_sound": [{"sku": ""}, {"sku": LONG}],
    "product.line_known": {"line": None},
    "product.line_sound": [{"line": ""}, {"line": LONG}],
    "product.listed_on_sane": [{"listed_on": date(2026, 11, 18)}, {"listed_on": date(1999, 12, 31)}],
    "product.maturity_days_sane": [{"maturity_days": -1}, {"maturity_days": 3_651}],
    "product.price_sane": [{"price": -1.0}, {"price": 1e7}],
    "product.cost_sane": [{"cost": -1.0}, {"cost": 1e7}],
}  # fmt: skip

OTHER_CONTENT: dict[str, dict[str, Any]] = {
    "feedback": {"text": "另一段话"}, "order_line": {"paid_amount": 1.0}, "aftersale": {"refund_amount": 1.0},
    "return_inspection": {"photo_count": 9}, "exposure": {"n": 1.0}, "platform_metric": {"value": 1.0},
    "regulator_case": {"amount": 1.0}, "batch": {"qty_in": 1}, "cost_rate": {"amount": 1.0}, "product": {"price": 1.0},
}  # fmt: skip

FLAGGED_TOO = {
    "order_line.times_not_ancient": {"order_line.signed_after_shipped"},
    "order_line.sku_sound": {"order_line.sku_listed"},
    "batch.sku_sound": {"batch.sku_listed"},
    "batch.batch_no_sound": {"batch.batch_no_telling"},
}
"""Rules whose failing row rightly breaks another one as well, besides those that follow from one wrong time."""


def _frame(table: str, *changes: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([GOOD[table] | change for change in changes], schema=TABLES[table].columns, infer_schema_length=None)


def judged_rows(table: str, *changes: dict[str, Any], confirm: bool = False) -> CheckedRows:
    """Send good rows with these changes through the gate."""
    return judge(table, _frame(table, *changes), None, now=NOW, known=KNOWN, channel="试", pull_id="p1", confirm=confirm)


def _broken(judged: CheckedRows) -> set[str]:
    return {result.rule for result in judged.results if result.failed}


def _names() -> list[str]:
    given = Given(NOW, known={name: frozenset(codes) for name, codes in KNOWN.items()})
    return [rule.name for table in SUITES for rule in suite(table, given)]


CASES = [(name, change) for name, changes in REJECTED.items() for change in (changes if isinstance(changes, list) else [changes])]


def test_every_rule_has_a_row_that_it_rejects():
    assert sorted(_names()) == sorted([*REJECTED, *(f"{table}.one_version" for table in SUITES)])


@pytest.mark.parametrize("table", list(SUITES))
def test_a_good_row_breaks_no_rule(table: str):
    judged = judged_rows(table, {})
    assert _broken(judged) == set()
    assert judged.good["flags"].to_list() == [[]]
    assert judged.quarantine.height == 0


@pytest.mark.parametrize(("name", "change"), CASES, ids=[f"{name}-{index}" for index, (name, _) in enumerate(CASES)])
def test_a_rule_rejects_its_row(name: str, change: dict[str, Any]):
    table = name.partition(".")[0]
    judged = judged_rows(table, change)
    broken = _broken(judged)
    assert name in broken
    if not any(isinstance(value, datetime) for value in change.values()):
        assert broken - {name} <= FLAGGED_TOO.get(name, set())
    level = next(result.level for result in judged.results if result.rule == name)
    if level == "row":
        assert judged.quarantine.height == 1
        assert name in judged.quarantine["rules"][0]
    else:
        assert name in (judged.good["flags"].to_list() or [[name]])[0]


@pytest.mark.parametrize("table", list(SUITES))
def test_one_key_with_two_contents_is_flagged(table: str):
    judged = judged_rows(table, {}, OTHER_CONTENT[table])
    assert judged.flags == {f"{table}.one_version": 2}


@pytest.mark.parametrize("table", list(SUITES))
def test_one_row_delivered_twice_is_no_conflict(table: str):
    assert judged_rows(table, {}, {}).flags == {}


def test_two_stamped_versions_of_a_record_are_no_conflict():
    frame = _frame("feedback", {}, {"text": "改过"}).with_columns(pl.Series("source_version", ["1", "2"]))
    assert judge("feedback", frame, None, now=NOW, confirm=False).flags == {}


def test_rules_without_their_codes_are_left_out():
    with_codes = {rule.name for rule in suite("feedback", Given(NOW, known={"sku": frozenset(), "issue": frozenset()}))}
    without = {rule.name for rule in suite("feedback", Given(NOW))}
    assert with_codes - without == {"feedback.sku_listed", "feedback.issue_in_taxonomy"}


def test_an_unknown_table_is_told():
    with pytest.raises(UserError, match="no table 'complaints'"):
        suite("complaints", Given(NOW))


def test_every_rule_says_who_why_and_what_to_do():
    given = Given(NOW, known={name: frozenset(codes) for name, codes in KNOWN.items()})
    rules = [rule for table in SUITES for rule in suite(table, given)] + channel_rules()
    for rule in rules:
        assert rule.owner
        for texts in (rule.reason, rule.hint):
            assert set(texts) == {"zh-CN", "en"}
            assert all(texts.values())
    names = [rule.name for rule in rules]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("read", "quarantined", "excluded"),
    [
        (100, 10, False),
        (100, 11, False),
        (100, 17, True),
        (29, 29, False),
        (30, 6, False),
        (30, 8, True),
        (9, 1, False),
        (0, 0, False),
    ],
)
def test_a_channel_drops_out_when_certainly_more_than_a_tenth_is_bad(read: int, quarantined: int, excluded: bool):
    judged = verdict("短信", read - quarantined, quarantined, {"feedback.source_coded": quarantined})
    assert judged.excluded is excluded
    if excluded:
        assert judged.reason == MOSTLY_READABLE.reason
        assert judged.hint["en"]
        assert judged.rules == {"feedback.source_coded": quarantined}
    else:
        assert judged.reason == {}


def test_an_export_that_stops_at_a_round_number_is_suspected():
    assert verdict("导出", EXPORT_CUTS[1], 0, {}).warnings == ("channel.not_cut_off",)
    assert verdict("导出", EXPORT_CUTS[1] - 1, 0, {}).warnings == ()


def test_the_page_of_rules_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m expectations.catalogue`"


@pytest.mark.parametrize(("currency", "rated", "passes"), [("CNY", (), False), ("VND", (), True), ("GBP", ("KRW",), True)])
def test_money_with_many_zeros_is_not_absurd(currency: str, rated: tuple[str, ...], passes: bool) -> None:
    """Twelve million dong are 400 euros: a shop in Hanoi would lose every order of that size."""
    rules = suite("order_line", Given(NOW, currency=currency, rated=frozenset(rated)))
    [one] = [rule for rule in rules if rule.name == "order_line.paid_amount_sane"]
    failing = pl.DataFrame({"paid_amount": [12e6, 2e13]}).select(one.definition.failing()).to_series().to_list()
    assert failing == [not passes, True]
