"""The declaration of a column of a canonical table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Column:
    """A column: its type, its meaning (with unit and source), and the codes it may hold, if fixed."""

    kind: Any
    words: str
    values: tuple[str, ...] = ()


UTC_TIME = pl.Datetime("us", "UTC")


def text(words: str, *values: str) -> Column:
    """Declare a text, or a code from `values`."""
    return Column(pl.String, words, values)


def time(words: str) -> Column:
    """Declare a moment in UTC."""
    return Column(UTC_TIME, words)


def day(words: str) -> Column:
    """Declare a day of the business zone."""
    return Column(pl.Date, words)


def number(words: str) -> Column:
    """Declare an amount, share or score."""
    return Column(pl.Float64, words)


def whole(words: str) -> Column:
    """Declare a whole number."""
    return Column(pl.Int64, words)


def flag(words: str) -> Column:
    """Declare yes or no."""
    return Column(pl.Boolean, words)


def texts(words: str) -> Column:
    """Declare a list of texts."""
    return Column(pl.List(pl.String), words)


TRAFFIC_SOURCES = ("shelf", "search", "self_live", "talent_live", "short_video", "private", "store")
"""Where a buyer came from."""
