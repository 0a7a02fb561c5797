"""The summary at the end of a run: what was read, found, proposed and mailed."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.table import Table

from tasks.model.actions import Action
from tasks.model.editions import DeliveryState, edition_id
from tasks.model.periods import Period
from tasks.run import REPORT_OF_GRAIN, Stores
from tasks.shop.load import Shop


def show_editions(stores: Stores, shop: Shop, periods: list[Period], console: Console) -> None:
    """Print, for each period: records by channel, quarantine, causes, actions, mails and the paths of the PDFs."""
    pulls = stores.ledger.last_pulls()
    table = Table("", *[str(period) for period in periods], box=None, pad_edge=False)
    read = ", ".join(f"{shop_label(shop, name)} {pull.read}" for name, pull in pulls.items())
    console.print(f"Records read by channel: {read or 'none in this run'}")
    failed = [f"{name}: {pull.error}" for name, pull in pulls.items() if pull.error]
    for line in failed:
        console.print("Channel failed", style="red", end=" ")
        console.print(line)
    rows: dict[str, list[str]] = {
        name: [] for name in ("revision", "quarantined rows", "causes", "earlier actions", "new actions", "mails")
    }
    paths: list[str] = []
    first_made: dict[str, datetime] = {}
    for edition in stores.ledger.editions():
        first_made[edition.period] = min(edition.made_at, first_made.get(edition.period, edition.made_at))
    for period in periods:
        report = REPORT_OF_GRAIN[period.grain]
        editions = [e for e in stores.ledger.editions(period=period.id) if e.report == report]
        newest = [e for e in editions if e.revision == max(x.revision for x in editions)] if editions else []
        known = [c for c in stores.ledger.causes(report=report) if c.period == period.id]
        earlier = [a for a, _ in stores.ledger.actions_as_of(newest[0].as_of)] if newest else []
        if newest:  # a review made after this one, as of the same moment, proposed what this one could not know
            earlier = [a for a in earlier if first_made.get(a.period, newest[0].made_at) <= newest[0].made_at]
        mails = [
            m for m in stores.ledger.deliveries(report=report, period=period.id) if newest and m.revision == newest[0].revision
        ]
        sent = sum(m.state is DeliveryState.SENT for m in mails)
        rows["revision"].append(f"{newest[0].revision} ({newest[0].status})" if newest else "–")
        rows["quarantined rows"].append(str(sum(pull.quarantined for pull in pulls.values())))
        rows["causes"].append(str(len(known)))
        rows["earlier actions"].append(str(sum(Period.parse(a.period, period.zone).is_reviewed_before(period) for a in earlier)))
        rows["new actions"].append(_counted([a for a in earlier if a.period == period.id]))
        rows["mails"].append(f"{sent} of {len(mails)} sent")
        for edition in newest:
            paths += [
                str(stores.archive.root / edition_id(edition) / name) for name in sorted(edition.files) if name.endswith(".pdf")
            ]
    for name, cells in rows.items():
        table.add_row(name, *cells)
    console.print(table)
    for path in paths:
        console.print(path)


def _counted(actions: list[Action]) -> str:
    """Return how many actions there are, and how many of them only a restricted edition names."""
    restricted = sum(action.restricted for action in actions)
    return f"{len(actions)} ({restricted} restricted)" if restricted else str(len(actions))


def shop_label(shop: Shop, channel: str) -> str:
    """Return a channel's name in the shop's first language; its code if it is no longer configured."""
    language = shop.identity.languages[0]
    return next((c.title(language) for c in shop.channels.channels if c.name == channel), channel)
