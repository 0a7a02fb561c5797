"""Rows that no longer count because a corrected file no longer holds them: the quarantine says so, the rows themselves stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from tasks.model.columns.column import UTC_TIME

WITHDRAWN = "withdrawn"
"""Rule under which the quarantine tells of such a row. It counts until then, and again once a later pull brings it."""
_GONE: dict[str, Any] = {"channel": pl.String, "source_id": pl.String, "gone_at": UTC_TIME}
NOTHING_GONE = pl.DataFrame(schema=_GONE)


def gone_rows(quarantine: pl.LazyFrame, table: str, moment: datetime) -> pl.DataFrame:
    """Return which rows of a table had been withdrawn at a moment (channel, source_id), and when last (gone_at)."""
    known = (pl.col("rule") == WITHDRAWN) & (pl.col("table") == table) & (pl.col("ingested_at") <= moment)
    return quarantine.filter(known).group_by("channel", "source_id").agg(gone_at=pl.col("appended_at").max()).collect()


def with_gone(rows: pl.LazyFrame, gone: pl.DataFrame) -> pl.LazyFrame:
    """Add `is_gone` to stored rows: withdrawn, and not stored again since. The rows keep their order."""
    if gone.is_empty():
        return rows.with_columns(is_gone=pl.lit(False))
    joined = rows.join(gone.lazy(), on=["channel", "source_id"], how="left", maintain_order="left")
    return joined.with_columns(is_gone=(pl.col("gone_at") >= pl.col("appended_at")).fill_null(False))
