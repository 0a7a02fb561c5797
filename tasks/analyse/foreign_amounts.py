"""What became of a period's amounts in other currencies than the shop's."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tasks.model.foreign_amounts import ForeignAmounts
from tasks.model.periods import Period
from tasks.shop.exchange_rates import STALE_DAYS


def foreign_amounts(told: pl.DataFrame, period: Period) -> tuple[ForeignAmounts, ...]:
    """Return for each other currency how many rows of a period were converted, by which rates, and how many have none.

    Args:
        told: What became of foreign amounts, as `FOREIGN_SCHEMA`.
        period: The period in which the money moved.
    """
    rows = told.filter(pl.col("day").is_between(period.first_day, period.last_day))
    by_table = pl.col("converted") & ~pl.col("by_source")
    late = by_table & (pl.col("day") - pl.col("noted") > timedelta(days=STALE_DAYS))
    counted = (
        rows.group_by("currency")
        .agg(
            by_table=pl.col("rows").filter(by_table).sum(),
            by_source=pl.col("rows").filter("by_source").sum(),
            stale=pl.col("rows").filter(late).sum(),
            unrated=pl.col("rows").filter(~pl.col("converted")).sum(),
            first_noted=pl.col("noted").filter(by_table).min(),
            last_noted=pl.col("noted").filter(by_table).max(),
        )
        .sort("currency")
    )
    return tuple(ForeignAmounts(**row) for row in counted.iter_rows(named=True))
