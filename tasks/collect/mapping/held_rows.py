"""Which rows a file holds: told to the store, so that a corrected file can take back what it no longer holds."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import polars as pl

from tasks.collect.mapping.cells import Work, row_digests
from tasks.collect.source_rows import SourceRows
from tasks.model.columns.column import UTC_TIME
from tasks.model.rows import HELD_SCHEMA
from tasks.model.tables import TABLES

MOST_REMEMBERED = 200_000
"""Rows of one file beyond which those with ids of their own are not remembered."""


Held = dict[Path | None, pl.DataFrame | None]


def refused_rows(native: SourceRows) -> Held:
    """Return for each file the records that its reader refused."""
    schema = {"source_id": pl.String}
    return {
        path: pl.DataFrame({"source_id": names}, schema=schema).select(_typed(name, schema) for name in HELD_SCHEMA)
        for path, names in native.refused_by.items()
    }


def held_rows(work: Work, source_id: pl.Series, frame: pl.DataFrame) -> Held:
    """Return for each file the rows it holds, readable or not (HELD_SCHEMA); under None, where rows of several files were joined.

    A file with more rows than are remembered has None.

    Args:
        work: The rows in progress, before unreadable ones are dropped.
        source_id: Their ids as the store knows them.
        frame: The same rows in canonical columns.
    """
    numbers, paths = work.origin.path_numbers(), work.origin.paths()
    own = work.channel.has_own_ids
    time = frame[TABLES[work.channel.table].time].cast(UTC_TIME)
    found = refused_rows(work.native)
    for number, path in enumerate(paths) if numbers is not None else [(-1, None)]:
        mine = pl.repeat(True, frame.height, eager=True) if numbers is None else numbers == number
        if own and mine.sum() > MOST_REMEMBERED:
            found[path] = None
            continue
        held = pl.DataFrame({"source_id": source_id.filter(mine), "time": time.filter(mine)})
        words = (frame["text"] if "text" in frame.columns else source_id).filter(mine)
        mark = pl.lit(None, pl.String) if own else row_digests(pl.DataFrame([held["time"], words]))
        held = held.with_columns(mark.alias("mark")).select(_typed(name, [*held.columns, "mark"]) for name in HELD_SCHEMA)
        refused = found.get(path)
        found[path] = held if refused is None else pl.concat([held, refused])
    return found


def _typed(name: str, present: Container[str]) -> pl.Expr:
    return (pl.col(name) if name in present else pl.lit(None)).cast(HELD_SCHEMA[name]).alias(name)
