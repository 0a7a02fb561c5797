"""What a run passes between stages: pulls, and all tables as of one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from tasks.errors import ChannelProblem
from tasks.model.columns.coded import CODED
from tasks.model.foreign_amounts import FOREIGN_SCHEMA
from tasks.model.tables import TABLES

CODED_FEEDBACK: dict[str, Any] = {**TABLES["feedback"].columns, **{name: column.kind for name, column in CODED.items()}}
"""Columns of feedback once it is coded, with their types."""


@dataclass(frozen=True)
class Pull:
    """What one channel's pull delivered: `read == new + changed + unchanged + quarantined`."""

    pull_id: str
    channel: str
    table: str
    window_start: datetime
    window_end: datetime
    started_at: datetime
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    error: str = ""
    hint: str = ""
    complete_through: datetime | None = None
    watermark: str = ""
    problem: ChannelProblem = ChannelProblem.OTHER  # the kind of error, if any
    withdrawn: int = 0  # rows of earlier pulls that a corrected file no longer holds

    @property
    def ok(self) -> bool:
        """Whether the channel was read to its end."""
        return not self.error

    @property
    def quarantined_share(self) -> float:
        """Share of read rows that were quarantined."""
        return self.quarantined / self.read if self.read else 0.0


@dataclass(frozen=True)
class EstimatedReceipts:
    """Order lines whose source never says when they arrived, and when they count as arrived.

    lines: Their number.
    transit_days: Days after shipping.
    measured: Whether other orders of the shop show this transit.
    """

    lines: int
    transit_days: float
    measured: bool


class Facts:
    """All lake tables as of one moment, for one review.

    A plain class, so that Prefect does not walk into frames that hold customer text.

    Args:
        tables: Frames by canonical table name; a missing table is an empty frame with its columns.
        as_of: The moment of knowledge, aware UTC.
        pulls: What each channel delivered.
    """

    def __init__(self, tables: dict[str, pl.DataFrame], as_of: datetime, pulls: list[Pull] | None = None) -> None:
        self.tables = {
            name: tables[name] if name in tables else pl.DataFrame(schema=table.columns) for name, table in TABLES.items()
        }
        self.as_of = as_of
        self.pulls = pulls or []
        self.excluded_channels: dict[str, dict[str, str]] = {}
        self.rejected: dict[str, int] = {}  # channel → its rejected rows of the period
        self.unverified = pl.DataFrame()  # feedback that no figure counts: rejected rows, and rows of excluded channels

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.tables[name]

    def has(self, name: str) -> bool:
        """Whether a table has any row."""
        return not self.tables[name].is_empty()

    def forget_rows(self) -> None:
        """Release all rows after use, because a flow holds every result of its tasks until it ends."""
        self.tables = {name: frame.clear() for name, frame in self.tables.items()}
        self.unverified = self.unverified.clear()


class CodedFacts(Facts):
    """All lake tables as of one moment, every record of `feedback` coded; only classify makes one.

    Args:
        tables: Frames by canonical table name; `feedback` has the columns of `CODED_FEEDBACK`.
        as_of: The moment of knowledge, aware UTC.
        pulls: What each channel delivered.

    Raises:
        TypeError: If `feedback` lacks a column or has one of the wrong type; it names all of them.
    """

    def __init__(self, tables: dict[str, pl.DataFrame], as_of: datetime, pulls: list[Pull] | None = None) -> None:
        super().__init__(tables, as_of, pulls)
        self.estimated_receipts: EstimatedReceipts | None = None
        self.foreign_amounts = pl.DataFrame(schema=FOREIGN_SCHEMA)
        found = self.tables["feedback"].schema
        wrong = [
            f"{name} ({kind} is wanted, {found[name]} was found)" if name in found else f"{name} ({kind} is missing)"
            for name, kind in CODED_FEEDBACK.items()
            if name not in found or (name in CODED and found[name] != kind)
        ]
        if wrong:
            raise TypeError(f"feedback is not coded as tasks/model/columns declares it: {', '.join(wrong)}")
