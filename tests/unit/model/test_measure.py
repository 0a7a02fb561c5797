"""One measure a cause: what is printed of it divides, lies inside its range, and adds up, whatever the counts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.methods.likelihood import ratio_interval
from tasks.model.causes import Cause
from tasks.report.language.registry import LANGUAGES
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import cause as cause_sentence
from tests.makers.reviews import make_causes, make_context, make_review


def counted(observed: int, expected: float) -> Cause:
    low, high = ratio_interval(observed, expected)
    values = {"observed": float(observed), "expected": round(expected, 2), "ratio": observed / expected, "low": low, "high": high}
    return replace(make_causes()[0], leaves=((make_causes()[0].leaf, observed),), **values)


def printed(context: SectionContext, cause: Cause) -> tuple[float, float, float, float]:
    """Return expected, ratio, low and high as a reader of the page has them."""
    low, high = cause_sentence.interval(context, cause)
    phrases = (cause_sentence.expected(context, cause), cause_sentence.ratio(context, cause), low, high)
    expected, ratio, least, most = (float(re.sub(r"[^\d.]", "", phrase.plain)) for phrase in phrases)
    return expected, ratio, least, most


@given(st.integers(5, 5_000), st.floats(0.3, 4_000))
@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_ratio_is_what_a_reader_divides_and_lies_inside_its_range(language: str, observed: int, expected: float) -> None:
    cause = counted(observed, expected)
    assert cause.measure.low <= cause.measure.ratio <= cause.measure.high
    shown, ratio, low, high = printed(make_context(make_review("week", causes=[cause]), language), cause)
    if cause.measure.ratio <= 20 and shown:  # beyond, «over 20 times» is printed
        assert abs(ratio - observed / shown) <= (0.5 if observed / shown >= 4.95 else 0.05) + 1e-9
    assert low <= ratio <= high


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_the_parts_of_a_cause_add_up_to_it(parts: list[int]) -> None:
    leaves = tuple((f"PRD.L{place}", n) for place, n in enumerate(sorted(parts, reverse=True)))
    cause = replace(counted(sum(parts), 1.0), leaf=leaves[0][0], leaves=leaves)
    assert cause.own_cases == leaves[0][1] <= cause.observed == sum(n for _, n in cause.leaves)
