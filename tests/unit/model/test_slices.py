"""Spans of days in slices: read, written and left aside."""

from datetime import date

import pytest

from tasks.model.slices import DaySpan, lasting


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2026-10-12..2026-10-25", DaySpan(date(2026, 10, 12), date(2026, 10, 25))),
        ("2026-10-12..", DaySpan(date(2026, 10, 12))),
    ],
)
def test_a_span_reads_as_it_is_written(text: str, span: DaySpan) -> None:
    assert DaySpan.parse(text) == span and str(span) == text


def test_another_value_is_no_span_and_a_broken_one_is_refused() -> None:
    assert DaySpan.parse("FW-03") is None
    with pytest.raises(ValueError, match="isoformat"):
        DaySpan.parse("soon..")


def test_what_lasts_of_a_slice_holds_no_span() -> None:
    assert lasting({"sku": "FW-03", "ship_date": "2026-10-12.."}) == {"sku": "FW-03"}
