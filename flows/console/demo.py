"""The sample shop: written once, then reviewed like any other."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from flows.console.actions import import_actions
from flows.console.review import review_here
from flows.console.sample_desk import desk_beside
from flows.console.tables import show_editions
from tasks.errors import UserError
from tasks.files import write_whole
from tasks.model.periods import Period
from tasks.run import Stores
from tasks.settings import Settings
from tasks.shop.load import Shop

AS_OF = "2026-11-10T14:00"
"""The Tuesday on which the sample shop's numbers of 2026-W45 are final."""
NOTE = "sample.json"


def write_sample(
    settings: Settings, *, seed: int, weeks: int = 60, scale: float = 1.0, through: str = "2026-W45", console: Console
) -> dict[str, Any]:
    """Write the sample shop into the home, unless this very one is there already.

    Returns:
        What `examples.sample_shop.home.write_home` returned.

    Raises:
        UserError: If the home belongs to another shop.
    """
    wanted = {"seed": seed, "weeks": weeks, "scale": scale, "through": through}
    note = settings.home / NOTE
    if note.is_file():
        stored: dict[str, Any] = json.loads(note.read_text("utf-8"))
        if stored["wanted"] == wanted:
            console.print(f"The sample shop is in {settings.home} already.")
            written: dict[str, Any] = stored["written"]
            return written
    if settings.home.is_dir() and any(settings.home.iterdir()):
        raise UserError(
            f"{settings.home} holds another shop already; the sample shop would mix with it.",
            hint="Name an empty folder with --home, or remove this one first.",
        )
    from examples.sample_shop.home import write_home

    begun = time.monotonic()
    with console.status("Writing the sample shop …") as status:
        written = write_home(
            settings.home,
            seed=seed,
            weeks=weeks,
            scale=scale,
            through=through,
            progress=lambda step, share: status.update(f"Writing the sample shop: {step} ({share:.0%}) …"),
        )
    write_whole(note, json.dumps({"wanted": wanted, "written": written}, ensure_ascii=False, indent=1).encode())
    console.print(
        f"  {time.monotonic() - begun:6.1f} s  write the sample shop: {written['records']} records of feedback, {weeks} weeks"
    )
    return written


def run_demo(settings: Settings, *, seed: int, scale: float, console: Console) -> None:
    """Write the sample shop, take over its earlier actions, review its last week and month, and mail the reports to the outbox."""
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
