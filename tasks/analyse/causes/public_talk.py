"""Products that many people write about without an order or a confirmed fault."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tasks.analyse.causes.naming import counted_cause
from tasks.expected.unit_history import day_number, day_of, local_days
from tasks.methods.likelihood import likelihood_ratio
from tasks.model.causes import Cause, CauseKind
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period


def reputation(facts: CodedFacts, period: Period) -> list[Cause]:
    """Find products that many write about without having ordered, while confirmed faults stay level (docs/method.md, 6)."""
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
        talk = now.filter(pl.col("sku") == row["sku"])
        cause = counted_cause(
            kind=CauseKind.REPUTATION,
            slice_={"sku": row["sku"]},
            family="other",
            leaves={str(talk["leaf"].mode().sort()[0]): talk.height},
            observed=float(row["o"]),
            expected=expected,
            llr=llr,
            weeks=max(span // 7, 1),
            exposure_kind="contacts",
            exposure=float(row["o"]),
            period=period,
            records=talk["record_id"].to_list(),
            days=[day_of(day) for day in talk["day_no"].to_list()],
            node="REPUTATION",
        )
        out.append(replace(cause, to_confirm=(("trace_post", "电商运营", "1d"),)))
    return out


def _confirmed(facts: CodedFacts, period: Period, sku: str) -> tuple[float, float]:
    """Return inspection-confirmed faults of a product in the period, and in a span of equal length on average before."""
    linked = facts["return_inspection"].join(facts["aftersale"].select("aftersale_id", "sku"), on="aftersale_id", how="inner")
    linked = linked.filter((pl.col("sku") == sku) & pl.col("fault_confirmed"))
    now = linked.filter((pl.col("inspected_at") >= period.start) & (pl.col("inspected_at") < period.end)).height
    before = linked.filter(
        (pl.col("inspected_at") >= period.start - 8 * (period.end - period.start)) & (pl.col("inspected_at") < period.start)
    ).height
    return float(now), before / 8
