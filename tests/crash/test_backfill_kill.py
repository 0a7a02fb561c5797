"""kill -9 in the middle of a backfill, twice: started again it ends with the same editions as one that was left alone."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.homes import ROOT, aftersales, copied, counted, environment, hashes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
SPAN = "2026-W40..2026-W43"
WEEKS = ["2026-W40", "2026-W41", "2026-W42", "2026-W43"]
PATIENCE_S = 280


def _planned(home: Path, moment: datetime) -> Stores:
    """Plan the backfill as of one moment in both homes: the moment is printed on every page."""
    stores = Stores.open(load_settings(home))
    stores.ledger.plan_backfill(span=SPAN, grain="week", which="missing", send=False, periods=WEEKS, as_of=moment, now=moment)
    return stores


def _killed_when(home: Path, stores: Stores, done: int, api: str) -> None:
    """Start the backfill and kill it, and all it started, when so many weeks are done and the next has begun to be written."""
    child = subprocess.Popen(
        [sys.executable, "-m", "flows.console.cli", "--home", str(home), "backfill", SPAN],
        env=environment(api),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + PATIENCE_S
    try:
        while _done(stores) < done:
            assert child.poll() is None, "the backfill ended before it could be killed"
            assert time.monotonic() < until, "the backfill did not come so far"
            time.sleep(0.05)
        time.sleep(0.4 * done)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    assert child.returncode == -signal.SIGKILL


def _done(stores: Stores) -> int:
    return sum(state == "done" for state in stores.ledger.backfills()[0].periods.values())


def test_killed_twice_and_resumed_gives_the_same_editions(reviewed_home: Path, prefect_api: str, tmp_path: Path) -> None:
    moment = datetime.now(UTC).replace(microsecond=0)
    left_alone, killed = copied(reviewed_home, tmp_path / "left-alone"), copied(reviewed_home, tmp_path / "killed")
    _planned(left_alone, moment)
    stores = _planned(killed, moment)
    before = counted(killed)

    straight = aftersales(left_alone, "backfill", SPAN, api=prefect_api, timeout=PATIENCE_S)
    assert straight.returncode == 0, straight.stderr
    _killed_when(killed, stores, 1, prefect_api)
    _killed_when(killed, stores, 2, prefect_api)
    assert stores.ledger.backfills()[0].finished_at is None
    resumed = aftersales(killed, "backfill", SPAN, api=prefect_api, timeout=PATIENCE_S)
    assert resumed.returncode == 0, resumed.stderr
    assert "4 reviewed" in resumed.stdout

    same = hashes(left_alone)
    assert hashes(killed) == same
    assert [week for week in WEEKS if not any(f"/{week}/" in name for name in same)] == []
    after = counted(killed)
    assert (after.mails, after.files, after.pulls, after.rows) == (before.mails, before.files, before.pulls, before.rows)
    assert after.actions == counted(left_alone).actions
    assert stores.archive.check(stores.ledger.editions()) == []
    assert stores.ledger.leases(datetime.now(UTC)) == []
