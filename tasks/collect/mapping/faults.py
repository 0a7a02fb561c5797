"""Flags of the rows that pass, and a line for each row that cannot be read."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from tasks.collect.mapping.cells import Doubt, Work
from tasks.collect.privacy import CustomerKey, cleared, scrub, scrubbed_records
from tasks.model.rows import LEFT_OUT, UNREADABLE_SCHEMA

SHOWN = 60
"""The most characters of a cell that a message quotes."""


def note(work: Work, name: str, series: pl.Series, text: pl.Series | None, required: bool) -> None:
    """Record the rows in which a value is missing or could not be read."""
    if series.null_count() == 0:
        return
    misread = (series.is_null() & text.is_not_null()) if text is not None else None
    if required:
        if misread is not None and misread.any():
            work.faults.append((name, misread, "cannot be read"))
        empty = series.is_null() if misread is None else series.is_null() & ~misread
        if empty.any():
            work.faults.append((name, empty, "is empty"))
    elif misread is not None:
        doubt(work, name, f"unreadable:{name}", misread, text, "cannot be read and is left empty")


def doubt(work: Work, name: str, flag: str, where: pl.Series, text: pl.Series | None, sentence: str) -> None:
    """Flag the rows in which a value is doubtful, and note how many there are, with the first of them."""
    if not where.any():
        return
    work.flags.append((flag, where))
    row = int(where.arg_true()[0])
    cell = quoted(text[row]) if text is not None and name != "customer_ref" else "it"
    work.notes.append(Doubt(name, flag, f"{cell} ({work.origin.place(row)})", sentence, int(where.sum())))


def quoted(cell: object) -> str:
    """Return a cell's own text for a message: one line, short, without personal data."""
    line = " ".join(str(cell).split())
    return f"«{_without_personal_data(line[:SHOWN] + ('…' if len(line) > SHOWN else ''))}»"


def _without_personal_data(text: str) -> str:
    return str(scrub(pl.DataFrame({"cell": [text]}), ["cell"])[0].item())


def row_flags(work: Work, height: int) -> pl.Series:
    """Return the flags of each row: those of its channel, then those of its columns."""
    frame = pl.DataFrame({"none": pl.repeat(None, height, dtype=pl.String, eager=True)})
    marks: list[pl.Series] = [pl.repeat(flag, height, dtype=pl.String, eager=True) for flag in work.channel.flags]
    for flag, where in work.flags:
        if where.any():
            marks.append(pl.select(pl.when(where).then(pl.lit(flag))).to_series())
    if not marks:
        return (
            frame.select(pl.lit([], dtype=pl.List(pl.String)).alias("flags")).to_series().new_from_index(0, height).alias("flags")
        )
    columns = pl.DataFrame([mark.alias(str(index)) for index, mark in enumerate(marks)])
    return columns.select(pl.concat_list(pl.all()).list.drop_nulls().alias("flags")).to_series()


def unreadable_lines(work: Work, source_id: pl.Series) -> tuple[pl.Series, pl.DataFrame]:
    """Return the mask of unreadable rows, and a line for each with its first fault and the scrubbed native row."""
    height = work.rows.height
    bad = pl.repeat(False, height, eager=True)
    parts: list[pl.DataFrame] = []
    for name, where, reason in work.faults:
        fresh = where & ~bad
        if not fresh.any():
            continue
        bad = bad | fresh
        rows = fresh.arg_true()
        parts.append(
            pl.DataFrame({"row": rows, "source_id": source_id.filter(fresh)}).with_columns(
                rule=pl.lit(f"unreadable.{name}"),
                field=pl.lit(name),
                reason=pl.Series([_reason(work, name, row, reason) for row in rows.to_list()], dtype=pl.String),
            )
        )
    if not parts:
        return bad, pl.DataFrame(schema=UNREADABLE_SCHEMA)
    lines = pl.concat(parts).sort("row")
    native = work.rows[lines["row"]]
    hidden = sorted({name for column in ("customer_ref",) for name in getattr(work.channel.columns.get(column), "from_", [])})
    filled = [{key: value for key, value in row.items() if value is not None} for row in native.to_dicts()]
    records = [json.dumps(record, ensure_ascii=False, default=str) for record in scrubbed_records(filled, hidden)]
    lines = lines.with_columns(
        pl.Series("record", records, dtype=pl.String),
    )
    lines, _ = scrub(lines, ["reason"])
    return bad, lines.select(list(UNREADABLE_SCHEMA))


def _reason(work: Work, name: str, row: int, reason: str) -> str:
    """Say what is wrong with a value: the cell's own text, its column, and where it stands."""
    spec = work.channel.source_id if name == "source_id" else work.channel.columns.get(name) or work.channel.extras.get(name)
    sources = [column for column in [*spec.from_, *spec.concat] if column in work.rows.columns] if spec is not None else []
    cells = [cell for column in sources if (cell := work.rows[column][row]) not in (None, "")]
    shown = f": {', '.join(map(quoted, cells))}" if cells and name != "customer_ref" else ""
    file = work.origin.file_of(row)
    lacking = (
        [column for column in spec.from_ if column not in file.columns] if spec is not None and file and file.columns else []
    )
    missing = f"; {file.name} has no column {', '.join(lacking)}" if file and spec and lacking == spec.from_ and lacking else ""
    column = f", column {', '.join(sources)}" if sources and not missing else ""
    return f"{name} {reason}{shown} ({work.origin.place(row)}{column}){missing}"


def refused_lines(refused: list[tuple[str, str]]) -> pl.DataFrame:
    """Return a line for each record that its reader refused; records are given as id and reason."""
    rows = [
        {
            "source_id": name,
            "rule": "unreadable.record",
            "field": "record",
            "reason": reason,
            "record": "{}",
        }
        for name, reason in refused
    ]
    return pl.DataFrame(rows, schema=UNREADABLE_SCHEMA)


def left_out_lines(left_out: list[dict[str, Any]], key: CustomerKey) -> pl.DataFrame:
    """Return a line for each mail that its reader left out, with its own words, so that nothing about safety is lost among them."""
    records = scrubbed_records(
        [{"submitted_at": mail["date"], "title": mail["subject"], "text": mail["text"]} for mail in left_out], ()
    )
    ids = cleared(pl.Series([mail["id"] for mail in left_out], dtype=pl.String), key, whole=True)
    rows = [
        {
            "source_id": name,
            "rule": f"{LEFT_OUT}{mail['kind']}",
            "field": "record",
            "reason": "nobody wrote this mail: its headers say that a program sent it",
            "record": json.dumps(record, ensure_ascii=False),
        }
        for name, mail, record in zip(ids.to_list(), left_out, records, strict=True)
    ]
    return pl.DataFrame(rows, schema=UNREADABLE_SCHEMA)
