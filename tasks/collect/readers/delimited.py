"""Rows from CSV and TSV files, packed or not."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl

from tasks.collect.limits import unpacked
from tasks.collect.origin import FileRows
from tasks.collect.source_rows import ReadContext, SourceRows, gather, read_files
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.shop.sources.delimited import Delimited

HEADING_WITHIN = 50
"""The most lines of a preamble."""


def read(spec: Delimited, place: ReadContext) -> SourceRows:
    """Read every cell of the files as text.

    Raises:
        ChannelError: If no file is there, or every file is unreadable.
    """
    return read_files(
        place.files(spec.files),
        lambda file: gather(
            table(spec, name, data) for name, data in unpacked(Path(file), member=spec.member, max_mb=spec.max_mb)
        ),
    )


def table(spec: Delimited, name: str, data: bytes) -> SourceRows:
    """Parse one file's bytes: decode, skip the preamble, stop at the totals, and warn about a round number of rows.

    Raises:
        ChannelError: If the encoding, heading or shape is not as declared.
    """
    text = decoded(spec, name, data)
    text, skipped = _without_preamble(spec, name, text)
    try:
        frame = pl.read_csv(
            text.encode(),
            separator=spec.separator,
            quote_char=spec.quote or None,
            has_header=not spec.columns,
            new_columns=spec.columns or None,
            infer_schema=False,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError as error:
        raise ChannelError(
            f"{name} is not a table with columns separated by `{spec.separator}` ({str(error).splitlines()[0][:160]}).",
            hint="Check `separator`, `quote` and `skip_rows` in channels.yaml, or export the file again.",
            problem=ChannelProblem.UNREADABLE,
        ) from error
    if spec.stop_at and frame.width:
        first = frame.to_series(0).fill_null("").str.strip_chars()
        ends = pl.Series([False] * frame.height) if frame.is_empty() else _starts(first, spec.stop_at)
        if ends.any():
            frame = frame.head(int(ends.arg_true()[0]))
    frame = frame.rename({column: column.strip().lstrip("\ufeff") for column in frame.columns})
    full = spec.export_limit > 0 and frame.height > 0 and frame.height % spec.export_limit == 0
    warnings = [f"{name} has exactly {frame.height:,} rows: the export was probably cut off there."] if full else []
    top = 1 + skipped + (not spec.columns)
    origin = FileRows(name, frame.height, top, columns=tuple(frame.columns))
    return SourceRows(Handover(frame), warnings=warnings, cut_off=full, files=[origin])


def decoded(spec: Delimited, name: str, data: bytes) -> str:
    """Return a file's text in its declared encoding; `auto` takes UTF-8 if that decodes, otherwise GB18030."""
    for encoding in {
        "utf-8": ["utf-8-sig"],
        "gb18030": ["gb18030"],
        "auto": ["utf-8-sig", "gb18030"],
    }[spec.encoding]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    other = "gb18030" if spec.encoding == "utf-8" else "utf-8"
    raise ChannelError(
        f"{name} is not encoded in {spec.encoding}.",
        hint=f"Try `encoding: {other}` in channels.yaml.",
        problem=ChannelProblem.UNREADABLE,
    )


def _without_preamble(spec: Delimited, name: str, text: str) -> tuple[str, int]:
    """Return the text from its heading on, and the number of lines above it."""
    if spec.skip_rows != "auto":
        lines = text.split("\n", spec.skip_rows)
        return (lines[-1] if len(lines) > spec.skip_rows else ""), spec.skip_rows
    wanted = set(spec.heading)
    rest = text
    for skipped in range(HEADING_WITHIN):
        line, found, after = rest.partition("\n")
        cells = next(csv.reader(io.StringIO(line), delimiter=spec.separator), [])
        if wanted <= {cell.strip().lstrip("\ufeff") for cell in cells} and (wanted or len(cells) > 1):
            return rest, skipped
        if not found:
            break
        rest = after
    raise ChannelError(
        f"{name} has no heading with {', '.join(spec.heading)}.",
        hint="Correct `heading`, or set `skip_rows`.",
        problem=ChannelProblem.WRONG_COLUMNS,
    )


def _starts(first: pl.Series, words: list[str]) -> pl.Series:
    ends = first.str.starts_with(words[0])
    for word in words[1:]:
        ends |= first.str.starts_with(word)
    return ends
