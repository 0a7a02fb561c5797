"""Check-up of the stores and the channels."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from flows.console.checks.finding import Finding
from tasks.classify.coding import code, uncoded_share
from tasks.classify.severity import p0_share
from tasks.collect.file_contents import reads_files_only
from tasks.collect.pull import pull_channel
from tasks.errors import UserError
from tasks.model.editions import Edition
from tasks.model.facts import Facts
from tasks.model.tables import TABLES
from tasks.run import Stores
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop
from tasks.store.doubled_rows import doubled_rows
from tasks.store.processes import is_gone
from tasks.validate.silence import Silence, silence

DAILY_TABLES = frozenset({"feedback", "order_line", "aftersale", "exposure"})
"""Tables that bring rows day by day; batches and prices do not."""

LONGEST_PAUSE_S = 0.5
"""Pauses of a check-up: a platform's pace is kept, and nobody waits long for a source that is out of order."""


def stores(settings: Settings) -> tuple[Stores | None, list[Finding]]:
    """Open the ledger, lake and archive, and compare every archived file with its hash."""
    try:
        opened = Stores.open(settings)
        editions = opened.ledger.editions()
        known = opened.lake.known_from()
    except (UserError, OSError) as error:
        return None, [Finding("bad", "stores", str(error), "Check AFTERSALES_LEDGER_URL and AFTERSALES_LAKE_URL.")]
    return opened, [
        Finding("ok", "ledger", f"Reachable, at revision {opened.ledger.revision()}; editions: {len(editions)}."),
        Finding("ok", "lake", f"Holds records known since {known:%Y-%m-%d}." if known else "Empty until the first review."),
        _archive(opened, editions),
    ]


def _archive(opened: Stores, editions: list[Edition]) -> Finding:
    problems = opened.archive.check(editions)
    lost = [problem for problem in problems if problem.kind != "unknown"]
    if lost:
        text = f"{len(lost)} files are missing or changed; the first is {lost[0].path}."
        return Finding("bad", "archive", text, "Restore them from the backup.")
    unknown = f"; {len(problems)} further files belong to no edition" if problems else ""
    return Finding("ok", "archive", f"Every archived file matches its hash{unknown}.")


def channel(source: Channel, shop: Shop, settings: Settings, now: datetime) -> Finding:
    """Read only the last hours of a source, or all of it if it has no stamps."""
    narrow = source.model_copy(update={"overlap_hours": 0.0})
    batch = pull_channel(
        narrow,
        window_start=now - timedelta(hours=24),
        window_end=now,
        shop=shop,
        settings=settings,
        now=now,
        wait=lambda seconds: time.sleep(min(seconds, LONGEST_PAUSE_S)),
    )
    what = f"channel {source.name}"
    if batch.error:
        return Finding("bad", what, batch.error, batch.hint)
    read = f"its files hold {batch.read:,} rows" if reads_files_only(source) else f"{batch.read:,} rows from the last day"
    return Finding("ok", what, f"Reachable; {read}.")


def silences(opened: Stores, shop: Shop, now: datetime) -> dict[str, Silence]:
    """Return the channels that have fallen silent against their own habit, by name."""
    tables = {channel.table for channel in shop.channels.channels} & DAILY_TABLES
    stored = {
        table: opened.lake.as_of(table, now, columns=["channel", TABLES[table].time], since=now - timedelta(weeks=26))
        for table in tables
    }
    pulls = opened.ledger.pulls(since=now - timedelta(weeks=26), until=now)
    found = {}
    for channel in shop.channels.channels:
        if channel.table not in tables:
            continue
        zone = ZoneInfo(channel.zone)
        times = stored[channel.table].filter(pl.col("channel") == channel.name).to_series(1)
        moments = times if times.dtype == pl.Date else times.dt.convert_time_zone(channel.zone).dt.date()
        days = dict(moments.drop_nulls().value_counts().iter_rows())
        brought = [pull.started_at.astimezone(zone).date() for pull in pulls if pull.channel == channel.name and pull.new]
        silent = silence(days, brought, now.astimezone(zone).date(), channel.expected_daily)
        if silent is not None:
            found[channel.name] = silent
    return found


def silent(opened: Stores, shop: Shop, now: datetime) -> Finding:
    """Look for channels that deliver nothing against their own habit."""
    found = silences(opened, shop, now)
    if not found:
        return Finding("ok", "silence", "Every channel with a habit keeps to it.")
    text = "; ".join(
        f"{name} is silent since {one.since}, and used to bring about {one.daily:,.1f} rows a day" for name, one in found.items()
    )
    return Finding(
        "warn", "silence", f"{text}.", "Ask whether the export still runs; `aftersales channels try NAME` shows what is there."
    )


def doubled(opened: Stores) -> Finding:
    """Look for rows that two pulls at once have stored twice."""
    found = doubled_rows(opened.lake)
    if not found:
        return Finding("ok", "doubled rows", "No row of the lake is stored twice.")
    text = ", ".join(f"{count:,} of {table}" for table, count in found.items())
    return Finding(
        "bad",
        "doubled rows",
        f"Rows are stored twice: {text}.",
        "Run `aftersales doctor --mend`; then remake the editions of the time with `aftersales backfill … --which stale`.",
    )


def coding(opened: Stores, shop: Shop, now: datetime) -> Finding:
    """Code the last four weeks of records: if too many are P0, none is urgent, and an UNK appears under no problem."""
    facts = Facts({name: opened.lake.as_of(name, now) for name in TABLES}, now, [])
    newest = facts["feedback"]["submitted_at"].max()
    if not isinstance(newest, datetime):
        return Finding("ok", "coding", "No record yet.")
    facts.tables["feedback"] = facts["feedback"].filter(pl.col("submitted_at") > newest - timedelta(weeks=4))
    coded = code(facts, shop)["feedback"]
    urgent, unclassified = p0_share(coded), uncoded_share(coded)
    text = (
        f"Of the complaints in the last four weeks, {urgent:.1%} are P0 (the limit is {shop.service_levels.p0_budget:.0%}) "
        f"and {unclassified:.1%} are UNK (the limit is {shop.taxonomy.unk_budget:.0%})."
    )
    if urgent > shop.service_levels.p0_budget:
        return Finding("warn", "coding", text, "The P0 rules in service_levels.yaml are too wide: narrow them.")
    if unclassified > shop.taxonomy.unk_budget:
        return Finding("warn", "coding", text, "Map the source's own codes in channels.yaml, or add words to words.yaml.")
    return Finding("ok", "coding", text)


def leases(opened: Stores, now: datetime) -> Finding:
    """Look for processes that are running, or that ended without releasing their lease."""
    held = opened.ledger.leases(now)
    dead = [lease for lease in held if is_gone(lease.holder)]
    if dead:
        return Finding(
            "warn", "leases", f"{dead[0].name} is held by a process that has ended.", "Nothing to do: the next run takes it over."
        )
    return Finding("ok", "leases", f"Running: {', '.join(lease.name for lease in held)}." if held else "Nothing is running.")
