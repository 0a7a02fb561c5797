"""`aftersales redeliver` and `aftersales settle`: queued mails, and mails whose fate only a person knows."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console

from flows.console.local_prefect import local_prefect, outcome_of
from tasks.deliver.delivery import LEASE_SECONDS, settle_by_hand
from tasks.errors import UserError
from tasks.model.actions import ActionState
from tasks.model.editions import DeliveryState
from tasks.model.periods import Period
from tasks.run import Stores
from tasks.settings import Settings
from tasks.shop.load import Shop

UNFINISHED = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNCERTAIN)


def redeliver_here(settings: Settings, period: str, now: datetime, console: Console, *, failed: bool = False) -> None:
    """Settle uncertain mails, send queued ones, and refused ones again if asked, in this process; with nothing to do, start no server."""
    stores = Stores.open(settings)
    if period:
        Period.parse(period, Shop.load(settings.home).identity.zone)
    refused = len(stores.ledger.deliveries(period=period or None, states=[DeliveryState.FAILED]))
    if not (failed and refused) and not _is_unfinished(stores, period, now):
        console.print("No mail is queued or uncertain." + (f" {refused} failed: --failed sends them again." if refused else ""))
        return
    with local_prefect(settings, console, "Redelivery"):
        from flows.redeliver import redeliver

        outcome = outcome_of(redeliver(period, failed, return_state=True))
    console.print(outcome)


def settle_mail(settings: Settings, recipient: str, period: str, arrived: bool, by: str, now: datetime, console: Console) -> None:
    """Record a person's word on whether the uncertain mails of a period reached a recipient."""
    stores = Stores.open(settings)
    unknown = [
        mail
        for mail in stores.ledger.unknown_deliveries(now=now, lease_seconds=LEASE_SECONDS)
        if mail.period == period and mail.recipient.lower() == recipient.lower()
    ]
    if not unknown:
        raise UserError(
            f"There is no uncertain mail for {period} to {recipient}.", hint="`aftersales status` lists the uncertain mails."
        )
    for mail in unknown:
        settle_by_hand(stores.ledger, mail, sent=arrived, by=by, now=now)
        console.print(
            f"{mail.report} {mail.period} r{mail.revision} to {mail.recipient}: {'sent' if arrived else 'queued again'}."
        )
    if not arrived:
        console.print("`aftersales redeliver` sends it.")


def _is_unfinished(stores: Stores, period: str, now: datetime) -> bool:
    """Whether a redelivery has anything to do: a mail to send or to look up, or proposals whose mail left just before a crash."""
    if stores.ledger.deliveries(states=UNFINISHED):
        return True
    if stores.settings.mail_all_to:
        return False  # a trial reaches no reader, so its proposals are never announced
    mailed = {mail.period for mail in stores.ledger.deliveries(period=period or None, states=[DeliveryState.SENT])}
    return any(
        action.state is ActionState.PROPOSED and action.period in mailed and not action.restricted
        for action, _ in stores.ledger.actions_as_of(now)
    )
