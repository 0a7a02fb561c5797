"""The lake's tables: their columns, the key of a row, and the time by which it is pulled."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from tasks.model.columns.column import UTC_TIME, Column
from tasks.model.columns.feedback import FEEDBACK
from tasks.model.columns.orders import AFTERSALE, ORDER_LINE, RETURN_INSPECTION
from tasks.model.columns.surroundings import BATCH, COST_RATE, EXPOSURE, PLATFORM_METRIC, PRODUCT, REGULATOR_CASE


@dataclass(frozen=True)
class Table:
    """A canonical table: its content, key, the time by which it is pulled, its columns, and which of them are required."""

    name: str
    words: str
    key: tuple[str, ...]
    time: str
    described: dict[str, Column]
    required: tuple[str, ...]

    @cached_property
    def columns(self) -> dict[str, Any]:
        """Type of each column, in order."""
        return {name: column.kind for name, column in self.described.items()}


STAMPS: dict[str, Any] = {
    "channel": pl.String,
    "source_id": pl.String,
    "source_version": pl.String,
    "ingested_at": UTC_TIME,
    "pull_id": pl.String,
    "row_hash": pl.UInt64,
}
"""Columns that every lake table has besides its own."""


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "feedback", "What customers say: complaints, questions, suggestions and praise of every channel.",
            ("record_id",), "submitted_at", FEEDBACK, ("record_id", "submitted_at", "source"),
        ),
        Table(
            "order_line", "What was sold: the life of a unit from payment to signature.",
            ("oid",), "paid_at", ORDER_LINE, ("oid", "tid", "sku", "qty", "paid_at"),
        ),
        Table(
            "aftersale", "Refunds, returns, exchanges and repairs.",
            ("aftersale_id",), "applied_at", AFTERSALE, ("aftersale_id", "type", "phase", "applied_at"),
        ),
        Table(
            "return_inspection", "What was found in goods that came back.",
            ("aftersale_id",), "inspected_at", RETURN_INSPECTION, ("aftersale_id", "inspected_at", "result"),
        ),
        Table(
            "exposure", "How many there were of whom complaints are a share, by day.",
            ("day", "kind", "platform", "sku", "line", "queue", "shift", "app_version", "os", "warehouse"), "day", EXPOSURE,
            ("day", "kind", "n"),
        ),
        Table(
            "platform_metric", "Figures that platforms publish of the shop.",
            ("platform", "shop", "metric_code", "as_published_at"), "as_published_at", PLATFORM_METRIC,
            ("platform", "metric_code", "value", "as_published_at"),
        ),
        Table(
            "regulator_case", "Cases that reached a regulator, a hotline, the platform or the media.",
            ("case_no_hash",), "received_at", REGULATOR_CASE, ("case_no_hash", "body", "received_at"),
        ),
        Table("batch", "Production batches and where their pieces are.", ("batch_no",), "made_on", BATCH, ("batch_no", "sku")),
        Table(
            "cost_rate", "What handling costs.",
            ("item", "valid_from"), "valid_from", COST_RATE, ("item", "valid_from", "amount"),
        ),
        Table("product", "What the shop sells.", ("sku",), "listed_on", PRODUCT, ("sku", "line")),
    )
}  # fmt: skip


def record_id(channel: str, source_id: str) -> str:
    """Return the stable id of a source's record: 16 hex digits of SHA-256 over channel and source id."""
    return hashlib.sha256(f"{channel}\x1f{source_id}".encode()).hexdigest()[:16]
