"""Absence of data is no good news: a figure that rests on a missing source is neither judged nor compared."""

from __future__ import annotations

from datetime import date

import pytest

from tasks.analyse.figures.gaps import gaps, with_gaps
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Attainment, Figure, Judgement
from tasks.model.review import ChannelQuality

TABLES = {"mail": "feedback", "desk": "feedback", "orders": "order_line", "prices": "product"}


def channel(name: str, usual: float, records: int, **more: object) -> ChannelQuality:
    return ChannelQuality(name, name, records, records, 0, usual=usual, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("channels", "failures", "expected"),
    [
        ([channel("desk", 90, 90), channel("mail", 10, 10)], True, {}),
        ([channel("desk", 96, 96), channel("mail", 4, 0, error="refused", lost=4.0)], True, {}),  # hardly anything is missing
        ([channel("desk", 90, 90), channel("mail", 10, 0, error="refused", lost=10.0)], True, {"feedback": ("mail",)}),
        ([channel("desk", 90, 90), channel("mail", 0, 0, error="refused", lost=None)], True, {"feedback": ("mail",)}),
        ([channel("desk", 90, 0, missing_days=(date(2026, 11, 2),), lost=90.0)], True, {"feedback": ("desk",)}),
        ([channel("mail", 10, 0, error="refused", lost=10.0)], False, {}),  # what fails now may have delivered before
        ([channel("orders", 10, 5, missing_days=(date(2026, 10, 26),), lost=5.0)], False, {"order_line": ("orders",)}),
    ],
)
def test_what_is_missing_of_a_table_counts_by_what_is_usual(
    channels: list[ChannelQuality], failures: bool, expected: dict[str, tuple[str, ...]]
) -> None:
    assert gaps(channels, TABLES, failures=failures) == expected


def figure(code: str) -> Figure:
    return Figure(
        FIGURES[code],
        3.0,
        previous=9.0,
        low=5.0,
        high=12.0,
        judgement=Judgement.BETTER,
        attainment=Attainment.MET,
        streak=2,
        p=0.001,
    )


def test_a_figure_that_rests_on_a_gap_is_not_judged_and_names_the_channel() -> None:
    complaints, scores = with_gaps([figure("complaints"), figure("platform_score")], {"feedback": ("mail",)}, {})
    assert (complaints.judgement, complaints.attainment, complaints.without) == (Judgement.INCOMPLETE, "", ("mail",))
    assert (complaints.low, complaints.high, complaints.p, complaints.streak) == (None, None, None, 0)
    assert scores == figure("platform_score")


def test_a_gap_of_the_period_before_takes_the_comparison() -> None:
    [found] = with_gaps([figure("quality_refund_rate")], {}, {"aftersale": ("returns",)})
    assert (found.previous, found.without_before, found.judgement) == (None, ("returns",), Judgement.BETTER)
