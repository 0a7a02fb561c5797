"""Rows from hand-typed workbooks: checked while still packed, then parsed in a child process with limited memory."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from xml.parsers import expat

import polars as pl

from tasks.collect.limits import check_archive, chunks
from tasks.collect.origin import FileRows
from tasks.collect.readers.row_order import filled_down, repeats_heading
from tasks.collect.source_rows import REPOSITORY, ReadContext, SourceRows, gather, read_files
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.shop.sources.workbook import Workbook

MAX_UNPACKED_MB = 100
CHILD_MEMORY_MB = 1_024
CHILD_SECONDS = 60
HEADING_WITHIN = 50
SHEET_COLUMN = "_sheet"
Cells = dict[str, Path] | ChannelError
"""The files with the cells of each sheet, or why there are none."""
_REFUSED = "The file was refused unread; ask its sender to save it as a plain .xlsx with one table."


def read(spec: Workbook, place: ReadContext) -> SourceRows:
    """Read the tables of the workbooks as text; cells that repeat the one above are filled.

    Raises:
        ChannelError: If no file is there, or every file is refused.
    """
    files = place.files(spec.files)
    found: dict[Path, Cells] = {}
    for file in files:
        try:
            check(file, spec)
        except ChannelError as refusal:
            found[file] = refusal
    with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
        found |= _parsed([file for file in files if file not in found], spec, Path(folder))
        return read_files(files, lambda file: _file(spec, file, found[file]))


def _file(spec: Workbook, file: Path, found: Cells) -> SourceRows:
    if isinstance(found, ChannelError):
        raise found
    return gather(
        table(spec, f"{file.name}/{sheet}", pl.read_ipc(io.BytesIO(cells.read_bytes())), sheet) for sheet, cells in found.items()
    )


def sheets(spec: Workbook, file: Path) -> dict[str, pl.DataFrame]:
    """Return all cells of the chosen sheets of one workbook, unnamed, by sheet.

    Raises:
        ChannelError: If the file is refused.
    """
    check(file, spec)
    with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
        found = _parsed([file], spec, Path(folder))[file]
        if isinstance(found, ChannelError):
            raise found
        return {sheet: pl.read_ipc(io.BytesIO(cells.read_bytes())) for sheet, cells in found.items()}


# ---- Before parsing ----------------------------------------------------------------------------


def check(file: Path, spec: Workbook) -> None:
    """Refuse a workbook that nobody can have typed: macros, links, packed size, far cells, too many cells.

    A cell far from the others costs nothing in the file and gigabytes in a dense table, so positions are streamed before anything
    is parsed.

    Raises:
        ChannelError: If a limit is exceeded or the file is not a workbook.
    """
    if file.suffix.lower() != ".xlsx":
        raise ChannelError(
            f"{file.name} is not an .xlsx file; files with macros and old formats are not opened.",
            hint=_REFUSED,
            problem=ChannelProblem.UNREADABLE,
        )
    entries = check_archive(file, max_mb=MAX_UNPACKED_MB)
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" not in names:
        raise ChannelError(f"{file.name} is not a workbook.", hint=_REFUSED, problem=ChannelProblem.UNREADABLE)
    if any("vbaproject" in name.lower() for name in names):
        raise ChannelError(f"{file.name} contains macros.", hint=_REFUSED, problem=ChannelProblem.UNREADABLE)
    if any(name.lower().startswith("xl/externallinks/") for name in names):
        raise ChannelError(f"{file.name} contains links to other files.", hint=_REFUSED, problem=ChannelProblem.UNREADABLE)
    cells = 0
    with zipfile.ZipFile(file) as archive:
        for entry in entries:
            if not entry.filename.lower().endswith((".xml", ".rels")):
                continue
            survey = _Survey(
                file.name,
                spec,
                cells,
                sheet=re.fullmatch(r"xl/worksheets/[^/]+\.xml", entry.filename) is not None,
            )
            try:
                for chunk in chunks(archive, entry):
                    survey.parser.Parse(chunk, False)
                survey.parser.Parse(b"", True)
            except expat.ExpatError as error:
                raise ChannelError(
                    f"{file.name} is damaged ({error}).", hint="Save the workbook again.", problem=ChannelProblem.UNREADABLE
                ) from error
            cells = survey.cells


class _Survey:
    """Streams one part's XML and refuses document types, far cells and too many cells; keeps nothing."""

    def __init__(self, name: str, spec: Workbook, cells: int, *, sheet: bool) -> None:
        self.name, self.spec, self.cells = name, spec, cells
        self.row = self.column = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        if sheet:
            self.parser.StartElementHandler = self._element

    def _doctype(self, *_: object) -> None:
        raise ChannelError(
            f"{self.name} declares a document type, which workbooks never do.", hint=_REFUSED, problem=ChannelProblem.UNREADABLE
        )

    def _element(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(" ")[2]
        if kind == "row":
            self.row = int(text) if (text := attributes.get("r", "")).isdecimal() and len(text) < 9 else self.row + 1
            self.column = 0
        elif kind == "c":
            self.cells += 1
            self.row, self.column = _position(attributes.get("r", ""), self.row, self.column + 1)
        else:
            return
        if self.row > self.spec.max_rows or self.column > self.spec.max_columns or self.cells > self.spec.max_cells:
            raise ChannelError(
                f"{self.name} has a cell in row {self.row:,}, column {self.column:,} ({self.cells:,} cells so far); allowed are "
                f"{self.spec.max_rows:,} rows, {self.spec.max_columns:,} columns and {self.spec.max_cells:,} cells.",
                hint=_REFUSED,
                problem=ChannelProblem.TOO_LARGE,
            )


def _position(reference: str, row: int, column: int) -> tuple[int, int]:
    match = re.fullmatch(r"([A-Z]{1,4})(\d{1,8})", reference)
    if match is None:
        return row, column
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - 64
    return int(match[2]), number


# ---- Parsing, in a child -----------------------------------------------------------------------


def _parsed(files: list[Path], spec: Workbook, folder: Path) -> dict[Path, Cells]:
    """Return the cells of the chosen sheets by file, read by a child with limited memory and time, or why a file was not read.

    One child reads file after file; where one ends it, another reads the rest.
    """
    parsed: dict[Path, Cells] = {}
    while len(parsed) < len(files):
        rest = files[len(parsed) :]
        done, trouble = _child(rest, spec, folder, len(parsed))
        for file, line in zip(rest, done, strict=False):
            parsed[file] = _answered(file, line, folder / str(len(parsed)))
        if len(done) < len(rest):
            file = rest[len(done)]
            parsed[file] = ChannelError(f"{file.name} {trouble}.", hint=_REFUSED, problem=ChannelProblem.UNREADABLE)
    return parsed


def _answered(file: Path, line: list[str], folder: Path) -> Cells:
    """Read the child's answer about one file: the names of its sheets, or what is wrong."""
    if line[0] != "read":
        return ChannelError(
            f"{file.name} cannot be read: {line[1]}.",
            hint="Save the workbook again, or correct `sheet`.",
            problem=ChannelProblem.UNREADABLE,
        )
    return {name: folder / f"{index}.arrow" for index, name in enumerate(line[1:])}


def _child(files: list[Path], spec: Workbook, folder: Path, first: int) -> tuple[list[list[str]], str]:
    """Let a child read files into numbered folders; return its answers, one for each file, and what ended it early."""
    command = [
        sys.executable,
        "-m",
        "tasks.collect.readers.workbook_child",
        str(folder),
        str(first),
        spec.sheet,
        str(CHILD_MEMORY_MB),
    ]
    environment = {
        **_plain_environment(),
        "POLARS_MAX_THREADS": "1",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    child = subprocess.Popen(
        [*command, str(CHILD_SECONDS), *map(str, files)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        output, errors = child.communicate(timeout=CHILD_SECONDS * (len(files) + 1))
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        output, errors = child.communicate()
    answers = [answer.split("\0") for answer in output.decode("utf-8", "replace").split("\0\0")[:-1]]
    if child.returncode in (-signal.SIGALRM, -signal.SIGKILL):
        return answers, f"could not be read within {CHILD_SECONDS} seconds"
    told = errors.decode("utf-8", "replace").strip().splitlines()
    reason = [line for line in told if not line.startswith(("note:", "stack backtrace:"))]  # advice to the parser's own authors
    return answers, f"cannot be read: {reason[-1][:200] if reason else f'the reader ended with {child.returncode}'}"


def _plain_environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": tempfile.gettempdir()}


# ---- After parsing -----------------------------------------------------------------------------


def table(spec: Workbook, name: str, cells: pl.DataFrame, sheet: str = "") -> SourceRows:
    """Find the heading, drop empty rows and totals, and fill cells that repeat the one above.

    Args:
        cells: All cells of a sheet as text, unnamed.

    Raises:
        ChannelError: If the heading is not found.
    """
    text = cells.with_columns(pl.all().cast(pl.String).str.strip_chars().replace("", None))
    at = _heading(spec, name, text)
    if at is None:
        return SourceRows(Handover(pl.DataFrame()))
    titles: dict[str, str] = {}
    for column, value in zip(text.columns, text.row(at), strict=True):
        if value:
            title = re.sub(r"\s+", " ", value)
            titles[column] = title if title not in titles.values() else f"{title}.{column}"
    rows = text.slice(at + 1).select(list(titles)).rename(titles)
    numbers = pl.int_range(at + 2, at + 2 + rows.height, eager=True)
    filled = ~rows.select(pl.all_horizontal(pl.all().is_null())).to_series()
    rows, numbers = rows.filter(filled), numbers.filter(filled)
    if spec.stop_at and rows.height:
        first = pl.coalesce(pl.all())
        ends = (
            rows.select(pl.any_horizontal([first.str.starts_with(word) for word in spec.stop_at]).fill_null(False))
            .to_series()
            .arg_true()
        )
        rows = rows.head(int(ends[0])) if len(ends) else rows
        numbers = numbers.head(rows.height)
    again = repeats_heading(rows)
    refused = [(f"{name}:{row}", f"row {row} of {name} repeats the heading") for row in numbers.filter(again).to_list()]
    rows, numbers = rows.filter(~again), numbers.filter(~again)
    rows = rows.with_columns(_filled(column, spec) for column in rows.columns)
    if spec.fill_down.columns:
        rows = filled_down(rows, spec.fill_down, name)
    if spec.sheet == "*":
        rows = rows.with_columns(pl.lit(sheet).alias(SHEET_COLUMN))
    file = FileRows(name, rows.height, at + 2, numbers, tuple(rows.columns))
    return SourceRows(Handover(rows), refused=refused, files=[file])


def _filled(column: str, spec: Workbook) -> pl.Expr:
    cell = pl.col(column)
    same = cell.is_in(spec.ditto)
    if column in spec.fill_down.columns:  # the empty ones are filled afterwards
        return pl.when(~same).then(cell).alias(column) if not spec.fill_down.by else _said_again(column, same)
    # an empty cell stays empty: it is kept distinct from 「同上」 while the value above is carried down
    return _said_again(column, same)


def _said_again(column: str, same: pl.Expr) -> pl.Expr:
    return pl.when(~same.fill_null(False)).then(pl.col(column).fill_null("")).forward_fill().replace("", None).alias(column)


def _heading(spec: Workbook, name: str, text: pl.DataFrame) -> int | None:
    if text.is_empty():
        return None
    if spec.skip_rows != "auto":
        return spec.skip_rows if spec.skip_rows < text.height else None
    wanted = set(spec.heading)
    for index, row in enumerate(text.head(HEADING_WITHIN).iter_rows()):
        values = {re.sub(r"\s+", " ", value) for value in row if value}
        if (wanted and wanted <= values) or (not wanted and len(values) > 1):
            return index
    raise ChannelError(
        f"{name} has no heading with {', '.join(spec.heading) or 'two columns'}.",
        hint="Correct `heading`, or set `skip_rows`.",
        problem=ChannelProblem.WRONG_COLUMNS,
    )
