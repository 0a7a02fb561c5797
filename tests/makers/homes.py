"""Homes of the small sample shop: copied, reviewed, counted."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from flows.console.sample_desk import desk_beside
from tasks.model.tables import TABLES
from tasks.run import Stores
from tasks.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-11-10T14:00"
WEEK = "2026-W45"
READERS = """
audiences:
  executive:
    name: {zh: 管理层, en: Management}
    reports: [weekly, monthly]
    recipients:
      - {mail: gm@puan.example, name: "郑*", language: zh-CN}
      - {mail: operations@puan.example, name: "李*", language: zh-CN}
"""
"""One language: half the rendering."""


@dataclass(frozen=True)
class Counts:
    """What a home holds."""

    rows: dict[str, int]
    pulls: int
    editions: int
    actions: int
    events: int
    mails: int
    files: int


def counted(home: Path) -> Counts:
    """Count everything that a rerun must not double."""
    stores = Stores.open(load_settings(home))
    with contextlib.closing(stores.ledger):
        return Counts(
            rows={name: stores.lake.rows(name) for name in TABLES},
            pulls=len(stores.ledger.pulls()),
            editions=len(stores.ledger.editions()),
            actions=len(stores.ledger.actions()),
            events=len(stores.ledger.events()),
            mails=len(stores.ledger.deliveries()),
            files=len(list((home / "outbox").glob("*.eml"))),
        )


def hashes(home: Path) -> dict[str, str]:
    """Return the SHA-256 of every archived file."""
    root = home / "archive"
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def copied(home: Path, place: Path) -> Path:
    """Copy a home."""
    shutil.copytree(home, place)
    return place


@contextlib.contextmanager
def inside(home: Path) -> Iterator[Path]:
    """Let flows of this process work in a home, with the sample's desk beside it."""
    before = os.environ.get("AFTERSALES_HOME")
    os.environ["AFTERSALES_HOME"] = str(home)
    try:
        with desk_beside(home):
            yield home
    finally:
        if before is None:
            del os.environ["AFTERSALES_HOME"]
        else:
            os.environ["AFTERSALES_HOME"] = before


def environment(api: str = "", **changes: str) -> dict[str, str]:
    """Return the environment of a console command; an address lets it use the tests' Prefect server instead of starting its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "AFTERSALES_"))}
    return {**kept, **({"PREFECT_API_URL": api} if api else {}), **changes}


def aftersales(home: Path, *arguments: str, api: str = "", timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run the console command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "flows.console.cli", "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(api),
        stdin=subprocess.DEVNULL,
        check=False,
        cwd=ROOT,
    )


def shown_status(home: Path, now: datetime | None = None) -> str:
    """Return what `aftersales status` prints."""
    from flows.console.status import show_status

    console = Console(record=True, width=240, file=open(os.devnull, "w"))  # noqa: SIM115
    show_status(load_settings(home), "week", 3, now or datetime.now(UTC), console)
    console.file.close()
    return console.export_text()
