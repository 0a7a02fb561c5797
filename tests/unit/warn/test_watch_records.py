"""What is found without order lines: safety, clocks, parcels, moods and words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.methods.chance import days_between, days_between_new, dispersion
from tasks.model.facts import CodedFacts
from tasks.model.tables import TABLES
from tasks.shop.load import Shop
from tasks.warn.kinds.deadlines import deadlines
from tasks.warn.kinds.emotion import emotion
from tasks.warn.kinds.new_words import new_words, terms
from tasks.warn.kinds.parcels import parcels
from tasks.warn.kinds.regulator import regulator
from tasks.warn.kinds.reputation import reputations
from tasks.warn.kinds.safety import safety
from tests.makers.shops import coded_facts
from tests.makers.warnings import MOMENT

CODED = {
    "oid": pl.String, "leaf": pl.String, "symptom": pl.String, "family": pl.String, "counted": pl.Boolean, "track": pl.String,
    "case_id": pl.String, "claim_cluster": pl.String, "severity_why": pl.List(pl.String),
    "shipped_at": pl.Datetime("us", "UTC"), "signed_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


def ago(hours: float) -> datetime:
    return MOMENT - timedelta(hours=hours)


def records(*rows: dict[str, Any]) -> CodedFacts:
    schema = {**TABLES["feedback"].columns, **CODED}
    filled = [
        {
            "record_id": f"r{n}", "case_id": f"c{n}", "oid": f"o{n}", "counted": True, "nature": "complaint", "source": "ticket",
            "leaf": "PRD.FAULT", "track": "standard", "emotion": 3, "severity_why": [], "submitted_at": ago(30), **row,
        }
        for n, row in enumerate(rows)
    ]  # fmt: skip
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in filled], schema=schema)
    return coded_facts({"feedback": frame}, MOMENT)


def with_tables(facts: CodedFacts, **tables: list[dict[str, Any]]) -> CodedFacts:
    for name, rows in tables.items():
        schema = TABLES[name].columns
        facts.tables[name] = pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)
    return facts


# ---- Safety ------------------------------------------------------------------------------------


def test_one_safety_case_is_enough_and_those_of_one_symptom_stand_together(shop: Shop) -> None:
    lead = {"leaf": "PRD.SAFETY", "track": "safety", "symptom": "leak_current", "sku": "KT-11", "text": "壶底座摸着麻手"}
    facts = records({**lead, "submitted_at": ago(140)}, lead, {**lead, "sku": "FN-01"}, {**lead, "submitted_at": ago(300)}, {})
    found = safety(facts, shop)
    assert [(w.slice, w.symptom, w.observed, w.words) for w in found] == [
        ({"sku": "KT-11"}, "leak_current", 2.0, ("麻手",)),
        ({"sku": "FN-01"}, "leak_current", 1.0, ("麻手",)),
    ]
    assert found[0].every_days is None and found[0].answer_by == MOMENT + timedelta(hours=2)


# ---- Clocks ------------------------------------------------------------------------------------


def test_deadlines_of_one_kind_stand_together_with_their_money(shop: Shop) -> None:
    base = {"type": "refund_only", "phase": "after_sign", "applied_at": ago(48)}
    evidence = {**base, "platform_involved": True, "involved_at": ago(30)}
    facts = with_tables(
        records(),
        aftersale=[
            {**evidence, "aftersale_id": "A1", "must_act_by": ago(-8), "refund_amount": 1000.0},
            {**evidence, "aftersale_id": "A2", "must_act_by": ago(-3), "refund_amount": 260.0},
            {**evidence, "aftersale_id": "done", "must_act_by": ago(-3), "evidence_at": ago(1), "refund_amount": 9.0},
            {**evidence, "aftersale_id": "far", "must_act_by": ago(-30), "refund_amount": 9.0},
            {**base, "aftersale_id": "missed", "must_act_by": ago(2), "refund_amount": 9.0},
        ],
    )
    found = deadlines(facts, shop)
    assert [(w.slice, w.items, sum(w.amounts), w.answer_by) for w in found] == [
        ({"deadline": "evidence"}, ("A2", "A1"), 1260.0, ago(-3))
    ]


def test_a_regulator_case_is_told_when_it_comes_and_when_its_answer_is_near(shop: Shop) -> None:
    facts = with_tables(
        records(),
        regulator_case=[
            {"case_no_hash": "aaaaaaaa1", "body": "12315", "received_at": ago(4), "must_act_by": ago(-200)},
            {
                "case_no_hash": "bbbbbbbb2",
                "body": "12315",
                "received_at": ago(90),
                "first_contact_at": ago(80),
                "must_act_by": ago(-10),
            },
            {
                "case_no_hash": "cccccccc3",
                "body": "12345",
                "received_at": ago(90),
                "first_contact_at": ago(80),
                "answered_at": ago(2),
            },
        ],
    )
    assert [(w.slice["milestone"], w.items) for w in regulator(facts, shop)] == [
        ("regulator_contact", ("regulator_contact:aaaaaaaa",)),
        ("regulator_answer", ("regulator_answer:bbbbbbbb",)),
    ]


# ---- Parcels -----------------------------------------------------------------------------------


def test_a_parcel_without_a_scan_for_two_days_has_stalled(shop: Shop) -> None:
    sent = {"leaf": "LOG.INFO", "shipped_at": ago(100), "carrier": "C1"}
    facts = records(
        {**sent, "waybill": "w1", "last_scan_at": ago(49), "oid": "o-scan"},
        {**sent, "waybill": "w2", "last_scan_at": ago(47), "oid": "o-moving"},
        {**sent, "leaf": "LOG.STALL", "oid": "o-said", "submitted_at": ago(5)},
        {**sent, "leaf": "LOG.STALL", "oid": "o-signed", "signed_at": ago(3), "submitted_at": ago(5)},
        {**sent, "leaf": "LOG.STALL", "oid": "o-other", "carrier": "C2", "submitted_at": ago(6)},
        {"leaf": "LOG.STALL", "oid": "o-unsent", "submitted_at": ago(5)},
    )
    found = parcels(facts, shop)
    assert [(w.kind, w.slice, w.items, w.expected) for w in found] == [("parcels", {}, ("o-other", "o-said", "o-scan"), 0.0)]
    facts.tables["feedback"] = facts["feedback"].filter(pl.col("carrier") == "C2")
    assert [w.slice for w in parcels(facts, shop)] == [{"carrier": "C2"}]
    facts.tables["feedback"] = facts["feedback"].clear()
    assert parcels(facts, shop) == []


# ---- Moods -------------------------------------------------------------------------------------


def moody(now: int, legal: int = 0) -> CodedFacts:
    """Return ten weeks of ten complaints a day, one in ten furious, and some furious ones more in the last three days."""
    rows: list[dict[str, Any]] = [
        {"submitted_at": ago(24 * day + 10), "emotion": 5 if n == 0 else 2, "platform": "甲" if n % 2 else "乙"}
        for day in range(75)
        for n in range(10)
    ]
    rows += [{"submitted_at": ago(24 * (n % 3) + 12), "emotion": 5, "platform": "甲"} for n in range(now)]
    rows += [{"submitted_at": ago(24 * (n % 3) + 12), "severity_why": ["legal"], "platform": "甲"} for n in range(legal)]
    return records(*rows)


def test_a_usual_mood_is_silent_and_an_unusual_one_is_told_once_for_the_shop(shop: Shop) -> None:
    assert emotion(moody(0), shop) == []
    found = emotion(moody(20), shop)
    assert [(w.slice, w.observed) for w in found] == [({}, 23.0)]
    assert (found[0].expected or 0) < 8 and (found[0].every_days or 0) >= shop.warnings.false_alarm_days


def test_talk_of_law_and_press_is_reputation(shop: Shop) -> None:
    assert reputations(moody(0, legal=3), shop) == []
    assert [(w.kind, w.slice, w.observed) for w in reputations(moody(0, legal=12), shop)] == [
        ("reputation", {"sign": "legal"}, 12.0)
    ]


def test_without_weeks_of_history_nothing_is_unusual(shop: Shop) -> None:
    facts = moody(20)
    facts.tables["feedback"] = facts["feedback"].filter(pl.col("submitted_at") > ago(24 * 40))
    assert emotion(facts, shop) == []


# ---- Words -------------------------------------------------------------------------------------


def spoken(new: list[dict[str, Any]], old: str = "用了一周就坏了") -> CodedFacts:
    past = [{"submitted_at": ago(24 * day), "text": f"{old}，第{day}天"} for day in range(9, 90)] * 12
    return records(*past, *[{"submitted_at": ago(30 + n), "sku": "SM-04", **row} for n, row in enumerate(new)])


def test_a_word_never_seen_before_is_told_with_its_product(shop: Shop) -> None:
    found = new_words(spoken([{"text": f"一连蓝牙就鬼畜，第{n}次了"} for n in range(6)]), shop)
    assert len(found) == 1
    assert found[0].slice == {"sku": "SM-04"} and found[0].observed == 6.0
    assert any("鬼畜" in word or "蓝牙" in word for word in found[0].words)


@pytest.mark.parametrize(
    "rows",
    [
        [{"text": f"一连就鬼畜，第{n}次了"} for n in range(4)],  # too few cases
        [{"text": "一连就鬼畜"}] * 8,  # one text, sent again and again
        [{"text": f"一连就鬼畜，第{n}次了", "claim_cluster": "x"} for n in range(8)],  # a suspected abnormal claim
        [{"text": f"一连就鬼畜，第{n}次了", "nature": "praise"} for n in range(8)],
    ],
)
def test_no_new_word(shop: Shop, rows: list[dict[str, Any]]) -> None:
    assert new_words(spoken(rows), shop) == []


def test_a_known_word_is_not_new(shop: Shop) -> None:
    assert new_words(spoken([{"text": f"一连就鬼畜，第{n}次了"} for n in range(8)], old="一连就鬼畜，第次了"), shop) == []


def test_codes_and_numbers_are_no_words() -> None:
    assert terms("fw03-2608b 坏了，订单202611090001，打19900001234") <= {"坏了", "订单", "打", "了"}
    assert "麻手" in terms("摸着麻手")


# ---- Chance ------------------------------------------------------------------------------------


def test_chance_in_days_is_the_poisson_tail() -> None:
    # P(X ≥ 3 | mean 1) = 1 − 5/2·e⁻¹ = 0.0803
    assert days_between(3, 1.0, 1) == pytest.approx(1 / 0.0803, rel=1e-3)
    assert days_between(3, 1.0, 5) == pytest.approx(days_between(3, 1.0, 1) / 5)
    assert days_between(3, 1.0, 1, dispersion=2.0) < days_between(3, 1.0, 1)
    assert days_between(500, 1.0, 1) == 3650.0
    assert days_between(0, 1.0, 2) == 0.5


def test_chance_of_a_new_word_falls_with_its_cases_and_with_the_history() -> None:
    assert days_between_new(4, 1000, 10_000, 5000) > days_between_new(3, 1000, 10_000, 5000)
    assert days_between_new(3, 1000, 20_000, 5000) > days_between_new(3, 1000, 10_000, 5000)


def test_dispersion_of_equal_counts_is_one() -> None:

    assert dispersion(np.full(10, 4.0), np.full(10, 4.0)) == 1.0
    assert dispersion(np.array([0.0, 8.0] * 5), np.full(10, 4.0)) == pytest.approx(40 / 9)
