"""`aftersales demo`: the sample shop, written once, then reviewed like any other."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from flows.console.actions import import_actions
from flows.console.review import review_here
from flows.console.sample import write_sample
from flows.console.sample_desk import desk_beside
from flows.console.tables import show_editions
from tasks.model.periods import Period
from tasks.run import Stores
from tasks.settings import Settings
from tasks.shop.load import Shop

AS_OF = "2026-11-10T14:00"
"""The Tuesday on which the sample shop's figures for 2026-W45 are final."""


def run_demo(settings: Settings, *, seed: int, scale: float, console: Console) -> None:
    """Write the sample shop, import its earlier actions, review its last week and month, and mail the reports to the outbox."""
    written = write_sample(settings, seed=seed, scale=scale, console=console)
    with desk_beside(settings.home):
        import_actions(settings, settings.home / "sources" / "actions.jsonl", console)
        for period in (written["period"], written["month"]):
            review_here(settings, period=period, grain="week", as_of=AS_OF, revise=False, send=True, console=console, show=False)
    shop = Shop.load(settings.home)
    periods = [Period.parse(written[name], shop.identity.zone) for name in ("period", "month")]
    console.print()
    show_editions(Stores.open(settings), shop, periods, console)
    console.print(f"Mails: {_shown(settings.outbox_root)}")


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
