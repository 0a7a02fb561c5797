"""Proposals: who, until when, to what target; doubled by nothing; forbidden practices refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.act import proposals
from tasks.act.due_dates import due_at
from tasks.act.proposals import refusal
from tasks.model.actions import Action, ActionKind, ActionState, ActionWords, TargetBasis
from tasks.model.causes import Cause, CauseEvidence
from tasks.model.periods import Period
from tasks.model.review import RedLine
from tasks.report.language.action_words import action_words
from tasks.report.language.registry import language
from tasks.shop.load import Shop
from tasks.shop.playbook import target_value
from tests.makers.shops import default_shop

W45 = Period.parse("2026-W45")


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


def propose(
    causes: list[Cause], lines: list[RedLine], period: Period, shop: Shop, known: list[Action], **rules: Any
) -> list[Action]:
    wording = partial(action_words, playbook=shop.playbook, language=language("zh-CN"))
    return proposals.propose(causes, lines, period, shop, known, wording, **{"as_of": period.end + timedelta(hours=6), **rules})


def cause(**fields: object) -> Cause:
    values: dict[str, object] = {
        "cause_id": "C1", "kind": "slice", "slice": {"sku": "FW-03", "batch_no": "FW03-2608B"}, "family": "function", "leaf": "PRD.FAULT",
        "leaves": (("PRD.FAULT", 24),), "observed": 24.0, "expected": 6.0, "ratio": 4.0, "low": 2.5, "high": 6.0, "contribution": 0.3,
        "llr": 15.0, "window_weeks": 2, "exposure_kind": "units_signed", "exposure": 1200.0, "rate": 0.02, "comparison_rate": 0.005,
        "age_days": 30,
    }  # fmt: skip
    return Cause(**(values | fields))  # type: ignore[arg-type]


SAFETY = RedLine("safety", {"sku": "KT-11"}, "PRD.SAFETY", 1, (date(2026, 11, 3),))


def entries(actions: list[Action]) -> set[str]:
    return {action.playbook.partition("/")[0] for action in actions}


@pytest.mark.parametrize(
    ("fields", "entry"),
    [
        ({}, "PB01"),
        ({"family": "wear"}, "PB02"),
        ({"leaf": "DSC.SPEC", "slice": {"sku": "SM-04"}, "since": date(2026, 10, 12), "since_axis": "shipped_at"}, "PB03"),
        ({"leaf": "LOG.DAMAGE", "slice": {"carrier": "承运商丙", "region": "西南"}}, "PB04"),
        ({"leaf": "LOG.DAMAGE", "slice": {"sku": "KT-05"}}, "PB05"),
        ({"leaf": "DSC.SIZE", "slice": {"sku": "HW-12", "listing_version": "v7"}}, "PB06"),
        ({"leaf": "DSC.COLOR", "slice": {"sku": "HW-02"}}, "PB07"),
        ({"leaf": "PKG.MISSING", "slice": {"warehouse": "华南仓"}}, "PB08"),
        ({"leaf": "PKG.GIFT", "kind": "session", "slice": {"session_id": "T20260905-1"}}, "PB09"),
        ({"leaf": "LOG.SHIP", "slice": {"warehouse": "华东仓"}, "family": "ship"}, "PB10"),
        ({"leaf": "LOG.LASTMILE", "slice": {"carrier": "承运商乙"}}, "PB11"),
        ({"kind": "app", "family": "app", "slice": {"app_version": "4.6.0", "os": "Android", "line": "SM"}}, "PB12"),
        (
            {"leaf": "SVC.SLOW", "kind": "service", "family": "service", "slice": {"queue": "平台丙外包", "shift": "22-02"}},
            "PB13",
        ),
        ({"leaf": "REF.SLOW", "slice": {"platform": "平台甲"}, "family": "refund"}, "PB14"),
        ({"leaf": "PRD.SAFETY", "track": "safety", "slice": {"sku": "KT-11"}, "observed": 1.0}, "PB15"),
        ({"leaf": "LOG.DAMAGE", "kind": "cluster", "slice": {"sku": "CP-02"}, "track": "dispute"}, "PB14"),
    ],
)
def test_each_cause_finds_its_entry(shop: Shop, fields: dict[str, object], entry: str) -> None:
    assert entries(propose([cause(leaves=(), **fields)], [], W45, shop, [])) == {entry}


def test_every_proposal_has_person_date_and_target_and_is_only_proposed(shop: Shop) -> None:
    actions = propose([cause()], [SAFETY], W45, shop, [])
    names = {person.name for person in shop.people.people}
    assert actions and all(
        action.owner in names and action.due > W45.end and action.state is ActionState.PROPOSED for action in actions
    )
    assert all(action.target is not None and action.target > 0 for action in actions if not action.restricted)
    assert {action.kind for action in actions} == set(ActionKind)


def test_target_is_back_to_the_base_rate_and_the_effect_is_counted(shop: Shop) -> None:
    action = propose([cause()], [], W45, shop, [])[0]
    assert (action.target, dict(action.numbers)["fewer_per_week"]) == (0.005, 9.0)  # 24 × (1 − 0.5/2) in two weeks
    words = action_words(action, shop.playbook, language("en"))
    assert words.target == "Fault rate from 2.0% to 0.50% (back to normal batches of the same age, at 30 days)"
    assert words.effect == "about 9 fewer cases a week" and action.expected_effect == "每周约少9起"


def test_target_is_never_zero_nor_above_what_is_seen(shop: Shop) -> None:
    nothing_before = propose([cause(comparison_rate=0.0)], [], W45, shop, [])[0]
    already_below = propose(
        [cause(leaf="PKG.MISSING", leaves=(), slice={"sku": "CP-01"}, rate=0.0005, comparison_rate=0.0001)], [], W45, shop, []
    )
    assert nothing_before.target == pytest.approx(0.01) and already_below[0].target == pytest.approx(0.0001)


def in_words(action: Action, shop: Shop, code: str) -> ActionWords:
    return action_words(action, shop.playbook, language(code))


SIZE = {"leaf": "DSC.SIZE", "leaves": (), "slice": {"sku": "HW-12", "listing_version": "v7"}, "family": "fit", "age_days": 14}
BREAKAGE = {
    "leaf": "LOG.DAMAGE",
    "leaves": (),
    "slice": {"carrier": "承运商丙", "region": "西南"},
    "family": "transit",
    "age_days": 7,
}
LATE = {"leaf": "LOG.SHIP", "leaves": (), "slice": {"warehouse": "华东仓"}, "family": "ship", "age_days": 14}


@pytest.mark.parametrize(
    ("fields", "evidence", "target", "text"),
    [
        (SIZE, CauseEvidence(category_rate=0.008), 0.008, "back to the category's level, at 14 days"),
        (SIZE, CauseEvidence(), 0.005, "level of comparable units; the rule's own basis is not known, at 14 days"),
        (SIZE, CauseEvidence(category_rate=0.03), 0.005, "back to the level of comparable units, at 14 days"),
        (BREAKAGE, CauseEvidence(others_rate=0.004), 0.004, "level of the other carriers for the same parcels, at 7 days"),
        (LATE, CauseEvidence(last_promotion_rate=0.012), 0.006, "half of the last promotion's same stage, at 14 days"),
        (LATE, CauseEvidence(), 0.005, "level of comparable units; the rule's own basis is not known, at 14 days"),
    ],
)
def test_a_target_says_what_it_rests_on(
    shop: Shop, fields: dict[str, object], evidence: CauseEvidence, target: float, text: str
) -> None:
    action = propose([cause(**fields, evidence=evidence)], [], W45, shop, [])[0]
    assert action.target == pytest.approx(target)
    assert in_words(action, shop, "en").target.endswith(f"({text})")


def test_a_target_without_anything_to_compare_with_says_so(shop: Shop) -> None:
    nothing = propose([cause(**LATE, comparison_rate=0.0)], [], W45, shop, [])[0]
    assert (nothing.target_basis, nothing.target) == (TargetBasis.HALF, 0.01)
    assert "half of the present level" in in_words(nothing, shop, "en").target


def test_every_rule_of_the_playbook_is_computed_from_rates_that_causes_carry(shop: Shop) -> None:
    known = CauseEvidence(category_rate=0.009, others_rate=0.008, last_promotion_rate=0.012)
    for fields in (SIZE, BREAKAGE, LATE, {}, {"family": "wear"}, {"leaf": "DSC.COLOR", "leaves": (), "slice": {"sku": "HW-02"}}):
        assert {action.target_basis for action in propose([cause(**fields, evidence=known)], [], W45, shop, [])} == {
            TargetBasis.RULE
        }


def test_a_weak_cause_stops_no_sale(shop: Shop) -> None:
    actions = propose([cause(observed=6.0, ratio=1.6)], [], W45, shop, [])
    assert actions and all(action.kind is not ActionKind.CONTAIN for action in actions)


def test_baseline_lies_wholly_before_the_trigger_window(shop: Shop) -> None:
    action = propose([cause()], [], W45, shop, [])[0]
    assert (action.trigger_from, action.trigger_to) == (date(2026, 10, 26), date(2026, 11, 8))
    assert action.baseline_to == date(2026, 9, 26) and action.baseline_from == date(2026, 7, 5)


def test_running_again_makes_the_same_actions(shop: Shop) -> None:
    first = propose([cause()], [SAFETY], W45, shop, [])
    assert propose([cause()], [SAFETY], W45, shop, first) == first


def test_next_weeks_same_cause_doubles_nothing(shop: Shop) -> None:
    first = propose([cause()], [SAFETY], W45, shop, [])
    wider = cause(cause_id="C2", slice={"sku": "FW-03"})
    assert propose([cause(observed=30.0), wider], [SAFETY], W45.next(), shop, first) == []


def test_a_span_of_days_that_grows_is_still_the_same_cause(shop: Shop) -> None:
    week = cause(leaf="DSC.SPEC", leaves=(), slice={"sku": "SM-04", "ship_date": "2026-10-14..2026-11-03"})
    later = cause(leaf="DSC.SPEC", leaves=(), slice={"sku": "SM-04", "ship_date": "2026-10-14..2026-11-11"})
    first = propose([week], [], W45, shop, [])
    assert first and propose([later], [], W45.next(), shop, first) == []


def test_a_promise_in_peoples_own_words_stands_for_the_steps_of_its_kind(shop: Shop) -> None:
    known = propose([cause()], [], W45, shop, [])[0]
    own = replace(known, action_id="A-own", playbook="PB01", period="2026-W43", kind=ActionKind.CONTAIN, what="封存8月B批")
    kinds = {action.kind for action in propose([cause()], [], W45, shop, [own])}
    assert kinds == {ActionKind.CORRECT, ActionKind.PREVENT}


def test_a_cause_that_returns_after_its_action_was_closed_gets_a_new_one(shop: Shop) -> None:
    first = propose([cause()], [], W45, shop, [])
    closed = [replace(action, state=ActionState.CLOSED) for action in first]
    again = propose([cause()], [], W45.next(), shop, closed)
    assert len(again) == len(first) and not {a.action_id for a in again} & {a.action_id for a in first}


@pytest.mark.parametrize("kind", ["fall", "reputation"])
def test_falls_and_reputation_ask_for_nothing(shop: Shop, kind: str) -> None:
    assert propose([cause(kind=kind)], [], W45, shop, []) == []


def test_missed_evidence_asks_for_the_daily_clearing_only(shop: Shop) -> None:
    line = RedLine("evidence_missed", {}, "", 2, (date(2026, 11, 4),))
    assert [action.playbook for action in propose([], [line], W45, shop, [])] == ["PB14/daily_clearing"]


@pytest.mark.parametrize(
    ("issued", "due", "local"),
    [
        ("2026-11-09 06:00", "4h", "2026-11-09 13:30"),  # hours count from the start of work
        ("2026-11-10 14:00", "4h", "2026-11-10 18:00"),
        ("2026-11-09 06:00", "1d", "2026-11-09 18:00"),
        ("2026-11-10 14:00", "1d", "2026-11-11 18:00"),  # what is left of a day is no working day
        ("2026-11-09 06:00", "5d", "2026-11-13 18:00"),
        ("2026-11-09 06:00", "6d", "2026-11-16 18:00"),
        ("2026-09-28 06:00", "3d", "2026-09-30 18:00"),
        ("2026-09-28 06:00", "4d", "2026-10-08 18:00"),  # 1–7 October is a holiday
        ("2026-10-05 06:00", "3d", "2026-10-10 18:00"),  # Saturday worked instead (调休)
        ("2026-02-16 06:00", "1sd", "2026-03-02 18:00"),  # the supplier is closed until 1 March
        ("2026-11-09 06:00", "next_session", "2026-11-11 18:00"),
    ],
)
def test_due_counts_from_the_issue_in_the_right_calendar(shop: Shop, issued: str, due: str, local: str) -> None:
    moment = due_at(due, datetime.fromisoformat(f"{issued}:00+08:00"), shop)
    assert moment == datetime.fromisoformat(f"{local}:00+08:00").astimezone(UTC)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    st.sampled_from(["1h", "4h", "24h", "1d", "2d", "10sd", "D-14", "next_session"]),
)
def test_nothing_is_due_before_it_is_asked_for(issued: datetime, due: str) -> None:
    moment = issued.replace(tzinfo=UTC)
    assert due_at(due, moment, default_shop()) > moment


def test_due_before_a_promotion_lies_before_its_first_day(shop: Shop) -> None:
    due = due_at("D-14", datetime(2026, 9, 6, 22, tzinfo=UTC), shop)
    first = min(promotion.first for promotion in shop.calendar.promotions if promotion.first > date(2026, 9, 21))
    assert (first - due.date()).days == 14


FORBIDDEN = {
    "好评返现": "给买家好评返现10元",
    "改评删评": "联系买家给补偿让其删除差评",
    "改退款原因": "引导买家把退款原因改为七天无理由",
    "私域引流": "让客服加买家微信处理",
    "短信营销": "用订单手机号群发短信促销",
    "拒七天无理由": "已拆封商品一律拒绝七天无理由退货",
    "拖延监管": "先拖延监管部门答复",
}


@pytest.mark.parametrize("practice", FORBIDDEN.values(), ids=FORBIDDEN)
def test_forbidden_practice_is_refused(shop: Shop, practice: str) -> None:
    action = replace(propose([cause()], [], W45, shop, [])[0], what=practice)
    assert refusal(action, shop.words.forbidden_practice) == "forbidden"


@pytest.mark.parametrize("practice", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_playbook_step_that_is_forbidden_is_never_proposed(shop: Shop, practice: str) -> None:
    usual = propose([cause()], [], W45, shop, [])
    refused = propose([cause()], [], W45, shop, [], forbidden=lambda text: text == usual[1].what)
    assert usual[1].action_id not in {action.action_id for action in refused} and len(refused) == len(usual) - 1
    assert shop.words.forbidden_practice(practice) is not None


def test_no_step_of_the_playbook_is_a_forbidden_practice(shop: Shop) -> None:
    texts = [text for entry in shop.playbook.entries for step in entry.actions for text in step.do.texts.values()]
    assert [text for text in texts if shop.words.forbidden_practice(text)] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"owner": " "}, "no_person"),
        ({"due": datetime(2026, 11, 10)}, "no_date"),
        ({"target": None}, "no_target"),
        ({"target": 0.0}, "no_target"),
        ({"metric": ""}, "no_metric"),
        ({"what": "加强质检"}, "vague"),
        ({}, ""),
    ],
)
def test_nothing_without_person_date_and_target(shop: Shop, change: dict[str, object], code: str) -> None:
    action = propose([cause()], [], W45, shop, [])[0]
    assert refusal(replace(action, **change), shop.words.forbidden_practice) == code  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", ["base.real", "__import__('os')", "base / 2", "sku", "max()", "0.5 *", "median(x, base)"])
def test_a_target_rule_holds_nothing_but_arithmetic(rule: str) -> None:
    with pytest.raises(ValueError, match="target rule"):
        target_value(rule, {"base": 1.0, "cat": 1.0, "others": 1.0, "last_promotion": 1.0})


def test_target_rules_compute() -> None:
    values = {"base": 0.02, "cat": 0.03, "others": 0.01, "last_promotion": 0.04}
    assert [target_value(rule, values) for rule in ("max(cat, base)", "0.5 * base", "others", "min(0.0008, base)")] == [
        0.03,
        0.01,
        0.01,
        0.0008,
    ]
