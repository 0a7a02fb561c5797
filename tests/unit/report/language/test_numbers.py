"""The registry of printed numbers."""

from __future__ import annotations

import json

import pytest

from tasks.errors import RenderError
from tasks.report.language.numbers import Numbers
from tasks.report.language.registry import LANGUAGES


def test_a_number_prints_by_its_id_and_is_kept_in_every_language() -> None:
    numbers = Numbers("zh-CN")
    shown = numbers.add("quality_refund_rate.value", 0.019, "share", n=23_100, range="2026-09-28..2026-10-04", method="D08")
    assert shown.__html__() == '<span data-n="quality_refund_rate.value">1.9%</span>'
    (line,) = json.loads(numbers.to_json({"quality_refund_rate.value"}))
    assert line == {
        "id": "quality_refund_rate.value", "value": 0.019, "unit": "share", "n": 23_100, "range": "2026-09-28..2026-10-04",
        "method": "D08", "rows": "", "text": {code: each.percent(0.019) for code, each in LANGUAGES.items()},
    }  # fmt: skip


def test_one_id_has_one_value() -> None:
    numbers = Numbers("en")
    numbers.add("a", 3, "cases")
    numbers.add("a", 3.0, "cases")
    with pytest.raises(RenderError, match="two values"):
        numbers.add("a", 4, "cases")


def test_an_unregistered_number_cannot_be_printed() -> None:
    with pytest.raises(RenderError, match="not a registered number"):
        Numbers("en").show("invented")


def test_only_printed_numbers_are_kept() -> None:
    numbers = Numbers("en")
    numbers.add("a", 1)
    numbers.add("b", 2)
    assert [each["id"] for each in json.loads(numbers.to_json({"b"}))] == ["b"]
