"""Prices of one piece are told from amounts of a line, or the doubt is said."""

from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.connect.unit_prices import is_unit_price


def _rows(heading: str, lines: Sequence[tuple[str, int, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"sku": [line[0] for line in lines], "qty": [str(line[1]) for line in lines], heading: [line[2] for line in lines]}
    )


@pytest.mark.parametrize(
    ("heading", "lines", "unit"),
    [
        ("price", [("A", 1, "2,50"), ("A", 3, "2,50"), ("B", 1, "9")], True),
        ("price", [("A", 1, "2.50"), ("A", 3, "7.50"), ("B", 1, "9")], False),
        ("Total", [("A", 1, "2.50"), ("A", 3, "2.50")], True),
        ("单价", [("A", 3, "2.50")], True),
        ("Lineitem price", [("A", 3, "2.50")], True),
        ("实付金额", [("A", 3, "2.50")], False),
        ("price", [("A", 3, "2.50"), ("B", 1, "9")], None),
        ("price", [("A", 1, "2.50"), ("B", 1, "9")], False),
        ("price", [("A", 3, "gratis"), ("A", 1, "")], False),
    ],
)
def test_cells_decide_before_headings(heading: str, lines: list[tuple[str, int, str]], unit: bool | None) -> None:
    assert is_unit_price(_rows(heading, lines), heading, "qty", "sku") is unit


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 9)), min_size=1, max_size=30),
    st.dictionaries(st.sampled_from("ABC"), st.integers(100, 9_999), min_size=3, max_size=3),
)
def test_lines_without_discounts_are_never_mistaken(lines: list[tuple[str, int]], prices: dict[str, int]) -> None:
    """Whatever was bought, a list of unit prices is never taken for amounts, nor amounts for unit prices."""
    each = _rows("price", [(sku, pieces, str(prices[sku] / 100)) for sku, pieces in lines])
    whole = _rows("price", [(sku, pieces, str(prices[sku] * pieces / 100)) for sku, pieces in lines])
    several = any(pieces > 1 for _, pieces in lines)
    assert is_unit_price(each, "price", "qty", "sku") in ((True, None) if several else (False,))
    assert is_unit_price(whole, "price", "qty", "sku") in (False, None)
