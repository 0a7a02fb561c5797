"""The one sentence of page 1 in words."""

from __future__ import annotations

from dataclasses import replace

from tasks.model.figures import Judgement
from tasks.model.review import ChannelQuality
from tasks.report.sections import first_page
from tests.makers.reviews import make_context, make_review, red_line


def test_a_watched_headline_is_neither_normal_nor_worse() -> None:
    review = make_review("quiet")
    review = replace(review, figures=[replace(figure, judgement="watch") for figure in review.figures])
    conclusion = first_page.build(make_context(review)).conclusion.plain
    assert "待观察" in conclusion
    assert "正常范围内" not in conclusion


def test_a_red_line_is_what_the_sentence_is_about() -> None:
    view = first_page.build(make_context(make_review("week", red_lines=[red_line()]), "en"))
    assert "safety comes first: KT-11" in view.conclusion.plain
    assert len(view.red) == 1 and view.red[0].plain.startswith("RED LINE: KT-11, 3 cases")


def test_a_partial_period_says_until_when_it_reaches() -> None:
    view = first_page.build(make_context(make_review("week", partial="2026-11-02..2026-11-05"), "en"))
    assert view.status.plain == "partial period, through 5 Nov"
    assert "data up to 5 Nov" in view.conclusion.plain


def test_no_red_line_is_claimed_for_a_source_that_was_not_read() -> None:
    unread = [ChannelQuality("desk", "Desk", 0, 0, 0, error="no answer."), ChannelQuality("shop", "Shop", 90, 100, 2)]
    view = first_page.build(make_context(make_review("week", channels=unread), "en"))
    assert view.calm.plain == "No red lines this week in what was read; Desk not read: look there yourself."
    read = [ChannelQuality("desk", "Desk", 90, 90, 0)]
    assert first_page.build(make_context(make_review("week", channels=read), "en")).calm.plain == "No red lines this week."


def test_a_total_that_is_not_judged_is_not_said_to_lack_history() -> None:
    """29 complaints after 31 weeks are too few for a judgement, not too young."""
    review = make_review("quiet", causes=[], red_lines=[red_line()])
    few = [replace(figure, judgement=Judgement.INSUFFICIENT, low=None, high=None) for figure in review.figures]
    said = first_page.build(make_context(replace(review, figures=few), "en")).conclusion.plain
    assert "could not be judged" in said and "history" not in said
