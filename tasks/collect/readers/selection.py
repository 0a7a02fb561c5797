"""Several sources joined by the shop's own Polars SQL, each join checked against its declared cardinality."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from tasks.collect.source_rows import ReadContext, SourceRows, gather
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.shop.load import Shop
from tasks.shop.sources.kinds import PlainSource
from tasks.shop.sources.selection import Join, Selection


def read(
    spec: Selection,
    place: ReadContext,
    shop: Shop,
    reader: Callable[[PlainSource, ReadContext], SourceRows],
) -> SourceRows:
    """Read every table, check the joins, and run the SQL.

    Args:
        reader: Reads one table.

    Raises:
        ChannelError: If a table cannot be read, a join would multiply rows, or the SQL is wrong.
    """
    natives = {name: reader(table, place) for name, table in spec.tables.items()}
    frames = {name: _cleared(native.rows.take(), spec.empty) for name, native in natives.items()}
    try:
        for name, condition in spec.where.items():
            frames[name] = frames[name].filter(pl.sql_expr(condition))
    except (KeyError, pl.exceptions.PolarsError) as error:
        what = f"The condition on {name} cannot be used ({str(error).splitlines()[0]})."
        raise ChannelError(what, hint="Correct `where` in channels.yaml.") from error
    for join in spec.joins:
        _check(join, frames)
    try:
        with pl.SQLContext(frames=frames, eager=True) as context:
            result = context.execute(shop.text(spec.sql))
    except pl.exceptions.PolarsError as error:
        raise ChannelError(
            f"{spec.sql} cannot be run ({str(error).splitlines()[0][:200]}).",
            hint=f"It may use the tables {', '.join(spec.tables)}; put names with spaces in double quotes.",
        ) from error
    doubts = gather(
        SourceRows(
            Handover(pl.DataFrame()),
            native.loose,
            native.refused,
            native.warnings,
            native.errors,
            native.cut_off,
            native.live,
            failed=native.failed,
        )
        for native in natives.values()
    )
    return SourceRows(
        Handover(result),
        warnings=doubts.warnings,
        errors=doubts.errors,
        cut_off=doubts.cut_off,
        live=doubts.live,
        failed=doubts.failed,
    )


def _cleared(frame: pl.DataFrame, nulls: list[str]) -> pl.DataFrame:
    if not nulls:
        return frame
    text = [name for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(pl.when(~pl.col(name).is_in(nulls)).then(pl.col(name)).alias(name) for name in text)


def _check(join: Join, frames: dict[str, pl.DataFrame]) -> None:
    pairs = [[side.strip() for side in (text.split("=") if "=" in text else (text, text))] for text in join.by]
    sides = [
        (join.left, [pair[0] for pair in pairs]),
        (join.right, [pair[1] for pair in pairs]),
    ]
    for name, columns in sides:
        if name not in frames:
            raise ChannelError(
                f"A join names the table {name}, which is not declared.",
                hint="List it under `tables`.",
                problem=ChannelProblem.WRONG_COLUMNS,
            )
        missing = [column for column in columns if column not in frames[name].columns]
        if missing:
            raise ChannelError(
                f"The table {name} has no column {', '.join(missing)} to join on.",
                hint="Correct `joins` in channels.yaml.",
                problem=ChannelProblem.WRONG_COLUMNS,
            )
    unique_left, unique_right = {
        "one_to_one": (True, True),
        "many_to_one": (False, True),
        "one_to_many": (True, False),
    }[join.cardinality]
    for (name, columns), unique in zip(sides, (unique_left, unique_right), strict=True):
        if not unique:
            continue
        keys = frames[name].select(columns).drop_nulls()
        repeated = keys.filter(keys.is_duplicated())
        if repeated.height:
            example = ", ".join(str(value) for value in repeated.row(0))
            raise ChannelError(
                f"The join of {join.left} and {join.right} is {join.cardinality}, but {name} holds {', '.join(columns)} = "
                f"{example} more than once ({repeated.height:,} rows are concerned): rows would be multiplied.",
                hint="Reduce the table to one row a key in the SQL first, or correct `cardinality`.",
            )
