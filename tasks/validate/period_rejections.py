"""The rejected rows of one period: to which period a row belongs that could not be read well enough to be stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tasks.model.columns.column import UTC_TIME
from tasks.model.periods import Period
from tasks.model.rows import LEFT_OUT
from tasks.model.tables import TABLES
from tasks.shop.channels import Channel

TEXTS = ("title", "text")
SHOWN_AFTER = timedelta(days=8)
"""A rejected text without a time is shown in the periods that had begun when it came, and had not long been over."""


@dataclass(frozen=True)
class PeriodRejections:
    """What a channel delivered for one period.

    good: Rows of the period that are stored.
    rejected: Source rows of the period in the quarantine, undated ones by share.
    rules: Rule → such rows.
    rows: Of feedback, the rejected rows that may be of the period: record_id, submitted_at, source, channel, text.
    """

    good: int
    rejected: int
    rules: dict[str, int] = field(default_factory=dict)
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)


def of_period(channel: Channel, period: Period, stored: pl.DataFrame, quarantine: pl.DataFrame) -> PeriodRejections:
    """Count a channel's stored and rejected rows of a period.

    A rejected row is dated by its own time where that can be read. Rows without one are shared among the periods as the good rows
    are that the same pull brought; if it brought none, they belong to the periods that had begun when it came.

    Args:
        channel: The channel.
        period: The period.
        stored: Its stored rows: the table's time, and `ingested_at`.
        quarantine: Its quarantine: source_id, rule, record, ingested_at.
    """
    time = TABLES[channel.table].time
    inside = stored.filter(_within(stored[time], period))
    if quarantine.is_empty():
        return PeriodRejections(inside.height, 0)
    rows = quarantine.unique("source_id", keep="first", maintain_order=True)
    records = [_record(text) for text in rows["record"].to_list()]
    moments = [_moment(record, channel, time) for record in records]
    rows = rows.with_columns(pl.Series("at", moments, dtype=UTC_TIME))
    counted = ~pl.col("rule").str.starts_with(LEFT_OUT)  # what is no record is searched, and not rejected
    dated = rows.filter(_within(rows["at"], period), counted)
    undated = rows.filter(pl.col("at").is_null(), counted)
    together = pl.col("ingested_at").is_in(undated["ingested_at"].unique().implode())  # a first load has a moment a row
    brought = dict(stored.filter(together)["ingested_at"].value_counts().iter_rows())
    of_these = dict(inside.filter(together)["ingested_at"].value_counts().iter_rows())
    whole = inside.height / stored.height if stored.height and channel.ingested_from == "stamp" else None
    shares = [
        of_these.get(moment, 0) / brought[moment]
        if brought.get(moment)
        else (float(moment >= period.start) if whole is None else whole)
        for moment in undated["ingested_at"].to_list()
    ]
    came = pl.col("ingested_at").is_between(period.start, period.end + SHOWN_AFTER)
    candidates = rows.filter(_within(rows["at"], period) | (pl.col("at").is_null() & came))
    counts = pl.concat([dated, undated.filter(pl.Series(shares, dtype=pl.Float64) > 0)])["rule"].value_counts()
    return PeriodRejections(
        good=inside.height,
        rejected=dated.height + round(sum(shares)),
        rules=dict(counts.sort(["count", "rule"], descending=[True, False]).iter_rows()),
        rows=_readable(candidates, channel) if channel.table == "feedback" else pl.DataFrame(),
    )


def _within(times: pl.Series, period: Period) -> pl.Series:
    if times.dtype == pl.Date:
        return times.is_between(pl.lit(period.first_day), pl.lit(period.last_day)).fill_null(False)
    return ((times >= period.start) & (times < period.end)).fill_null(False)


def _record(text: str | None) -> dict[str, Any]:
    try:
        record = json.loads(text or "{}")
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _moment(record: dict[str, Any], channel: Channel, time: str) -> datetime | None:
    """Read the time of a rejected row: mapped, or as the source wrote it where that is ISO."""
    spec = channel.columns.get(time)
    for name in (time, *(spec.from_ if spec is not None else ())):
        try:
            moment = datetime.fromisoformat(str(record.get(name, "")).strip())
        except ValueError:
            continue
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(channel.zone))
    return None


def _readable(rows: pl.DataFrame, channel: Channel) -> pl.DataFrame:
    """Return rejected feedback as far as it can be read: by its mapped texts, else by all that the source wrote."""
    texts = []
    for record in map(_record, rows["record"].to_list()):
        own = [str(record[name]) for name in TEXTS if record.get(name)]
        texts.append(" ".join(own or [str(value) for value in record.values() if isinstance(value, str)]))
    return rows.select(
        record_id=pl.concat_str(pl.lit(f"{channel.name}|"), pl.col("source_id").fill_null("")),
        submitted_at=pl.coalesce("at", "ingested_at"),
        source=pl.lit(channel.source or "ticket"),
        channel=pl.lit(channel.name),
        text=pl.Series("text", texts, dtype=pl.String),
    )
