from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from tasks.store.ledger import Ledger
from tasks.store.tables import HEAD, Base

ROOT = Path(__file__).resolve().parents[3]


def _suite() -> Any:
    spec = spec_from_file_location("ledger_suite", Path(__file__).parents[2] / "makers" / "ledger_suite.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated ledger's bytes: copying them is faster than migrating for every test."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    with Ledger(f"sqlite:///{path}") as ledger:
        ledger.migrate()
        with ledger.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


@pytest.fixture
def ledger(tmp_path: Path, empty_ledger: bytes) -> Iterator[Ledger]:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(empty_ledger)
    with Ledger(f"sqlite:///{path}") as ledger:
        yield ledger


class TestSqlite(_suite().LedgerSuite):  # type: ignore[misc]
    def test_connections_are_safe(self, ledger: Ledger) -> None:
        with ledger.reading() as session:
            found = {
                name: session.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}

    def test_the_folder_is_made(self, tmp_path: Path) -> None:
        with Ledger(f"sqlite:///{tmp_path}/new/home/ledger.sqlite") as ledger:
            ledger.migrate()
            assert ledger.editions() == []


def test_migrations_give_the_tables_of_the_models(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == HEAD


def test_alembic_is_not_imported_when_the_tables_are_there(ledger: Ledger) -> None:
    code = (
        "import sys\nfrom tasks.store.ledger import Ledger\n"
        f"with Ledger({str(ledger.engine.url)!r}) as ledger:\n    ledger.migrate()\n    ledger.editions()\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('alembic', 'prefect', 'great_expectations')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_processes_migrate_one_new_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    code = f"from tasks.store.ledger import Ledger\nwith Ledger({url!r}) as ledger:\n    ledger.migrate()"
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    assert [(process.communicate()[1][-300:], process.returncode) for process in both] == [(b"", 0), (b"", 0)]
