"""The rows of one append: brought to their stored form, and numbered as versions of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import polars as pl
from deltalake import DeltaTable

from tasks.errors import UserError
from tasks.model.columns.column import UTC_TIME
from tasks.model.tables import STAMPS, Table
from tasks.store.fingerprint import fingerprint

HOUSEKEEPING: dict[str, Any] = {"version": pl.Int64, "appended_at": UTC_TIME, **STAMPS}
"""Columns in front of every stored table. `version` counts the versions of one key from 1; `appended_at` is the moment
of the commit where `ingested_at` may be a stamp of the source."""


def text_column(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column as text; null if the frame does not have it."""
    column = pl.col(name) if name in frame.columns else pl.lit(None)
    return column.cast(pl.String).alias(name)


def known_at(stamp: pl.Expr, now: datetime) -> pl.Expr:
    """Return when each row was known: its stamp, unless that lies in the future."""
    moment = pl.lit(now).cast(UTC_TIME)
    return pl.min_horizontal(stamp.cast(UTC_TIME).fill_null(moment), moment)


def prepared(
    shape: Table,
    frame: pl.DataFrame,
    stored: DeltaTable | None,
    channel: str,
    pull_id: str,
    ingested_at: datetime,
    use_stamp: bool,
) -> tuple[pl.DataFrame, list[str]]:
    """Convert a frame to the stored columns and types; also return the names that the row's hash covers."""
    for name in shape.key:
        if name in shape.required and name not in frame.columns:
            raise UserError(
                f"Rows of the channel {channel} have no {name}, which identifies a row of {shape.name}.",
                hint=f"Map the column {name} in channels.yaml.",
            )
        if name in shape.required and frame[name].null_count():
            raise UserError(
                f"The channel {channel} delivered rows of {shape.name} with an empty {name}.",
                hint="Require the column in expectations, so that such rows go into quarantine.",
            )
    reserved = {*HOUSEKEEPING, "stamp", *shape.columns}
    extra = [name for name in frame.columns if name not in reserved]
    content: list[pl.Expr] = []
    for name, dtype in shape.columns.items():
        column = pl.col(name) if name in frame.columns else pl.lit(None)
        content.append((column if frame.schema.get(name) == pl.Categorical else column.cast(dtype)).alias(name))
    for name in extra:
        dtype = frame.schema[name]
        plain = dtype in (pl.Boolean, pl.Float64, pl.Int64, pl.Date) or dtype == pl.List(pl.String)
        content.append(pl.col(name) if plain else pl.col(name).cast(pl.String))
    now = pl.lit(ingested_at).cast(UTC_TIME)
    known = known_at(pl.col("stamp"), ingested_at) if use_stamp and "stamp" in frame.columns else now
    try:
        rows = frame.select(
            pl.lit(channel).alias("channel"),
            text_column(frame, "source_id"),
            text_column(frame, "source_version"),
            known.alias("ingested_at"),
            pl.lit(pull_id).alias("pull_id"),
            *content,
        )
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"Rows of the channel {channel} do not fit the table {shape.name}: {str(error).splitlines()[0]}",
            hint="Set a type or a value map for the column in channels.yaml.",
        ) from error
    if stored is not None:
        rows = _with_stored_types(rows, stored, extra, channel)
    return rows, [*shape.columns, *extra]


def _with_stored_types(rows: pl.DataFrame, stored: DeltaTable, extra: list[str], channel: str) -> pl.DataFrame:
    """Cast declared columns to the type under which an earlier pull stored them."""
    types = {field.name: str(getattr(field.type, "type", field.type)) for field in stored.schema().fields}
    plain = {"string": pl.String, "long": pl.Int64, "double": pl.Float64, "boolean": pl.Boolean, "date": pl.Date}
    for name in extra:
        known = plain.get(types.get(name, ""))
        if known is not None and rows.schema[name] != known:
            try:
                rows = rows.with_columns(pl.col(name).cast(known))
            except pl.exceptions.PolarsError as error:
                raise UserError(
                    f"The column {name} of the channel {channel} was stored as {types[name]} and now holds {rows.schema[name]}.",
                    hint="Give the new content another name in channels.yaml.",
                ) from error
    return rows


def identified(rows: pl.DataFrame, content: list[str], key: list[str]) -> pl.DataFrame:
    """Return what a plan needs to know of prepared rows: key, source id, hash of the content, and when they were known."""
    return rows.select(*key, "source_id", fingerprint(rows, content), "ingested_at")


