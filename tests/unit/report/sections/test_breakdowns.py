"""One measure by the values of one dimension, in words."""

from __future__ import annotations

from dataclasses import replace

from tasks.model.figures import Breakdown
from tasks.report.sections import breakdowns
from tests.makers.reviews import make_context, make_review, make_shop


def test_a_share_of_all_complaints_needs_enough_of_all() -> None:
    """27 of 38 complaints are 71 %; that 27 are fewer than 30 does not matter to a share of 38."""
    rows = (("Dino Paint", 27 / 38, 27.0, None, None), ("Puzzle Farm", 11 / 38, 11.0, None, None))
    review = replace(make_review(), breakdowns=[Breakdown("complaints", "sku", rows, 30, None, 38.0, 0)])
    view = breakdowns.build(make_context(review, "en", shop=make_shop("records")))
    assert view is not None
    assert [row.rate.plain for row in view.tables[0].rows] == ["71.1%", "28.9%"]
    assert "rates from" not in view.tables[0].caption.plain
    few = replace(review, breakdowns=[Breakdown("negative_rate", "sku", rows, 30, None, 38.0, 0)])
    shown = breakdowns.build(make_context(few, "en", shop=make_shop("records")))
    assert shown is not None and [row.rate.plain for row in shown.tables[0].rows] == ["–", "–"]
