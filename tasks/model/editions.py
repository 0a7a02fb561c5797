"""Editions, the numbers printed in them, and the mails that carry them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """The state of one mail to one recipient."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    DROPPED = "dropped"


class EditionStatus(StrEnum):
    """Whether an edition had all its data."""

    PROVISIONAL = "provisional"  # 快报: made when a channel was missing or late
    FINAL = "final"


@dataclass(frozen=True)
class Number:
    """A printed number: what it is, out of how many, when, and by which method; `rows` selects its rows."""

    id: str
    value: float | int | None
    unit: str = ""
    n: float | int | None = None
    range: str = ""
    method: str = ""
    rows: str = ""
    text: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Edition:
    """One finished report: its moment of knowledge, how it was made, and the hashes of its files."""

    report: str
    period: str
    audience: str
    language: str
    revision: int
    as_of: datetime
    made_at: datetime
    status: EditionStatus
    code_version: str
    config_sha256: str
    taxonomy_version: str
    files: dict[str, str] = field(default_factory=dict)  # relative path → sha256
    headline: str = ""


def edition_id(edition: Edition) -> str:
    """Return the name of an edition in the ledger: `weekly/2026-W45/r1/executive.zh-CN`, also its folder in the archive."""
    return f"{edition.report}/{edition.period}/r{edition.revision}/{edition.audience}.{edition.language}"


@dataclass(frozen=True)
class Delivery:
    """One mail to one recipient."""

    report: str
    period: str
    audience: str
    language: str
    revision: int
    recipient: str
    state: DeliveryState
    message_id: str
    content_sha256: str
    claimed_by: str = ""
    claimed_at: datetime | None = None
    settled_at: datetime | None = None
    detail: str = ""

    @property
    def key(self) -> str:
        """The identity of this mail: two mails with one key are the same mail."""
        return "\x1f".join((self.report, self.period, self.audience, self.language, str(self.revision), self.recipient.lower()))
