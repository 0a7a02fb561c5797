"""Rankings in print: adjusted for size, no ratio and no word below the minimum; watched figures; the promise of false alarms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tasks.model.figure_kinds import Good
from tasks.model.figures import RankedSlice
from tasks.model.review import Review
from tasks.report.context import Page, page
from tasks.report.language.legal_words import Gate
from tasks.report.language.numbers import Numbers
from tasks.report.language.voice import Voice
from tests.reviews import make_review, make_shop


def printed(review: Review, language: str = "zh-CN") -> Page:
    shop = make_shop()
    return page(review, Voice(shop, language, Numbers(language), Gate(shop.words), review.period))


def test_a_ranking_names_what_stands_out_and_says_that_size_is_corrected_for() -> None:
    skus, queues = printed(make_review("month")).rankings
    assert skus.title.plain == "按商品看投诉，已按销量大小校正"
    assert skus.message.plain == "KT-05明显偏高：92起，按同类水平应有51起，约为1.7倍。"
    assert [row.judgement.plain for row in skus.rows] == ["明显偏高", "偏高，待观察", "正常波动", "明显偏低", "只列件数"]
    assert queues.message.plain == "按大小校正后，都在正常波动内。"
    assert "会话量" in queues.title.plain


def test_below_the_minimum_a_slice_has_its_cases_and_nothing_else() -> None:
    small = printed(make_review("month")).rankings[0].rows[-1]
    assert small.cases.plain == "9起"
    assert (small.ratio.plain, small.low.plain, small.leaf.plain) == ("—", "—", "—")
    assert small.tone == "muted"


def test_a_partial_month_ranks_nothing_and_a_week_has_no_rankings() -> None:
    review = make_review("month")
    review = replace(review, partial="2026-10-01..2026-10-12")
    assert printed(review).rankings == []
    assert printed(make_review("week")).rankings == []


@pytest.mark.parametrize(("good", "said"), [(Good.DOWN, "偏高，待观察"), (Good.UP, "偏低，待观察")])
def test_what_left_its_range_without_surviving_is_watched(good: Good, said: str) -> None:
    review = make_review("week")
    review = replace(
        review,
        figures=[
            replace(figure, kind=replace(figure.kind, good=good), judgement="watch", attainment="", streak=0)
            for figure in review.figures
        ],
    )
    assert {row.judgement.plain for row in printed(review).figures if row.judgement.plain != "本期无数据"} == {said}


def test_a_watched_headline_is_neither_normal_nor_worse() -> None:
    review = make_review("quiet")
    review = replace(review, figures=[replace(figure, judgement="watch") for figure in review.figures])
    assert "待观察" in printed(review).conclusion.plain
    assert "正常范围内" not in printed(review).conclusion.plain


@pytest.mark.parametrize(("expected", "said"), [(0.1, "1处"), (1.0, "1处"), (1.2, "2处")])
def test_the_promise_of_false_alarms_is_never_rounded_down(expected: float, said: str) -> None:
    review = make_review("week")
    review = replace(review, tested=312, expected_false_alarms=expected)
    assert f"本期共检查312处，预计误报不超过{said}。" in [phrase.plain for phrase in printed(review).method]


def test_a_level_that_changed_is_told_under_the_figure() -> None:
    review = make_review("week")
    review = replace(review, figures=[replace(review.figures[0], level_since=date(2026, 7, 6)), *review.figures[1:]])
    rows = printed(review).figures
    assert "按7月6日起的水平判断" in rows[0].note.plain
    assert all("水平" not in row.note.plain for row in rows[1:])


def test_few_cases_get_no_percentage_and_no_word_of_significance() -> None:
    small = printed(make_review("small"))
    share = next(row for row in small.figures if row.judgement.plain != "")
    for row in small.figures:
        assert "%" not in row.current.plain + row.previous.plain + row.change.plain
        assert row.judgement.plain not in ("变差", "变好", "正常波动", "偏高，待观察")
    assert share.judgement.plain == "数量少，不判断"


def test_ranked_slices_under_the_minimum_never_lead_the_message() -> None:
    review = make_review("month")
    normal = RankedSlice("KT-09", 33, 900, 31.0, 1.0, 0.8, "normal")
    only_small = (*(row for row in review.rankings[0].rows if row.ratio is None), normal)
    review = replace(review, rankings=[replace(review.rankings[0], rows=only_small)])
    assert printed(review).rankings[0].message.plain == "按大小校正后，都在正常波动内。"
