"""What one pull of one channel brought, before it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

UNREADABLE_SCHEMA = {
    "source_id": pl.String,
    "rule": pl.String,
    "field": pl.String,
    "reason": pl.String,
    "record": pl.String,
}
"""Columns of `PulledRows.unreadable`; `record` is the scrubbed native row as JSON."""


def no_rows() -> pl.DataFrame:
    """Return an empty frame of unreadable rows."""
    return pl.DataFrame(schema=UNREADABLE_SCHEMA)


@dataclass(frozen=True)
class PulledRows:
    """Rows of one channel in canonical columns, and what could not be read.

    `read == frame.height + unreadable.height`. `frame` has the columns of its table, the channel's extras, and `source_id`,
    `source_version`, `stamp` (UTC or null), `flags` (list of str), versions of one record in order of stamp. With `error` the
    frame holds what could be read all the same.
    """

    pull_id: str
    channel: str
    table: str
    frame: pl.DataFrame
    unreadable: pl.DataFrame = field(default_factory=no_rows)
    read: int = 0
    error: str = ""
    hint: str = ""
    warnings: tuple[str, ...] = ()
    complete_through: datetime | None = None
    watermark: str = ""

    @property
    def ok(self) -> bool:
        """Whether the channel was read to its end."""
        return not self.error

    def forget_rows(self) -> None:
        """Let go of the rows once they have been judged; a flow holds every result of its tasks until it ends."""
        object.__setattr__(self, "frame", self.frame.clear())
