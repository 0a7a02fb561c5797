"""The rows of one pull on their way into the lake: as pulled, and as checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import polars as pl

from tasks.errors import ChannelProblem
from tasks.model.waiting_rows import WaitingRows

T = TypeVar("T")

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
class PulledRows:
    """Rows of one channel in canonical columns, and what could not be read.

    `read == frame.height + unreadable.height`. `frame` has the columns of its table, the channel's extras, and `source_id`,
    `source_version`, `stamp` (UTC or null), `flags` (list of str); versions of a record are in order of stamp. With `error` the
    frame holds what could still be read, and `problem` is the kind of error. `notes` say how cells were understood that could be
    read in several ways; `failures` name each file that could not be read, with its reason.
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
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    complete_through: datetime | None = None
    watermark: str = ""
    files: tuple[FileContent, ...] = ()
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
