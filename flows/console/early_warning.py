"""`aftersales early-warning`: the daily watch through Prefect; for an earlier moment only what is stored, without a server."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from flows.console.checks.shop import config_folder
from flows.console.local_prefect import local_prefect, outcome_of
from tasks.run import Stores, moment_of, plan_watch
from tasks.settings import Settings
from tasks.shop.load import Shop


def watch_here(settings: Settings, *, as_of: str, send: bool, console: Console) -> None:
    """Run the daily watch in this process and print how it ended.

    Raises:
        UserError: If there is no shop.
    """
    config_folder(settings)
    if not send and _is_stored(settings, as_of):
        _look_back(as_of, console)
        return
    with local_prefect(settings, console, "Early warning"):
        from flows.early_warning import early_warning

        outcome = outcome_of(early_warning(as_of=as_of, send=send, return_state=True))
    console.print(outcome)


def _is_stored(settings: Settings, as_of: str) -> bool:
    """Whether the watch of this moment reads only what is stored."""
    shop = Shop.load(settings.home)
    moment = moment_of(as_of, shop.identity.zone)
    return (
        moment is not None and not plan_watch(Stores.open(settings), shop, as_of=moment, now=datetime.now(UTC), send=False).pulls
    )


def _look_back(as_of: str, console: Console) -> None:
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
    table = Table("what", "kind", "where", "observed", "expected", "to", box=None)
    for notice in due.notices:
        warning = notice.warning
        place = "(restricted)" if warning.restricted else ", ".join(f"{name}={value}" for name, value in warning.slice.items())
        amounts = (f"{warning.observed:g}", f"{warning.expected:.1f}" if warning.expected is not None else "")
        table.add_row(notice.event.kind, warning.kind, place, *amounts, notice.event.to)
    console.print(table if table.row_count else "There is nothing to warn of.")
    console.print("Nobody was mailed.")
