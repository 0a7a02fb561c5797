"""Numbers of orders, parcels and units that a spreadsheet program has cut: the digits are lost, and two records may share a name."""

from __future__ import annotations

import polars as pl

from tasks.collect.mapping.cells import Work
from tasks.collect.mapping.faults import doubt

WORDS = ("title", "text", "expected_solution", "customer_ref")
"""Columns of words, and the one whose values are no longer readable."""
_POWER = r"^\d(?:[.,]\d+)?[Ee]\+\d{1,2}$"
_LONG = r"^\d{16,22}$"
EXACT = 15
"""The digits that a spreadsheet program keeps; it writes zeros for the others."""


def tell_lost_digits(work: Work, columns: dict[str, pl.Series]) -> None:
    """Flag names such as 2.81E+17, and long ones of which a whole column ends in zeros, with `digits_lost:<column>`."""
    for name, cells in columns.items():
        if cells.dtype != pl.String or name in WORDS:
            continue
        lost = pl.repeat(False, cells.len(), dtype=pl.Boolean, eager=True)
        if cells.str.contains("+", literal=True).any():
            lost = cells.str.contains(_POWER).fill_null(False)
        rounded = cells.str.contains(_LONG).fill_null(False)
        if rounded.any() and (cells.filter(rounded).str.slice(EXACT).str.strip_chars("0") == "").all():
            work.by_column = True
            lost = lost | rounded if rounded.sum() > 1 else lost
        doubt(work, name, f"digits_lost:{name}", lost, cells, "has lost digits in a spreadsheet program: export it as text")
