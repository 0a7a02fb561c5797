"""The files of a channel by their content: which of them have been read already, and which are still to be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasks.collect.mapping.held_rows import Held
from tasks.collect.privacy import customer_key
from tasks.collect.source_rows import ReadContext
from tasks.model.rows import HELD_SCHEMA, FileContent, FileHolding, KnownFiles
from tasks.privacy.detector import hidden
from tasks.shop.channels import Channel
from tasks.shop.load import Shop
from tasks.shop.sources.mailbox import Mailbox
from tasks.shop.sources.selection import Selection
from tasks.shop.sources.source import Source

BLOCK = 1 << 20


def reads_files_only(channel: Channel) -> bool:
    """Whether everything a channel reads lies in files; their rows are known by content, never by a window of stamps."""
    return all(_has_files(source) for source in _sources(channel))


def declaration_of(shop: Shop, version: str) -> str:
    """Return a mark of how files are read: by which configuration and which version of the program."""
    return hashlib.sha256(f"{version}\x1f{shop.sha256}".encode()).hexdigest()


@dataclass(frozen=True)
class ChannelFiles:
    """The files of a channel at one moment: what each holds, which are to be read, and whether only all together."""

    contents: dict[Path, FileContent]
    marks: dict[Path, tuple[int, int]]
    unread: frozenset[Path]
    whole: bool = False

    def read_by(self, failed: list[Path]) -> tuple[FileContent, ...]:
        """Return the contents that have now been read: neither failed nor changed while they were read."""
        if failed and self.whole:
            return ()
        return tuple(
            self.contents[path]
            for path in sorted(self.unread)
            if path not in failed and path.is_file() and _mark(path) == self.marks[path]
        )

    def holdings(self, held: Held, failed: list[Path]) -> tuple[FileHolding, ...]:
        """Return which rows each file holds that has been read; the joined files of a selection are one."""
        read = self.read_by(failed)
        if None in held:
            contents = sorted(content.sha256 for content in self.contents.values())
            joined = FileContent("", hashlib.sha256(" ".join(contents).encode()).hexdigest())
            return (FileHolding(joined, held[None]),) if len(read) == len(self.contents) else ()
        by_name = {self.contents[path].name: rows for path, rows in held.items() if path is not None}
        nothing = pl.DataFrame(schema=HELD_SCHEMA)
        return tuple(FileHolding(content, by_name.get(content.name, nothing)) for content in read)


def channel_files(channel: Channel, place: ReadContext, known: KnownFiles) -> ChannelFiles:
    """Look at every file of a channel; what is known by its content need not be read again.

    A mailbox and a selection are read whole as soon as one of their files is new: their rows depend on each other.

    Args:
        channel: One that `reads_files_only`.
        place: Where its files are.
        known: The contents that have been read and stored.

    Raises:
        ChannelError: If nothing matches a pattern.
    """
    paths = list(dict.fromkeys(path for source in _sources(channel) for path in _paths(source, place)))
    marks = {path: _mark(path) for path in paths}
    contents = {path: FileContent(_name(path, place), _sha256(path)) for path in paths}
    unread = frozenset(path for path in paths if known.to_be_read(contents[path]))
    whole = isinstance(channel.read, Selection | Mailbox)
    return ChannelFiles(contents, marks, frozenset(paths) if unread and whole else unread, whole)


def _sources(channel: Channel) -> list[Source]:
    return list(channel.read.tables.values()) if isinstance(channel.read, Selection) else [channel.read]


def _has_files(source: Source) -> bool:
    return bool(source.maildir or source.mbox or source.eml) if isinstance(source, Mailbox) else hasattr(source, "files")


def _paths(source: Source, place: ReadContext) -> Iterator[Path]:
    if isinstance(source, Mailbox) and (source.mbox or source.eml):
        yield from place.files([source.mbox or source.eml])
    elif isinstance(source, Mailbox):
        folder = Path(place.path(source.maildir))
        yield from sorted(file for part in ("cur", "new") for file in (folder / part).glob("*") if file.is_file())
    else:
        yield from place.files(source.files)  # type: ignore[attr-defined]


def _name(path: Path, place: ReadContext) -> str:
    """Return a file's name within the home; where it holds personal data, a keyed hash keeps two such names apart."""
    home = place.settings.home.absolute()
    name = path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name
    if (shown := hidden(name)) == name:
        return name
    return f"{shown} ({customer_key(place.settings).references(pl.Series([name]), 'file')[0]})"


def _mark(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
