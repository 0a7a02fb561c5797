"""Parcels in transit without a new scan, known from the last scan itself or from a customer who looked at it."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import polars as pl

from tasks.methods.chance import days_between
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts
from tasks.model.warnings import EarlyWarning, WarningWording
from tasks.shop.load import Shop
from tasks.shop.warnings import WarningRule
from tasks.warn.kinds.catalogue import rule_of
from tasks.warn.kinds.kind import WarningKind, Watch

STALLED = "LOG.STALL"
"""Leaf of complaints that the tracking has stopped moving."""

LOOK_BACK = timedelta(days=7)
"""After this long a reported parcel is lost, late or delivered, and has another leaf."""


def parcels(facts: CodedFacts, shop: Shop) -> list[EarlyWarning]:
    """Return the parcels in transit without a new scan for `warnings.silent_hours`, as one warning.

    Expected is the usual number of such parcels per day, over the weeks of history.

    Args:
        facts: Coded facts at their moment.
        shop: Configuration.
    """
    records = facts["feedback"]
    now, rule = facts.as_of, rule_of("parcels", shop)
    silent = timedelta(hours=shop.warnings.silent_hours)
    weeks = shop.warnings.history_weeks
    # Where no source says when a parcel arrived, its last scan may well be the delivery: only the customer's word counts.
    scanned = pl.col("last_scan_at") + silent if records["signed_at"].is_not_null().any() else pl.lit(None, UTC_TIME)
    seen = pl.coalesce(scanned, pl.when(pl.col("leaf") == STALLED).then(pl.col("submitted_at")))
    on_the_way = pl.col("shipped_at").is_not_null() & (
        pl.col("signed_at").is_null() | (pl.col("signed_at") > pl.col("stalled_at"))
    )
    stalled = (
        records.with_columns(stalled_at=pl.max_horizontal(seen, pl.col("submitted_at")), told=seen)
        .filter(pl.col("told").is_not_null() & (pl.col("stalled_at") <= now) & on_the_way)
        .with_columns(parcel=pl.coalesce("oid", "waybill", "record_id"), carrier=pl.col("carrier").fill_null(""))
        .sort("stalled_at", "record_id")
        .unique("parcel", keep="first", maintain_order=True)
    )
    past = stalled.filter(
        (pl.col("stalled_at") > now - timedelta(weeks=weeks)) & (pl.col("stalled_at") <= now - timedelta(days=1))
    )
    still = stalled.filter(
        (pl.col("stalled_at") > now - LOOK_BACK) & (pl.col("signed_at").is_null() | (pl.col("signed_at") > now))
    )
    if still.is_empty():
        return []
    usual = past.height / (weeks * 7 - 1)
    lately = stalled.filter(pl.col("stalled_at") > now - timedelta(days=1)).height
    carriers = still["carrier"].unique().to_list()
    return [
        EarlyWarning(
            kind="parcels",
            slice={"carrier": str(carriers[0])} if len(carriers) == 1 and carriers[0] else {},
            leaf=STALLED,
            observed=float(still.height),
            expected=round(usual, 2),
            every_days=round(days_between(lately, usual, 1.0), 1),
            since=still["stalled_at"][0].astimezone(ZoneInfo(shop.identity.zone)).date(),
            answer_by=now + timedelta(hours=rule.answer_hours),
            items=tuple(still["parcel"].to_list()),
        )
    ]


def _variant(warning: EarlyWarning) -> str:
    return "" if warning.slice else "parcels_unnamed"


KIND = WarningKind(
    code="parcels",
    watch=Watch.CLOCKS,
    look=parcels,
    wording=WarningWording("parcels", unit="parcels", variant=_variant, observed="usual", chance="usual", lists_items=True),
    default=WarningRule(owner="仓配", ladder=["供应链", "总经理"], answer_hours=24, escalate_hours=20, reminder=True),
)
