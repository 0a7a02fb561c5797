"""The ledger's tables: what was reported, promised and sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Double, ForeignKey, Index, LargeBinary, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

HEAD = "0007"
"""Newest revision in `migrations/versions`; a test holds the two together."""


class Moment(TypeDecorator[datetime]):
    """An aware moment, stored and returned in UTC by every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; SQLite gets UTC without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"a moment without a time zone cannot be stored: {value}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of the ledger's tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Moment(),
        float: Double(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }


class PullRow(Base):
    """One pull of one channel."""

    __tablename__ = "pull"
    __table_args__ = (Index(None, "channel", "started_at"),)
    pull_id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    table: Mapped[str] = mapped_column("table_name")
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    started_at: Mapped[datetime]
    read: Mapped[int] = mapped_column("rows_read")
    new: Mapped[int] = mapped_column("rows_new")
    changed: Mapped[int] = mapped_column("rows_changed")
    unchanged: Mapped[int] = mapped_column("rows_unchanged")
    quarantined: Mapped[int] = mapped_column("rows_quarantined")
    withdrawn: Mapped[int] = mapped_column("rows_withdrawn")
    error: Mapped[str]
    hint: Mapped[str]
    complete_through: Mapped[datetime | None]
    watermark: Mapped[str]
    problem: Mapped[str]


class FileReadRow(Base):
    """A content of a file that a channel has read and stored under one declaration."""

    __tablename__ = "file_read"
    channel: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    declaration: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    first_read_at: Mapped[datetime]
    pull_id: Mapped[str]


class FileHoldingRow(Base):
    """Which rows a file of a channel held when it was last read, and the contents that it has corrected."""

    __tablename__ = "file_holding"
    channel: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    replaced: Mapped[list[str]]
    rows: Mapped[bytes | None]
    read_at: Mapped[datetime]
    pull_id: Mapped[str]


class LeaseRow(Base):
    """Who is working on what; it expires by itself."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    acquired_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class EditionRow(Base):
    """One finished report."""

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("report", "period", "audience", "language", "revision"), Index(None, "period"))
    edition_id: Mapped[str] = mapped_column(primary_key=True)
    report: Mapped[str]
    period: Mapped[str]
    audience: Mapped[str]
    language: Mapped[str]
    revision: Mapped[int]
    as_of: Mapped[datetime]
    made_at: Mapped[datetime]
    status: Mapped[str]
    code_version: Mapped[str]
    config_sha256: Mapped[str]
    taxonomy_version: Mapped[str]
    headline: Mapped[str]


class EditionFileRow(Base):
    """One file of an edition in the archive."""

    __tablename__ = "edition_file"
    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.edition_id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]


class ConfigBlobRow(Base):
    """The bytes of a configuration file, stored once for all editions that used it."""

    __tablename__ = "config_blob"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class EditionConfigRow(Base):
    """Which configuration files an edition was made with."""

    __tablename__ = "edition_config"
    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.edition_id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("config_blob.sha256"))


class NumberRow(Base):
    """A printed number."""

    __tablename__ = "number"
    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.edition_id"), primary_key=True)
    id: Mapped[str] = mapped_column("number_id", primary_key=True)
    position: Mapped[int]
    value: Mapped[float | None]
    unit: Mapped[str]
    n: Mapped[float | None]
    range: Mapped[str] = mapped_column("range_text")
    method: Mapped[str]
    rows: Mapped[str] = mapped_column("rows_filter")
    text: Mapped[dict[str, Any]]


class CauseRow(Base):
    """A cause that a review named; `body` is the whole of it."""

    __tablename__ = "cause"
    __table_args__ = (Index(None, "cause_id"),)
    report: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    cause_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    period_start: Mapped[datetime]
    kind: Mapped[str]
    leaf: Mapped[str]
    slice: Mapped[dict[str, Any]]
    contribution: Mapped[float | None]
    low: Mapped[float]
    high: Mapped[float]
    body: Mapped[dict[str, Any]]


class CauseDecisionRow(Base):
    """A person's decision about a cause: append-only, the last one counts."""

    __tablename__ = "cause_decision"
    cause_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    report: Mapped[str]
    period: Mapped[str]
    status: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
    why: Mapped[str]


class ActionRow(Base):
    """A promise as it was first made (`body` is the whole of it); its events record what became of it."""

    __tablename__ = "action"
    __table_args__ = (Index(None, "period"), Index(None, "cause_id"))
    action_id: Mapped[str] = mapped_column(primary_key=True)
    proposed_at: Mapped[datetime]
    edition_id: Mapped[str]
    period: Mapped[str]
    what: Mapped[str]
    kind: Mapped[str]
    cause_id: Mapped[str]
    leaf: Mapped[str]
    owner: Mapped[str]
    department: Mapped[str]
    due: Mapped[datetime]
    metric: Mapped[str]
    target: Mapped[float | None]
    target_text: Mapped[str]
    playbook: Mapped[str]
    restricted: Mapped[bool]
    body: Mapped[dict[str, Any]]


class ActionEventRow(Base):
    """A change of an action."""

    __tablename__ = "action_event"
    __table_args__ = (Index(None, "at"),)
    action_id: Mapped[str] = mapped_column(ForeignKey("action.action_id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column("by_whom")
    kind: Mapped[str]
    state: Mapped[str]
    owner: Mapped[str]
    due: Mapped[datetime | None]
    cut_in_actual: Mapped[str]
    evidence: Mapped[str]
    why: Mapped[str]


class DeliveryRow(Base):
    """One mail to one recipient; `key_sha256` is the identity that lets it be claimed once."""

    __tablename__ = "delivery"
    __table_args__ = (Index(None, "period"), Index(None, "state"))
    key_sha256: Mapped[str] = mapped_column(primary_key=True)
    report: Mapped[str]
    period: Mapped[str]
    audience: Mapped[str]
    language: Mapped[str]
    revision: Mapped[int]
    recipient: Mapped[str]
    state: Mapped[str]
    message_id: Mapped[str] = mapped_column(unique=True)
    content_sha256: Mapped[str]
    queued_at: Mapped[datetime]
    claimed_by: Mapped[str]
    claimed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    detail: Mapped[str]


class WarningRow(Base):
    """One early warning as first sent."""

    __tablename__ = "warning"
    __table_args__ = (Index(None, "opened_at"),)
    warning_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column("matter_key")
    kind: Mapped[str]
    restricted: Mapped[bool]
    opened_at: Mapped[datetime]
    last_seen: Mapped[datetime]
    body: Mapped[dict[str, Any]]


class WarningEventRow(Base):
    """An event of a warning, with the text of the mails about it."""

    __tablename__ = "warning_event"
    warning_id: Mapped[str] = mapped_column(ForeignKey("warning.warning_id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    letters: Mapped[dict[str, Any]]


class BackfillRow(Base):
    """A planned backfill; its moment of knowledge is fixed here and kept by a resume."""

    __tablename__ = "backfill"
    backfill_id: Mapped[str] = mapped_column(primary_key=True)
    span: Mapped[str]
    grain: Mapped[str]
    which: Mapped[str]
    send: Mapped[bool]
    as_of: Mapped[datetime]
    planned_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class BackfillPeriodRow(Base):
    """One period of a backfill."""

    __tablename__ = "backfill_period"
    backfill_id: Mapped[str] = mapped_column(ForeignKey("backfill.backfill_id"), primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    state: Mapped[str]  # planned, done, failed
    detail: Mapped[str]
    changed_at: Mapped[datetime]
