"""`aftersales status`: periods, channels, mails, and who is at work."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
from rich.console import Console
from rich.table import Table

from tasks.deliver.delivery import LEASE_SECONDS, settle_by_hand
from tasks.errors import UserError
from tasks.model.editions import DeliveryState
from tasks.model.periods import Grain, Period
from tasks.run import REPORT_OF_GRAIN, Stores
from tasks.settings import Settings
from tasks.shop.load import Shop
from tasks.store.runs import Lease


def show_status(settings: Settings, grain: Grain, last: int, now: datetime, console: Console) -> None:
    """Print what is done, what is missing, and what needs a person."""
    stores, shop = Stores.open(settings), Shop.load(settings.home)
    zone = ZoneInfo(shop.identity.zone)
    period = Period.last_complete(now, grain, shop.identity.zone)
    periods = [period]
    while len(periods) < last:
        periods.append(periods[-1].previous())
    editions = [e for e in stores.ledger.editions() if e.report == REPORT_OF_GRAIN[grain]]
    known = {edition.period for edition in editions} | {period.id for period in periods}
    table = Table("period", "edition", "as of", "mails", box=None)
    for name in sorted(known, reverse=True)[: max(last, 1)]:
        mine = [e for e in editions if e.period == name]
        mails = [m for m in stores.ledger.deliveries(period=name) if m.report == REPORT_OF_GRAIN[grain]]
        newest = max(mine, key=lambda e: e.revision, default=None)
        states = ", ".join(
            f"{sum(m.state is state for m in mails)} {state.value}"
            for state in DeliveryState
            if any(m.state is state for m in mails)
        )
        table.add_row(
            name,
            f"r{newest.revision} {newest.status}" if newest else "— none —",
            f"{newest.as_of.astimezone(zone):%Y-%m-%d %H:%M}" if newest else "",
            states,
        )
    console.print(table)
    pulls = Table("channel", "last pull", "read", "new", "changed", "same", "quarantine", "problem", box=None)
    for name, pull in sorted(stores.ledger.last_pulls().items()):
        pulls.add_row(
            name,
            f"{pull.started_at.astimezone(zone):%Y-%m-%d %H:%M}",
            *[str(n) for n in (pull.read, pull.new, pull.changed, pull.unchanged, pull.quarantined)],
            f"{pull.error} {pull.hint}".strip() if pull.error else "",
        )
    console.print(pulls if pulls.row_count else "No channel has been pulled yet.")
    _show_refused(stores, now, console)
    unknown = stores.ledger.deliveries(states=[DeliveryState.UNCERTAIN, DeliveryState.SENDING, DeliveryState.FAILED])
    for mail in unknown:
        console.print(
            f"! mail {mail.state.value}: {mail.report} {mail.period} r{mail.revision} to {mail.recipient} {mail.detail}"
        )
    if unknown:
        console.print("  `aftersales redeliver` looks the uncertain ones up; a failed one needs its address corrected.")
    for plan in stores.ledger.backfills():
        if plan.finished_at is None:
            left = [name for name, state in plan.periods.items() if state != "done"]
            console.print(
                f"! backfill {plan.span} ({plan.which}) is unfinished: {len(left)} of {len(plan.periods)} left; start it again to go on."
            )
    held: list[Lease] = stores.ledger.leases(now)
    for lease in held:
        console.print(f"at work: {lease.name}, by {lease.holder} since {lease.acquired_at.astimezone(zone):%H:%M}")
    for problem in stores.archive.check(stores.ledger.editions()):
        console.print(f"! archive: {problem.kind} file {problem.path}")


def _show_refused(stores: Stores, now: datetime, console: Console) -> None:
    """Print why rows are in quarantine: by channel and rule, with the reason of the newest."""
    quarantine = stores.lake.quarantine_as_of(now)
    if quarantine.is_empty():
        return
    table = Table("quarantine", "rule", "rows", "for instance", box=None)
    grouped = quarantine.group_by("channel", "rule").agg(pl.len(), pl.col("source_id").last(), pl.col("reason").last())
    for channel, rule, count, source_id, reason in grouped.sort("channel", "rule").iter_rows():
        table.add_row(channel, rule, str(count), f"{source_id}: {reason}")
    console.print(table)


def settle_mail(settings: Settings, recipient: str, period: str, arrived: bool, by: str, now: datetime, console: Console) -> None:
    """Take a person's word on the uncertain mails of a period to one recipient."""
    stores = Stores.open(settings)
    unknown = [
        mail
        for mail in stores.ledger.unknown_deliveries(now=now, lease_seconds=LEASE_SECONDS)
        if mail.period == period and mail.recipient.lower() == recipient.lower()
    ]
    if not unknown:
        raise UserError(
            f"No uncertain mail of {period} to {recipient} is known.", hint="`aftersales status` lists the uncertain mails."
        )
    for mail in unknown:
        settle_by_hand(stores.ledger, mail, sent=arrived, by=by, now=now)
        console.print(
            f"{mail.report} {mail.period} r{mail.revision} to {mail.recipient}: {'sent' if arrived else 'queued again'}."
        )
    if not arrived:
        console.print("`aftersales redeliver` sends it.")
