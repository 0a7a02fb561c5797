"""`aftersales sample`: write the sample shop once into an empty home."""

from __future__ import annotations

import json
import time
from typing import Any

from rich.console import Console

from flows.console.sample_desk import not_installed
from tasks.errors import UserError
from tasks.files import write_whole
from tasks.settings import Settings

NOTE = "sample.json"


def write_sample(
    settings: Settings, *, seed: int, weeks: int = 60, scale: float = 1.0, through: str = "2026-W45", console: Console
) -> dict[str, Any]:
    """Write the sample shop into the home, unless this very shop is there already.

    Returns:
        What `examples.sample_shop.home.write_home` returned.

    Raises:
        UserError: If the home belongs to another shop, or the examples are not installed.
    """
    wanted = {"seed": seed, "weeks": weeks, "scale": scale, "through": through}
    note = settings.home / NOTE
    if note.is_file():
        stored: dict[str, Any] = json.loads(note.read_text("utf-8"))
        if stored["wanted"] == wanted:
            console.print(f"The sample shop is already in {settings.home}.")
            written: dict[str, Any] = stored["written"]
            return written
    if settings.home.is_dir() and any(settings.home.iterdir()):
        raise UserError(
            f"{settings.home} already holds another shop; the sample shop would mix with it.",
            hint="Give an empty folder with --home, or remove this one first.",
        )
    try:
        from examples.sample_shop.home import write_home
    except ModuleNotFoundError as missing:
        raise not_installed(missing) from missing

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
