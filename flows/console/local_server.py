"""A Prefect server for one process, started while the process still loads its modules and stopped with it."""

from __future__ import annotations

import atexit
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx

from flows.console.server_login import new_login
from flows.console.tether import tethered
from tasks.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
HEALTHY_S = 180
BLOCKS = {"PREFECT_API_BLOCKS_REGISTER_ON_START": "false", "PREFECT_UI_ENABLED": "false"}
"""Nothing here uses Prefect's blocks, and registering them costs more of a first start than anything but the migrations."""


class LocalServer:
    """A server on a free loopback port, as a child of this process.

    Prefect would start one itself, but only when the first flow begins, and would first load all of the server into our own
    process to do so. Started early, in a process of its own, it comes up while ours loads the flow.

    variables: What a client needs to reach it: its address, and a login that nobody else knows.
    """

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        login = new_login()
        self.variables = {
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_API_AUTH_STRING": login,
            "PREFECT_API_KEY": "",
        }
        place = ["--app-dir", str(ROOT), "--factory", "flows.console.server_app:for_one_run", "--host", "127.0.0.1"]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the server; its tracebacks are not the console's
        self._child = tethered(
            ["uvicorn", *place, "--port", str(port), "--log-level", "error", "--lifespan", "on", "--no-proxy-headers"],
            {
                **BLOCKS,
                "PREFECT_SERVER_API_AUTH_STRING": login,
                "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port}",
            },
            output=self._log,
        )
        atexit.register(self.stop)

    def wait(self) -> None:
        """Wait until the server answers.

        Raises:
            UserError: If it ends, or does not answer in time.
        """
        health = f"{self.variables['PREFECT_API_URL']}/health"
        until = time.monotonic() + HEALTHY_S
        while time.monotonic() < until:
            if self._child.poll() is not None:
                raise UserError(
                    f"The Prefect server of this run ended with code {self._child.returncode} ({self._last_words()}).",
                    hint="Is the disk full, or the home's folder prefect not writable? You can also name a running server in PREFECT_API_URL.",
                )
            with suppress(httpx.HTTPError):
                if httpx.get(health, timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise UserError(
            f"The Prefect server of this run did not answer within {HEALTHY_S} s.", hint="Run the same command again."
        )

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else "without a word"

    def stop(self) -> None:
        """End it."""
        self._child.terminate()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._log.close()
