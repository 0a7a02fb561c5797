"""What was promised: an edition for everybody does not deny what it may not name."""

from __future__ import annotations

from dataclasses import replace

from tasks.report.sections import action_progress
from tests.makers.reviews import make_context, make_review


def test_restricted_promises_are_not_denied() -> None:
    review = make_review()
    hidden = tuple(replace(result, action=replace(result.action, restricted=True)) for result in review.prior)
    said = [str(line) for line in action_progress.build(make_context(replace(review, prior=hidden), "en")).lines]
    assert hidden and said == ["The earlier promises are restricted and not named here."]
    none = action_progress.build(make_context(replace(review, prior=()), "en"))
    assert [str(line) for line in none.lines] == ["There are no earlier promises."]
