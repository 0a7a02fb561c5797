"""Prefect in this process: a small server of its own if none is named, with progress shown while it starts."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from flows.console.faults import told
from flows.console.local_server import LocalServer
from flows.console.progress import StageClock
from flows.console.sample_desk import desk_beside
from flows.console.server_login import server_login
from tasks.errors import UserError
from tasks.settings import Settings, environment, own_prefect, put_environment

QUIET = {
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


@contextmanager
def local_prefect(settings: Settings, console: Console, title: str) -> Iterator[None]:
    """Prepare this process for a flow: quiet, with its own Prefect database, the sample shop's desk running, and progress shown.

    The server in PREFECT_API_URL is used; without one, a small server runs as long as this process.
    """
    put_environment(**QUIET, **own_prefect(settings), **server_login())
    with console.status(f"{title} …") as status, desk_beside(settings.home), StageClock(console, status) as clock:
        clock("start Prefect")
        _start_server()
        from flows.run_context import PROGRESS

        for name in ("prefect.flow_runs", "prefect.task_runs"):
            logging.getLogger(name).addFilter(_told_at_the_end)
        token = PROGRESS.set(clock)
        try:
            yield
        finally:
            PROGRESS.reset(token)


def _told_at_the_end(record: logging.LogRecord) -> bool:
    """Whether a log line tells more than the end does: what is said there in two sentences needs no traceback here."""
    error = record.exc_info[1] if record.exc_info else None
    return (error is None or told(error) is None) and "Error: " not in record.getMessage().partition("Finished in state Failed")[
        2
    ]


def _start_server() -> None:
    """Start a server if none is named, and load the flows while it comes up."""
    server = None
    if not environment().get("PREFECT_API_URL") and "prefect" not in sys.modules:
        server = LocalServer()
        put_environment(**server.variables)
    import flows.review  # noqa: F401 - loaded while the server comes up, which saves its seconds

    if server is not None:
        server.wait()


def outcome_of(state: Any) -> str:
    """Return a flow's result, or raise its failure: a UserError as such, anything else as it is."""
    if state.is_completed():
        return str(state.result())
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    raise UserError(f"The run ended as {state.name}: {state.message}", hint="The lines above show where.")
