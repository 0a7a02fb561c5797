"""A ledger that another process opens at the same moment."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from tasks.store.database import _prepare_sqlite


def test_a_new_ledger_waits_for_the_one_who_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    first.execute("CREATE TABLE t (n)")
    first.execute("BEGIN EXCLUSIVE")
    let_go = threading.Timer(0.5, lambda: first.execute("COMMIT"))
    let_go.start()
    second = sqlite3.connect(path, timeout=0)  # SQLite itself does not wait at all
    _prepare_sqlite(second, None)
    let_go.join()
    assert second.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    first.close()
    second.close()
