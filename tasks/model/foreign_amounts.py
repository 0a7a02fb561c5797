"""Which columns are money of a row's own currency, and what became of those in another than the shop's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

MONEY: dict[str, tuple[str, ...]] = {
    "feedback": ("unit_price", "refund_amount"),
    "order_line": ("paid_amount",),
    "aftersale": ("refund_amount", "freight_amount", "compensation_amount"),
    "return_inspection": ("loss_amount",),
    "regulator_case": ("amount",),
}
"""Amounts that are in the currency of their row (`currency`); all others are in the shop's."""

_MOMENTS: dict[str, tuple[str, ...]] = {
    "feedback": ("submitted_at",),
    "order_line": ("paid_at",),
    "aftersale": ("refunded_at", "closed_at", "applied_at"),
    "return_inspection": ("inspected_at",),
    "regulator_case": ("answered_at", "received_at"),
}

FOREIGN_SCHEMA: dict[str, Any] = {
    "table": pl.String,
    "currency": pl.String,
    "day": pl.Date,
    "noted": pl.Date,
    "by_source": pl.Boolean,
    "converted": pl.Boolean,
    "rows": pl.Int64,
}
"""Rows with an amount in another currency, by table, currency, day, the day of the rate, and whether they were converted."""


def money_moments(table: str) -> tuple[str, ...]:
    """Return the columns that say when the money of a row moved, the best first."""
    return _MOMENTS[table]


def money_day(table: str, frame: pl.DataFrame, zone: str) -> pl.Expr:
    """Return the day of the shop's zone on which the money of each row moved, as far as it is known."""
    known = [pl.col(name) for name in money_moments(table) if name in frame.columns]
    return pl.coalesce(known).dt.convert_time_zone(zone).dt.date()


@dataclass(frozen=True)
class ForeignAmounts:
    """Rows of a period with an amount in one other currency.

    by_table: Rows converted by the shop's table of rates.
    by_source: Rows converted by a rate of their source.
    stale: Rows among `by_table` whose rate was noted too long before their day.
    unrated: Rows without a rate; their amounts are counted nowhere.
    first_noted, last_noted: Days on which the oldest and newest used rates of the table were noted.
    """

    currency: str
    by_table: int
    by_source: int
    stale: int
    unrated: int
    first_noted: date | None
    last_noted: date | None
