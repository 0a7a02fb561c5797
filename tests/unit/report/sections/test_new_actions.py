"""New actions in the order of their causes."""

from __future__ import annotations

from dataclasses import replace

from tasks.report.sections import new_actions
from tests.makers.reviews import make_causes, make_context, make_review


def test_a_target_like_that_of_the_row_above_is_not_repeated() -> None:
    rows = new_actions.build(make_context(make_review("week"), "en")).rows
    assert rows[0].goal.plain != "same"
    assert "same" in {row.goal.plain for row in rows}


def test_an_empty_table_says_why() -> None:
    continuing = [replace(cause, life="continuing") for cause in make_causes()]
    for review, missing in (
        (make_review("quiet"), "No new actions in this period."),
        (make_review("week", proposals=[], causes=continuing), "Measures against the causes above were proposed before"),
        (make_review("week", proposals=[]), "No entry of the playbook fits"),
    ):
        view = new_actions.build(make_context(review, "en"))
        assert view.rows == () and view.missing.plain.startswith(missing)


def test_restricted_actions_stand_in_restricted_editions_only() -> None:
    review = make_review("week")
    named = {row.what.plain for row in new_actions.build(make_context(review, restricted=True)).rows}
    general = {row.what.plain for row in new_actions.build(make_context(review)).rows}
    assert "判断报告义务并留书面意见" in named - general
