"""Store: append good rows to the lake and rejected ones to the quarantine; read everything as of one moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.model.columns.orders import REPEATED_TEXTS
from tasks.model.facts import Facts, Pull
from tasks.model.rows import CheckedRows, PulledRows
from tasks.model.tables import TABLES
from tasks.run import Run
from tasks.shop.channels import Channel
from tasks.shop.load import Shop
from tasks.store.corrected_files import Corrections, corrections
from tasks.store.lake import Appended
from tasks.validate.channel_verdict import verdict
from tasks.validate.period_rejections import of_period

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
STORED_AT_ONCE = 2
UNREAD = ("source_version", "pull_id", "row_hash")
"""Stamps that no later stage reads; of two million order lines they are a fifth of the memory."""
UNREAD_OF_ORDER_LINES = (
    "room_id", "dest_city", "batch_source", "serial_no", "promised_ship_at", "is_gift", "is_presale", "cancelled_before_ship",
    "flags", "source_id", "ingested_at",
)  # fmt: skip
"""What no later stage reads of an order line either, unless a shop declares a dimension by it."""


@task(name="store", cache_policy=NO_CACHE, persist_result=False)
def store(run: Run, judged: list[tuple[PulledRows, CheckedRows]]) -> list[Pull]:
    """Append the good rows and the quarantine, and record in the ledger what became of every row read."""
    run.progress("store")
    pulls = []
    last = run.stores.ledger.last_pulls(run.now, good=True)
    first_load = {channel.name for channel in run.shop.channels.channels if channel.ingested_from == "stamp"} - set(last)
    rejected = {batch.channel: _rejected(batch, result) for batch, result in judged}
    corrected = {batch.channel: _corrected(run, batch) for batch, _ in judged if batch.holdings}
    for stamped in (False, True):  # one commit of all channels; a channel's rejections are stored before its good rows
        parts = [rows for channel, rows in rejected.items() if (channel in first_load) == stamped]
        parts += [found.withdrawn for found in corrected.values() if not stamped]
        parts += [_of_pull(batch, batch.left_out) for batch, _ in judged if (batch.channel in first_load) == stamped]
        if parts:
            everything = pl.concat(parts, how="diagonal_relaxed")
            run.stores.lake.add_quarantine(everything, ingested_at=run.now, use_stamp=stamped)
    for batch, appended in _appended(run, judged, first_load):
        before = last.get(batch.channel)
        pull = Pull(
            pull_id=batch.pull_id,
            channel=batch.channel,
            table=batch.table,
            window_start=min(before.window_end, run.now) if before else BEGINNING,
            window_end=run.now,
            started_at=run.now,
            read=batch.read,
            new=appended.new,
            changed=appended.changed,
            unchanged=appended.unchanged,
            quarantined=rejected[batch.channel].height,
            error=batch.error,
            hint=batch.hint,
            problem=batch.problem,
            complete_through=batch.complete_through,
            watermark=batch.watermark,
            withdrawn=corrected[batch.channel].withdrawn.height if batch.channel in corrected else 0,
        )
        holdings = corrected[batch.channel].holdings if batch.channel in corrected else ()
        run.stores.ledger.record_pull(pull, batch.files, batch.declaration, holdings)
        pulls.append(pull)
        get_run_logger().info(
            "%s: read %s = %s new + %s changed + %s unchanged + %s quarantined",
            pull.channel,
            pull.read,
            pull.new,
            pull.changed,
            pull.unchanged,
            pull.quarantined,
        )
    return pulls


def _appended(
    run: Run, judged: list[tuple[PulledRows, CheckedRows]], first_load: set[str]
) -> Iterator[tuple[PulledRows, Appended]]:
    """Append the good rows, two tables side by side, and yield what became of each channel's in the order given.

    The largest table takes as long as all others together, most of it in the library that writes. Channels of one table
    follow each other. What keeps a table from being stored is raised when the turn of its first channel comes.
    """
    tables: dict[str, list[tuple[PulledRows, CheckedRows]]] = {}
    for batch, result in judged:
        tables.setdefault(batch.table, []).append((batch, result))

    def append(table: str) -> dict[str, Appended]:
        return {
            batch.channel: run.stores.lake.append(
                table,
                result.rows,
                pull_id=batch.pull_id,
                channel=batch.channel,
                ingested_at=run.now,
                use_stamp=batch.channel in first_load,
            )
            for batch, result in tables[table]
        }

    largest_first = sorted(tables, key=lambda table: -sum(result.rows.height for _, result in tables[table]))
    with ThreadPoolExecutor(STORED_AT_ONCE) as writers:
        stored = {table: writers.submit(append, table) for table in largest_first}
        for batch, _ in judged:
            yield batch, stored[batch.table].result()[batch.channel]


def _corrected(run: Run, batch: PulledRows) -> Corrections:
    """Return what the files of a pull no longer hold, and say so in the run's log."""
    channel = run.shop.channels.named(batch.channel)
    if channel is None:
        return Corrections(batch.holdings)
    found = corrections(batch, run.stores.ledger.file_holdings(batch.channel), channel)
    for note in found.notes:
        get_run_logger().warning("%s: %s", batch.channel, note)
    return found


