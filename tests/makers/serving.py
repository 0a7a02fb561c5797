"""`aftersales serve` for a test: a home that is served, and its API."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.makers.homes import ROOT, environment

START_S = 240
RUN_S = 420


@dataclass(frozen=True)
class Served:
    """A home that is served: its folder, the addresses of its server, archive and mails, and its process."""

    home: Path
    address: str
    archive: str
    mails: str
    process: int

    @property
    def login(self) -> str:
        """The login that its first start has made."""
        return (self.home / "secrets" / "prefect_login").read_text("utf-8").strip()

    def asked(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Ask the server's API with its login; a busy machine's «database is locked» and slow answers are waited out."""
        user, _, password = self.login.partition(":")
        until = time.monotonic() + 120
        while True:
            try:
                answer = httpx.request(method, f"{self.address}/api/{path}", timeout=60, auth=(user, password), **body)
                if answer.status_code < 500 or time.monotonic() > until:
                    return answer
            except httpx.TimeoutException:
                if time.monotonic() > until:
                    raise
            time.sleep(2)

    def deployment(self, name: str) -> str:
        """Return a deployment's id."""
        return str(self.asked("GET", f"deployments/name/{name}").json()["id"])

    def runs(self, *ids: str) -> list[dict[str, Any]]:
        """Return flow runs by id."""
        return [self.asked("GET", f"flow_runs/{one}").json() for one in ids]

    def all_runs(self) -> set[str]:
        """Return the ids of all flow runs that somebody asked for: the schedules plan theirs whenever the server gets to it."""
        return {run["id"] for run in self.asked("POST", "flow_runs/filter", json={}).json() if not run["auto_scheduled"]}

    def ended(self, *ids: str) -> list[dict[str, Any]]:
        """Wait until runs have ended, and return them."""
        until = time.monotonic() + RUN_S
        while time.monotonic() < until:
            runs = self.runs(*ids)
            if all(run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") for run in runs):
                return runs
            time.sleep(1)
        raise AssertionError(f"after {RUN_S} s: {[(run['name'], run['state_type']) for run in runs]}")


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    """Run `aftersales serve` on free ports."""
    port, archive, mails = free_ports(3)
    log = home / "serve.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "flows.console.cli", "--home", str(home), "serve", "--port", str(port)]
        child = subprocess.Popen(
            [*command, "--mail-port", str(mails)],
            env=environment(AFTERSALES_ARCHIVE_URL=f"http://127.0.0.1:{archive}", PYTHONUNBUFFERED="1"),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + START_S
        while "Ctrl-C stops everything" not in log.read_text("utf-8"):
            assert child.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.5)
        yield Served(home, *(f"http://127.0.0.1:{one}" for one in (port, archive, mails)), process=child.pid)
    finally:
        if child.poll() is None:
            os.kill(child.pid, signal.SIGINT)
        try:
            child.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
