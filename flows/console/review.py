"""`aftersales review`: answer a finished period from the ledger at once, run everything else through Prefect."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from flows.console.checks.shop import config_folder
from flows.console.local_prefect import local_prefect, outcome_of
from flows.console.tables import show_editions
from tasks.act.binding import mailed_proposals
from tasks.errors import UserError
from tasks.model.editions import DeliveryState
from tasks.model.periods import Grain, Period
from tasks.run import Run, Stores, moment_of, plan
from tasks.settings import Settings
from tasks.shop.load import Shop


def review_here(
    settings: Settings, *, period: str, grain: Grain, as_of: str, revise: bool, send: bool, console: Console, show: bool = True
) -> None:
    """Review one period in this process; answer a finished one without pulling and without Prefect."""
    run = answer(settings, period, grain, as_of, revise=revise, send=send)
    if run.answered and not (send and (_unsent(run) or _unopened(run))):
        console.print(f"{run.period} is finished (revision {run.revision}, as of {run.as_of:%Y-%m-%d %H:%M} UTC).")
    else:
        console.print(f"{run.period}, as of {run.as_of:%Y-%m-%d %H:%M} UTC:")
        with local_prefect(settings, console, f"Reviewing {run.period}"):
            from flows.review import review

            outcome = outcome_of(
                review(period=run.period.id, grain=grain, as_of=as_of, revise=revise, send=send, return_state=True)
            )
        console.print(outcome)
    if show:
        show_editions(run.stores, run.shop, [run.period], console)


def answer(settings: Settings, period: str, grain: Grain, as_of: str, *, revise: bool, send: bool) -> Run:
    """Return the run for a period: answered from the ledger if finished, else planned but not started.

    Raises:
        UserError: If there is no shop, or the period or the moment cannot be reviewed.
    """
    config_folder(settings)
    shop = Shop.load(settings.home)
    zone = shop.identity.zone
    now = datetime.now(UTC)
    chosen = Period.parse(period, zone) if period else Period.last_complete(now, grain, zone)
    if chosen.start > now:
        raise UserError(f"{chosen} has not begun.", hint="Choose a period that has begun.")
    return plan(Stores.open(settings), shop, chosen, as_of=moment_of(as_of, zone), now=now, revise=revise, send=send)


def _unsent(run: Run) -> bool:
    """Whether some reader of a finished period has not been sent a mail."""
    sent = {
        (mail.audience, mail.language, mail.recipient.lower())
        for mail in run.stores.ledger.deliveries(report=run.report, period=run.period.id)
        if mail.revision == run.revision and mail.state.value == "sent"
    }
    readers = {
        (code, reader.language, reader.mail.lower())
        for code, audience in run.shop.audiences.of(run.report).items()
        for reader in audience.recipients
    }
    return bool(readers - sent)


def _unopened(run: Run) -> bool:
    """Whether a run ended between its last mail and the opening of its proposals: readers have them, and they do not count yet."""
    if run.settings.mail_all_to:
        return False
    sent = run.stores.ledger.deliveries(report=run.report, period=run.period.id, states=[DeliveryState.SENT])
    readers = [run.shop.audiences.audiences.get(mail.audience) for mail in sent if mail.revision == run.revision]
    if not readers:
        return False
    restricted = any(reader is not None and reader.restricted for reader in readers)
    actions = [action for action, _ in run.stores.ledger.actions_as_of(run.now)]
    return bool(mailed_proposals(actions, run.period.id, restricted=restricted))
