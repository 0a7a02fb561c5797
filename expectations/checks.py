"""The kinds of check, each as a mask of failing rows and as a Great Expectations expectation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

Expectation = tuple[str, dict[str, Any]]
"""Type and arguments of an expectation."""


@dataclass(frozen=True)
class Known:
    """The field is not null."""

    field: str

    def failing(self) -> pl.Expr:
        """Return the mask of the failing rows."""
        return pl.col(self.field).is_null()

    def expectation(self) -> Expectation:
        """Return the expectation's type and arguments."""
        return "expect_column_values_to_not_be_null", {"column": self.field}


@dataclass(frozen=True)
class OneOf:
    """The value, if present, is one of these."""

    field: str
    values: tuple[Any, ...]

    def failing(self) -> pl.Expr:
        """Return the mask of the failing rows."""
        return (~pl.col(self.field).is_in(list(self.values))).fill_null(False)

    def expectation(self) -> Expectation:
        """Return the expectation's type and arguments."""
        return "expect_column_values_to_be_in_set", {"column": self.field, "value_set": list(self.values)}


@dataclass(frozen=True)
class Between:
    """The number, if present, lies between two bounds; `below` excludes the upper one."""

    field: str
    low: float | None = None
    high: float | None = None
    below: bool = False

    def failing(self) -> pl.Expr:
        """Return the mask of the failing rows."""
        column, mask = pl.col(self.field), pl.lit(False)
        if self.low is not None:
            mask = mask | (column < self.low)
        if self.high is not None:
            mask = mask | (column >= self.high if self.below else column > self.high)
        return mask.fill_null(False)

    def expectation(self) -> Expectation:
        """Return the expectation's type and arguments."""
        bounds = {"column": self.field, "min_value": self.low, "max_value": self.high, "strict_max": self.below}
        return "expect_column_values_to_be_between", bounds


@dataclass(frozen=True)
class Length:
    """The text, if present, has between `low` and `high` characters."""

    field: str
    low: int
    high: int

    def failing(self) -> pl.Expr:
        """Return the mask of the failing rows."""
        return (~pl.col(self.field).str.len_chars().is_between(self.low, self.high)).fill_null(False)

    def expectation(self) -> Expectation:
        """Return the expectation's type and arguments."""
        return "expect_column_value_lengths_to_be_between", {
            "column": self.field,
            "min_value": self.low,
            "max_value": self.high,
        }


@dataclass(frozen=True)
class Matches:
    """The text, if present, contains the pattern."""

    field: str
    pattern: str

    def failing(self) -> pl.Expr:
        """Return the mask of the failing rows."""
        return (~pl.col(self.field).str.contains(self.pattern)).fill_null(False)

    def expectation(self) -> Expectation:
        """Return the expectation's type and arguments."""
        return "expect_column_values_to_match_regex", {"column": self.field, "regex": self.pattern}


@dataclass(frozen=True)
class Lacks:
    """The text, if present, does not contain the pattern."""

    field: str
    pattern: str

    def failing(self) -> pl.Expr:
        """Return the mask of the failing rows."""
        return pl.col(self.field).str.contains(self.pattern).fill_null(False)

    def expectation(self) -> Expectation:
        """Return the expectation's type and arguments."""
        return "expect_column_values_to_not_match_regex", {"column": self.field, "regex": self.pattern}


@dataclass(frozen=True)
class NotBefore:
    """If both are present, `field` is not smaller than `earlier`."""

    field: str
    earlier: str

    def failing(self) -> pl.Expr:
        """Return the mask of the failing rows."""
        return (pl.col(self.field) < pl.col(self.earlier)).fill_null(False)

    def expectation(self) -> Expectation:
        """Return the expectation's type and arguments."""
        return "expect_column_pair_values_a_to_be_greater_than_b", {
            "column_A": self.field,
            "column_B": self.earlier,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        }


Check = Known | OneOf | Between | Length | Matches | Lacks | NotBefore
