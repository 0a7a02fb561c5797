"""Rankings in print: adjusted for size, no ratio and no word below the minimum."""

from __future__ import annotations

from dataclasses import replace

from tasks.model.figures import RankedSlice
from tasks.model.review import Review
from tasks.report.sections import rankings
from tasks.report.sections.rankings import RankingTable
from tests.makers.reviews import make_context, make_review


def printed(review: Review) -> tuple[RankingTable, ...]:
    view = rankings.build(make_context(review))
    return view.tables if view else ()


def test_a_ranking_names_what_stands_out_and_says_that_size_is_corrected_for() -> None:
    skus, queues = printed(make_review("month"))
    assert skus.title.plain == "按商品看投诉，已按销量大小校正"
    assert skus.message.plain == "KT-05明显偏高：92起，按同类水平应有51起，约为1.7倍。"
    assert [row.judgement.plain for row in skus.rows] == ["明显偏高", "偏高，待观察", "正常波动", "明显偏低", "只列件数"]
    assert queues.message.plain == "按大小校正后，都在正常波动内。"
    assert "会话量" in queues.title.plain


def test_below_the_minimum_a_slice_has_its_cases_and_nothing_else() -> None:
    small = printed(make_review("month"))[0].rows[-1]
    assert small.cases.plain == "9起"
    assert (small.ratio.plain, small.low.plain, small.leaf.plain) == ("—", "—", "—")
    assert small.tone == "muted"


def test_a_partial_month_ranks_nothing_and_a_week_has_no_rankings() -> None:
    assert printed(make_review("month", partial="2026-10-01..2026-10-12")) == ()
    assert printed(make_review("week")) == ()


def test_ranked_slices_under_the_minimum_never_lead_the_message() -> None:
    review = make_review("month")
    normal = RankedSlice("KT-09", 33, 900, 31.0, 1.0, 0.8, "normal")
    only_small = (*(row for row in review.rankings[0].rows if row.ratio is None), normal)
    review = replace(review, rankings=[replace(review.rankings[0], rows=only_small)])
    assert printed(review)[0].message.plain == "按大小校正后，都在正常波动内。"
