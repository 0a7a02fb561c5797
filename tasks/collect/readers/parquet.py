"""Rows from Parquet files."""

from __future__ import annotations

import polars as pl

from tasks.collect.origin import FileRows
from tasks.collect.source_rows import ReadContext, SourceRows, flatten_structs, read_files
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.shop.sources.parquet import Parquet


def read(spec: Parquet, place: ReadContext) -> SourceRows:
    """Read the columns that the mapping uses; for a windowed channel, only the rows whose stamp lies in the window.

    Raises:
        ChannelError: If no file is there, or every file is unreadable.
    """
    return read_files(place.files(spec.files), lambda file: _file(str(file), file.name, place))


def _file(path: str, name: str, place: ReadContext) -> SourceRows:
    try:
        scan = pl.scan_parquet(path, glob=False)
        schema = scan.collect_schema()
        stamp = schema.get(place.stamp) if place.stamp else None
        if isinstance(stamp, pl.Datetime) and stamp.time_zone is not None:
            moment = pl.col(place.stamp)
            within = moment < pl.lit(place.window.end).dt.convert_time_zone(stamp.time_zone)
            if place.window.start is not None:
                within &= moment >= pl.lit(place.window.start).dt.convert_time_zone(stamp.time_zone)
            scan = scan.filter(within | moment.is_null())
        if place.columns is not None:
            roots = {column.split(".")[0] for column in place.columns} | place.columns
            chosen = [column for column in schema if column in roots]
            scan = scan.select(chosen or list(schema))
        frame = flatten_structs(scan.collect())
        repeated = [name for name in place.repeated if frame.schema.get(name) == pl.String]
        rows = Handover(frame.cast(dict.fromkeys(repeated, pl.Categorical)))
        return SourceRows(rows, files=[FileRows(name, frame.height, columns=tuple(frame.columns))])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ChannelError(
            f"{name} is not a readable Parquet file ({str(error).splitlines()[0]}).",
            hint="Export the file again.",
            problem=ChannelProblem.UNREADABLE,
        ) from error
