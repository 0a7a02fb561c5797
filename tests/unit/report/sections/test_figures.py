"""The main figures on page 1: watched ones, few cases, a level that changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tasks.model.figure_kinds import Good
from tasks.model.review import Review
from tasks.report.sections import figures
from tasks.report.sections.figure_table import FigureRow
from tests.makers.reviews import make_context, make_review


def printed(review: Review) -> tuple[FigureRow, ...]:
    return figures.build(make_context(review)).rows


@pytest.mark.parametrize(("good", "word"), [(Good.DOWN, "偏高，待观察"), (Good.UP, "偏低，待观察")])
def test_what_left_its_range_without_surviving_is_watched(good: Good, word: str) -> None:
    review = make_review("week")
    watched = [
        replace(figure, kind=replace(figure.kind, good=good), judgement="watch", attainment="", streak=0)
        for figure in review.figures
    ]
    rows = printed(replace(review, figures=watched))
    assert {row.judgement.plain for row in rows if row.judgement.plain != "本期无数据"} == {word}


def test_a_level_that_changed_is_printed_under_the_figure() -> None:
    review = make_review("week")
    since = [replace(review.figures[0], level_since=date(2026, 7, 6)), *review.figures[1:]]
    rows = printed(replace(review, figures=since))
    assert "按7月6日起的水平判断" in rows[0].note.plain
    assert all("水平" not in row.note.plain for row in rows[1:])


def test_few_cases_get_no_percentage_and_no_word_of_significance() -> None:
    small = printed(make_review("small"))
    share = next(row for row in small if row.judgement.plain != "")
    for row in small:
        assert "%" not in row.current.plain + row.previous.plain + row.change.plain
        assert row.judgement.plain not in ("变差", "变好", "正常波动", "偏高，待观察")
    assert share.judgement.plain == "数量少，不判断"


def test_a_rate_of_too_few_cases_is_not_called_without_data() -> None:
    """The note says that they are few; the judgement may not say that there is nothing."""
    review = make_review("week")
    first, *others = review.figures
    empty = replace(first, value=None, numerator=3.0, n=288.0, judgement="insufficient")
    few = printed(replace(review, figures=[replace(empty, missing="few_cases"), *others]))
    none = printed(replace(review, figures=[replace(empty, missing="no_units"), *others]))
    assert (few[0].judgement.plain, none[0].judgement.plain) == ("数量少，不判断", "本期无数据")
