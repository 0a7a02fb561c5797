"""A sample file as the readers see it: kind, heading row, separator and cells."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from tasks.collect.limits import unpacked
from tasks.collect.mapping.quantities import read_numbers
from tasks.collect.pull import read_one
from tasks.collect.readers import delimited, workbook
from tasks.collect.readers.table_shape import plain_lines
from tasks.collect.source_rows import ReadContext
from tasks.connect.headings import KnownHeadings
from tasks.connect.json_shape import json_form
from tasks.errors import UserError
from tasks.shop.sources.delimited import Delimited
from tasks.shop.sources.kinds import PlainSource
from tasks.shop.sources.source import Source
from tasks.shop.sources.workbook import Workbook

SEPARATORS = (",", ";", "\t", "|")
HEADING_WITHIN = 30
LANDMARKS = 3
"""Headings by which the heading row is recognised in later files."""
KINDS = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".txt": "delimited",
    ".xlsx": "workbook",
    ".json": "json_records",
    ".jsonl": "json_records",
    ".ndjson": "json_records",
    ".parquet": "parquet",
}
"""Ending of a file → kind of source."""
DECLARED = {"big5hkscs": "big5", "cp932": "shift_jis"}
"""What reads a file → its name in `encoding`."""


@dataclass(frozen=True)
class Note:
    """A sentence to be said about a proposal: key of the message and its values."""

    key: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """A file as its reader reads it.

    read: The block `read` of a channel, without `files`.
    rows: Native cells.
    notes: What was found out about its form.
    """

    file: Path
    read: dict[str, Any]
    rows: pl.DataFrame
    notes: tuple[Note, ...]


def sample_of(file: Path, place: ReadContext, words: KnownHeadings) -> Sample:
    """Read a sample file with the reader that a channel of its kind would have.

    Raises:
        UserError: If its kind is not known, it has no rows, or its reader refuses it.
    """
    name = file.name.lower().removesuffix(".gz")
    kind = KINDS.get(Path(name).suffix, "")
    if not kind:
        raise UserError(
            f"{file.name} is of no kind for which a declaration can be proposed.",
            hint=f"Give files that end in {', '.join(KINDS)} (gz allowed), an mbox file, a Maildir, or mails saved as .eml.",
        )
    form = {"delimited": _delimited, "workbook": _workbook, "json_records": _json}.get(kind)
    read, notes = form(file, words) if form is not None else ({}, [])
    source: Source = TypeAdapter(PlainSource).validate_python({"kind": kind, "files": [str(file)], **read})
    rows = read_one(source, place).rows.take()
    if not rows.height or not rows.width:
        raise UserError(f"{file.name} has a heading and no rows.", hint="Give an export that holds some records.")
    return Sample(file, {"kind": kind, **read}, rows, (Note("connect.rows", {"rows": f"{rows.height:,}"}), *notes))


def _delimited(file: Path, words: KnownHeadings) -> tuple[dict[str, Any], list[Note]]:
    """Find a text file's encoding, separator and heading row."""
    notes: list[Note] = []
    data = unpacked(file, member="", max_mb=2_000)[0][1]
    found = delimited.decoded(Delimited(kind="delimited", files=[str(file)]), file.name, data)
    read: dict[str, Any] = {} if found.encoding == "utf-8" else {"encoding": DECLARED.get(found.encoding, found.encoding)}
    likely = {"encoding": found.encoding, "others": ", ".join(found.doubtful)}
    notes.append(Note("connect.encoding_doubtful" if found.doubtful else "connect.encoding", likely))
    lines = plain_lines(found.text[:400_000]).splitlines()[:200]
    tables = {sign: list(csv.reader(io.StringIO("\n".join(lines)), delimiter=sign)) for sign in SEPARATORS}
    separator = max(SEPARATORS, key=lambda sign: (_regular(tables[sign]), -SEPARATORS.index(sign)))
    read |= {} if separator == "," else {"separator": separator}
    heads = list(csv.reader(lines[:HEADING_WITHIN], delimiter=separator))
    at = heading_row(heads, words)
    notes.append(Note("connect.separator", {"sign": "Tab" if separator == "\t" else separator}))
    if at:
        read |= {"skip_rows": "auto", "heading": _landmarks(heads[at], words)}
        notes.append(Note("connect.heading", {"row": str(at + 1)}))
    return read, notes


def _json(file: Path, words: KnownHeadings) -> tuple[dict[str, Any], list[Note]]:
    """Find a document's list of records, and the list of lines within each."""
    form = json_form(file, words)
    return dict(form), [Note(f"connect.{key}", {"path": path}) for key, path in form.items()]


def _workbook(file: Path, words: KnownHeadings) -> tuple[dict[str, Any], list[Note]]:
    """Find a workbook's sheet and heading row."""
    found: list[tuple[int, int, str, list[str]]] = []
    sheets = workbook.sheets(Workbook(kind="workbook", files=[str(file)], sheet="*"), file)
    for place, (name, cells) in enumerate(sheets.items()):
        rows = [["" if cell is None else str(cell) for cell in row] for row in cells.head(HEADING_WITHIN).iter_rows()]
        if rows:
            row = rows[at := heading_row(rows, words)]
            found.append((sum(words.known(cell) for cell in row), -place, name, [str(at), *row]))
    if not found:
        raise UserError(f"{file.name} is empty.", hint="Give an export that holds some records.")
    _, place, name, (at_text, *row) = max(found)
    read: dict[str, Any] = {"heading": _landmarks(row, words)}
    notes = [Note("connect.heading", {"row": str(int(at_text) + 1)})]
    if place:
        read["sheet"] = name
    if len(sheets) > 1:
        notes.append(Note("connect.sheet", {"sheet": name, "sheets": ", ".join(sheets)}))
    return read, notes


def heading_row(rows: list[list[str]], words: KnownHeadings) -> int:
    """Return the row that looks most like a heading: known names first, then different texts without numbers."""
    best, at = -1.0, 0
    for index, row in enumerate(rows):
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) < 2 and any(len(other) > 1 for other in rows):
            continue
        numbers = len(cells) - read_numbers(pl.Series(cells, dtype=pl.String)).values.null_count()
        known = sum(words.known(cell) for cell in cells)
        score = 3 * known + len(set(cells)) - 2 * numbers - sum(len(cell) > 40 for cell in cells)
        if score > best:
            best, at = score, index
    return at


def _landmarks(row: list[str], words: KnownHeadings) -> list[str]:
    """Return the headings by which the heading row is recognised in later files."""
    cells = [re.sub(r"\s+", " ", cell.strip().lstrip("\ufeff")) for cell in row if cell.strip()]
    known = [cell for cell in cells if words.known(cell)]
    return list(dict.fromkeys([*known, *cells]))[:LANDMARKS]


def _regular(rows: list[list[str]]) -> float:
    """Return how much rows look like a table: how many have the usual number of cells, times that number."""
    widths = Counter(len(row) for row in rows if row)
    width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
    return 0.0 if width < 2 else count / sum(widths.values()) + min(width, 60) / 1_000
