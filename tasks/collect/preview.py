"""A trial pull of a channel: what it would bring, and what would be rejected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from tasks.collect.pull import pull_channel
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop
from tasks.shop.sources.http_api import HttpApi

TRIAL_DAYS = 7
"""How far a trial reaches back where the source is asked for a window; a first load may take hours."""
REJECTED_COLUMNS = ["source_id", "rule", "field", "reason", "record"]


@dataclass(frozen=True)
class Preview:
    """The result shown by `channels try`.

    rows: Mapped rows, at most the number asked for, without empty columns.
    rejected: Rows that would go to quarantine, with rule, field, reason and the scrubbed row.
    counts: Rule → rows, most frequent first.
    flags: Flag → rows.
    empty: Mapped columns in which no row has a value: probably misnamed in channels.yaml.
    currencies: What the rows name as the currency of their amounts.
    """

    batch: PulledRows
    rows: pl.DataFrame
    rejected: pl.DataFrame
    counts: dict[str, int]
    flags: dict[str, int]
    empty: tuple[str, ...]
    currencies: tuple[str, ...] = ()


def preview(
    channel: Channel,
    *,
    shop: Shop,
    settings: Settings,
    now: datetime,
    judge: Callable[[str, pl.DataFrame], tuple[pl.DataFrame, pl.DataFrame]],
    rows: int = 20,
) -> Preview:
    """Pull a channel without storing anything, and judge what it brought.

    Args:
        channel: What to try.
        shop: Look-up files and SQL.
        settings: Home and secrets.
        now: The moment, aware UTC.
        judge: Table name and frame → (good rows with `flags`, quarantined rows with source_id, rule, field, reason, record).
        rows: The number of mapped rows to show.
    """
    asked = isinstance(channel.read, HttpApi) and channel.read.first_days > 0
    start = now - timedelta(days=TRIAL_DAYS) if asked else None
    batch = pull_channel(channel, window_start=start, window_end=now, shop=shop, settings=settings, now=now)
    good, quarantine = judge(channel.table, batch.frame) if batch.frame.height else (batch.frame, batch.unreadable.clear())
    rejected = pl.concat([batch.unreadable, quarantine.select(REJECTED_COLUMNS)])
    mapped = [name for name in (*channel.columns, *channel.extras) if name in good.columns]
    nothing = tuple(name for name in mapped if batch.frame.height and batch.frame[name].null_count() == batch.frame.height)
    named = (
        good["currency"].cast(pl.String).drop_nulls().unique().sort()
        if "currency" in good.columns
        else pl.Series([], dtype=pl.String)
    )
    own = ["currency"] if named.len() else []  # amounts may name it, though no column is mapped
    shown = ["source_id", *mapped, *own, "stamp", "flags"]
    flags = good["flags"].explode().drop_nulls() if "flags" in good.columns else pl.Series("flags", [], dtype=pl.String)
    return Preview(
        batch=batch,
        rows=good.select(name for name in dict.fromkeys(shown) if name in good.columns and name not in nothing).head(rows),
        rejected=rejected,
        counts=_counted(rejected["rule"]),
        flags=_counted(flags),
        empty=nothing,
        currencies=tuple(named),
    )


def _counted(values: pl.Series) -> dict[str, int]:
    counts = values.rename("value").value_counts().sort(["count", "value"], descending=[True, False])
    return dict(counts.iter_rows())
