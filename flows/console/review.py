"""Runs on this machine without a server of one's own: answers from the ledger at once, everything else through Prefect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from rich.console import Console

from flows.console.progress import StageClock
from flows.console.sample_desk import desk_beside
from flows.console.tables import show_editions
from tasks.errors import UserError
from tasks.model.periods import Period
from tasks.run import Run, Stores, moment_of, plan
from tasks.settings import Settings, own_prefect, put_environment
from tasks.shop.load import Shop

QUIET = {
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


def review_here(
    settings: Settings, *, period: str, grain: str, as_of: str, revise: bool, send: bool, console: Console, show: bool = True
) -> None:
    """Review one period in this process; a finished one is answered without pulling and without Prefect."""
    run = _answer(settings, period, grain, as_of, revise, send)
    if run.answered and not (send and _unsent(run)):
        console.print(f"{run.period} is finished (revision {run.revision}, as of {run.as_of:%Y-%m-%d %H:%M} UTC).")
        if show:
            show_editions(run.stores, run.shop, [run.period], console)
        return
    console.print(f"{run.period}, as of {run.as_of:%Y-%m-%d %H:%M} UTC:")
    with prefect_beside(settings, console, f"Reviewing {run.period}"):
        from flows.review import review

        outcome = outcome_of(
            review(period=run.period.id, grain=grain, as_of=as_of, revise=revise, send=send, return_state=True)  # type: ignore[call-overload]
        )
    console.print(outcome)
    if show:
        show_editions(run.stores, run.shop, [run.period], console)


def backfill_here(settings: Settings, *, span: str, which: str, dry_run: bool, send: bool, console: Console) -> None:
    """Run a backfill in this process."""
    periods = Period.span(span)
    with prefect_beside(settings, console, f"Backfill {span}"):
        from flows.backfill import BackfillRequest, backfill

        try:
            request = BackfillRequest(
                first=periods[0].id,
                last=periods[-1].id,
                grain=periods[0].grain,
                which=which,
                dry_run=dry_run,
                send=send,  # type: ignore[arg-type]
            )
        except ValidationError as error:
            raise UserError(
                error.errors()[0]["msg"].removeprefix("Value error, "), hint="See `aftersales backfill --help`."
            ) from error
        outcome = outcome_of(backfill(request, return_state=True))
    console.print(outcome)


def redeliver_here(settings: Settings, period: str, console: Console) -> None:
    """Settle and send in this process."""
    with prefect_beside(settings, console, "Redelivery"):
        from flows.redeliver import redeliver

        outcome = outcome_of(redeliver(period, return_state=True))
    console.print(outcome)


def verify_here(settings: Settings, period: str, grain: str, as_of: str, console: Console) -> None:
    """Make a kept edition again, at its own moment with its own configuration, and compare every byte."""
    run = _answer(settings, period, grain, as_of, revise=False, send=False)
    if not run.answered:
        raise UserError(f"{run.period} has no finished edition to compare with.", hint="Review it first.")
    from flows.console.verify import differing_files

    different = differing_files(run)
    if different:
        raise UserError(
            f"{len(different)} files of {run.period} revision {run.revision} came out otherwise: {', '.join(different)}.",
            hint="Code or renderer changed since; --revise makes a new revision.",
        )
    console.print(f"{run.period} revision {run.revision}: every file came out the same, byte for byte.")


@contextmanager
def prefect_beside(settings: Settings, console: Console, title: str) -> Iterator[None]:
    """Prepare this process for a flow: quiet, with its own Prefect database, the sample's desk beside it, and progress shown.

    A server that PREFECT_API_URL names is used; without one, a small one runs as long as this process.
    """
    put_environment(**QUIET, **own_prefect(settings))
    clock = StageClock(console, status := console.status(f"{title} …"))
    with status, desk_beside(settings.home):
        clock("start Prefect")
        from flows.run_context import PROGRESS

        token = PROGRESS.set(clock)
        try:
            yield
        finally:
            clock.close()
            PROGRESS.reset(token)


def _answer(settings: Settings, period: str, grain: str, as_of: str, revise: bool, send: bool) -> Run:
    shop = Shop.load(settings.home)
    zone = shop.identity.zone
    now = datetime.now(UTC)
    chosen = Period.parse(period, zone) if period else Period.last_complete(now, grain, zone)  # type: ignore[arg-type]
    if chosen.start > now:
        raise UserError(f"{chosen} has not begun.", hint="Choose a period that has.")
    return plan(Stores.open(settings), shop, chosen, as_of=moment_of(as_of, zone), now=now, revise=revise, send=send)


def _unsent(run: Run) -> bool:
    """Whether some reader of a finished period has no mail that left."""
    sent = {
        (mail.audience, mail.language, mail.recipient.lower())
        for mail in run.stores.ledger.deliveries(report=run.kind, period=run.period.id)
        if mail.revision == run.revision and mail.state.value == "sent"
    }
    readers = {
        (code, reader.language, reader.mail.lower())
        for code, audience in run.shop.audiences.of(run.kind).items()
        for reader in audience.recipients
    }
    return bool(readers - sent)


def outcome_of(state: Any) -> str:
    """Return a flow's result; a mistake of the user's is raised as such, anything else as it came."""
    if state.is_completed():
        return str(state.result())
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    raise UserError(f"The run ended as {state.name}: {state.message}", hint="The lines above say where.")
