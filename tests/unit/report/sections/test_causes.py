"""A cause's sheet, red lines that page 1 only counts, and what became of others."""

from __future__ import annotations

from dataclasses import replace

from tasks.model.actions import Verdict
from tasks.report.sections import causes
from tests.makers.reviews import make_causes, make_context, make_prior, make_review, red_line


def test_a_sheet_begins_with_its_amount_and_ends_with_its_status() -> None:
    view = causes.build(make_context(make_review("week"), "en"))
    assert view is not None
    for sheet in view.sheets:
        assert sheet.facts[-1].plain.startswith("Status: ")
    assert view.sheets[0].chart


def test_red_lines_beyond_three_are_named_beside_the_causes() -> None:
    lines = [replace(red_line(), slice={"sku": f"HW-{index}"}) for index in range(11, 16)]
    view = causes.build(make_context(make_review("week", red_lines=lines), "en"))
    assert view is not None
    assert "HW-14" in view.red_lines.plain and "HW-15" in view.red_lines.plain and "HW-11" not in view.red_lines.plain


def test_what_was_done_before_for_such_a_problem_is_told() -> None:
    cause = make_causes()[0]
    earlier = make_prior()[0]
    action = replace(earlier.action, cause_id="other", leaf=cause.leaf, slice=dict(cause.slice))
    review = make_review("week", causes=[cause], prior=[replace(earlier, action=action, verdict=Verdict.EFFECTIVE)])
    view = causes.build(make_context(review, "en"))
    assert view is not None
    assert any("Done before for such a problem" in fact.plain and "(effective)" in fact.plain for fact in view.sheets[0].facts)


def test_a_partial_period_prints_no_cause_and_no_fall() -> None:
    view = causes.build(make_context(make_review("partial", falls=make_causes()[:1]), "en"))
    assert view is not None
    assert (view.sheets, view.others) == ((), ()) and "no causes are named" in view.none.plain


def test_few_cases_without_a_cause_leave_the_section_out() -> None:
    assert causes.build(make_context(make_review("small"))) is None
