"""Facts are coded as the model declares it, or nobody gets them."""

from datetime import UTC, datetime

import polars as pl
import pytest

from tasks.classify.coding import code
from tasks.model.facts import CODED_FEEDBACK, CodedFacts, Facts
from tasks.shop.load import Shop

NOW = datetime(2026, 11, 10, tzinfo=UTC)
CODED_FRAME = pl.DataFrame(schema=CODED_FEEDBACK)


def test_what_classify_makes_has_every_declared_column() -> None:
    assert CODED_FEEDBACK.items() <= dict(code(Facts({}, NOW), Shop.load())["feedback"].schema).items()


@pytest.mark.parametrize("column", ["counted", "leaf", "severity_why", "submitted_at"])
def test_a_missing_or_misspelt_column_is_named(column: str) -> None:
    with pytest.raises(TypeError, match=rf"\b{column} \(\w+.* is missing\)"):
        CodedFacts({"feedback": CODED_FRAME.drop(column)}, NOW)
    with pytest.raises(TypeError, match=rf"\b{column} \(\w+.* is missing\)"):
        CodedFacts({"feedback": CODED_FRAME.rename({column: f"{column}x"})}, NOW)


def test_a_column_of_another_type_is_named_with_both() -> None:
    with pytest.raises(TypeError, match=r"counted \(Boolean is wanted, Int64 was found\)"):
        CodedFacts({"feedback": CODED_FRAME.with_columns(pl.col("counted").cast(pl.Int64))}, NOW)


def test_uncoded_records_are_refused() -> None:
    with pytest.raises(TypeError, match="is not coded"):
        CodedFacts({}, NOW)
