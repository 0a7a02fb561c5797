"""Rows from a table or query of a database."""

from __future__ import annotations

from typing import Any

import polars as pl
import sqlalchemy as sa

from tasks.collect.source_rows import ReadContext, SourceRows, flatten_structs, moment_text
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.shop.sources.sql_table import SqlTable


def read(spec: SqlTable, place: ReadContext) -> SourceRows:
    """Read the window's rows.

    Raises:
        ChannelError: If the database cannot be reached or has no such table or column.
    """
    if spec.url_secret:
        address = place.secret(spec.url_secret)
    else:
        address = spec.url.replace("{home}", str(place.settings.home)).replace("{shared}", str(place.shared))
    try:
        engine = sa.create_engine(address)
    except (sa.exc.ArgumentError, ImportError, ValueError) as error:
        raise ChannelError(
            "The channel's database address is not valid.",
            hint="Write it as dialect+driver://host/name.",
            problem=ChannelProblem.UNREACHABLE,
        ) from error
    if engine.dialect.name == "sqlite" and engine.url.database and not place.settings.home.joinpath(engine.url.database).exists():
        raise ChannelError(
            f"There is no database {engine.url.database}.", hint="Correct `url` in channels.yaml.", problem=ChannelProblem.MISSING
        )
    try:
        with engine.connect() as connection:
            if spec.since_column:
                _check_since(spec, connection)
            result = connection.execute(*_statement(spec, place))
            names = list(result.keys())
            rows = [tuple(row) for row in result]
        frame = (
            pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
            if rows
            else pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        )
    except (sa.exc.SQLAlchemyError, pl.exceptions.PolarsError, TypeError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0][:160]
        raise ChannelError(
            f"The database {engine.url.host or engine.url.database} did not answer: {reason}.",
            hint="Check the channel's address, table and access rights.",
            problem=ChannelProblem.UNREACHABLE,
        ) from error
    finally:
        engine.dispose()
    return SourceRows(Handover(flatten_structs(frame)), live=True)


def _check_since(spec: SqlTable, connection: sa.Connection) -> None:
    """Refuse a window over a column that the table lacks: SQLite would compare the column's name as a text, and find no row."""
    schema, _, name = spec.table.rpartition(".")
    nothing = sa.select(sa.text("*")).select_from(sa.table(name, schema=schema or None)).limit(0)
    columns = list(connection.execute(nothing).keys())
    if spec.since_column.lower() not in [column.lower() for column in columns]:
        raise ChannelError(
            f"The table {spec.table} has no column {spec.since_column}; it has {', '.join(columns[:40])}.",
            hint="Correct `since_column` in channels.yaml.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )


def _statement(spec: SqlTable, place: ReadContext) -> tuple[Any, dict[str, Any]]:
    window = place.window
    since = (
        _moment(spec, place, window.start) if window.start is not None else _moment(spec, place, window.end.replace(year=1970))
    )
    values = {"since": since, "until": _moment(spec, place, window.end)}
    if spec.query:
        return sa.text(spec.query), {name: value for name, value in values.items() if f":{name}" in spec.query}
    schema, _, name = spec.table.rpartition(".")
    statement = sa.select(sa.text("*")).select_from(sa.table(name, schema=schema or None))
    if not spec.since_column:
        return statement, {}
    column: Any = sa.column(spec.since_column)
    within = column < sa.bindparam("until")
    if window.start is not None:
        within &= column >= sa.bindparam("since")
    else:
        values.pop("since")
    return statement.where(within | column.is_(None)), values


def _moment(spec: SqlTable, place: ReadContext, moment: Any) -> Any:
    if spec.times == "datetime":
        return moment
    if spec.times == "iso":
        return moment_text(moment, "%Y-%m-%d %H:%M:%S", place.window.zone)
    return int(moment_text(moment, spec.times, place.window.zone))
