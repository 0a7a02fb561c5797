"""Chromium for the tests that need a real browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = "/usr/bin/chromium"
SWITCHES = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def chromium(*switches: str) -> Iterator[Any]:
    """Start Chromium; skip the test where it is not installed."""
    if not (Path(CHROMIUM).is_file() or shutil.which("chromium")):
        pytest.skip("Chromium is not installed; `make test` installs it where apt is allowed")
    from playwright.sync_api import sync_playwright

    path = CHROMIUM if Path(CHROMIUM).is_file() else shutil.which("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=[*SWITCHES, *switches])
        yield browser
        browser.close()
