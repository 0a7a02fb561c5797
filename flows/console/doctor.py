"""`aftersales doctor`: what works, what does not, and how to fix it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from rich.console import Console
from rich.table import Table

from flows.console.checks import machine, mail, money, prefect_server
from flows.console.checks import shop as shop_checks
from flows.console.checks import stores as store_checks
from flows.console.checks.finding import Finding
from flows.console.sample_desk import desk_beside
from tasks.errors import UserError
from tasks.run import PULL_LEASE, PULL_SECONDS, Stores
from tasks.settings import Settings
from tasks.store.doubled_rows import mend

MARKS = {"ok": "✓", "warn": "!", "bad": "✗"}


def check_up(settings: Settings, now: datetime, console: Console) -> int:
    """Print the findings, and return the exit code: 1 if something keeps a review from running."""
    findings = examine(settings, now)
    table = Table("", "what", "finding", "what to do", box=None)
    for finding in findings:
        table.add_row(MARKS[finding.level], finding.what, finding.text, finding.advice)
    console.print(table)
    return int(any(finding.level == "bad" for finding in findings))


def mend_lake(settings: Settings, now: datetime, console: Console) -> None:
    """Remove what the lake holds twice, while nobody pulls, and say what went.

    Raises:
        LeaseHeld: If a pull is under way.
    """
    stores = Stores.open(settings)
    with stores.ledger.lease(PULL_LEASE, stores.holder, now, PULL_SECONDS):
        mended = mend(stores.lake)
    for table, count in mended.items():
        console.print(f"{table}: {count:,} doubled rows removed")
    if not mended:
        console.print("No row of the lake is stored twice.")


def examine(settings: Settings, now: datetime) -> list[Finding]:
    """Check everything a review needs; a fault in one place does not hide the others.

    Args:
        settings: The installation.
        now: Aware UTC.
    """
    shop, configuration = shop_checks.configuration(settings)
    stores, findings = store_checks.stores(settings)
    looks: list[tuple[str, Callable[[], Finding]]] = [
        ("key", partial(shop_checks.key, settings)),
        ("fonts", machine.fonts),
        ("renderer", machine.renderer),
    ]
    if shop is not None:
        looks += [
            ("channels", partial(shop_checks.sources, shop)),
            ("people", partial(shop_checks.people, shop)),
            ("readers", partial(shop_checks.readers, shop)),
            ("calendar", partial(shop_checks.calendar, shop, now)),
        ]
        looks += [
            (f"channel {channel.name}", partial(store_checks.channel, channel, shop, settings, now))
            for channel in shop.channels.channels
        ]
    looks.append(("mail", partial(mail.transport, settings)))
    if stores is not None and shop is not None:
        looks.append(("silence", partial(store_checks.silent, stores, shop, now)))
        looks.append(("coding", partial(store_checks.coding, stores, shop, now)))
        looks.append(("currencies", partial(money.currencies, stores, shop, now)))
    if stores is not None:
        looks.append(("doubled rows", partial(store_checks.doubled, stores)))
        looks += [("mails", partial(mail.deliveries, stores)), ("leases", partial(store_checks.leases, stores, now))]
    with desk_beside(settings.home):
        looked = [_looked(what, look) for what, look in looks]
    return [configuration, *findings, *looked, *prefect_server.prefect(shop.identity.zone if shop is not None else "UTC")]


def _looked(what: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except UserError as error:
        return Finding("bad", what, error.what, error.hint)
    except (OSError, ValueError, RuntimeError) as error:
        return Finding("bad", what, f"{type(error).__name__}: {error}", "The runbook explains what each check needs.")
