"""Limits on unpacking files from strangers."""

from __future__ import annotations

import csv
import email.errors
import fnmatch
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import polars as pl

from tasks.errors import ChannelError, ChannelProblem

MEBIBYTE = 1024 * 1024
MAX_ENTRIES = 1_000
MAX_RATIO = 100
RATIO_FROM = MEBIBYTE
"""The ratio is checked from this unpacked size on; tiny files of repeated text are harmless."""

PARSER_FAILURES: tuple[type[BaseException], ...] = (
    OSError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    EOFError,
    MemoryError,
    csv.Error,
    struct.error,
    lzma.LZMAError,
    email.errors.MessageError,
    zlib.error,
    zipfile.BadZipFile,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)
"""What hostile input may provoke in a parser. It stops only the record or file in which it is found. A panic of Polars is no
Exception, and nothing else would catch it."""


def failure_words(error: BaseException) -> str:
    """Return a parser's failure as its kind and first line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def entry_count(path: Path) -> int:
    """Return the number of entries that a zip's end record declares, without reading its directory.

    Raises:
        ChannelError: If the file has no end record.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_557))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise ChannelError(
            f"{path.name} is not a zip archive, or it is truncated.",
            hint="Export the file again.",
            problem=ChannelProblem.UNREADABLE,
        )
    (count,) = struct.unpack("<H", tail[at + 10 : at + 12])
    return int(count)


def check_archive(
    path: Path,
    *,
    max_mb: float,
    max_entries: int = MAX_ENTRIES,
    max_ratio: float = MAX_RATIO,
) -> list[zipfile.ZipInfo]:
    """Return the entries of a zip after checking its declared sizes, ratio, count and names.

    Raises:
        ChannelError: If a bound is passed.
    """
    refuse = "The file was refused unread; ask its sender for a plain export."
    if entry_count(path) > max_entries:
        raise ChannelError(f"{path.name} holds more than {max_entries:,} entries.", hint=refuse, problem=ChannelProblem.TOO_LARGE)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except PARSER_FAILURES as error:
        raise ChannelError(
            f"{path.name} is not a readable zip archive ({failure_words(error)}).",
            hint="Export the file again.",
            problem=ChannelProblem.UNREADABLE,
        ) from error
    if len(entries) > max_entries:
        raise ChannelError(
            f"{path.name} holds {len(entries):,} entries, more than {max_entries:,}.",
            hint=refuse,
            problem=ChannelProblem.TOO_LARGE,
        )
    total = 0
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if ".." in name.parts or name.is_absolute() or ":" in entry.filename or "\0" in entry.filename:
            raise ChannelError(
                f"{path.name} holds an entry that points outside itself.", hint=refuse, problem=ChannelProblem.UNREADABLE
            )
        if entry.flag_bits & 1:
            raise ChannelError(
                f"{path.name} is protected by a password.", hint="Save it without a password.", problem=ChannelProblem.UNREADABLE
            )
        total += entry.file_size
        if entry.file_size > RATIO_FROM and entry.file_size > max_ratio * max(entry.compress_size, 1):
            raise ChannelError(
                f"{path.name} unpacks {entry.file_size / max(entry.compress_size, 1):,.0f}-fold, more than {max_ratio:.0f}-fold.",
                hint=refuse,
                problem=ChannelProblem.TOO_LARGE,
            )
    if total > max_mb * MEBIBYTE:
        raise ChannelError(
            f"{path.name} unpacks to {total / MEBIBYTE:,.0f} MB, more than {max_mb:,.0f} MB.",
            hint=refuse,
            problem=ChannelProblem.TOO_LARGE,
        )
    return entries


def chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield an entry's bytes, and stop if it exceeds its declared size.

    Raises:
        ChannelError: If the entry is larger than declared or damaged.
    """
    seen = 0
    name = f"{Path(archive.filename).name}/{entry.filename}" if archive.filename else entry.filename
    try:
        with archive.open(entry) as file:
            while chunk := file.read(256 * 1024):
                seen += len(chunk)
                if seen > entry.file_size:
                    raise ChannelError(
                        f"{name} is larger than it declares.",
                        hint="The file was refused; export it again.",
                        problem=ChannelProblem.TOO_LARGE,
                    )
                yield chunk
    except PARSER_FAILURES as error:
        raise ChannelError(
            f"{name} is damaged ({failure_words(error)}).",
            hint="Export the file again.",
            problem=ChannelProblem.UNREADABLE,
        ) from error


def unpacked(path: Path, *, member: str, max_mb: float) -> list[tuple[str, bytes]]:
    """Return the named contents of a plain, gz or zip file, unpacked within the limits.

    Args:
        path: The file.
        member: Glob of the members of a zip; empty means all.
        max_mb: Limit for each unpacked content.

    Raises:
        ChannelError: If a bound is passed, the file is damaged, or no member matches.
    """
    if path.suffix == ".zip":
        entries = [
            entry
            for entry in check_archive(path, max_mb=max_mb)
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX")
        ]
        chosen = [entry for entry in entries if not member or fnmatch.fnmatch(entry.filename, member)]
        if not chosen:
            names = ", ".join(entry.filename for entry in entries[:5])
            raise ChannelError(
                f"{path.name} has no member {member!r}; it has {names}.",
                hint="Correct `member` in channels.yaml.",
                problem=ChannelProblem.MISSING,
            )
        with zipfile.ZipFile(path) as archive:
            return [(f"{path.name}/{entry.filename}", b"".join(chunks(archive, entry))) for entry in chosen]
    if path.suffix == ".gz":
        return [(path.name, _gunzip(path, max_mb))]
    if path.stat().st_size > max_mb * MEBIBYTE:
        raise ChannelError(
            f"{path.name} is larger than {max_mb:,.0f} MB.",
            hint="Raise `max_mb`, or split the export.",
            problem=ChannelProblem.TOO_LARGE,
        )
    return [(path.name, path.read_bytes())]


def _gunzip(path: Path, max_mb: float) -> bytes:
    limit = int(max_mb * MEBIBYTE)
    parts: list[bytes] = []
    size = 0
    data = path.read_bytes()
    try:
        while data:
            unpacker = zlib.decompressobj(31)
            parts.append(unpacker.decompress(data, limit - size + 1))
            size += len(parts[-1])
            if size > limit:
                raise ChannelError(
                    f"{path.name} unpacks to more than {max_mb:,.0f} MB.",
                    hint="Raise `max_mb`, or split the export.",
                    problem=ChannelProblem.TOO_LARGE,
                )
            if not unpacker.eof:
                raise ChannelError(f"{path.name} is truncated.", hint="Export the file again.", problem=ChannelProblem.UNREADABLE)
            data = unpacker.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise ChannelError(
            f"{path.name} is damaged ({error}).", hint="Export the file again.", problem=ChannelProblem.UNREADABLE
        ) from error
    return b"".join(parts)
