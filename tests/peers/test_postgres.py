"""The ledger's promises on a real PostgreSQL, started for these tests on loopback and thrown away."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from tasks.errors import UserError
from tasks.store.ledger import Ledger
from tasks.store.tables import HEAD, Base

pytestmark = pytest.mark.peer

SUITE = Path(__file__).parents[1] / "makers" / "ledger_suite.py"


def _suite() -> Any:
    spec = spec_from_file_location("ledger_suite_postgres", SUITE)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _binary(name: str) -> Path | None:
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *map(Path, os.environ.get("PATH", "").split(":"))]
    return next((place / name for place in places if (place / name).exists()), None)


def _user() -> str | None:
    """PostgreSQL refuses root: another user runs it."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None) if shutil.which("runuser") else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a server's own database `postgres`."""
    initdb, pg_ctl, user = _binary("initdb"), _binary("pg_ctl"), _user()
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL is not installed here (no initdb, pg_ctl): the ledger was tested on SQLite only.")
    if user is None:
        pytest.skip(
            "PostgreSQL will not run as root, and there is no runuser or other user: the ledger was tested on SQLite only."
        )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    folder.chmod(0o777)

    def run(*command: str | Path) -> None:
        prefix = ["runuser", "-u", user, "--"] if user else []
        with (folder / "said").open("ab") as said:  # not a pipe: the server would keep it open
            done = subprocess.run(
                [*prefix, *map(str, command)],
                cwd=folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=90,
            )
        assert done.returncode == 0, (folder / "said").read_text()[-2000:]

    try:
        run(initdb, "-D", folder / "data", "-U", "aftersales", "-A", "trust", "-E", "UTF8", "--no-sync")
        run(
            pg_ctl,
            "-D",
            folder / "data",
            "-w",
            "-l",
            folder / "data" / "log",
            "-o",
            f"-h 127.0.0.1 -p {port} -k {folder} -F",
            "start",
        )
        try:
            yield f"postgresql://aftersales@127.0.0.1:{port}/postgres"
        finally:
            run(pg_ctl, "-D", folder / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    with Ledger(postgres) as ledger:
        ledger.migrate()
    return postgres


@pytest.fixture
def ledger(migrated: str) -> Iterator[Ledger]:
    with Ledger(migrated) as ledger:
        with ledger.writing() as session:
            tables = ", ".join(f'"{table}"' for table in Base.metadata.tables)
            session.execute(text(f"truncate {tables} cascade"))
            session.execute(text("update alembic_version set version_num = :head"), {"head": HEAD})
        yield ledger


class TestPostgres(_suite().LedgerSuite):  # type: ignore[misc]
    def test_migrations_give_the_tables_of_the_models(self, ledger: Ledger) -> None:
        with ledger.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata) == []

    def test_a_server_that_is_not_there_is_told(self) -> None:
        with Ledger("postgresql://nobody@127.0.0.1:9/none") as ledger, pytest.raises(UserError, match="cannot be opened"):
            ledger.migrate()
