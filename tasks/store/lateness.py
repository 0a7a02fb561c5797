"""How late the rows of a server come, and how far its next window must reach back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from tasks.model.facts import Pull
from tasks.model.tables import TABLES
from tasks.shop.channels import Channel
from tasks.store.delta_table import opened
from tasks.store.lake import Lake

LOOKED_BACK = timedelta(days=90)
FEWEST_LATE = 10
"""Fewer late rows teach nothing."""
MOST_HOURS = 30 * 24.0
MARGIN = 2.0
"""A window sees no row that is later than itself; twice what it saw lets it grow where rows come later still."""
STAMP_FORM = "%Y-%m-%dT%H:%M:%S%.fZ"


def hours_late(lake: Lake, channel: Channel, pulls: Sequence[Pull], now: datetime) -> pl.Series:
    """Return for each late row of a channel the hours by which its stamp lies before the pull that should have brought it.

    A row is late if it came first in a pull although its stamp lies before the pull before that one. Changed rows say nothing: a changed
    declaration changes rows of any age.

    Args:
        lake: Where the rows are.
        channel: A channel with a stamp.
        pulls: Its pulls, oldest first; the first good one brought the past and says nothing.
        now: Aware UTC.
    """
    since = {
        pull.pull_id: pull.window_start
        for pull in [pull for pull in pulls if pull.ok][1:]
        if pull.started_at >= now - LOOKED_BACK
    }
    stored = opened(f"{lake.root}/{channel.table}", lake.storage_options) if since else None
    if stored is None:
        return pl.Series(dtype=pl.Float64)
    by_version = channel.version is None
    stamp = (
        pl.col("source_version").str.to_datetime(STAMP_FORM, time_unit="us", time_zone="UTC", strict=False)
        if by_version
        else pl.col(TABLES[channel.table].time).cast(pl.Datetime("us", "UTC"))
    )
    rows = (
        lake.scan(stored)
        .filter(pl.col("channel") == channel.name, pl.col("version") == 1, pl.col("pull_id").is_in(list(since)))
        .select("pull_id", stamp.alias("stamp"))
        .collect()
    )
    before = rows["pull_id"].replace_strict(since, return_dtype=pl.Datetime("us", "UTC"))
    late = ((before - rows["stamp"]).dt.total_seconds() / 3600).drop_nulls()
    return late.filter(late > 0)


def overlap_hours(declared: float, late: pl.Series) -> float:
    """Return how many hours a window reaches back: twice the 99th percentile of lateness, at least what is declared, at most 30 days."""
    if late.len() < FEWEST_LATE:
        return declared
    percentile = late.quantile(0.99, "higher")
    return max(declared, min(MOST_HOURS, round(MARGIN * float(percentile or 0.0), 1)))
