"""Clusters of abnormal claims: records that look like the work of one claimant; each cluster is one finding."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tasks.analyse.causes.naming import counted_cause
from tasks.model.causes import Cause, CauseEvidence, CauseKind
from tasks.model.coded import Track
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period


def clusters(facts: CodedFacts, period: Period) -> list[Cause]:
    """Return each suspected cluster of abnormal claims of the period as one finding, however many records it holds."""
    feedback = facts["feedback"]
    rows = feedback.filter(
        pl.col("claim_cluster").is_not_null() & (pl.col("submitted_at") >= period.start) & (pl.col("submitted_at") < period.end)
    )
    out = []
    for (name,), group in sorted(rows.group_by("claim_cluster"), key=lambda item: str(item[0])):
        n = float(group.height)
        slice_ = {"sku": str(group["sku"].mode().sort()[0]), "claim_cluster": str(name)}
        out.append(
            replace(
                counted_cause(
                    kind=CauseKind.CLUSTER,
                    slice_=slice_,
                    family="other",
                    leaves={"SPC.ABNORMAL": int(n)},
                    observed=n,
                    expected=0.0,
                    llr=0.0,
                    weeks=1,
                    exposure_kind="cases",
                    exposure=n,
                    period=period,
                    records=group["record_id"].to_list(),
                    days=group["submitted_at"].dt.convert_time_zone(period.zone).dt.date().to_list(),
                ),
                ratio=n,  # no expectation applies: a cluster is simply counted
                low=n,
                high=n,
                track=Track.DISPUTE,
                evidence=_with_and_without(facts, period, slice_["sku"], group["record_id"]),
                to_confirm=(("verify_cluster", "法务", "3d"),),
            )
        )
    return out


def _with_and_without(facts: CodedFacts, period: Period, sku: str, suspected: pl.Series) -> CauseEvidence:
    """Return a product's complaints per unit signed in the period, with and without the suspected ones."""
    if not facts.has("order_line"):
        return CauseEvidence()
    inside = (pl.col("sku") == sku) & (pl.col("at") >= period.start) & (pl.col("at") < period.end)
    signed = facts["order_line"].select("sku", at="signed_at").filter(inside).height
    counted = facts["feedback"].select("record_id", "sku", "counted", at="submitted_at").filter(inside & pl.col("counted"))
    if not signed:
        return CauseEvidence()
    without = counted.filter(~pl.col("record_id").is_in(suspected.implode()))
    return CauseEvidence(rate_with=counted.height / signed, rate_without=without.height / signed)
