"""Numbers are read by the evidence of their column, never silently a hundred times too large."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.mapping.quantities import Decimal, read_numbers
from tasks.model.rows import PulledRows


def values(*cells: str, decimal: Decimal = "auto") -> list[float | None]:
    """Read a column's cells."""
    return read_numbers(pl.Series(cells, dtype=pl.String), decimal).values.to_list()


def doubtful(*cells: str, decimal: Decimal = "auto") -> list[bool]:
    """Tell which of a column's cells are doubtful."""
    return read_numbers(pl.Series(cells, dtype=pl.String), decimal).doubtful.to_list()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12,50", 12.5),
        ("€ 29,90", 29.9),
        ("29,90 EUR", 29.9),
        ("29.90 €", 29.9),
        ("EUR 1 299,00", 1299.0),
        ("1\u202f299,00\u00a0€", 1299.0),
        ("(15,00)", -15.0),
        ("($1,299.00)", -1299.0),
        ("15,00-", -15.0),
        ("−4,5", -4.5),
        ("$-3.50", -3.5),
        ("1.234,56", 1234.56),
        ("1,234.56", 1234.56),
        ("1.299,-", 1299.0),
        ("15,--", 15.0),
        ("1'299.00", 1299.0),
        ("1’299.00 CHF", 1299.0),
        ("1,23,456.00", 123456.0),
        ("1.234.567", 1234567.0),
        ("0,125", 0.125),
        ("Rs. 500", 500.0),
        ("Fr.12.50", 12.5),
        ("kr 12,50", 12.5),
        ("R$ 1.299,90", 1299.9),
        ("12 %", 0.12),
        ("1.5k", 1500.0),
        ("2千", 2000.0),
        ("3亿", 3e8),
        ("5kg", 5.0),
        ("3千克", 3.0),
        ("1,499元", 1499.0),
        ("12,34,56", None),
        ("12,5.3", None),
        ("1 2", None),
        ("2026-11-01", None),
        ("nan", None),
        ("inf", None),
        ("1e400", None),
    ],
)
def test_a_number_alone(cell: str, expected: float | None) -> None:
    """Signs, currencies, separators of thousands and decimals on either side are understood from the cell itself."""
    assert values(cell) == [expected]


def test_other_cells_decide() -> None:
    """A sign before three digits means what it means in the rest of the column."""
    assert values("1.000", "12,5") == [1000.0, 12.5]
    assert values("1.000", "12.5") == [1.0, 12.5]
    assert values("1,000", "12,5") == [1.0, 12.5]
    assert values("1,000", "12.5") == [1000.0, 12.5]
    assert doubtful("1.000", "12,5") == [False, False]


def test_what_nothing_decides_is_flagged() -> None:
    """A lone point, or a column that contradicts itself, is doubtful; a setting ends the doubt, and is itself contradicted."""
    assert doubtful("1.000") == [True]
    assert doubtful("1,499") == [False]
    assert doubtful("1,499", "12,50", "12.50") == [True, False, False]
    assert (values("1.000", decimal="comma"), doubtful("1.000", decimal="comma")) == ([1000.0], [False])
    assert (values("1.000", decimal="point"), doubtful("1.000", decimal="point")) == ([1.0], [False])
    assert doubtful("12,50", decimal="point") == [True]


@given(
    st.lists(st.decimals(min_value=0, max_value=10**7, places=2), min_size=1, max_size=20),
    st.sampled_from(["", " €", " EUR", "元"]),
)
def test_a_column_of_either_kind_comes_back(amounts: list[object], unit: str) -> None:
    """Amounts written with two decimals are the same numbers, whichever of the two ways a column is written."""
    point = [f"{amount:,.2f}{unit}" for amount in amounts]
    comma = [text.translate(str.maketrans(",.", ".,")) for text in point]
    expected = [float(str(amount)) for amount in amounts]
    assert values(*point) == expected
    assert values(*comma) == expected


def test_refunds_of_an_export(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """firefly-iii 4106, Cellarion 437, actualbudget 2143: amounts with a decimal comma are not a hundredfold."""
    cells = ["1.234,56", "12,50", '"1,299.00"', "1.000", "€ 29,90", "29.90 €", "EUR 1 299,00", "(15,00)", "-15.00", "1.299,-"]
    cells += ["3,000", "29,90 EUR", "1'299.00"]
    lines = [f"{number};2026-11-0{1 + number % 7};a;{cell}" for number, cell in enumerate(cells)]
    (tmp_path / "t.csv").write_text("id;date;text;refund\n" + "\n".join(lines), "utf-8")
    batch = pull(
        "channels:\n  - name: tt\n    table: feedback\n    source: ticket\n    source_id: id\n"
        "    read: {kind: delimited, files: [t.csv], separator: ';'}\n"
        "    columns: {submitted_at: date, text: text, refund_amount: refund}\n"
    )
    found = batch.frame["refund_amount"].to_list()
    assert found == [1234.56, 12.5, 1299.0, 1000.0, 29.9, 29.9, 1299.0, -15.0, -15.0, 1299.0, 3.0, 29.9, 1299.0]
    flagged = [flags == ["number_doubtful:refund_amount"] for flags in batch.frame["flags"].to_list()]
    assert [index for index, flag in enumerate(flagged) if flag] == [3, 10]
    assert "refund_amount: 7 cells are read with a decimal comma." in batch.notes
    assert any("«1.000» (t.csv, row 5)" in note for note in batch.notes)
