"""`aftersales early-warning`: the daily watch through Prefect; for an earlier moment only what is stored, without a server."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from flows.console.checks.shop import config_folder
from flows.console.local_prefect import local_prefect, outcome_of
from tasks.model.warnings import EarlyWarning
from tasks.run import Stores, moment_of, plan_watch
from tasks.settings import Settings
from tasks.shop.load import Shop
from tasks.warn.lifecycle import WatchResult


def watch_here(settings: Settings, *, as_of: str, send: bool, console: Console) -> None:
    """Run the daily watch in this process, print what it found, and how it ended.

    Raises:
        UserError: If there is no shop, or the moment cannot be looked at.
    """
    config_folder(settings)
    shop = Shop.load(settings.home)
    if _is_stored(settings, shop, as_of, send=send) and not send:
        _look_back(shop, as_of, console)
        return
    found: list[WatchResult] = []
    with local_prefect(settings, console, "Early warning"):
        from flows.early_warning import early_warning
        from flows.run_context import SHOW_FOUND

        token = SHOW_FOUND.set(found.append)
        try:
            outcome = outcome_of(early_warning(as_of=as_of, send=send, return_state=True))
        finally:
            SHOW_FOUND.reset(token)
    for due in found:
        show_notices(due, shop, console)
    console.print(outcome if send else "Nobody was mailed; --send mails and stores the warnings.")


def _is_stored(settings: Settings, shop: Shop, as_of: str, *, send: bool) -> bool:
    """Whether the watch of this moment reads only what is stored; a moment that cannot be looked at is refused here already."""
    moment = moment_of(as_of, shop.identity.zone)
    if moment is None:
        return False
    return not plan_watch(Stores.open(settings), shop, as_of=moment, now=datetime.now(UTC), send=send).pulls


def _look_back(shop: Shop, as_of: str, console: Console) -> None:
    """Print what the watch would have sent at an earlier moment, by the flow's own steps, without a server or a trace."""
    from prefect.logging import disable_run_logger

    from flows.run_context import open_watch
    from tasks.classify.steps import classify
    from tasks.store.steps import recall
    from tasks.warn.steps import decide, watch_clusters, watch_moods_and_words, watch_safety_and_clocks

    with console.status("Looking back …"), disable_run_logger(), open_watch(as_of, send=False) as run:
        facts = classify.fn(run, recall.fn(run, []))
        looks = (watch_safety_and_clocks, watch_clusters, watch_moods_and_words)
        due = decide.fn(run, *[look.fn(run, facts) for look in looks])
    show_notices(due, shop, console)
    console.print("Nobody was mailed.")


def show_notices(due: WatchResult, shop: Shop, console: Console) -> None:
    """Print what a watch found: each matter with its place, counts and the person it goes to; a restricted one without its place."""
    language, zone = shop.identity.languages[0], ZoneInfo(shop.identity.zone)
    if due.notices:
        table = Table("number", "what", "kind", "where", "problem", "seen", "expected", "to", "answer by", box=None)
        for notice in due.notices:
            warning = notice.warning
            table.add_row(
                notice.event.warning_id,
                notice.event.kind,
                warning.kind,
                "(restricted)" if warning.restricted else _place(warning),
                "(restricted)" if warning.restricted else _problem(warning, shop),
                f"{warning.observed:g}",
                f"{warning.expected:.1f}" if warning.expected is not None else "",
                shop.people.label(notice.event.to, language),
                f"{warning.answer_by.astimezone(zone):%Y-%m-%d %H:%M}",
            )
        console.print(table)
    elif not due.seen:
        console.print("There is nothing to warn of.")
    if due.seen:
        console.print(f"Reported before and still seen: {', '.join(due.seen)}.")


def _place(warning: EarlyWarning) -> str:
    return ", ".join(f"{name}={value}" for name, value in warning.slice.items())


def _problem(warning: EarlyWarning, shop: Shop) -> str:
    language, taxonomy = shop.identity.languages[0], shop.taxonomy
    if warning.symptom:
        return taxonomy.symptom_name(warning.symptom, language)
    return taxonomy.name(warning.leaf, language) if warning.leaf else ""
