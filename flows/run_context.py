"""How a run starts: its home, its period, its moment, and a lease so that it runs alone."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from prefect import runtime
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger

from tasks.errors import LeaseHeld, UserError
from tasks.files import only_for_owner
from tasks.model.periods import Grain, Period
from tasks.model.rows import PulledRows
from tasks.privacy.log_net import discreet_errors, spread_log_net
from tasks.report.language.registry import check_languages
from tasks.run import PULL_LEASE, PULL_SECONDS, REPORT_OF_GRAIN, Mailing, Progress, Run, Stores, moment_of, plan, plan_watch
from tasks.settings import load_settings, return_freed_memory
from tasks.shop.load import Shop
from tasks.warn.lifecycle import WatchResult

PROGRESS: ContextVar[Progress | None] = ContextVar("progress", default=None)
SHOW_FOUND: ContextVar[Callable[[WatchResult], None] | None] = ContextVar("show_found", default=None)
"""Called by the daily watch with what it found; the console sets it to print that."""
LEASE_SECONDS = 4 * 3600
RETRY_MINUTES = 10
PATIENCE_MINUTES = 30
LOOK_AGAIN_S = 1.0
PULLED_AT_ONCE = 4
"""Channels pulled in parallel: enough that a slow one blocks nobody, few enough not to hold all rows in memory at once."""


def wanted_period(period: str, grain: Grain, zone: str) -> Period:
    """Return the named period, or the last one complete when the run was due: a late run still reviews its own week."""
    if period.strip():
        return Period.parse(period, zone)
    due = runtime.flow_run.scheduled_start_time or datetime.now(UTC)
    return Period.last_complete(due, grain, zone)


def run_name() -> str:
    """Name a run after its period."""
    parameters = runtime.flow_run.parameters
    zone = Shop.load(load_settings().home).identity.zone
    return f"review {wanted_period(parameters['period'], parameters['grain'], zone)}"


def opened_home() -> tuple[Stores, Shop, datetime]:
    """Open the stores and the checked configuration of the home, with the moment of the run.

    The moment is in whole seconds, so that what is stored at it counts as known at it.
    """
    only_for_owner()
    settings = load_settings()
    shop = Shop.load(settings.home)
    shop.check()
    check_languages(shop)
    if not shop.channels.channels:
        raise UserError(
            "No channel is declared: there is nothing to review.",
            hint=f"List the first source in {settings.home / 'config' / 'channels.yaml'}, or let `aftersales connect FILE` propose it.",
        )
    spread_log_net(shop.own_words)
    now = datetime.now(UTC).replace(microsecond=0)
    stores = Stores.open(settings)
    stores.ledger.sweep_leases(now)
    return stores, shop, now


def _begins(watcher: Progress | None, stage: str) -> None:
    """Return the memory that the stage before has freed, and tell whoever watches that the next one begins."""
    return_freed_memory()
    if watcher is not None:
        watcher(stage)


@contextmanager
def open_run(period: str, grain: Grain, as_of: str, revise: bool, send: bool) -> Iterator[Run]:
    """Open the stores, check the configuration, decide what to make, and hold the period's lease."""
    stores, shop, now = opened_home()
    chosen = wanted_period(period, grain, shop.identity.zone)
    due = runtime.flow_run.scheduled_start_time
    with discreet_errors(shop.own_words), stores.ledger.lease(f"review {chosen}", stores.holder, now, LEASE_SECONDS):
        stores.archive.sweep(REPORT_OF_GRAIN[chosen.grain], chosen.id, now)
        made_at = [edition.made_at for edition in stores.ledger.editions(period=chosen.id, report=REPORT_OF_GRAIN[chosen.grain])]
        if revise and due and made_at and max(made_at) >= due.replace(microsecond=0):  # editions carry whole seconds
            revise = False  # a schedule fired twice, or «Retry» after the revision was made: make no second
        yield plan(
            stores,
            shop,
            chosen,
            as_of=moment_of(as_of, shop.identity.zone),
            now=now,
            revise=revise,
            send=send,
            progress=partial(_begins, PROGRESS.get()),
        )


