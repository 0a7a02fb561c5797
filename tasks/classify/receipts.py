"""When parcels arrived whose source does not say it: shipping plus the usual transit."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from tasks.model.facts import EstimatedReceipts
from tasks.shop.load import Shop

DEFAULT_DAYS = 3.0
"""Transit where no order of the shop shows it."""
FEWEST = 30
"""Orders with both moments from which the usual transit is measured; lines long under way that show a column to be always empty."""

LONG_AGO = 21
"""Days after shipping in which a parcel arrives, whatever its source says."""


def with_estimated_receipts(
    order_line: pl.DataFrame, shop: Shop, as_of: datetime
) -> tuple[pl.DataFrame, EstimatedReceipts | None]:
    """Return order lines with `signed_at` estimated where their source never gives it, and what was estimated.

    Only platforms none of whose lines is signed for are concerned, in a shop that declares an order channel without `signed_at` or
    where enough lines should have arrived long ago (a column that is always empty): a missing scan of a source that does give scans
    stays missing. The usual transit is the median of the shop's orders that
    show both moments, else three days. A line that would arrive after `as_of` has not arrived.

    Args:
        order_line: Order lines as of a moment.
        shop: Its channels.
        as_of: That moment, aware UTC.
    """
    channels = [channel for channel in shop.channels.channels if channel.table == "order_line"]
    if not channels or order_line.is_empty():
        return order_line, None
    transit = order_line.select((pl.col("signed_at") - pl.col("shipped_at")).drop_nulls()).to_series()
    measured = transit.len() >= FEWEST
    days = round(float(np.median(transit.dt.total_seconds().to_numpy())) / 86_400, 1) if measured else DEFAULT_DAYS
    expected = pl.col("shipped_at") + pl.duration(seconds=days * 86_400)
    platform = pl.col("platform").cast(pl.String).fill_null("")
    silent = pl.col("signed_at").is_null().all().over(platform)
    if all("signed_at" in channel.columns for channel in channels):
        overdue = pl.col("shipped_at") <= as_of - timedelta(days=LONG_AGO)
        silent &= overdue.sum().over(platform) >= FEWEST
    arrived = order_line.select(pl.when(silent & (expected <= as_of)).then(expected)).to_series()
    lines = arrived.len() - arrived.null_count()
    if not lines:
        return order_line, None
    filled = order_line.with_columns(signed_at=pl.coalesce("signed_at", arrived.alias("arrived")))
    return filled, EstimatedReceipts(lines, days, measured)
