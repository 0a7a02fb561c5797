"""The rows of one pull on their way into the lake: as pulled, and as checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import polars as pl

from tasks.errors import ChannelProblem
from tasks.model.columns.column import UTC_TIME
from tasks.model.waiting_rows import WaitingRows

T = TypeVar("T")

HELD_SCHEMA: dict[str, Any] = {"source_id": pl.String, "time": UTC_TIME, "mark": pl.String}
"""Which rows a file holds, readable or not: a row's id and time, and a mark of its time and words, by which it is recognised when its
other cells were corrected; rows with ids of their own have no mark."""

UNREADABLE_SCHEMA = {
    "source_id": pl.String,
    "rule": pl.String,
    "field": pl.String,
    "reason": pl.String,
    "record": pl.String,
}
"""Columns of `PulledRows.unreadable`; `record` is the scrubbed native row as JSON."""

QUARANTINE_SCHEMA: dict[str, Any] = {
    "channel": pl.String,
    "table": pl.String,
    "source_id": pl.String,
    "pull_id": pl.String,
    "rule": pl.String,
    "field": pl.String,
    "reason": pl.String,
    "rules": pl.List(pl.String),
    "record": pl.String,
}
"""One line per quarantined row: its first failing rule, all failing rules, and the scrubbed mapped row as JSON."""


LEFT_OUT = "left_out."
"""What the quarantine's rule begins with for a row that is no record: it counts nowhere as rejected, and is searched for safety."""


class Handover(Generic[T]):
    """Something large that is handed over once; afterwards only the receiver has it."""

    def __init__(self, value: T) -> None:
        self._held: list[T] = [value]

    def look(self) -> T:
        """Return the value without taking it.

        Raises:
            RuntimeError: If it was taken already.
        """
        if not self._held:
            raise RuntimeError("these rows were handed over already")
        return self._held[0]

    def take(self) -> T:
        """Return the value and release it.

        Raises:
            RuntimeError: If it was taken already.
        """
        value = self.look()
        self._held.clear()
        return value


def no_unreadable_rows() -> pl.DataFrame:
    """Return an empty frame of unreadable rows."""
    return pl.DataFrame(schema=UNREADABLE_SCHEMA)


@dataclass(frozen=True)
class FileContent:
    """A file as it was read: its name within the home, cleared of personal data, and the SHA-256 of its bytes in hex."""

    name: str
    sha256: str


@dataclass(frozen=True)
class FileHolding:
    """What a file held when it was last read.

    content: Its name and content.
    rows: Which rows, in the columns of HELD_SCHEMA; None if they were too many to be remembered.
    replaced: SHA-256 of the contents that it has corrected.
    """

    content: FileContent
    rows: pl.DataFrame | None
    replaced: frozenset[str] = frozenset()


@dataclass(frozen=True)
class KnownFiles:
    """What is known of a channel's files before a pull.

    contents: SHA-256 of the contents that have been read and stored as the channel is declared now.
    latest: File → the SHA-256 of what it held when it was last read.
    replaced: SHA-256 of a content → the files that have corrected it.
    """

    contents: frozenset[str] = frozenset()
    latest: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def to_be_read(self, file: FileContent) -> bool:
        """Whether a file holds what is not in the lake: not a content read before, unless it has come back under its own name.

        A copy of a content that its own file has corrected since is never read again.
        """
        if file.name not in self.replaced.get(file.sha256, frozenset({file.name})):
            return False
        return file.sha256 not in self.contents or self.latest.get(file.name, file.sha256) != file.sha256


@dataclass(frozen=True)
class PulledRows:
    """Rows of one channel in canonical columns, and what could not be read.

    `read == frame.height + unreadable.height`. `frame` has the columns of its table, the channel's extras, and `source_id`,
    `source_version`, `stamp` (UTC or null), `flags` (list of str); versions of a record are in order of stamp. With `error` the
    frame holds what could still be read, and `problem` is the kind of error. `left_out` are mails that nobody wrote, in the columns
    of `unreadable` and not counted. `notes` say how cells were understood that could be read in several ways; `failures` name each
    file that could not be read, with its reason. `files` were read, and `holdings` say which rows they hold, those of a selection
    all together; `present` names all files that were there.
    """

    pull_id: str
    channel: str
    table: str
    rows: WaitingRows
    unreadable: pl.DataFrame = field(default_factory=no_unreadable_rows)
    read: int = 0
    error: str = ""
    hint: str = ""
    problem: ChannelProblem = ChannelProblem.OTHER
    left_out: pl.DataFrame = field(default_factory=no_unreadable_rows)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    complete_through: datetime | None = None
    watermark: str = ""
    files: tuple[FileContent, ...] = ()
    holdings: tuple[FileHolding, ...] = ()
    present: frozenset[str] = frozenset()
    declaration: str = ""

    @property
    def ok(self) -> bool:
        """Whether the channel was read to its end."""
        return not self.error

    @property
    def frame(self) -> pl.DataFrame:
        """The rows, until they are taken."""
        return self.rows.look()


@dataclass(frozen=True)
class RuleResult:
    """One rule's result on one pull; `confirmed` is Great Expectations' count over all pulls together, None if not asked."""

    rule: str
    level: Literal["row", "flag", "batch"]
    checked: int
    failed: int
    confirmed: int | None = None


@dataclass(frozen=True)
class CheckedRows:
    """A pull after the check: `good.height + quarantine.height` rows were read.

    Args:
        rows: Rows that pass, with their flags in the column `flags` (list of str).
        quarantine: Rows that do not, in the columns of QUARANTINE_SCHEMA.
        flags: Mark → number of good rows that carry it.
        results: How each rule did.
    """

    rows: WaitingRows
    quarantine: pl.DataFrame
    flags: dict[str, int]
    results: tuple[RuleResult, ...]

    @property
    def good(self) -> pl.DataFrame:
        """The rows that pass, until they are taken."""
        return self.rows.look()
