"""What a verdict says in words, in both languages, with every number registered."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tasks.model.actions import ActionResult, ActionState, Verdict
from tasks.report.sections import verdicts
from tasks.shop.load import Shop
from tests.makers.reviews import make_context, make_prior, make_review
from tests.makers.shops import default_shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


def said(shop: Shop, result: ActionResult, language: str = "zh-CN") -> tuple[str, str]:
    view = verdicts.build(make_context(make_review(prior=[result]), language, shop=shop))
    assert view is not None
    [(code, phrase)] = view.lines
    return code, phrase.plain


def effective(**fields: Any) -> ActionResult:
    return replace(make_prior()[0], **fields)


def test_a_relapse_tells_all_three_rates_and_suggests_reopening(shop: Shop) -> None:
    result = effective(verdict=Verdict.RELAPSED, rate_later=0.029, n_later=1_800, method="control")
    code, text = said(shop, result)
    assert code == "relapsed"
    assert text.startswith("复发：") and "3.4%" in text and "1.3%" in text and "2.9%" in text and "建议重新打开" in text
    assert "again to 2.9%" in said(shop, result, "en")[1]


@pytest.mark.parametrize(
    ("method", "ratio", "clause"),
    [
        ("control", 0.38, ""),
        ("control", 0.55, "降幅已扣除同期未改同类产品的变化。"),
        ("course", 0.55, "降幅已扣除改前原有的走势。"),
        ("segmented", 0.55, "降幅已扣除改前原有的走势和季节变化。"),
        ("exact", 0.55, ""),
    ],
)
def test_a_drop_that_is_not_that_of_the_printed_rates_says_why(shop: Shop, method: str, ratio: float, clause: str) -> None:
    _, text = said(shop, effective(method=method, ratio=ratio, low=0.3, high=0.8, control_ratio=0.7))
    assert text.endswith(f"{clause}本项已关闭，继续观察8周。")
    assert ("降幅已扣除" in text) is bool(clause)


def test_a_side_effect_is_told_after_the_verdict(shop: Shop) -> None:
    _, text = said(shop, effective(side_before=0.011, side_after=0.024))
    assert text.endswith("这些订单的其他投诉由1.1%升到2.4%，请一并查看。")
    assert "这些订单" not in said(shop, effective())[1]


def test_the_sample_still_needed_is_told_with_its_day(shop: Shop) -> None:
    waiting = make_prior()[2]
    _, text = said(shop, waiting)
    assert "再等约400" in text and "11月24日" in text
    _, text = said(shop, replace(waiting, needed=15_930, needed_by=None))
    assert "15,930" in text and "预计" not in text and waiting.needed_by == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("state", "words"),
    [(ActionState.CLOSED, "本项已关闭"), (ActionState.TO_VERIFY, "尚未有人关闭"), (ActionState.REOPENED, "已重新打开")],
)
def test_only_what_the_ledger_holds_is_said_of_an_action_s_state(shop: Shop, state: ActionState, words: str) -> None:
    _, text = said(shop, effective(state=state))
    assert words in text and ("已关闭" in text) is (state is ActionState.CLOSED)


def test_a_target_that_is_met_is_not_called_missed(shop: Shop) -> None:
    partly = effective(verdict=Verdict.PARTLY, action=replace(make_prior()[0].action, target=0.014))
    assert "达到目标，再看连续两个完整周" in said(shop, partly)[1]
    assert "还没到目标" in said(shop, replace(partly, action=replace(partly.action, target=0.012)))[1]


def test_a_problem_that_is_gone_is_not_said_to_have_dropped_by_ten_tenths(shop: Shop) -> None:
    gone = effective(rate_after=0.0, ratio=0.0, low=0.0, high=0.2)
    assert "由3.4%降为0（至少降八成）" in said(shop, gone)[1]
    assert "from 3.4% to nothing (down by at least 80%)" in said(shop, gone, "en")[1]
