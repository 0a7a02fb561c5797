"""`aftersales serve`: Prefect server, worker, deployments, archive and outbox on loopback until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import httpx
from rich.console import Console

from flows.console.deploy import POOL, QUIET_SERVER, deploy, zone_of
from flows.console.local_server import ROOT
from flows.console.sample_desk import desk_beside
from flows.console.server_app import hosts_of
from flows.console.server_login import login_file, own_login
from flows.console.sites import Answer, Site, archive_site, outbox_site
from flows.console.tether import tethered
from tasks.errors import UserError
from tasks.settings import Settings, choose_home, environment, own_prefect, put_environment

MAIL_PORT = 8025
HEALTHY_S = 180
GOODBYE_S = 15


def serve_all(settings: Settings, port: int, console: Console, mail_port: int = MAIL_PORT) -> None:
    """Start everything, print the addresses, and stop all of it on Ctrl-C.

    Args:
        settings: Home; the archive's port is that of `archive_url`.
        port: Port of the Prefect server on 127.0.0.1.
        console: Where to print.
        mail_port: Port of the page that shows the outbox.

    Raises:
        UserError: If something does not start, or stops by itself.
    """
    choose_home(settings.home)
    login = _login_hint(settings)
    api = f"http://127.0.0.1:{port}/api"
    put_environment(**QUIET_SERVER, **own_prefect(settings), **_doors(own_login(settings), port), PREFECT_API_URL=api)
    logs = settings.home / "prefect"
    logs.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, _as_interrupt)
    with ExitStack() as stack:
        archive = _site(
            stack, archive_site(settings.archive_root), urlsplit(settings.archive_url).port or 8765, settings.archive_url
        )
        mails = _site(stack, outbox_site(settings.outbox_root), mail_port)
        desk = stack.enter_context(desk_beside(settings.home))
        with console.status("Starting the Prefect server …"):
            place = ["--app-dir", str(ROOT), "--factory", "flows.console.server_app:served", "--host", "127.0.0.1"]
            more = ["--port", str(port), "--log-level", "warning", "--no-proxy-headers"]
            server = stack.enter_context(_child(["uvicorn", *place, *more], logs / "server.log"))
            _wait_healthy(server, api, logs / "server.log")
        with console.status("Registering the deployments …"):
            deploy(zone_of(settings), console)
        worker = stack.enter_context(
            _child(
                ["prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", "aftersales-worker"],
                logs / "worker.log",
            )
        )
        for name, address in (
            ("Prefect", f"http://127.0.0.1:{port}"),
            ("Login", login),
            ("Archive", archive.url),
            ("Mails", mails.url),
            ("Sample desk", desk),
        ):
            if address:
                console.print(f"{name:>12}  {address}")
        console.print("Logs are in " + str(logs) + ". Ctrl-C stops everything.")
        _watch({"Prefect server": server, "worker": worker}, logs)


def _login_hint(settings: Settings) -> str:
    """Say which login Prefect asks for; the login itself is not printed."""
    given = environment().get("PREFECT_SERVER_API_AUTH_STRING", "")
    return "that of PREFECT_SERVER_API_AUTH_STRING" if given else f"Prefect asks for the line in {login_file(settings)}"


def _doors(login: str, port: int) -> dict[str, str]:
    """Return the variables that give server, worker and console one login, and let no other page ask."""
    return {
        "PREFECT_API_AUTH_STRING": login,
        "PREFECT_API_KEY": "",
        "PREFECT_SERVER_API_AUTH_STRING": login,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(f"http://{host}" for host in sorted(hosts_of(port))),
    }


def _site(stack: ExitStack, answer: Callable[[str], Answer | None], port: int, address: str = "") -> Site:
    try:
        site = Site(answer, port, address)
    except OSError as error:
        raise UserError(
            f"Port {port} is taken.", hint="Stop what uses it, or choose another port with AFTERSALES_ARCHIVE_URL or --mail-port."
        ) from error
    stack.callback(site.stop)
    return site


@contextmanager
def _child(arguments: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module beside us, and stop it in order."""
    with log.open("ab") as out:
        child = tethered(arguments, {"PYTHONUNBUFFERED": "1"}, output=out)
    try:
        yield child
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            with suppress(subprocess.TimeoutExpired):
                child.wait(GOODBYE_S)


def _wait_healthy(server: subprocess.Popen[bytes], api: str, log: Path) -> None:
    until = time.monotonic() + HEALTHY_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise UserError(f"The Prefect server stopped at once ({_last_line(log)}).", hint=f"See {log}; is the port taken?")
        with suppress(httpx.HTTPError):
            if httpx.get(f"{api}/health", timeout=2).status_code == 200:
                return
        time.sleep(0.3)
    raise UserError(f"The Prefect server was not ready after {HEALTHY_S} s.", hint=f"See {log}.")


def _watch(children: dict[str, subprocess.Popen[bytes]], logs: Path) -> None:
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                raise UserError(f"The {name} stopped by itself (exit code {child.returncode}).", hint=f"See the logs in {logs}.")
        time.sleep(0.5)


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "no word"


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
