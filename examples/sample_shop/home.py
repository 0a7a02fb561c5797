"""A whole home of the sample shop: configuration, sources, and their truth beside them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from examples.sample_shop import world
from examples.sample_shop.sources import Progress, write_sources
from tasks.errors import UserError
from tasks.model.periods import Period
from tasks.shop.load import DEFAULTS

CONFIGURATION = Path(__file__).parent / "shop"
ADDITION = ".add.yaml"
SMALL = 0.5
"""Below this scale a day without any review of a platform is no sign of a gap, so none is expected."""


def write_home(
    home: Path | str,
    *,
    seed: int = 1,
    weeks: int = 60,
    scale: float = 1.0,
    through: str = "2026-W45",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Build the sample shop's world and write it as a home that can be reviewed.

    Args:
        home: Folder; it is made. Its stores and archive, where it has any, are left alone.
        seed: The same seed writes the same bytes.
        weeks: Number of weeks up to and with `through`.
        scale: 1 is a shop of 24,000 orders a week.
        through: Last week.
        progress: Called with each step and the share done (0–1).

    Returns:
        `home`, `period` (the last week), `month` (the last month that ends in it or before), `records` (feedback), `rows` by
        channel, `quarantined` and `repeated` (expected, in all).
    """
    tell = progress or (lambda step, share: None)
    folder = Path(home)
    tell("inventing the shop", 0.0)
    built = world.build(seed, weeks=weeks, scale=scale, through=through)
    write_configuration(folder, scale)
    ledger = write_sources(built, folder, seed, lambda step, share: tell(step, 0.45 + 0.55 * share))
    week = Period.parse(through)
    return {
        "home": str(folder),
        "period": through,
        "month": Period.last_complete(week.end, "month").id,
        "records": built.tables["feedback"].height,
        "rows": {channel: entry["rows"] for channel, entry in ledger.items()},
        "quarantined": sum(sum(entry["quarantined"].values()) for entry in ledger.values()),
        "repeated": sum(sum(entry["repeated"].values()) for entry in ledger.values()),
    }


def write_configuration(home: Path, scale: float = 1.0) -> list[Path]:
    """Write the sample shop's own configuration files to `home/config`.

    A file `<section>.add.yaml` is put in the place of an empty list of the default `<section>.yaml`, so that the sample shop
    follows the defaults in everything else.

    Args:
        home: The shop's folder.
        scale: The shop's size.

    Returns:
        Paths of the files.

    Raises:
        UserError: If a default has no empty list for an addition.
    """
    folder = home / "config"
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for source in sorted(path for path in CONFIGURATION.iterdir() if path.is_file()):
        text = source.read_text(encoding="utf-8")
        name = source.name.replace(ADDITION, ".yaml")
        if source.name.endswith(ADDITION):
            text = _added((DEFAULTS / name).read_text(encoding="utf-8"), text, name)
        if scale < SMALL:
            text = re.sub(r"(?m)^(\s+expected_daily: )\d+$", r"\g<1>0", text)
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _added(default: str, addition: str, name: str) -> str:
    """Put an addition's list in the place of the default's empty one."""
    key = next(line.partition(":")[0] for line in addition.splitlines() if line and not line.startswith("#"))
    mark = f"\n{key}: []\n"
    if mark not in default:
        raise UserError(f"config/{name} has no empty list `{key}`.", hint=f"Give the sample shop its own {name}.")
    return default.replace(mark, "\n" + addition)
