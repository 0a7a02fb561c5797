"""Pulls of a vendor's ready-made channels from a server on loopback."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from tasks.collect.pull import pull_channel
from tasks.connect.declaration import channel_of
from tasks.connect.vendors import vendor_blocks
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tests.makers.shops import default_shop

NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
"""The moment of these pulls: Monday, 10:00 in China."""
PUBLISHED = (Settings().shared or Path(__file__).resolve().parents[3] / "shared") / "data" / "api_fixtures"
"""Where the shared bodies that vendors publish are, if they are there."""


def vendor_pull(
    home: Path,
    address: str,
    vendor: str,
    name: str,
    secrets: dict[str, str],
    *,
    start: datetime | None = None,
    waits: list[float] | None = None,
) -> PulledRows:
    """Pull a vendor's channel with all its addresses on one server, and `mine` in every place that waits for a word of the shop's own.

    Args:
        secrets: Name → value of the secrets in the home.
        start: The window's beginning; None means a first load.
        waits: Takes the pauses in seconds, which are not slept.
    """
    (home / "secrets").mkdir(exist_ok=True)
    for secret, value in secrets.items():
        (home / "secrets" / secret).write_text(value)
    [block] = [block for block in vendor_blocks(vendor) if channel_of(block).name == name]
    return pull_channel(
        channel_of([_filled_in(line, address) for line in block]),
        window_start=start, window_end=NOW, shop=default_shop(), settings=Settings(home=home, secret="a key for tests only"),  # type: ignore[arg-type]
        now=NOW, wait=(waits if waits is not None else []).append,
    )  # fmt: skip


def _filled_in(line: str, address: str) -> str:
    moved = re.sub(r"https://[^/\s]+", address, line) if "url:" in line else line
    return re.sub(r"YOUR-[A-Z]+(-[A-Z]+)*", "mine", moved)
