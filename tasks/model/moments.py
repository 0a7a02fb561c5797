"""Expressions on columns of moments: by business day, and within a period."""

from __future__ import annotations

import polars as pl

from tasks.model.periods import Period


def local_day(column: str, zone: str) -> pl.Expr:
    """Return the business day on which each moment of a UTC column lies; null where it is null."""
    return pl.col(column).dt.convert_time_zone(zone).dt.date()


def within(column: str, period: Period) -> pl.Expr:
    """Return whether each moment of a UTC column lies in a period."""
    return (pl.col(column) >= period.start) & (pl.col(column) < period.end)
