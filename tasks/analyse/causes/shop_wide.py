"""Troubles that no rate shows: clusters of abnormal claims, and products much written about without a fault behind it."""

from __future__ import annotations

import polars as pl

from tasks.analyse.causes.naming import cause_id
from tasks.expected.arrivals import (
    day_number,
    day_of,
    local_days,
)
from tasks.methods.scan import likelihood_ratio, ratio_interval
from tasks.model.causes import Cause, CauseEvidence, CauseKind
from tasks.model.coded import Track
from tasks.model.facts import Facts
from tasks.model.periods import Period
from tasks.shop.load import Shop


def clusters(facts: Facts, period: Period) -> list[Cause]:
    """Return each suspected cluster of abnormal claims of the period as one finding, however many records it holds."""
    feedback = facts["feedback"]
    if "claim_cluster" not in feedback.columns:
        return []
    rows = feedback.filter(
        pl.col("claim_cluster").is_not_null() & (pl.col("submitted_at") >= period.start) & (pl.col("submitted_at") < period.end)
    )
    out = []
    for (name,), group in sorted(rows.group_by("claim_cluster"), key=lambda item: str(item[0])):
        n = float(group.height)
        slice_ = {"sku": str(group["sku"].mode().sort()[0]), "claim_cluster": str(name)}
        out.append(
            Cause(
                cause_id=cause_id(slice_, "SPC.ABNORMAL"),
                kind=CauseKind.CLUSTER,
                slice=slice_,
                family="other",
                leaf="SPC.ABNORMAL",
                leaves=(("SPC.ABNORMAL", int(n)),),
                observed=n,
                expected=0.0,
                ratio=n,
                low=n,
                high=n,
                contribution=None,
                llr=0.0,
                window_weeks=1,
                exposure_kind="cases",
                exposure=n,
                track=Track.DISPUTE,
                evidence=_with_and_without(facts, period, slice_["sku"], group["record_id"]),
                to_confirm=(("verify_cluster", "法务", "3d"),),
                first_period=period.id,
                rows=tuple(sorted(group["record_id"].to_list())),
                days=tuple(sorted(set(group["submitted_at"].dt.convert_time_zone(period.zone).dt.date().to_list()))),
            )
        )
    return out


def _with_and_without(facts: Facts, period: Period, sku: str, suspected: pl.Series) -> CauseEvidence:
    """Return a product's complaints of the period per unit signed in it, the suspected ones counted and left out."""
    if not facts.has("order_line"):
        return CauseEvidence()
    inside = (pl.col("sku") == sku) & (pl.col("at") >= period.start) & (pl.col("at") < period.end)
    signed = facts["order_line"].with_columns(at=pl.col("signed_at")).filter(inside).height
    counted = facts["feedback"].with_columns(at=pl.col("submitted_at")).filter(inside & pl.col("counted"))
    if not signed:
        return CauseEvidence()
    without = counted.filter(~pl.col("record_id").is_in(suspected.implode()))
    return CauseEvidence(rate_with=counted.height / signed, rate_without=without.height / signed)


def reputation(facts: Facts, period: Period, shop: Shop) -> list[Cause]:
    """Find products that many write about without an order behind it while confirmed faults stay level (docs/method.md, 6)."""
    known = facts["feedback"].filter(
        pl.col("oid").is_null() & pl.col("sku").is_not_null() & (pl.col("nature") != "praise") & (pl.col("family") != "app")
    )
    if known.is_empty() or not facts.has("return_inspection"):
        return []
    known = known.with_columns(day_no=local_days("submitted_at", period.zone))
    first, last = day_number(period.first_day), day_number(period.last_day)
    span = last - first + 1
    now = known.filter(pl.col("day_no").is_between(first, last))
    past = known.filter(pl.col("day_no").is_between(first - 84, first - 8))
    if past.is_empty():
        return []
    days_known = min(77, first - 8 - int(known["day_no"].min()) + 1)  # type: ignore[arg-type]
    table = (
        now.group_by("sku")
        .len("o")
        .join(past.group_by("sku").len("b"), on="sku", how="left")
        .with_columns(pl.col("b").fill_null(0))
    )
    out: list[Cause] = []
    for row in table.sort("sku").iter_rows(named=True):
        expected = (row["b"] + 3.0) * span / max(days_known, 1)
        llr = likelihood_ratio(row["o"], expected)
        if row["o"] < 15 or row["o"] < 2 * expected or llr < 14:
            continue
        confirmed_now, confirmed_before = _confirmed(facts, period, row["sku"])
        if confirmed_now > 1.5 * confirmed_before + 3:
            continue
        low, high = ratio_interval(row["o"], expected)
        mine = now.filter(pl.col("sku") == row["sku"])
        leaf = str(mine["leaf"].mode().sort()[0])
        out.append(
            Cause(
                cause_id=cause_id({"sku": row["sku"]}, "REPUTATION"),
                kind=CauseKind.REPUTATION,
                slice={"sku": row["sku"]},
                family="other",
                leaf=leaf,
                leaves=((leaf, mine.height),),
                observed=float(row["o"]),
                expected=round(expected, 2),
                ratio=row["o"] / expected,
                low=low,
                high=high,
                contribution=None,
                llr=round(llr, 2),
                window_weeks=max(span // 7, 1),
                exposure_kind="contacts",
                exposure=float(row["o"]),
                to_confirm=(("trace_post", "电商运营", "1d"),),
                first_period=period.id,
                rows=tuple(sorted(mine["record_id"].to_list())),
                days=tuple(sorted({day_of(d) for d in mine["day_no"].to_list()})),
            )
        )
    return out


def _confirmed(facts: Facts, period: Period, sku: str) -> tuple[float, float]:
    """Return inspection-confirmed faults of a product in the period, and in a span of equal length on average before."""
    linked = facts["return_inspection"].join(facts["aftersale"].select("aftersale_id", "sku"), on="aftersale_id", how="inner")
    linked = linked.filter((pl.col("sku") == sku) & pl.col("fault_confirmed"))
    now = linked.filter((pl.col("inspected_at") >= period.start) & (pl.col("inspected_at") < period.end)).height
    before = linked.filter(
        (pl.col("inspected_at") >= period.start - 8 * (period.end - period.start)) & (pl.col("inspected_at") < period.start)
    ).height
    return float(now), before / 8
