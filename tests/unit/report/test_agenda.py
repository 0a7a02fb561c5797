"""What an edition talks about: decided once, without a language."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import ConfigurationError
from tasks.model.actions import ActionKind, Verdict
from tasks.model.causes import CauseSearch, SearchBasis, SearchLack
from tasks.model.figure_kinds import PAGE_ONE
from tasks.model.figures import MixEffect
from tasks.model.review import Review
from tasks.report import action_choice, figure_choice, table_choice
from tasks.report import agenda as agenda_module
from tasks.report.agenda import Agenda, ConclusionKind, Overall, OverallKind, agenda
from tasks.shop.load import Shop
from tests.makers.reviews import local, make_action, make_causes, make_figures, make_prior, make_review, make_shop, red_line

SHOP = make_shop()


def decided(review: Review, *, restricted: bool = False) -> Agenda:
    return agenda(review, SHOP, restricted=restricted)


def overall_of(review: Review) -> Overall:
    overall = decided(review).conclusion.overall
    assert overall is not None
    return overall


def safety(sku: str, cases: int = 3) -> Any:
    return replace(red_line(), slice={"sku": sku}, cases=cases)


def composition() -> MixEffect:
    return MixEffect(
        "aftersign_refund_rate", "traffic_source", 0.08, 0.1, 0.0195, 0.0005, "talent_live", 0.1, 0.22, "composition"
    )


@pytest.mark.parametrize("module", [agenda_module, action_choice, figure_choice, table_choice])
def test_the_agenda_knows_no_language_no_phrase_and_no_number(module: Any) -> None:
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [
        name for name in imported if name.startswith(("tasks.report.language", "tasks.report.paper", "tasks.report.sections"))
    ]


def test_safety_opens_the_red_lines_then_the_most_cases() -> None:
    regulator = replace(red_line(), kind="regulator", cases=40)
    lines = [regulator, safety("a", 1), safety("b", 5), safety("c", 2)]
    plan = decided(make_review(red_lines=lines))
    assert (plan.red_told, plan.red_counted) == ((2, 3, 0), (1,))  # every kind has its line
    assert (plan.conclusion.kind, plan.conclusion.red_line) == (ConclusionKind.RED_LINE, 2)


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("partial", {}, ConclusionKind.PARTIAL),
        ("small", {}, ConclusionKind.SMALL),
        ("small", {"red_lines": [red_line()]}, ConclusionKind.RED_LINE),
        ("week", {}, ConclusionKind.CAUSE),
        ("quiet", {"mix": [composition()]}, ConclusionKind.MIX),
        ("quiet", {}, ConclusionKind.QUIET_LATE),
        ("quiet", {"prior": []}, ConclusionKind.QUIET),
        ("quiet", {"search": CauseSearch(SearchBasis.NOTHING, SearchLack.WEEKS, 3, 5)}, ConclusionKind.NOT_SOUGHT),
        ("quiet", {"tested": 0}, ConclusionKind.NOT_SOUGHT),
        ("small", {"causes": make_causes()[:1]}, ConclusionKind.CAUSE),
        ("quiet", {"figures": [replace(figure, judgement="watch") for figure in make_figures()]}, ConclusionKind.FIGURE),
    ],
)
def test_the_conclusion_is_about_the_gravest_matter(kind: str, changes: dict[str, Any], expected: ConclusionKind) -> None:
    assert decided(make_review(kind, **changes)).conclusion.kind is expected


def test_no_complaint_at_all_is_a_conclusion_of_its_own() -> None:
    complaints = next(figure for figure in make_review("small").figures if figure.code == "complaints")
    assert decided(make_review("quiet", figures=[replace(complaints, value=0.0)])).conclusion.kind is ConclusionKind.NO_COMPLAINTS


def test_what_got_worse_speaks_for_the_whole_before_what_got_better() -> None:
    figures = [replace(figure, judgement="normal", streak=0) for figure in make_figures()]
    better = [replace(figure, judgement="better") if figure.code == "quality_refund_rate" else figure for figure in figures]
    worse = [replace(figure, judgement="worse") if figure.code == "complaint_rate_signed" else figure for figure in better]
    line = [red_line()]
    assert overall_of(make_review("quiet", figures=figures, red_lines=line)).kind is OverallKind.NORMAL
    assert overall_of(make_review("quiet", figures=better, red_lines=line)).kind is OverallKind.BETTER
    overall = overall_of(make_review(figures=worse))
    assert overall.kind is OverallKind.WORSE and overall.figure is not None
    assert overall.figure.code == "complaint_rate_signed"


def test_nothing_is_normal_while_a_cause_is_named_or_a_figure_is_long_off_target() -> None:
    figures = [replace(figure, judgement="normal", streak=0) for figure in make_figures()]
    assert overall_of(make_review(figures=figures)).kind is OverallKind.CAUSES
    long = [replace(figure, streak=5) if figure.code == "net_loss" else figure for figure in figures]
    for review in (make_review(figures=long), make_review("quiet", figures=long)):
        overall = overall_of(review)
        assert overall.kind is OverallKind.OFF_TARGET and overall.figure is not None and overall.figure.code == "net_loss"
    short = [replace(figure, streak=4) for figure in figures]
    assert overall_of(make_review("quiet", figures=short, red_lines=[red_line()])).kind is OverallKind.NORMAL


def test_a_shop_whose_causes_were_not_sought_is_not_called_normal() -> None:
    figures = [replace(figure, judgement="normal", streak=0) for figure in make_figures()]
    plan = decided(make_review(figures=figures, search=CauseSearch(SearchBasis.SAME_WEEKS, SearchLack.WEEKS, 3, 5, 40)))
    assert plan.conclusion.overall is not None and plan.conclusion.overall.kind is OverallKind.UNKNOWN
    small = decided(
        make_review(
            "small",
            figures=figures[:1],
            causes=make_causes()[:1],
            search=CauseSearch(SearchBasis.SAME_WEEKS, SearchLack.WEEKS, 3, 5, 40),
        )
    )
    assert small.conclusion.overall is not None and small.conclusion.overall.kind is OverallKind.UNKNOWN


def test_safety_then_money_then_evidence_order_the_causes() -> None:
    first, second, third, *_ = make_causes()
    causes = [
        replace(first, money=None, llr=900.0),
        replace(second, money=9_000.0, track="standard", kind="slice"),
        replace(third, money=None, track="safety"),
    ]
    plan = decided(make_review(causes=causes))
    assert [cause.cause_id for cause in plan.causes] == [third.cause_id, second.cause_id, first.cause_id]
    assert [matter.cause.cause_id for matter in plan.matters if matter.cause] == [cause.cause_id for cause in plan.causes]


def test_a_change_of_composition_fills_up_the_matters() -> None:
    plan = decided(make_review(causes=make_causes()[:1], mix=[composition()]))
    assert [bool(matter.mix) for matter in plan.matters] == [False, True]
    assert plan.matters[0].next_step is not None and plan.matters[0].next_step.kind is ActionKind.CONTAIN


def test_three_decisions_at_most_and_a_stop_of_sales_first() -> None:
    lines = [safety(f"HW-{index}", 2 + index) for index in range(4)]
    steps = [
        make_action(f"r{index}", "先封存", ActionKind.CONTAIN, "李陶", local(2026, 11, 10), slice=line.slice, restricted=True)
        for index, line in enumerate(lines)
    ]
    plan = decided(make_review(red_lines=lines, proposals=[*make_review().proposals, *steps]))
    assert [decision.red_line.slice["sku"] if decision.red_line else "" for decision in plan.decisions] == ["HW-3", "HW-2", ""]
    assert plan.decisions[0].owner == "陈立"
    assert plan.decisions[2].cause is not None


def test_a_partial_period_names_neither_causes_nor_decisions_nor_changes() -> None:
    plan = decided(make_review("partial", mix=[composition()], falls=make_causes()[:1]))
    assert plan.partial
    assert (plan.causes, plan.matters, plan.decisions, plan.mix, plan.falls, plan.rankings) == ((), (), (), (), (), ())


def test_few_cases_make_a_small_period() -> None:
    plan = decided(make_review("small"))
    assert plan.small and plan.cases == 23 and plan.projections == ()
    assert not decided(make_review("week")).small


def test_a_general_edition_leaves_restricted_actions_out_and_counts_them() -> None:
    review = make_review()
    assert decided(review).withheld == 1
    assert decided(review, restricted=True).withheld == 0
    assert not any(action.restricted for action in decided(review).new_actions)


def test_late_actions_come_first_in_the_table_and_the_longest_late_first() -> None:
    earlier = decided(make_review()).earlier
    assert [result.status for result in earlier.listed][:2] == ["late", "late"]
    assert [result.days_late for result in earlier.late] == [5, 3]


def test_sure_verdicts_come_first_and_undecided_ones_without_numbers_share_a_line() -> None:
    base = make_prior()[0]
    bare = [
        replace(base, action=replace(base.action, action_id=f"b{index}"), verdict=Verdict.UNDECIDED, n_after=None)
        for index in (1, 2)
    ]
    earlier = decided(make_review(prior=[*bare, *make_prior()])).earlier
    assert earlier.judged[0].verdict is Verdict.EFFECTIVE
    assert {result.action.action_id for result in earlier.without_numbers} == {"b1", "b2"}
    assert decided(make_review(prior=bare[:1])).earlier.without_numbers == ()


def test_the_comparable_action_had_the_same_problem_at_the_same_kind_of_slice() -> None:
    cause = make_causes()[0]
    base = make_prior()[0]

    def result(id_: str, verdict: Verdict, **fields: Any) -> Any:
        action = replace(base.action, action_id=id_, cause_id="other", leaf=cause.leaf, slice=dict(cause.slice))
        return replace(base, action=replace(action, **fields), verdict=verdict)

    prior = [
        result("a", Verdict.NO_CHANGE),
        result("b", Verdict.EFFECTIVE),
        result("c", Verdict.EFFECTIVE, leaf="LOG.LATE"),
        result("d", Verdict.EFFECTIVE, slice={"rating": "1"}),
        result("e", Verdict.EFFECTIVE, cause_id=cause.cause_id),
    ]
    action, verdict = decided(make_review(causes=[cause], prior=prior)).comparable[cause.cause_id]
    assert (action.action_id, verdict) == ("b", Verdict.EFFECTIVE)


def test_new_actions_beyond_the_room_are_counted() -> None:
    many = [make_action(f"n{index:02}", "x", ActionKind.CORRECT, "张衡", local(2026, 11, 11)) for index in range(30)]
    weekly, monthly = decided(make_review(proposals=many)), decided(make_review("month", proposals=many))
    assert (len(weekly.new_actions), weekly.more_actions) == (12, 18)
    assert (len(monthly.new_actions), monthly.more_actions) == (24, 6)


def test_page_one_prints_the_first_known_of_each_group_of_alternatives() -> None:
    codes = [figure.code for figure in decided(make_review()).page_one]
    assert codes[0] == "net_loss" and len(codes) <= figure_choice.PAGE_ONE_ROWS
    alternatives = next(group for group in PAGE_ONE if "complaint_rate_signed" in group)
    assert sum(code in alternatives for code in codes) == 1


def test_weekly_editions_of_a_shop_with_orders_print_no_breakdown() -> None:
    month = make_review("month")
    assert decided(month).breakdowns
    assert table_choice.breakdowns(month.breakdowns, monthly=False, orders=True) == ()
    assert len(table_choice.breakdowns(month.breakdowns, monthly=False, orders=False)) == 2


def test_scores_of_platforms_stand_in_the_order_of_the_shop_s_channels_then_by_name() -> None:
    score = next(figure for figure in make_figures() if figure.code == "platform_score")
    figures = [replace(score, scope=scope) for scope in ("Etsy", "Amazon", "Shopee", "Zalando")]
    listed = figure_choice.page_one(figures, ("Shopee", "Etsy"))
    assert [figure.scope for figure in listed] == ["Shopee", "Etsy", "Amazon", "Zalando"]


@pytest.mark.parametrize(("decide", "owner"), [(", decide: 客服", "王岚"), ("", "陈立")])
def test_the_playbook_names_the_role_that_decides_on_a_stop_of_sales(decide: str, owner: str) -> None:
    playbook = SHOP.files["playbook.yaml"].decode()
    assert playbook.count(", decide: 总经理") == 1
    shop = Shop({**SHOP.files, "playbook.yaml": playbook.replace(", decide: 总经理", decide).encode()})
    due = local(2026, 11, 10)
    step = make_action(
        "r", "hold", ActionKind.CONTAIN, "李陶", due, slice={"sku": "KT-11"}, restricted=True, playbook="PB15/stop_sale"
    )
    review = make_review(red_lines=[red_line()], proposals=[step], causes=[])
    assert [decision.owner for decision in agenda(review, shop, restricted=False).decisions] == [owner]


@pytest.mark.parametrize(
    "mistake", [(", decide: 总经理", ", decide: nobody"), ("owner: 品控, due: 2h", "owner: nobody, due: 2h")]
)
def test_a_role_of_the_playbook_that_people_lack_stops_the_run_before_any_work(mistake: tuple[str, str]) -> None:
    files = {**SHOP.files, "playbook.yaml": SHOP.files["playbook.yaml"].decode().replace(*mistake).encode()}
    with pytest.raises(ConfigurationError, match=r"the role nobody, which people\.yaml does not have"):
        Shop(files).check()