@task(name="recall", cache_policy=NO_CACHE, persist_result=False)
def recall(run: Run, pulls: list[Pull]) -> Facts:
    """Read every table as it was known at the moment of the review; a channel whose period is certainly too bad is excluded by name."""
    run.progress("recall")
    last = {**run.stores.ledger.last_pulls(run.now), **{pull.channel: pull for pull in pulls}}
    facts = Facts(
        {name: _known(run, name) for name in TABLES},
        run.as_of,
        [last[name] for name in sorted(last)],
    )
    rejected = _rejections(run)
    unverified = []
    for channel in run.shop.channels.channels:
        mine = rejected[channel.name]
        if channel.table not in facts.tables or mine.is_empty():
            continue
        found = of_period(channel, run.period, _times(facts, channel), mine)
        facts.rejected[channel.name] = found.rejected
        unverified.append(found.rows)
        judged = verdict(channel.name, found.good, found.rejected, found.rules)
        if judged.excluded:
            facts.excluded_channels[channel.name] = judged.reason
            rows, own = facts.tables[channel.table], pl.col("channel") == channel.name
            if channel.table == "feedback":
                unverified.append(rows.filter(own, pl.col("submitted_at") >= run.period.start))
            facts.tables[channel.table] = rows.filter(~own)
    facts.tables["order_line"] = facts["order_line"].drop(_unread("order_line", run.shop), strict=False)
    kept = [rows for rows in unverified if rows.height]
    facts.unverified = pl.concat(kept, how="diagonal_relaxed") if kept else pl.DataFrame()
    return facts


def _rejections(run: Run) -> dict[str, pl.DataFrame]:
    """Return each channel's quarantine as it was known.

    A first load whose rows are known since their stamps brings rejected rows too, and these have no stamp: they count from
    that load on also for the moments before it.
    """
    first: dict[str, datetime] = {}
    for pull in run.stores.ledger.pulls():
        if pull.ok:
            first.setdefault(pull.channel, pull.started_at)
    at: dict[datetime, pl.DataFrame] = {}
    found = {}
    for channel in run.shop.channels.channels:
        stamped = channel.ingested_from == "stamp" and channel.name in first
        moment = max(run.as_of, first[channel.name]) if stamped else run.as_of
        if moment not in at:
            at[moment] = run.stores.lake.quarantine_as_of(moment)
        found[channel.name] = at[moment].filter(pl.col("channel") == channel.name)
    return found


def _times(facts: Facts, channel: Channel) -> pl.DataFrame:
    """Return when each stored row of a channel happened, and since when it is known."""
    rows = facts.tables[channel.table]
    return rows.select("channel", TABLES[channel.table].time, "ingested_at").filter(pl.col("channel") == channel.name)


def _known(run: Run, table: str) -> pl.DataFrame:
    categories = REPEATED_TEXTS if table == "order_line" else ()
    without = tuple(name for name in _unread(table, run.shop) if name != "ingested_at")  # which dates the rejected rows
    return run.stores.lake.as_of(table, run.as_of, without=without, categories=categories)


def _unread(table: str, shop: Shop) -> tuple[str, ...]:
    if table != "order_line":
        return UNREAD
    declared = {name for one in shop.dimensions.dimensions for name in (one.name, one.source_column)}
    return (*UNREAD, *(name for name in UNREAD_OF_ORDER_LINES if name not in declared))


def _rejected(batch: PulledRows, result: CheckedRows) -> pl.DataFrame:
    """Combine unreadable rows and rows that broke a rule."""
    return pl.concat([result.quarantine, _of_pull(batch, batch.unreadable)], how="diagonal_relaxed")


def _of_pull(batch: PulledRows, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(channel=pl.lit(batch.channel), table=pl.lit(batch.table), pull_id=pl.lit(batch.pull_id))
