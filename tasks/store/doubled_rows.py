"""Doubled rows of the lake: the same version of the same row twice, as two pulls at once used to leave it."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from deltalake import DeltaTable

from tasks.model.tables import TABLES
from tasks.store.delta_table import commit, opened, retried
from tasks.store.lake import QUARANTINE, RECORD, Lake
from tasks.store.row_versions import repeated_rows

AT_ONCE = 200_000
"""Rows of a table that are read and written at once."""


def doubled_rows(lake: Lake) -> dict[str, int]:
    """Return, for each table that holds any, how many rows repeat a version that the table holds already."""
    counts = {table: int((~_kept(stored, table, lake)).sum()) for table, stored in _tables(lake)}
    return {table: count for table, count in counts.items() if count}


def mend(lake: Lake) -> dict[str, int]:
    """Leave one of several equal versions, the one that was known first, and return how many rows went, by table.

    Each table is rewritten in one commit; the files of the commit before stay until the store is cleaned.
    """
    return {table: retried(lambda table=table: _mended(lake, table)) for table in doubled_rows(lake)}  # type: ignore[misc]


def _mended(lake: Lake, table: str) -> int:
    address = f"{lake.root}/{table}"
    stored = opened(address, lake.storage_options)
    if stored is None:
        return 0
    kept = _kept(stored, table, lake)
    if not kept.all():
        commit(address, stored, _parts(lake.scan(stored), kept), lake.storage_options, mode="overwrite")
    return int((~kept).sum())


def _parts(rows: pl.LazyFrame, kept: pl.Series) -> Iterator[pl.DataFrame]:
    for begin in range(0, kept.len(), AT_ONCE):
        yield rows.slice(begin, AT_ONCE).collect().filter(kept.slice(begin, AT_ONCE))


def _tables(lake: Lake) -> Iterator[tuple[str, DeltaTable]]:
    for table in (*TABLES, QUARANTINE):
        stored = opened(f"{lake.root}/{table}", lake.storage_options)
        if stored is not None:
            yield table, stored


def _kept(stored: DeltaTable, table: str, lake: Lake) -> pl.Series:
    """Return which rows are the first of their version, in the order in which the table is read."""
    key = [*RECORD, "rule", "field"] if table == QUARANTINE else list(TABLES[table].key)
    same = [*key, "version", "row_hash"]
    rows = lake.scan(stored).select(*same, "ingested_at").collect()
    repeated = repeated_rows(rows, same)
    if not repeated.any():
        return pl.repeat(True, rows.height, eager=True)
    several = rows.with_row_index("row").filter(repeated).sort("ingested_at", maintain_order=True)
    first = several.unique(same, keep="first", maintain_order=True)["row"]
    return (~repeated).scatter(first, True)
