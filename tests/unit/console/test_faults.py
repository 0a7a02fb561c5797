"""A fault of the machine is told in two sentences at the console; a fault of ours keeps its traceback."""

import errno
import logging
import os
import sqlite3

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from flows.console import cli
from flows.console.faults import told
from flows.console.local_prefect import _told_at_the_end
from tasks.errors import UserError


def operational(text: str) -> sa.exc.OperationalError:
    """Return a database's refusal."""
    return sa.exc.OperationalError("INSERT …", {}, sqlite3.OperationalError(text))


class DeltaError(Exception):
    """What the lake raises."""


DeltaError.__module__ = "deltalake.exceptions"

FAULTS = [
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/shop/archive/x.pdf"), "disk is full"),
    (OSError(errno.EFBIG, os.strerror(errno.EFBIG)), "disk is full"),
    (OSError(errno.EIO, os.strerror(errno.EIO), "/shop/x"), "The disk reported an error (/shop/x)"),
    (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/shop/x"), "may not be read or written (/shop/x)"),
    (OSError(errno.EROFS, os.strerror(errno.EROFS)), "may not be read or written"),
    (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "Too many files"),
    (OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), "/shop"), "The system refused (/shop)"),
    (operational("database is locked"), "The ledger is in use"),
    (operational("database or disk is full"), "disk is full"),
    (operational("disk I/O error"), "The disk reported an error"),
    (operational("attempt to write a readonly database"), "may not be written"),
    (operational("unable to open database file"), "cannot be opened"),
    (sa.exc.DatabaseError("SELECT", {}, sqlite3.DatabaseError("file is not a database")), "damaged"),
    (
        DeltaError("Generic LocalFileSystem error: Unable to copy data to file: No space left on device (os error 28)"),
        "disk is full",
    ),
    (MemoryError(), "not enough memory"),
]


@pytest.mark.parametrize(("fault", "sentence"), FAULTS, ids=[str(fault)[:40] for fault, _ in FAULTS])
def test_it_is_told_in_two_sentences(monkeypatch: pytest.MonkeyPatch, fault: Exception, sentence: str) -> None:
    def broken(_home: object = None) -> None:
        try:
            raise fault
        except type(fault) as error:
            raise RuntimeError("a step failed") from error

    monkeypatch.setattr(cli, "load_settings", broken)
    done = CliRunner().invoke(cli.main, ["status"])
    assert done.exit_code == 1
    assert sentence in done.output
    assert "→" in done.output and "again" in done.output
    assert "Traceback" not in done.output


def test_the_log_of_a_run_does_not_repeat_it_with_a_traceback() -> None:
    def logged(fault: Exception) -> bool:
        return _told_at_the_end(logging.LogRecord("x", logging.ERROR, "x", 1, "failed", None, (type(fault), fault, None)))

    assert not logged(operational("database is locked"))
    assert not logged(UserError("what"))
    assert logged(ValueError("ours"))


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    for fault in (ValueError("x"), KeyError("x"), BrokenPipeError(errno.EPIPE, "x"), operational("no such column: x")):
        assert told(fault) is None


def test_the_innermost_users_mistake_is_told() -> None:
    wrapped = RuntimeError("outer")
    wrapped.__cause__ = UserError("what", hint="how")
    assert told(wrapped) is wrapped.__cause__
