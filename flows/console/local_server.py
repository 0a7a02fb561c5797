"""A Prefect server for one process, started while the process still loads its modules and stopped with it."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tasks.errors import UserError
from tasks.settings import environment

if TYPE_CHECKING:
    from fastapi import FastAPI

ROOT = Path(__file__).resolve().parents[2]
HEALTHY_S = 180
BLOCKS = {"PREFECT_API_BLOCKS_REGISTER_ON_START": "false", "PREFECT_UI_ENABLED": "false"}
"""Nothing here uses Prefect's blocks, and registering them costs more of a first start than anything but the migrations."""


def app() -> FastAPI:
    """Return the server without its UI and the services that only schedules need; it ends with its parent."""
    from prefect.server.api.server import create_app

    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    return create_app(ephemeral=True, final=True)


def _end_with(parent: int) -> None:
    """End this process once its parent is gone, however it ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


class LocalServer:
    """A server on a free loopback port, as a child of this process.

    Prefect would start one itself, but only when the first flow begins, and would first load all of the server into our own
    process to do so. Started early, in a process of its own, it comes up while ours loads the flow.

    api: Its address, for PREFECT_API_URL.
    """

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{port}/api"
        place = ["--app-dir", str(ROOT), "--factory", f"{__name__}:app", "--host", "127.0.0.1", "--port", str(port)]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", *place, "--log-level", "error", "--lifespan", "on"],
            stdin=subprocess.DEVNULL,
            env=environment(**BLOCKS),
            start_new_session=True,  # Ctrl-C reaches us alone: the run can still report how it ended
        )
        atexit.register(self.stop)

    def wait(self) -> None:
        """Wait until the server answers.

        Raises:
            UserError: If it ends, or does not answer in time.
        """
        until = time.monotonic() + HEALTHY_S
        while time.monotonic() < until:
            if self._child.poll() is not None:
                raise UserError(
                    f"The Prefect server of this run ended with code {self._child.returncode}.",
                    hint="The lines above say why. You can also name a running server in PREFECT_API_URL.",
                )
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.api}/health", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise UserError(
            f"The Prefect server of this run did not answer within {HEALTHY_S} s.", hint="Run the same command again."
        )

    def stop(self) -> None:
        """End it."""
        self._child.terminate()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
