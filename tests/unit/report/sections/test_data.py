"""Data and method in words: the promise of false alarms, gaps, changes of a revision."""

from __future__ import annotations

import pytest

from tasks.model.review import ChannelQuality
from tasks.report.sections import data
from tests.makers.reviews import make_context, make_review


@pytest.mark.parametrize(("expected", "most"), [(0.1, "1处"), (1.0, "1处"), (1.2, "2处")])
def test_the_promise_of_false_alarms_is_never_rounded_down(expected: float, most: str) -> None:
    review = make_review("week", tested=312, expected_false_alarms=expected)
    assert f"本期共检查312处，预计误报不超过{most}。" in [phrase.plain for phrase in data.build(make_context(review)).method]


def test_a_channel_that_was_not_read_is_named_first_and_in_the_table() -> None:
    channels = [ChannelQuality("desk", "Desk", 0, 0, 0, error="no answer."), ChannelQuality("shop", "Shop", 90, 100, 2)]
    view = data.build(make_context(make_review("week", channels=channels), "en"))
    assert view.trust[0].plain.startswith("Data partly usable: 1 source of 2 sources complete")
    assert view.trust[1].plain.startswith("Desk could not be read: an unexpected error")
    assert [(row.remark.plain, row.tone) for row in view.channels] == [("not read", "worse"), ("complete", "")]


def test_a_revision_prints_only_what_changed() -> None:
    review = make_review("week", revision=2, previous_numbers={"quality_refund_rate.value": 0.018, "net_loss.value": 86_400.0})
    assert [line.plain for line in data.build(make_context(review)).revisions] == ["品质退款率由1.8%改为1.9%。"]
    assert [line.plain for line in data.build(make_context(make_review("week", revision=2))).revisions]
    assert data.build(make_context(make_review("week"))).revisions == ()


def test_definitions_stand_in_monthly_editions_only() -> None:
    assert data.build(make_context(make_review("month"))).definitions
    assert not data.build(make_context(make_review("week"))).definitions


def test_why_a_channel_is_left_out_is_not_cut_in_the_middle() -> None:
    why = {
        "en": "more than 10 % of its rows are quarantined; the rest does not stand for the channel",
        "zh": "隔离的行超过一成，其余不能代表该渠道",
    }
    channels = [ChannelQuality("shop", "Shop", 0, 4079, 4079, excluded=why)]
    [row] = data.build(make_context(make_review("week", channels=channels), "en")).channels
    assert row.remark.plain.rstrip(". ").endswith("does not stand for the channel")
