"""How much of a period has arrived, by what usually still comes after a source has reached a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from tasks.model.facts import CodedFacts
from tasks.model.moments import local_day
from tasks.model.periods import Period

LEARNED_FROM = 100
"""The fewest records from which lateness is learned."""

OF_A_CHANNEL = 50
"""The fewest records that show a channel's own lateness; one with fewer is taken to be as late as all."""

BUSY = 8.0
"""Records a day from which a channel without any record of a day has not reached that day."""


def completeness(facts: CodedFacts, period: Period) -> float | None:
    """Return the share of the period's records that have arrived by the review's moment.

    A source reaches a day when it first delivers a record of that day or a later one: an export of Monday reaches the whole week
    before it at once. How late records come is counted from there, on days after the channel's first pull (its backlog came all
    at once and teaches nothing).

    Args:
        facts: Tables with `ingested_at`; without it the result is None.
        period: The period.

    Returns:
        A fraction: over channels by their usual records, and over days, the share of earlier records that came as soon after
        their day was reached as there was time. None where too little is known.
    """
    records = facts["feedback"]
    if "ingested_at" not in records.columns or "channel" not in records.columns:
        return None
    rows = records.select("channel", "ingested_at", day=local_day("submitted_at", period.zone)).drop_nulls()
    reached = (
        rows.group_by("channel", "day")
        .agg(at=pl.col("ingested_at").min())
        .sort("channel", "day", descending=[False, True])
        .with_columns(pl.col("at").cum_min().over("channel"))
    )
    first_pull = rows.group_by("channel").agg(backlog=local_day("ingested_at", period.zone).min())
    first, last = period.first_day - timedelta(weeks=12), period.first_day - timedelta(weeks=2)
    earlier = (
        rows.filter((pl.col("day") >= first) & (pl.col("day") < last))
        .join(reached, on=["channel", "day"])
        .join(first_pull, on="channel")
        .filter(pl.col("day") > pl.col("backlog"))
        .select("channel", "day", late=(pl.col("ingested_at") - pl.col("at")).dt.total_seconds())
        .sort("channel", "late")
    )
    if earlier.height < LEARNED_FROM:
        return None
    moments = {(channel, day): at for channel, day, at in reached.iter_rows()}
    expected = arrived = 0.0
    for (channel,), known in earlier.group_by("channel", maintain_order=True):
        usual = known.height / max(known["day"].n_unique(), 1)
        lateness = known["late"] if known.height >= OF_A_CHANNEL else earlier["late"]
        for day in _days(period):
            share = _share(lateness, moments, str(channel), day, usual, facts, period)
            expected += usual
            arrived += usual * share
    return arrived / expected


def _days(period: Period) -> list[date]:
    return [period.first_day + timedelta(days=n) for n in range(period.days)]


def _share(
    lateness: pl.Series,
    moments: dict[tuple[str, date], datetime],
    channel: str,
    day: date,
    usual: float,
    facts: CodedFacts,
    period: Period,
) -> float:
    """Return the share of a channel's records of a day that have come; a quiet channel that was pulled since has none to come."""
    at = moments.get((channel, day))
    if at is None:
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(period.zone))
        pulled = any(pull.channel == channel and pull.ok and pull.started_at >= end for pull in facts.pulls)
        return float(pulled and usual < BUSY)
    return float((lateness <= (facts.as_of - at).total_seconds()).sum()) / len(lateness)
