"""One Delta table: how it is opened, what its statistics say, and commits that fail rather than overtake another process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from tasks.errors import UserError

WRITTEN_AT_ONCE = 10_000
"""Rows handed to the writer at once: it reads a number of such pieces ahead, however large they are."""
APPLICATION = "rows"
"""Every commit names it as its Delta application: of two commits made from the same version of a table, one then fails."""
TRIES = 30
T = TypeVar("T")
_UNUSABLE = re.compile(r"%[0-9A-Fa-f]{2}|[\[\]|\\^?]")
"""What Delta or SQLite would take for something else in a path: Delta decodes `%20` once too often, and panics at a bracket."""


class TableMovedOn(Exception):
    """Another process committed to the table since it was read."""


def check_folder(root: str) -> None:
    """Refuse a folder under whose path no table can be kept.

    Raises:
        UserError: If there is such a character in it.
    """
    path = root if "://" in root else str(Path(root).resolve())
    if "://" not in root and (found := _UNUSABLE.search(path)):
        raise UserError(
            f"Nothing can be stored in {path}: its name holds {found[0]}.",
            hint="Rename the folder; letters of any script, spaces and a plain % are fine, but not %20 and the like, [ ] | \\ ^ or ?.",
        )


def opened(address: str, options: dict[str, str] | None) -> DeltaTable | None:
    """Open a table, or return None if it does not exist."""
    try:
        return DeltaTable(address, storage_options=options)
    except TableNotFoundError:
        return None


def opened_or_created(address: str, columns: dict[str, Any], options: dict[str, str] | None) -> DeltaTable:
    """Open a table, and create it empty if it does not exist, so that its first rows are checked as all others are."""
    stored = opened(address, options)
    if stored is None:
        schema = pl.DataFrame(schema=columns).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
        try:
            DeltaTable.create(address, schema, mode="ignore", storage_options=options)
        except DeltaError:
            if opened(address, options) is None:
                raise
        stored = DeltaTable(address, storage_options=options)  # what it holds now, whoever created it
    return stored


def scanned(stored: DeltaTable, options: dict[str, str] | None) -> pl.LazyFrame:
    """Scan a table as it was opened.

    Polars looks for its files under the address as Delta writes it, percent-encoded; where that differs from the folder's own
    name (a space, Chinese letters), the files are named to it one by one.
    """
    encoded = urlsplit(stored.table_uri)
    if encoded.scheme != "file" or unquote(encoded.path) == encoded.path:
        return pl.scan_delta(stored, storage_options=options)
    folder = Path(unquote(encoded.path))
    empty: pl.DataFrame = pl.from_arrow(pa.schema(stored.schema().to_arrow()).empty_table())  # type: ignore[assignment]
    files = [folder / name for name in pl.DataFrame(stored.get_add_actions())["path"].sort()]
    if not files:
        return empty.lazy()
    return pl.scan_parquet(files, schema=empty.schema, glob=False, missing_columns="insert", extra_columns="ignore")


def commit(
    address: str, stored: DeltaTable, parts: Iterator[pl.DataFrame], options: dict[str, str] | None, *, mode: str = "append"
) -> None:
    """Commit parts, at least one, in one version, provided that nobody else has committed since the table was read.

    Args:
        address: Folder or object-store URL.
        stored: The table as it was read.
        parts: Rows in their stored form.
        options: Passed on to the object store.
        mode: `append`, or `overwrite` to replace all rows.

    Raises:
        TableMovedOn: If another process committed in the meantime; nothing was written then.
    """
    reader = _in_pieces(parts)
    version = stored.version()
    try:
        write_deltalake(
            stored,
            reader,
            mode=mode,  # type: ignore[call-overload]
            schema_mode="merge" if mode == "append" else None,
            storage_options=options,
            commit_properties=CommitProperties(app_transactions=[Transaction(APPLICATION, version + 1)]),
        )
    except CommitFailedError as error:
        if DeltaTable(address, storage_options=options).version() == version:
            raise
        raise TableMovedOn(address) from error


def retried(work: Callable[[], T]) -> T:
    """Do work that reads a table and commits to it, and again while other processes commit in between.

    Raises:
        UserError: If others are faster every time.
    """
    for _ in range(TRIES):
        try:
            return work()
        except TableMovedOn:
            continue
    raise UserError("The lake could not be written: other processes wrote to it all the time.", hint="Run the command again.")


def _in_pieces(parts: Iterator[pl.DataFrame]) -> pa.RecordBatchReader:
    """Hand parts, at least one, to the writer piece by piece, texts as views of what is here.

    The writer reads ahead: as texts of its own, or all at once, it would hold the rows a second time.
    """
    views = pl.CompatLevel.newest()
    first = next(parts)
    schema = first.clear().cast({pl.Categorical: pl.String}).to_arrow(compat_level=views).schema
    pieces = (
        piece.cast({pl.Categorical: pl.String}).to_arrow(compat_level=views).cast(schema)
        for part in chain([first], parts)
        for piece in part.iter_slices(WRITTEN_AT_ONCE)
    )
    return pa.RecordBatchReader.from_batches(schema, (batch for piece in pieces for batch in piece.to_batches()))


def statistics(stored: DeltaTable, name: str) -> list[Any]:
    """Return one statistic of each of the table's files, where a file has it."""
    actions = pl.DataFrame(stored.get_add_actions(flatten=True))
    return actions[name].drop_nulls().to_list() if name in actions.columns else []


def all_known(stored: DeltaTable, moment: datetime) -> bool:
    """Whether the statistics say that every row was known at a moment: then no column is read together with the stamps."""
    latest = statistics(stored, "max.ingested_at")
    files = stored.get_add_actions(flatten=True).num_rows
    # the statistics are cut to milliseconds
    return len(latest) == files and all(one + timedelta(milliseconds=1) <= moment for one in latest)


def stored_names(stored: DeltaTable) -> list[str]:
    """Return the names of the table's columns."""
    return [field.name for field in stored.schema().fields]
