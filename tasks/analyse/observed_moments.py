"""Which channels record a moment at all: what a source never delivers is no data, and nobody missed it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tasks.shop.channels import Channels


def silent_channels(table: pl.DataFrame, columns: Sequence[str], declared: Channels | None = None) -> tuple[str, ...]:
    """Return the channels none of whose rows has any of these moments, sorted.

    A source that does not map a moment and one that never fills it look the same: in both, an empty cell does not say that the
    thing did not happen.

    Args:
        table: All rows known, not those of one period only.
        columns: Moments, such as `closed_at`; without any, no channel is silent.
        declared: For what may not fail even once (regulators, a platform's evidence): a channel that maps the moment is not silent,
            because its very first case can be a missed one.
    """
    if not columns or "channel" not in table.columns:
        return ()
    filled = pl.any_horizontal(pl.col(column).is_not_null() for column in columns)
    silent = table.group_by("channel").agg(filled=filled.any()).filter(~pl.col("filled"))["channel"].drop_nulls()
    mapped = {channel.name for channel in (declared or Channels()).channels if channel.columns.keys() & set(columns)}
    return tuple(sorted(set(silent) - mapped))


def records_any(table: pl.DataFrame, columns: Sequence[str], declared: Channels | None = None) -> pl.Expr:
    """Return a condition on rows: their channel records at least one of these moments, or the rows name no channel."""
    silent = silent_channels(table, columns, declared)
    return ~pl.col("channel").fill_null("").is_in(silent) if silent else pl.lit(value=True)
