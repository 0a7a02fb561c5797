"""The lake's tables: their columns, what identifies a row, and the time by which it is pulled."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import polars as pl

UTC_TIME = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Table:
    """A canonical table: its columns, what identifies a row, and the time by which it is pulled."""

    name: str
    key: tuple[str, ...]
    time: str
    columns: dict[str, Any]
    required: tuple[str, ...] = ()


STAMPS: dict[str, Any] = {
    "channel": pl.String,
    "source_id": pl.String,
    "source_version": pl.String,
    "ingested_at": UTC_TIME,
    "pull_id": pl.String,
    "row_hash": pl.UInt64,
}

"""Columns that every lake table carries beside its own."""


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "feedback",
            ("record_id",),
            "submitted_at",
            {
                "record_id": pl.String,
                "origin": pl.String,
                "source": pl.String,  # ticket, chat, mail, review, social, form, store, call, regulator, aftersale, survey
                "platform": pl.String,
                "shop": pl.String,
                "submitted_at": UTC_TIME,
                "occurred_at": UTC_TIME,
                "customer_ref": pl.String,
                "customer_tier": pl.String,
                "age_band": pl.String,
                "region": pl.String,
                "habit": pl.String,
                "order_ref": pl.String,
                "waybill": pl.String,
                "sku": pl.String,
                "product_model": pl.String,
                "batch_no": pl.String,
                "serial_no": pl.String,
                "purchase_channel": pl.String,
                "purchased_at": UTC_TIME,
                "unit_price": pl.Float64,
                "currency": pl.String,
                "title": pl.String,
                "text": pl.String,
                "language": pl.String,
                "attachments": pl.Int64,
                "image_hash": pl.String,
                "rating": pl.Float64,
                "frequency": pl.String,
                "impact": pl.String,
                "request": pl.String,
                "expected_solution": pl.String,
                "source_code": pl.String,  # the source's own reason or category, before mapping
                "issue": pl.String,  # canonical leaf or node where the source's code maps to one
                "issue_source": pl.String,
                "nature": pl.String,
                "causes": pl.List(pl.String),
                "emotion": pl.Int64,
                "status": pl.String,
                "outcome": pl.String,
                "refund_amount": pl.Float64,
                "currency_rate": pl.Float64,
                "agent_ref": pl.String,
                "traffic_source": pl.String,
                "session_id": pl.String,
                "queue": pl.String,
                "shift": pl.String,
                "app_version": pl.String,
                "os": pl.String,
                "first_bot_at": UTC_TIME,
                "first_human_at": UTC_TIME,
                "solution_at": UTC_TIME,
                "flagged_at": UTC_TIME,
                "reviewed_at": UTC_TIME,
                "closed_at": UTC_TIME,
                "promised_at": UTC_TIME,
                "must_act_by": UTC_TIME,
                "reopened_at": UTC_TIME,
                "milestone_met": pl.Boolean,
                "csat": pl.Int64,
                "contact_count": pl.Int64,
                "thread_ref": pl.String,  # links a later version or 追评 of the same record
                "carrier": pl.String,
                "warehouse": pl.String,
                "destination": pl.String,
                "last_scan_at": UTC_TIME,
            },
            ("record_id", "submitted_at", "source"),
        ),
        Table(
            "order_line",
            ("oid",),
            "paid_at",
            {
                "oid": pl.String,
                "tid": pl.String,
                "shop": pl.String,
                "platform": pl.String,
                "traffic_source": pl.String,
                "room_id": pl.String,
                "session_id": pl.String,
                "talent_ref": pl.String,
                "sku": pl.String,
                "listing_version": pl.String,
                "qty": pl.Int64,
                "paid_amount": pl.Float64,
                "cost_amount": pl.Float64,
                "is_gift": pl.Boolean,
                "is_presale": pl.Boolean,
                "paid_at": UTC_TIME,
                "promised_ship_at": UTC_TIME,
                "shipped_at": UTC_TIME,
                "promised_delivery_at": UTC_TIME,
                "signed_at": UTC_TIME,
                "cancelled_before_ship": pl.Boolean,
                "warehouse": pl.String,
                "waybill": pl.String,
                "carrier": pl.String,
                "dest_province": pl.String,
                "dest_city": pl.String,
                "batch_no": pl.String,
                "batch_source": pl.String,
                "serial_no": pl.String,
            },
            ("oid", "tid", "sku", "qty", "paid_at"),
        ),
        Table(
            "aftersale",
            ("aftersale_id",),
            "applied_at",
            {
                "aftersale_id": pl.String,
                "oid": pl.String,
                "platform": pl.String,
                "sku": pl.String,
                "qty": pl.Int64,
                "type": pl.String,
                "phase": pl.String,
                "goods_status": pl.String,
                "applied_at": UTC_TIME,
                "must_act_by": UTC_TIME,
                "agreed_at": UTC_TIME,
                "returned_at": UTC_TIME,
                "received_at": UTC_TIME,
                "refunded_at": UTC_TIME,
                "closed_at": UTC_TIME,
                "refund_amount": pl.Float64,
                "freight_amount": pl.Float64,
                "freight_borne_by": pl.String,
                "freight_insurance": pl.Boolean,
                "compensation_amount": pl.Float64,
                "reason_buyer_first": pl.String,
                "reason_buyer_last": pl.String,
                "reason_agent": pl.String,
                "reason_inspection": pl.String,
                "decided_by": pl.String,
                "platform_involved": pl.Boolean,
                "involved_at": UTC_TIME,
                "evidence_at": UTC_TIME,
                "liability": pl.String,
                "auto_refund": pl.Boolean,
            },
            ("aftersale_id", "type", "phase", "applied_at"),
        ),
        Table(
            "return_inspection",
            ("aftersale_id",),
            "inspected_at",
            {
                "aftersale_id": pl.String,
                "inspected_at": UTC_TIME,
                "result": pl.String,
                "fault_confirmed": pl.Boolean,
                "fault_code": pl.String,
                "batch_no": pl.String,
                "serial_no": pl.String,
                "photo_count": pl.Int64,
                "loss_amount": pl.Float64,
            },
            ("aftersale_id", "inspected_at", "result"),
        ),
        Table(
            "exposure",
            ("day", "kind", "platform", "sku", "line", "queue", "shift", "app_version", "os", "warehouse"),
            "day",
            {
                "day": pl.Date,
                "kind": pl.String,  # units_signed, parcels_shipped, conversations, human_conversations, replied_3min, active_devices, reviews
                "platform": pl.String,
                "sku": pl.String,
                "line": pl.String,
                "queue": pl.String,
                "shift": pl.String,
                "app_version": pl.String,
                "os": pl.String,
                "warehouse": pl.String,
                "n": pl.Float64,
            },
            ("day", "kind", "n"),
        ),
        Table(
            "platform_metric",
            ("platform", "shop", "metric_code", "as_published_at"),
            "as_published_at",
            {
                "platform": pl.String,
                "shop": pl.String,
                "metric_code": pl.String,
                "metric_name": pl.String,
                "value": pl.Float64,
                "window_days": pl.Int64,
                "as_published_at": UTC_TIME,
                "warn_line": pl.Float64,
                "bad_line": pl.Float64,
                "formula_version": pl.String,
            },
            ("platform", "metric_code", "value", "as_published_at"),
        ),
        Table(
            "regulator_case",
            ("case_no_hash",),
            "received_at",
            {
                "case_no_hash": pl.String,
                "body": pl.String,
                "kind": pl.String,
                "received_at": UTC_TIME,
                "must_act_by": UTC_TIME,
                "first_contact_at": UTC_TIME,
                "answered_at": UTC_TIME,
                "accepted": pl.Boolean,
                "result": pl.String,
                "amount": pl.Float64,
                "law_cited": pl.String,
                "order_ref": pl.String,
            },
            ("case_no_hash", "body", "received_at"),
        ),
        Table(
            "batch",
            ("batch_no",),
            "made_on",
            {
                "batch_no": pl.String,
                "sku": pl.String,
                "supplier": pl.String,
                "component_supplier": pl.String,
                "made_on": pl.Date,
                "qty_in": pl.Int64,
                "qty_shipped": pl.Int64,
                "qty_stock": pl.Int64,
                "qty_transit": pl.Int64,
                "qty_at_supplier": pl.Int64,
                "first_ship": pl.Date,
                "last_ship": pl.Date,
                "cut_in_of": pl.String,
            },
            ("batch_no", "sku"),
        ),
        Table(
            "cost_rate",
            ("item", "valid_from"),
            "valid_from",
            {"valid_from": pl.Date, "item": pl.String, "amount": pl.Float64, "unit": pl.String},
            ("item", "valid_from", "amount"),
        ),
        Table(
            "product",
            ("sku",),
            "listed_on",
            {
                "sku": pl.String,
                "name": pl.String,
                "line": pl.String,
                "listed_on": pl.Date,
                "maturity_days": pl.Int64,
                "price": pl.Float64,
                "cost": pl.Float64,
                "aliases": pl.List(pl.String),
            },
            ("sku", "line"),
        ),
    )
}


def record_id(channel: str, source_id: str) -> str:
    """Return the stable id of a source's record: 16 hex digits of SHA-256 over channel and source id."""
    return hashlib.sha256(f"{channel}\x1f{source_id}".encode()).hexdigest()[:16]
