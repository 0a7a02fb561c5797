"""Records from files of JSON lines or JSON documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tasks.collect.encodings import decode
from tasks.collect.flattener import Flattener
from tasks.collect.json_text import may_hold_half_characters, parsed, whole_texts
from tasks.collect.limits import unpacked
from tasks.collect.origin import FileRows
from tasks.collect.record_items import ItemRows
from tasks.collect.source_rows import ReadContext, SourceRows, at_path, gather, read_files
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.shop.sources.json_records import JsonRecords


def read(spec: JsonRecords, place: ReadContext) -> SourceRows:
    """Read every record of the files; a line that is not JSON is refused by its number, the others are kept.

    Raises:
        ChannelError: If no file is there, or every file is unreadable.
    """
    return read_files(place.files(spec.files), lambda file: _file(spec, file, place.columns))


def _file(spec: JsonRecords, file: Path, columns: frozenset[str] | None) -> SourceRows:
    return gather(_member(spec, name, data, columns) for name, data in unpacked(file, member=spec.member, max_mb=spec.max_mb))


def _member(spec: JsonRecords, name: str, data: bytes, columns: frozenset[str] | None) -> SourceRows:
    """Read one file's bytes in the likeliest encoding, with a warning where that is doubtful or none can be told."""
    found = decode(data)
    rows = _content(spec, name, found.text if found else data.decode("utf-8-sig", errors="replace"), columns)
    if found is None:
        rows.warnings.append(f"{name} is in no encoding that can be told by its text: characters that are none were replaced.")
    elif found.doubtful:
        rows.warnings.append(f"{name} was read as {found.encoding}, which is doubtful ({', '.join(found.doubtful)}).")
    return rows


def _content(spec: JsonRecords, name: str, text: str, columns: frozenset[str] | None) -> SourceRows:
    if spec.form == "lines" or (spec.form == "auto" and (".jsonl" in name or ".ndjson" in name)):
        return _lines(spec, name, text, columns)
    try:
        document = parsed(text)
    except (ValueError, RecursionError) as error:
        if spec.form == "auto":
            return _lines(spec, name, text, columns)
        raise ChannelError(
            f"{name} is not a JSON document ({error}).",
            hint="Export the file again, or set `form: lines`.",
            problem=ChannelProblem.UNREADABLE,
        ) from error
    records = at_path(document, spec.records)
    if isinstance(records, dict) and not spec.records:
        records = [records]
    if not isinstance(records, list):
        raise ChannelError(
            f"{name} has no list of records at `{spec.records}`.",
            hint="Correct `records` in channels.yaml.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )
    refused: list[tuple[str, str]] = []
    if may_hold_half_characters(text):
        records, broken = whole_texts(records)
        refused = [(f"{name}:{number}", f"record {number} of {name}: {reason}") for number, reason in broken]
    return _flattened(spec, name, records, columns, refused)


def _flattened(
    spec: JsonRecords, name: str, records: list[Any], columns: frozenset[str] | None, refused: list[tuple[str, str]]
) -> SourceRows:
    """Return the records of one file with the names of all its fields, by which a renamed one is noticed."""
    flat, items = Flattener(columns), ItemRows(spec.each, name, columns)
    flat.add(items.of(records))
    items.check()
    frame = flat.frame()
    files = [FileRows(name, frame.height, columns=flat.seen)] if frame.height else []
    return SourceRows(Handover(frame), loose=True, refused=refused, files=files)


def _lines(spec: JsonRecords, name: str, text: str, columns: frozenset[str] | None) -> SourceRows:
    records = []
    refused: list[tuple[str, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = parsed(line)
        except (ValueError, RecursionError):
            refused.append((f"{name}:{number}", f"line {number} of {name} is not JSON"))
            continue
        good, broken = whole_texts([record]) if may_hold_half_characters(line) else ([record], [])
        records += good
        refused += [(f"{name}:{number}", f"line {number} of {name}: {reason}") for _, reason in broken]
    if refused and not records:
        raise ChannelError(
            f"{name} has no line of JSON.", hint="Check `files` and `form` in channels.yaml.", problem=ChannelProblem.UNREADABLE
        )
    return _flattened(spec, name, records, columns, refused)
