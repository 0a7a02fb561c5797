"""Rows from CSV and TSV files, packed or not."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tasks.collect.encodings import MISREAD_PATTERN, Decoded, decode, may_be_misread, repaired
from tasks.collect.limits import PARSER_FAILURES, failure_words, unpacked
from tasks.collect.origin import FileRows
from tasks.collect.readers.row_order import filled_down, repeats_heading
from tasks.collect.readers.table_shape import Shape, plain_lines, ragged, shape_of
from tasks.collect.source_rows import ReadContext, SourceRows, gather, read_files
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.shop.fill_down import FillDown
from tasks.shop.sources.delimited import Delimited

RAGGED_WITHIN = 8 * 1024 * 1024
"""Characters up to which a file is read a second time to find rows that are too short."""
SHOPIFY = FillDown(
    by="Name",
    columns=[
        "Email",
        "Financial Status",
        "Paid at",
        "Fulfillment Status",
        "Fulfilled at",
        "Currency",
        "Shipping Method",
        "Created at",
        "Cancelled at",
        "Payment Method",
        "Source",
        "Shipping City",
        "Shipping Province",
        "Shipping Country",
        "Billing Country",
    ],
)
"""Cells of an order that Shopify's export writes on its first line only; its amounts are left where they are, or they would be
counted once for each line."""
_FORMULA = r'^="(.*)"$'
_APOSTROPHE = r"^'(\d[\w.-]*)$"


def read(spec: Delimited, place: ReadContext) -> SourceRows:
    """Read every cell of the files as text.

    Raises:
        ChannelError: If no file is there, or every file is unreadable.
    """
    return read_files(
        place.files(spec.files),
        lambda file: gather(
            table(spec, name, data, place.mapped) for name, data in unpacked(Path(file), member=spec.member, max_mb=spec.max_mb)
        ),
    )


def table(spec: Delimited, name: str, data: bytes, mapped: frozenset[str] = frozenset()) -> SourceRows:
    """Parse one file's bytes: decode, find the table, stop at the totals, and warn about a round number of rows.

    Args:
        mapped: Columns that the channel maps, by which the separator and the heading are found.

    Raises:
        ChannelError: If the encoding, heading or shape is not as declared.
    """
    found = decoded(spec, name, data)
    shape = _shape(spec, name, found.text, mapped)
    top = 1 + shape.skipped + (not spec.columns)
    notes = _notes(spec, name, found, shape)
    frame, short, refused = _cells(spec, name, shape, top)
    if spec.stop_at and frame.width:
        frame = _before_totals(frame, spec.stop_at)
    numbers = pl.int_range(top, top + frame.height, eager=True)
    again = repeats_heading(frame)
    if again.any():
        refused += [(f"{name}:{row}", f"row {row} of {name} repeats the heading") for row in numbers.filter(again).to_list()]
        frame, numbers = frame.filter(~again), numbers.filter(~again)
    frame = _filled(spec, name, _unwrapped(frame))
    frame, marks = _repaired(spec, found.text, frame)
    if short and not again.any():
        marks["row_too_short"] = [row for row in short if row < frame.height]
    warnings = []
    if found.doubtful:
        marks["encoding_doubtful"] = None
        warnings.append(
            f"{name} was read as {found.encoding}, which is doubtful ({', '.join(found.doubtful)}): set `encoding` in channels.yaml."
        )
    full = spec.export_limit > 0 and frame.height > 0 and frame.height % spec.export_limit == 0
    if full:
        warnings.append(f"{name} has exactly {frame.height:,} rows: the export was probably cut off there.")
    file = FileRows(name, frame.height, top, numbers if again.any() else None, tuple(frame.columns), marks)
    return SourceRows(Handover(frame), refused=refused, warnings=warnings, cut_off=full, notes=notes, files=[file])


def decoded(spec: Delimited, name: str, data: bytes) -> Decoded:
    """Return a file's text in its declared encoding, or in the likeliest.

    Raises:
        ChannelError: If it is not in that encoding, or in none that is tried.
    """
    found = decode(data, spec.encoding)
    if found is not None:
        return found
    if spec.encoding == "auto":
        raise ChannelError(
            f"{name} is in no encoding that can be told by its text.",
            hint="Set `encoding` in channels.yaml: utf-8, utf-16, gb18030, big5, cp1252 (Western Europe), cp1250 (Central Europe), "
            "cp1251 (Cyrillic), shift_jis or euc-kr.",
            problem=ChannelProblem.UNREADABLE,
        )
    likely = decode(data)
    other = f"`encoding: {likely.encoding}`" if likely is not None else "another `encoding`"
    raise ChannelError(
        f"{name} is not encoded in {spec.encoding}.",
        hint=f"Try {other} in channels.yaml.",
        problem=ChannelProblem.UNREADABLE,
    )


def _shape(spec: Delimited, name: str, text: str, mapped: frozenset[str]) -> Shape:
    """Find the table in a text.

    Raises:
        ChannelError: If it has no heading with the declared columns.
    """
    wanted = frozenset(spec.heading) or (mapped if not spec.columns else frozenset())
    above = spec.skip_rows if isinstance(spec.skip_rows, int) else 0
    search = not spec.columns and (spec.skip_rows == "auto" or spec.skip_rows == 0)
    shape = shape_of(
        plain_lines(text), separator=spec.separator, quote=spec.quote, wanted=wanted, lines_above=above, search=search
    )
    if spec.skip_rows == "auto" and spec.heading:
        first = shape.text.partition("\n")[0]
        cells = {cell.strip().strip(spec.quote or " ").strip() for cell in first.split(shape.separator)}
        if not set(spec.heading) <= cells:
            raise ChannelError(
                f"{name} has no heading with {', '.join(spec.heading)}.",
                hint="Correct `heading`, or set `skip_rows`.",
                problem=ChannelProblem.WRONG_COLUMNS,
            )
    return shape


def _notes(spec: Delimited, name: str, found: Decoded, shape: Shape) -> list[str]:
    """Say what was found out about a file and not declared."""
    notes = []
    if spec.encoding == "auto" and found.encoding != "utf-8":
        notes.append(f"{name} is read as {found.encoding}.")
    if spec.separator == "auto" and shape.separator != ",":
        kinds = {";": "semicolons", "\t": "tabs", "|": "bars"}
        notes.append(f"{name} has {kinds.get(shape.separator, shape.separator)} between its columns.")
    if shape.skipped and spec.skip_rows == 0:
        notes.append(f"{name} has {shape.skipped} lines above its heading, which are left out.")
    return notes


def _cells(spec: Delimited, name: str, shape: Shape, top: int) -> tuple[pl.DataFrame, list[int], list[tuple[str, str]]]:
    """Parse the cells; return them, the rows that are too short, and those that are too long to be read.

    Raises:
        ChannelError: If the text is no table.
    """
    refused: list[tuple[str, str]] = []
    short: list[int] = []
    text = shape.text
    try:
        frame = _parsed(spec, shape.separator, text)
    except PARSER_FAILURES as error:
        odd = {} if spec.columns else ragged(text, shape.separator, spec.quote)
        too_long = {row: cells for row, cells in odd.items() if len(cells) > 1}
        if not too_long or "\n" not in text:
            raise ChannelError(
                f"{name} is not a table with columns separated by `{shape.separator}` ({failure_words(error)[:160]}).",
                hint="Check `separator`, `quote` and `skip_rows` in channels.yaml, or export the file again.",
                problem=ChannelProblem.UNREADABLE,
            ) from error
        frame = _parsed(spec, shape.separator, text, truncate=True)
        width = frame.width
        bad = [row for row, cells in too_long.items() if any(cell.strip() for cell in cells[width:]) and row < frame.height]
        for row in bad:
            line = " ".join(shape.separator.join(too_long[row]).split())[:300]
            refused.append(
                (
                    f"{name}:{top + row}",
                    f"row {top + row} of {name} has {len(too_long[row])} cells, its heading {width}: «{line}»",
                )
            )
        frame = frame.with_row_index("__row").filter(~pl.col("__row").is_in(bad)).drop("__row") if bad else frame
        return _named(frame), [], refused
    if frame.width > 1 and len(text) <= RAGGED_WITHIN and frame.to_series(frame.width - 1).null_count() and not spec.columns:
        short = [row for row, cells in ragged(text, shape.separator, spec.quote).items() if len(cells) < frame.width]
    return _named(frame), short, refused


def _parsed(spec: Delimited, separator: str, text: str, *, truncate: bool = False) -> pl.DataFrame:
    return pl.read_csv(
        text.encode("utf-8", "replace"),
        separator=separator,
        quote_char=spec.quote or None,
        has_header=not spec.columns,
        new_columns=spec.columns or None,
        infer_schema=False,
        raise_if_empty=False,
        truncate_ragged_lines=truncate,
    )


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """Strip the headings; one that is there already keeps the name that the parser made."""
    names: list[str] = []
    for column in frame.columns:
        name = column.strip().lstrip("\ufeff")
        names.append(name if name not in names else column)
    frame.columns = names
    return frame


def _before_totals(frame: pl.DataFrame, words: list[str]) -> pl.DataFrame:
    first = frame.to_series(0).fill_null("").str.strip_chars()
    ends = pl.Series([False] * frame.height) if frame.is_empty() else _starts(first, words)
    return frame.head(int(ends.arg_true()[0])) if ends.any() else frame


def _unwrapped(frame: pl.DataFrame) -> pl.DataFrame:
    """Take texts out of the formulas and apostrophes that keep Excel from reading them as numbers: `="0281"`, `'0281`."""
    changed = []
    for name in frame.columns:
        cells = frame[name]
        if cells.dtype != pl.String:
            continue
        if cells.str.starts_with('="').any():
            changed.append(pl.col(name).str.replace(_FORMULA, "$1"))
        elif cells.str.starts_with("'").any():
            changed.append(pl.col(name).str.replace(_APOSTROPHE, "$1"))
    return frame.with_columns(changed) if changed else frame


def _filled(spec: Delimited, name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Carry down the cells that the file writes once for several rows.

    Raises:
        ChannelError: If it lacks one of the columns.
    """
    fill = spec.fill_down
    if not fill.columns:
        lines = [column for column in frame.columns if column.startswith("Lineitem ")]
        if len(lines) < 2 or "Name" not in frame.columns:
            return frame
        fill = FillDown(by="Name", columns=[column for column in SHOPIFY.columns if column in frame.columns])
    return filled_down(frame, fill, name)


def _repaired(spec: Delimited, text: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, list[int] | None]]:
    """Find cells that were read in the wrong encoding before the export; read them again if that is wanted, and flag them."""
    if not may_be_misread(text):
        return frame, {}
    rows: set[int] = set()
    for name in frame.columns:
        places = frame[name].str.contains(MISREAD_PATTERN).fill_null(False).arg_true()
        rows.update(places.to_list())
        if spec.repair and len(places):
            better = pl.Series([repaired(cell) for cell in frame[name].gather(places).to_list()], dtype=pl.String)
            frame = frame.with_columns(frame[name].scatter(places, better))
    return frame, {"text_repaired" if spec.repair else "text_misread": sorted(rows)} if rows else {}


def _starts(first: pl.Series, words: list[str]) -> pl.Series:
    ends = first.str.starts_with(words[0])
    for word in words[1:]:
        ends |= first.str.starts_with(word)
    return ends
