"""What is to be decided, in words."""

from __future__ import annotations

from dataclasses import replace

from tasks.model.actions import ActionKind
from tasks.report.sections import decisions
from tests.makers.reviews import local, make_action, make_causes, make_context, make_review, red_line


def test_stock_of_a_batch_is_asked_about_with_its_units() -> None:
    first = decisions.build(make_context(make_review("week"))).sentences[0].plain
    assert first.startswith("□ 请决定：是否暂停销售并封存FW03-2608B在库312件。由李陶在11月10日18:00前答复。")


def test_a_safety_report_asks_the_person_who_decides_on_stops_of_sales() -> None:
    step = make_action("r", "先封存", ActionKind.CONTAIN, "李陶", local(2026, 11, 10), slice={"sku": "KT-11"}, restricted=True)
    review = make_review("week", red_lines=[red_line()], proposals=[step], causes=[])
    (sentence,) = decisions.build(make_context(review, "en")).sentences
    assert "whether to pause sales of KT-11 and hold its stock. Chen Li answers" in sentence.plain
    assert "someone may be hurt" in sentence.plain


def test_waiting_costs_cases_a_week_and_money_where_it_is_known() -> None:
    cause = replace(make_causes()[0], money=5_000.0, stock=None)
    proposals = [replace(action, resources="两个席位") for action in make_review().proposals]
    review = make_review("week", causes=[cause], proposals=proposals)
    sentence = decisions.build(make_context(review, "en")).sentences[0].plain
    assert "Cost of waiting: about" in sentence and "CNY 5,000 net loss a week" in sentence


def test_stock_costs_what_would_come_if_it_were_sold_and_not_what_is_sold_already() -> None:
    cause = replace(make_causes()[0], stock=300, rate=0.065, comparison_rate=0.011, money=5_000.0)
    sentence = decisions.build(make_context(make_review("week", causes=[cause]), "en")).sentences[0].plain
    assert "If the 300 units in stock are sold, about 16 cases more are to be expected" in sentence
    assert "Cost of waiting" not in sentence


def test_nothing_to_decide_is_said_so() -> None:
    view = decisions.build(make_context(make_review("quiet"), "en"))
    assert view.sentences == () and view.none.plain == "Nothing needs a decision this week."


def test_a_deadline_that_has_passed_is_not_promised() -> None:
    step = make_action("r", "先封存", ActionKind.CONTAIN, "李陶", local(2026, 11, 9), slice={"sku": "KT-11"}, restricted=True)
    review = replace(make_review("week", red_lines=[red_line()], proposals=[step], causes=[]), as_of=local(2026, 11, 12))
    (sentence,) = decisions.build(make_context(review, "en")).sentences
    assert "answers now, 3 days late" in sentence.plain and "answers by" not in sentence.plain
