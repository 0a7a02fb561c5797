"""Matters that open the meeting whatever the statistics: injury, regulator, missed evidence (docs/method.md, 8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from tasks.analyse.figures.outside_cases import missed_evidence, with_evidence
from tasks.analyse.figures.published import published
from tasks.model.coded import Track
from tasks.model.facts import CodedFacts
from tasks.model.figures import Attainment
from tasks.model.moments import local_day
from tasks.model.periods import Period
from tasks.model.review import RedLine, RedLineKind
from tasks.shop.load import Shop

SOLD_WEEKS = 13
"""Weeks to the period's end whose signed units are told beside a safety report: how many may be affected."""


def red_lines(facts: CodedFacts, period: Period, shop: Shop) -> list[RedLine]:
    """Return safety cases (one credible case is enough), regulator cases, and evidence not submitted in time.

    Safety cases of one SKU and symptom are one line, with the days of the days just before the period too. Suspected
    claim clusters are left out: they have a track of their own.

    Args:
        facts: Coded tables.
        period: The period by arrival (safety, regulator) or by deadline (evidence).
        shop: Configuration.

    Returns:
        Safety lines (most cases first), then regulator, missed evidence, and platform scores past their warning line.
    """
    return (
        _safety(facts, facts["feedback"], period, shop)
        + _unverified(facts, period, shop)
        + _regulator(facts, period)
        + _evidence(facts, period, shop)
        + _warned(facts, period, shop)
    )


def _unverified(facts: CodedFacts, period: Period, shop: Shop) -> list[RedLine]:
    """Return the safety cases in rows that no figure counts, whenever they are said to be of: their times may be wrong."""
    if facts.unverified.is_empty():
        return []
    end = period.end - timedelta(microseconds=1)
    known = facts["feedback"]["record_id"].implode()
    rows = facts.unverified.filter(~pl.col("record_id").is_in(known))
    rows = rows.with_columns(pl.col("submitted_at").clip(period.start, end))
    return [replace(line, unverified=True) for line in _safety(facts, rows, period, shop)]


def _safety(facts: CodedFacts, records: pl.DataFrame, period: Period, shop: Shop) -> list[RedLine]:
    cases = records.filter(
        pl.col("counted")
        & (pl.col("track") == Track.SAFETY.value)
        & (pl.col("submitted_at") >= period.start)
        & (pl.col("submitted_at") < period.end)
        & pl.col("claim_cluster").is_null()
    )
    cases = cases.with_columns(day=local_day("submitted_at", period.zone)).sort("submitted_at", "record_id")
    sold = _sold(facts, sorted(cases["sku"].drop_nulls().unique()), period) if cases.height else {}
    made: list[RedLine] = []
    for (sku, symptom), within in cases.group_by("sku", "symptom", maintain_order=True):
        found = {name: str(value) for name, value in (("sku", sku), ("symptom", symptom)) if value}
        batches: list[str] = within["batch_no"].drop_nulls().unique().to_list()
        if len(batches) == 1 and within.height > 1 and within["batch_no"].null_count() == 0:
            found["batch_no"] = batches[0]
        days = sorted(set(within["day"]))
        made.append(
            RedLine(
                kind=RedLineKind.SAFETY,
                slice=found,
                leaf=str(within["leaf"][0]),
                cases=within.height,
                days=tuple(days),
                words=_words(within, shop),
                sold=sold.get(str(sku)) if sku else None,
                sold_weeks=SOLD_WEEKS,
                rows=tuple(within["record_id"]),
            )
        )
    return sorted(made, key=lambda line: (-line.cases, line.days[0], sorted(line.slice.items())))


def _words(cases: pl.DataFrame, shop: Shop) -> str:
    """Return the customers' own words for it: the phrase of the safety leaves found in most texts."""
    phrases = sorted(
        {phrase for leaf in shop.words.safety_leaves for group in shop.words.leaves.get(leaf, []) for phrase in group.phrases}
    )
    texts = [str(text).lower() for text in cases["text"].drop_nulls()]
    counted = [(sum(phrase in text for text in texts), phrase) for phrase in phrases if "…" not in phrase]
    best = max(counted, key=lambda pair: (pair[0], -len(pair[1]), pair[1]), default=(0, ""))
    return best[1] if best[0] else ""


def _sold(facts: CodedFacts, skus: list[str], period: Period) -> dict[str, float]:
    """Return the units of each SKU signed in the last weeks to the period's end: how many may be affected, not a denominator."""
    since = period.end - timedelta(weeks=SOLD_WEEKS)
    inside = pl.col("sku").is_in(skus) & (pl.col("signed_at") >= since) & (pl.col("signed_at") < period.end)
    lines = facts["order_line"].select("sku", "qty", "signed_at").filter(inside)
    return {sku: float(n) for sku, n in lines.group_by("sku").agg(pl.col("qty").sum()).iter_rows()}


def _regulator(facts: CodedFacts, period: Period) -> list[RedLine]:
    cases = facts["regulator_case"].filter((pl.col("received_at") >= period.start) & (pl.col("received_at") < period.end))
    cases = cases.with_columns(day=local_day("received_at", period.zone)).sort("received_at", "case_no_hash")
    made = []
    for body in sorted(cases["body"].drop_nulls().unique()):
        group = cases.filter(pl.col("body") == body)
        days: list[date] = sorted(set(group["day"]))
        made.append(
            RedLine(RedLineKind.REGULATOR, {"body": body}, "", group.height, tuple(days), rows=tuple(group["case_no_hash"]))
        )
    return made


def _evidence(facts: CodedFacts, period: Period, shop: Shop) -> list[RedLine]:
    missed = (
        missed_evidence(with_evidence(facts, shop), period)
        .with_columns(day=local_day("must_act_by", period.zone))
        .sort("must_act_by", "aftersale_id")
    )
    if missed.is_empty():
        return []
    return [
        RedLine(
            RedLineKind.EVIDENCE_MISSED,
            {},
            "",
            missed.height,
            tuple(sorted(set(missed["day"]))),
            rows=tuple(missed["aftersale_id"]),
        )
    ]


def _warned(facts: CodedFacts, period: Period, shop: Shop) -> list[RedLine]:
    crossed = [figure for figure in published(facts, period, shop) if figure.attainment == Attainment.MISSED]
    return [
        RedLine(
            RedLineKind.PLATFORM_WARN,
            {"platform": figure.scope, "metric": figure.code},
            "",
            1,
            (figure.axis_to,) if figure.axis_to else (),
        )
        for figure in crossed
    ]
