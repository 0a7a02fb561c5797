"""The ledger's database: connections, transactions and migrations, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tasks.errors import UserError
from tasks.store.tables import HEAD, Base

BUSY_SECONDS = 30
"""How long a writer waits for another one before it gives up."""

REFUSED_SECONDS = 0.05
"""How long to wait before asking again for what SQLite refuses at once."""

_MIGRATION_LOCK = 0x41534C52  # any fixed number: one migration at a time on PostgreSQL


class Database:
    """Transactions on the ledger.

    Args:
        url: SQLAlchemy URL; `sqlite:///path` (the folder is made) or `postgresql://…`.
        forbidden: Returns why a text may not be stored, or None if it may.
    """

    def __init__(self, url: str, *, forbidden: Callable[[str], str | None] | None = None) -> None:
        address = make_url(url)
        self.forbidden = forbidden
        if address.get_backend_name() == "sqlite":
            if address.database:
                Path(address.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        elif address.get_backend_name() == "postgresql":
            self.engine = create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        else:
            raise UserError(
                f"The ledger cannot be stored in {address.get_backend_name()}.",
                hint="Use sqlite:///file or postgresql://user@host/name.",
            )
        self._writer = self.engine.execution_options(writes=True)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session whose changes are committed together at the end, or not at all."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def revision(self) -> str | None:
        """Return the stored migration revision, or None for an empty database."""
        try:
            with self.engine.connect() as connection:
                if not inspect(connection).has_table("alembic_version"):
                    return None
                return connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
        except OperationalError as error:
            raise UserError(
                f"The ledger cannot be opened: {str(error.orig).strip()}.",
                hint="Check AFTERSALES_LEDGER_URL, and that the database is running.",
            ) from error

    def migrate(self) -> None:
        """Bring the tables to the newest revision, in one transaction; Alembic is not imported if they are up to date.

        Raises:
            UserError: If the ledger was written by a newer version of this program.
        """
        if self.revision() == HEAD:
            return
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        stored = self.revision()
        if stored is not None and stored not in known:
            raise UserError(
                f"The ledger is at revision {stored}, which this version does not know.",
                hint="Install the version that wrote it, or a newer one; a ledger cannot be downgraded.",
            )
        with self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"select pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def insert_new(self, session: Session, row: type[Base], values: Sequence[dict[str, Any]]) -> None:
        """Insert rows whose primary key is new; existing rows are left unchanged."""
        if values:
            dialect = sqlite if self.engine.dialect.name == "sqlite" else postgresql
            session.execute(dialect.insert(row).on_conflict_do_nothing(), list(values))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where this code says so, DDL included
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    _write_ahead(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Turn on the write-ahead log; of two processes that open a new ledger at once, SQLite refuses one without letting it wait."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(REFUSED_SECONDS)


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; a writer locks at once, because a reader that becomes a writer could only fail."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
