"""The rows in progress and their cells: taken from the source, computed, and written as text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import polars as pl

from tasks.collect.mapping.headings import likely_name
from tasks.collect.origin import Origin
from tasks.collect.privacy import CustomerKey
from tasks.collect.source_rows import ReadContext, SourceRows
from tasks.errors import ChannelError, ChannelProblem
from tasks.shop.channels import Channel, MappedColumn
from tasks.shop.load import Shop

Frame = TypeVar("Frame", pl.DataFrame, pl.Series)
CASES_IN_MESSAGE = 8


@dataclass
class Doubt:
    """Cells of a column that share a doubt: their flag, the first of them and where it stands, and how many they are."""

    name: str
    flag: str
    first: str
    sentence: str
    count: int

    def __str__(self) -> str:
        return f"{self.name}: {self.first} {self.sentence}; {self.count:,} cells are flagged {self.flag}."


@dataclass
class Work:
    """The rows in progress: `rows` are the native columns; `flags`, `faults`, `notes`, `warnings` and `currencies` are collected by column.

    currencies: Of an amount whose cells name currencies: its column, their codes, and whether several currencies share the sign.
    by_column: Whether a cell was read by what others of its column look like, so that a part of the rows may be read otherwise
        than all of them together.
    """

    channel: Channel
    native: SourceRows
    shop: Shop
    place: ReadContext
    key: CustomerKey
    rows: pl.DataFrame
    origin: Origin
    flags: list[tuple[str, pl.Series]] = field(default_factory=list)
    faults: list[tuple[str, pl.Series, str]] = field(default_factory=list)
    notes: list[str | Doubt] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    currencies: list[tuple[str, pl.Series, pl.Series]] = field(default_factory=list)
    by_column: bool = False


def provide(work: Work, names: Sequence[str], where: str, *, optional: bool = False, any_of: Sequence[str] = ()) -> None:
    """Make sure that native columns exist: JSON may leave a field out, a table may not.

    What is optional may be missing where earlier files of the channel had it: its rows are flagged, and the channel is still read.
    Of `any_of`, the names that a column has had over time, one is enough: a pull may read the newest file alone.
    """
    missing = [name for name in dict.fromkeys(names) if name not in work.rows.columns]
    found = any(name in work.rows.columns for name in any_of)
    lacking = [name for name in missing if not (found and name in any_of)]
    if lacking and not work.native.loose and not (optional and work.place.settled):
        likely = [f"{name} is perhaps «{like}»" for name in lacking if (like := likely_name(name, work.rows.columns))]
        advice = f" ({'; '.join(likely)})" if likely else ""
        has = ", ".join(work.rows.columns[:CASES_IN_MESSAGE])
        raise ChannelError(
            f"The channel {work.channel.name} has no column {', '.join(lacking)} (for {where}); it has {has} …",
            hint=f"Check whether the source changed its headings, and correct the name in channels.yaml{advice}.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )
    if missing:
        work.rows = work.rows.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)


def expression_of(channel: Channel, text: str) -> pl.Expr:
    """Parse the SQL of a mapping; an error names the channel."""
    try:
        return pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise ChannelError(
            f"The channel {channel.name} has an expression that is not valid SQL: {text} ({str(error).splitlines()[0]}).",
            hint="Put names with spaces in double quotes and texts in single quotes.",
        ) from error


def evaluated(channel: Channel, compute: Callable[[], Frame], text: str) -> Frame:
    """Compute an expression of a mapping; an error quotes the expression."""
    try:
        return compute()
    except pl.exceptions.PolarsError as error:
        raise ChannelError(
            f"The channel {channel.name} cannot compute {text} ({str(error).splitlines()[0]}).",
            hint="Cells of text files are text: write CAST(x AS DOUBLE) to compare one with a number.",
        ) from error


def as_text(values: pl.Series) -> pl.Series:
    """Return the values of any type as text, null for null."""
    if values.dtype == pl.String:
        return values
    if (
        values.dtype == pl.Boolean
        or values.dtype.is_numeric()
        or values.dtype.is_temporal()
        or values.dtype in (pl.Categorical, pl.Enum)
    ):
        return values.cast(pl.String)
    if values.dtype == pl.Binary:
        return values.cast(pl.String, strict=False)
    if values.dtype == pl.List or values.dtype == pl.Array:
        items = [None if item is None else json.dumps(list(item), ensure_ascii=False, default=str) for item in values.to_list()]
        return pl.Series(values.name, items, dtype=pl.String)
    if values.dtype == pl.Null:
        return values.cast(pl.String)
    return pl.Series(
        values.name,
        [None if item is None else str(item) for item in values.to_list()],
        dtype=pl.String,
    )


def meaningful(work: Work, spec: MappedColumn, text: pl.Series) -> pl.Series:
    """Strip the cells and turn meaningless ones into null; if no cell changes, the very same series is returned.

    A column of millions of rows is then held once, as the source's own.
    """
    cell = pl.col("cell")
    stripped = text.str.strip_chars()
    if stripped.str.len_bytes().sum() == text.str.len_bytes().sum():
        stripped = text
    empty = stripped.is_in([*work.channel.empty, *spec.empty])
    if not empty.any():
        return stripped.alias(text.name)
    return (
        stripped.to_frame("cell")
        .with_columns(empty.alias("empty"))
        .select(pl.when(~pl.col("empty")).then(cell))
        .to_series()
        .alias(text.name)
    )


def row_digests(rows: pl.DataFrame) -> pl.Series:
    """Return 16 hex digits of SHA-256 over each row's cells."""
    cells = [as_text(rows[name]).fill_null("\x00").alias(str(index)) for index, name in enumerate(rows.columns)]
    joined = pl.DataFrame(cells).select(pl.concat_str(pl.all(), separator="\x1f")).to_series()
    return pl.Series(
        "digest",
        [hashlib.sha256(text.encode()).hexdigest()[:16] for text in joined.to_list()],
        dtype=pl.String,
    )


def nulls(name: str, kind: Any, height: int) -> pl.Series:
    """Return a series of nulls of a type."""
    return pl.Series(name, [None], dtype=kind).new_from_index(0, height).alias(name)
