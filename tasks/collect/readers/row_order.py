"""What rows of a table mean by their place: a heading that comes again, cells that stand once for several rows."""

from __future__ import annotations

import polars as pl

from tasks.errors import ChannelError, ChannelProblem
from tasks.shop.fill_down import FillDown


def repeats_heading(frame: pl.DataFrame) -> pl.Series:
    """Return which rows are the heading again, as in exports that were put together."""
    if frame.width < 2 or frame.is_empty():
        return pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    first, second = frame.columns[:2]
    mask = frame.select((pl.col(first).str.strip_chars() == first) & (pl.col(second).str.strip_chars() == second)).to_series()
    return mask.fill_null(False)


def filled_down(frame: pl.DataFrame, fill: FillDown, name: str) -> pl.DataFrame:
    """Fill empty cells with the value above, of the same key only if a key is named.

    Raises:
        ChannelError: If a column is missing.
    """
    missing = [column for column in [*fill.columns, *([fill.by] if fill.by else [])] if column not in frame.columns]
    if missing and frame.width:
        raise ChannelError(
            f"{name} has no column {', '.join(missing)} to fill down.",
            hint="Correct `fill_down` in channels.yaml.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )
    if not frame.width:
        return frame
    cells = [pl.when(pl.col(column).str.strip_chars() != "").then(pl.col(column)).alias(column) for column in fill.columns]
    frame = frame.with_columns(cells)
    if not fill.by:
        return frame.with_columns(pl.col(fill.columns).forward_fill())
    if fill.by in fill.columns:
        frame = frame.with_columns(pl.col(fill.by).forward_fill())
    known = pl.col(fill.by).is_not_null()
    return frame.with_columns(
        pl.when(known).then(pl.col(column).forward_fill().over(fill.by)).otherwise(pl.col(column)).alias(column)
        for column in fill.columns
    )