@contextmanager
def pull_turn(run: Run) -> Iterator[Run]:
    """Wait until no other process pulls for this home, and hold that right: what is pulled must be stored before the next pull.

    Returns:
        The run at the moment of its turn. A run that pulls nothing waits for nobody.

    Raises:
        LeaseHeld: If another process pulls for longer than half an hour.
    """
    patience = time.monotonic() + PATIENCE_MINUTES * 60
    waited = False
    with ExitStack() as held:
        while run.channels:
            try:
                held.enter_context(run.stores.ledger.lease(PULL_LEASE, run.stores.holder, datetime.now(UTC), PULL_SECONDS))
                break
            except LeaseHeld as other:
                if time.monotonic() > patience:
                    raise
                if not waited:
                    run.progress("wait for another pull")
                    get_run_logger().info("%s This run waits.", other.what)
                waited = True
                time.sleep(LOOK_AGAIN_S)
        yield _later(run) if waited else run


def _later(run: Run) -> Run:
    """Return the run at this moment; an earlier moment of knowledge, asked for by name, stays."""
    now = datetime.now(UTC).replace(microsecond=0)
    return replace(run, now=now, as_of=now if run.as_of == run.now else run.as_of)


@contextmanager
def pulled_when_complete(
    run: Run, until: str, pull: Callable[[Run], list[PrefectFuture[PulledRows]]]
) -> Iterator[tuple[Run, list[PulledRows]]]:
    """Pull every channel, and again every ten minutes while a source is not complete and the time has not come.

    Returns:
        The run at the moment of the last pull, and what that pull brought, to be stored within the context. Where a source is
        still incomplete then, the edition is preliminary (快报).
    """
    while True:
        with pull_turn(run) as turn:
            pulled = [future.result() for future in pull(turn)]
            waiting = incomplete(turn, pulled)
            if not waiting or not until or not _before(until, turn.shop.identity.zone):
                yield replace(turn, provisional=turn.provisional or bool(waiting)), pulled
                return
        get_run_logger().info("Waiting for %s until %s", ", ".join(waiting), until)
        time.sleep(RETRY_MINUTES * 60)
        run = _later(turn)


def incomplete(run: Run, pulled: list[PulledRows]) -> list[str]:
    """Return the channels that failed, or whose rows stop before the period's end although the source should be complete."""
    promised = {channel.name for channel in run.shop.channels.channels if channel.complete_by}
    end = run.period.end - timedelta(hours=1)
    return [
        rows.channel
        for rows in pulled
        if rows.error
        or (rows.channel in promised and (rows.complete_through is None or rows.complete_through < end) and _recent(run))
    ]


def _recent(run: Run) -> bool:
    """Whether the period has just ended: only then is waiting for sources of use."""
    return run.now - run.period.end < timedelta(days=7)


def _before(clock: str, zone: str) -> bool:
    try:
        hour, minute = (int(part) for part in clock.split(":"))
        now = datetime.now(ZoneInfo(zone))
        return now < now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError as error:
        raise UserError(f"{clock!r} is not a time of day.", hint="Write it as 11:00.") from error


def watch_name() -> str:
    """Name a run of the daily watch after its moment."""
    parameters = runtime.flow_run.parameters
    due = runtime.flow_run.scheduled_start_time or datetime.now(UTC)
    zone = ZoneInfo(Shop.load(load_settings().home).identity.zone)
    return f"early warning {parameters['as_of'] or format(due.astimezone(zone), '%Y-%m-%d %H:%M')}"


@contextmanager
def open_watch(as_of: str, send: bool) -> Iterator[Run]:
    """Open the stores for the daily watch and hold its lease; for an earlier moment read what is stored and pull nothing."""
    stores, shop, now = opened_home()
    moment = moment_of(as_of, shop.identity.zone)
    with discreet_errors(shop.own_words), stores.ledger.lease("early warning", stores.holder, now, LEASE_SECONDS):
        yield plan_watch(stores, shop, as_of=moment, now=now, send=send, progress=partial(_begins, PROGRESS.get()))


def show_found(due: WatchResult) -> None:
    """Hand what the daily watch found to whoever started it."""
    if (show := SHOW_FOUND.get()) is not None:
        show(due)


@contextmanager
def open_mailing(period: str, failed: bool = False) -> Iterator[Mailing]:
    """Open the stores for a round of mailing and hold its lease."""
    settings = load_settings()
    stores = Stores.open(settings)
    now = datetime.now(UTC)
    if period:
        Period.parse(period, Shop.load(settings.home).identity.zone)
    if (progress := PROGRESS.get()) is not None:
        progress("redeliver")
    with stores.ledger.lease("redeliver", stores.holder, now, 3600):
        yield Mailing(stores, now, period, failed)
