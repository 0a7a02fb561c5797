"""`aftersales status`: periods, channels, mails, and running processes."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
from rich.console import Console
from rich.table import Table

from flows.console.checks.stores import silences
from tasks.model.editions import DeliveryState
from tasks.model.periods import Grain, Period
from tasks.run import REPORT_OF_GRAIN, Stores
from tasks.settings import Settings
from tasks.shop.load import Shop
from tasks.store.processes import is_gone, shown_holder


def show_status(settings: Settings, grain: Grain, last: int, now: datetime, console: Console) -> None:
    """Print what is done, what is missing, and what needs a person."""
    stores, shop = Stores.open(settings), Shop.load(settings.home)
    zone = ZoneInfo(shop.identity.zone)
    console.print(_table(("period", "edition", "as of", "mails"), period_rows(stores, grain, last, now, zone)))
    pulls = pull_rows(stores, zone)
    heads = ("channel", "last pull", "read", "new", "changed", "same", "quarantine", "withdrawn", "problem")
    console.print(_table(heads, pulls) if pulls else "No channel has been pulled yet.")
    if refused := quarantine_rows(stores, now):
        console.print(_table(("quarantine", "rule", "rows", "for instance"), refused))
    for name, silent in silences(stores, shop, now).items():
        console.print(f"! {name} is silent since {silent.since}; it used to bring about {silent.daily:,.1f} rows a day.")
    for line in open_matters(stores, now, zone):
        console.print(line)


def period_rows(stores: Stores, grain: Grain, last: int, now: datetime, zone: ZoneInfo) -> list[tuple[str, ...]]:
    """Return the last periods, newest first: period, newest edition, its moment and its mails."""
    report = REPORT_OF_GRAIN[grain]
    periods = [Period.last_complete(now, grain, zone.key)]
    while len(periods) < last:
        periods.append(periods[-1].previous())
    editions = [edition for edition in stores.ledger.editions() if edition.report == report]
    known = {edition.period for edition in editions} | {period.id for period in periods}
    rows: list[tuple[str, ...]] = []
    for name in sorted(known, reverse=True)[: max(last, 1)]:
        newest = max((edition for edition in editions if edition.period == name), key=lambda e: e.revision, default=None)
        mails = Counter(mail.state for mail in stores.ledger.deliveries(period=name, report=report))
        rows.append(
            (
                name,
                f"r{newest.revision} {newest.status}" if newest else "— none —",
                f"{newest.as_of.astimezone(zone):%Y-%m-%d %H:%M}" if newest else "",
                ", ".join(f"{mails[state]} {state.value}" for state in DeliveryState if mails[state]),
            )
        )
    return rows


def pull_rows(stores: Stores, zone: ZoneInfo) -> list[tuple[str, ...]]:
    """Return the last pull of each channel: when, how many rows of each kind, and what went wrong."""
    return [
        (
            name,
            f"{pull.started_at.astimezone(zone):%Y-%m-%d %H:%M}",
            *[str(count) for count in (pull.read, pull.new, pull.changed, pull.unchanged, pull.quarantined, pull.withdrawn)],
            f"{pull.error} {pull.hint}".strip() if pull.error else "",
        )
        for name, pull in sorted(stores.ledger.last_pulls().items())
    ]


def quarantine_rows(stores: Stores, now: datetime) -> list[tuple[str, ...]]:
    """Return the quarantine by channel and rule: how many rows, and the newest with its reason."""
    quarantine = stores.lake.quarantine_as_of(now)
    if quarantine.is_empty():
        return []
    grouped = quarantine.group_by("channel", "rule").agg(pl.len(), pl.col("source_id").last(), pl.col("reason").last())
    return [
        (channel, rule, str(count), f"{source_id}: {reason}")
        for channel, rule, count, source_id, reason in grouped.sort("channel", "rule").iter_rows()
    ]


def open_matters(stores: Stores, now: datetime, zone: ZoneInfo) -> list[str]:
    """Return a line for everything unfinished: mails, backfills, running processes, files of the archive."""
    unknown = stores.ledger.deliveries(states=[DeliveryState.UNCERTAIN, DeliveryState.SENDING, DeliveryState.FAILED])
    lines = [
        f"! mail {mail.state.value}: {mail.report} {mail.period} r{mail.revision} to {mail.recipient} {mail.detail}"
        for mail in unknown
    ]
    if unknown:
        lines.append("  `aftersales redeliver` looks up uncertain mails; for a failed one, correct the address.")
    for plan in stores.ledger.backfills():
        if plan.finished_at is None:
            left = sum(state != "done" for state in plan.periods.values())
            lines.append(
                f"! backfill {plan.span} ({plan.which}) is unfinished: {left} of {len(plan.periods)} left; run it again to continue."
            )
    lines += [
        f"at work: {lease.name}, by {shown_holder(lease.holder)} since {lease.acquired_at.astimezone(zone):%H:%M}"
        for lease in stores.ledger.leases(now)
        if not is_gone(lease.holder)
    ]
    lines += [f"! archive: {problem.kind} file {problem.path}" for problem in stores.archive.check(stores.ledger.editions())]
    return lines


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(*heads, box=None)
    for row in rows:
        table.add_row(*row)
    return table