def append_plan(small: pl.DataFrame, key: list[str], use_stamp: bool) -> pl.DataFrame:
    """Decide which rows are appended: `row`, `row_hash`, `version` and `ingested_at`, in row order.

    `small` has per row its key, row_hash, ingested_at and, of the key's newest stored version, old_hash, old_version, old_at.
    """
    repeated = repeated_rows(small, key)
    differs = pl.col("old_hash").is_null() | (pl.col("row_hash") != pl.col("old_hash"))
    wanted = (
        "row",
        "row_hash",
        "ingested_at",
        "old_version",
        "old_at",
    )  # not the keys: they are long, and the plan goes without them
    single = small.lazy().filter(~repeated & (differs | pl.col("reopened"))).select(*wanted, step=pl.lit(1, pl.Int64))
    parts = [single.collect()]
    if repeated.any():  # windows over keys are expensive, and few keys occur twice
        several = small.filter(repeated).sort(["ingested_at", "row"] if use_stamp else ["row"])
        if use_stamp:
            before = pl.col("row_hash").shift(1).over(key)
            first = pl.col("row").cum_count().over(key) == 1
            # of a history that was stored up to some version, as by a run that was killed, only what follows is new
            place = pl.col("row").cum_count().over(key)
            stored = pl.when(pl.col("row_hash") == pl.col("old_hash")).then(place).max().over(key).fill_null(0)
            several = several.with_columns(
                differs=pl.when(place <= stored)
                .then((place == stored) & pl.col("reopened"))
                .when(first)
                .then(differs | pl.col("reopened"))
                .otherwise(pl.col("row_hash") != before)
            ).with_columns(step=pl.col("differs").cast(pl.Int64).cum_sum().over(key))
        else:
            last = several.unique(key, keep="last", maintain_order=True)
            several = last.with_columns(differs=differs | pl.col("reopened"), step=pl.lit(1, pl.Int64))
        parts.append(several.filter("differs").select(*wanted, "step"))
    chosen = pl.concat(parts)
    return chosen.select(
        "row",
        "row_hash",
        version=pl.col("old_version").fill_null(0) + pl.col("step"),
        # a change cannot be known earlier than the version it changes
        ingested_at=pl.max_horizontal("ingested_at", "old_at"),
    ).sort("row")


def repeated_rows(rows: pl.DataFrame, key: list[str]) -> pl.Series:
    """Return which rows share their key; keys of millions of rows are compared by their hashes first, in a tenth of the memory."""
    hashes = rows.select(key).hash_rows()
    ordered = hashes.sort()
    candidates = hashes.is_in(ordered.filter(ordered == ordered.shift(1)).unique().implode()).arg_true()
    alike = rows.select(key)[candidates].is_duplicated()
    return pl.repeat(False, rows.height, eager=True).scatter(candidates.filter(alike), True)


def placed(parts: Iterable[pl.DataFrame], plan: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the planned rows of each part with their versions, hashes and moments."""
    begin = 0
    for part in parts:
        end = begin + part.height
        first, last = plan["row"].search_sorted(begin, "left"), plan["row"].search_sorted(end, "left")
        mine = plan[first:last]
        chosen = part if mine.height == part.height else part[mine["row"] - begin]
        yield chosen.with_columns(mine["row_hash"], mine["version"], mine["ingested_at"])
        begin = end


def stored_form(rows: pl.DataFrame, appended_at: datetime) -> pl.DataFrame:
    """Put the columns into their stored order, housekeeping in front; hashes are stored signed."""
    front = [name for name in HOUSEKEEPING if name in rows.columns or name == "appended_at"]
    appended = pl.lit(appended_at).cast(UTC_TIME).alias("appended_at")
    return rows.with_columns(appended, pl.col("row_hash").reinterpret(signed=True)).select(
        *front, *(name for name in rows.columns if name not in front)
    )


def newest_of(frame: pl.DataFrame, key: list[str], order: list[str]) -> pl.DataFrame:
    """Return one row of each key, the last in the given order; keys are looked at only where one occurs twice."""
    repeated = repeated_rows(frame, key)
    if not repeated.any():
        return frame
    several = frame.filter(repeated).sort(order, maintain_order=True).unique(key, keep="last", maintain_order=True)
    return pl.concat([frame.filter(~repeated), several])


def newest_in_order(frame: pl.DataFrame, key: list[str]) -> pl.Series:
    """Return the row numbers of the newest version of each key, sorted by key; of equal ones, the last row."""
    repeated = repeated_rows(frame, key)
    if not repeated.any():
        return frame.select(pl.arg_sort_by(key, nulls_last=False)).to_series()
    small = frame.select(*key, "version", "ingested_at").with_row_index("row")
    newest = newest_of(small, key, ["version", "ingested_at"])
    return newest.sort(key, nulls_last=False)["row"]
