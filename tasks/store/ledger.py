"""The ledger: what was reported, promised and sent, in one SQL database."""

from __future__ import annotations

from tasks.store.deliveries import Deliveries
from tasks.store.editions import Editions
from tasks.store.runs import Runs
from tasks.store.warnings import WarningLedger


class Ledger(Runs, Editions, Deliveries, WarningLedger):
    """Pulls, leases, periods and backfills; editions and causes; actions; deliveries; warnings.

    `Ledger(url).migrate()` first; every method is its own transaction.
    """
