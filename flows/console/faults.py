"""Faults of the machine in two sentences: a full disk, a locked ledger, a file that may not be read."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from tasks.errors import UserError

AGAIN = "Nothing was left half-written: run the same command again once that is mended."
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
_TEXTS = (
    (
        "database is locked",
        "The ledger is in use: another process has held it for half a minute.",
        "See who works with `aftersales status`.",
    ),
    ("database or disk is full", "The disk is full: the ledger could not be written.", "Free some space."),
    ("no space left on device", "The disk is full.", "Free some space."),
    ("disk i/o error", "The disk reported an error while the ledger was used.", "Check the disk and the system's log."),
    ("readonly database", "The ledger may not be written.", "Give the home to the user who runs this command."),
    (
        "unable to open database file",
        "The ledger cannot be opened.",
        "Check that its folder exists and belongs to the user who runs this command.",
    ),
    ("database disk image is malformed", "The ledger is damaged.", "Restore it from the backup, as the runbook says."),
    ("file is not a database", "The ledger is damaged.", "Restore it from the backup, as the runbook says."),
    ("input/output error", "The disk reported an error.", "Check the disk and the system's log."),
    ("permission denied", "A file may not be read or written.", "Give the home to the user who runs this command."),
)
"""What databases and the lake say → what happened and what to do."""
_STORES = ("sqlite3", "sqlalchemy", "psycopg", "deltalake", "_internal", "polars", "pyarrow")


def told(error: BaseException) -> UserError | None:
    """Return the sentences for a fault of the machine, or None for anything else, which is a fault of ours."""
    for fault in _chain(error):
        if isinstance(fault, UserError):
            return fault
        if isinstance(fault, MemoryError):
            return UserError(
                "There is not enough memory.", hint="Close other programs, or run this on a larger machine. " + AGAIN
            )
        if isinstance(fault, OSError) and type(fault).__module__ == "builtins" and fault.errno not in (None, errno.EPIPE):
            return _of_system(fault)
        if type(fault).__module__.partition(".")[0] in _STORES:
            found = next(((what, hint) for text, what, hint in _TEXTS if text in str(fault).lower()), None)
            if found is not None:
                return UserError(found[0], hint=f"{found[1]} {AGAIN}")
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it."""
    seen: set[int] = set()
    fault: BaseException | None = error
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or fault.__context__


def _of_system(fault: OSError) -> UserError:
    place = f" ({fault.filename})" if fault.filename else ""
    if fault.errno in _FULL:
        return UserError(f"The disk is full, or a file would become too large{place}.", hint=f"Free some space. {AGAIN}")
    if fault.errno == errno.EIO:
        return UserError(f"The disk reported an error{place}.", hint=f"Check the disk and the system's log. {AGAIN}")
    if fault.errno in _DENIED:
        return UserError(f"A file may not be read or written{place}.", hint=f"Give it to the user who runs this command. {AGAIN}")
    if fault.errno in (errno.EMFILE, errno.ENFILE):
        return UserError("Too many files are open.", hint=f"Raise the limit (`ulimit -n 4096`). {AGAIN}")
    return UserError(f"The system refused{place}: {fault.strerror}.", hint=f"Check the path and the network. {AGAIN}")
