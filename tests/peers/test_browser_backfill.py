"""The backfill form in a real browser, on a real Prefect server with a real worker; wrong entries are refused before any work."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.makers.homes import ROOT, copied, counted, environment

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.timeout(1200)]
CHROMIUM = "/usr/bin/chromium"
SWITCHES = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
START_S = 240
RUN_S = 420
PICTURES = ROOT / "tests" / "output"


@dataclass(frozen=True)
class Served:
    """A home that is served: its folder, the server's address and the deployment."""

    home: Path
    address: str
    deployment: str

    def asked(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Ask the server's API; a busy machine's «database is locked» and slow answers are waited out."""
        until = time.monotonic() + 120
        while True:
            try:
                answer = httpx.request(method, f"{self.address}/api/{path}", timeout=60, **body)
                if answer.status_code < 500 or time.monotonic() > until:
                    return answer
            except httpx.TimeoutException:
                if time.monotonic() > until:
                    raise
            time.sleep(2)

    def runs(self, *ids: str) -> list[dict[str, Any]]:
        """Return flow runs by id."""
        return [self.asked("GET", f"flow_runs/{one}").json() for one in ids]

    def ended(self, *ids: str) -> list[dict[str, Any]]:
        """Wait until runs have ended, and return them."""
        until = time.monotonic() + RUN_S
        while time.monotonic() < until:
            runs = self.runs(*ids)
            if all(run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") for run in runs):
                return runs
            time.sleep(1)
        raise AssertionError(f"after {RUN_S} s: {[(run['name'], run['state_type']) for run in runs]}")

    def newest(self) -> str:
        """Return the id of the deployment's newest run."""
        asked = {"sort": "EXPECTED_START_TIME_DESC", "limit": 1, "flow_runs": {"deployment_id": {"any_": [self.deployment]}}}
        return str(self.asked("POST", "flow_runs/filter", json=asked).json()[0]["id"])


@pytest.fixture(scope="module")
def served(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`aftersales serve` on free ports."""
    home = copied(sample_home, tmp_path_factory.mktemp("served") / "home")
    port, archive, mails = _free_ports(3)
    log = home / "serve.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "flows.console.cli",
                "--home",
                str(home),
                "serve",
                "--port",
                str(port),
                "--mail-port",
                str(mails),
            ],
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
        address = f"http://127.0.0.1:{port}"
        found = Served(home, address, "").asked("GET", "deployments/name/backfill/backfill").json()
        yield Served(home, address, found["id"])
    finally:
        os.kill(child.pid, signal.SIGINT)
        try:
            child.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@pytest.fixture
def page(served: Served) -> Iterator[Any]:
    """A page of Chromium; on the way out a picture of it is kept."""
    if not (Path(CHROMIUM).is_file() or shutil.which("chromium")):
        pytest.skip("Chromium is not installed; `make test` installs it where apt is allowed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM if Path(CHROMIUM).is_file() else shutil.which("chromium"), args=SWITCHES
        )
        opened = browser.new_page(viewport={"width": 1300, "height": 1300})
        opened.set_default_timeout(60_000)
        outside: list[str] = []
        opened.on("request", lambda request: outside.append(request.url) if "127.0.0.1" not in request.url else None)
        yield opened
        PICTURES.mkdir(parents=True, exist_ok=True)
        opened.screenshot(path=PICTURES / "browser_backfill.png")
        browser.close()
        assert [url for url in outside if not url.startswith(("blob:", "data:"))] == []


def test_the_form_is_filled_in_runs_and_its_artifacts_show(served: Served, page: Any) -> None:
    page.goto(f"{served.address}/deployments/deployment/{served.deployment}/run")
    for label in ("First period", "Last period", "Kind of period", "Which of them", "Only show the plan", "Mail the reports"):
        page.get_by_text(label).first.wait_for()

    page.get_by_role("button", name="Submit").click()  # nothing filled in: refused in the form, no run is made
    page.get_by_text("required property").first.wait_for()
    assert counted(served.home).pulls == 0

    boxes = page.locator("textarea")
    boxes.nth(0).fill("2026-W44")
    boxes.nth(1).fill("2026-W45")
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("scheduled to start").first.wait_for()

    run = served.newest()
    (ended,) = served.ended(run)
    assert (ended["state_type"], ended["parameters"]["request"]["first"]) == ("COMPLETED", "2026-W44")
    page.goto(f"{served.address}/runs/flow-run/{run}")
    page.get_by_text("Completed").first.wait_for()
    page.get_by_text("Artifacts", exact=True).first.click()
    page.get_by_text("2 reviewed, 0 failed").first.wait_for()
    page.get_by_text("backfill-plan").last.wait_for()
    page.goto(f"{served.address}/artifacts/key/review-2026-w45-data")
    page.locator('a[href*="/artifacts/artifact/"]').first.click()
    page.get_by_text("store_forms").first.wait_for()
    after = counted(served.home)
    assert (after.editions, after.mails) == (2, 0)


def test_the_link_of_an_artifact_opens_the_pdf(served: Served) -> None:
    found = served.asked("GET", "artifacts/review-2026-w45-executive-zh-cn/latest").json()
    address = found["data"].split("](")[-1].rstrip(")")
    answer = httpx.get(address, timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")


REFUSED_AT_ONCE = [
    ({}, "required"),
    ({"first": "2026-W44", "grain": "day"}, "day"),
    ({"first": "2026-W44", "which": "some"}, "some"),
    ({"first": "2026-W44", "dry_run": "perhaps"}, "perhaps"),
    ({"first": "2026-W44", "everybody": True}, "everybody"),
]
REFUSED_BY_THE_RUN = [
    ({"first": "last week"}, "is not a period"),
    ({"first": "2026-W60"}, "There is no period"),
    ({"first": "2026-W44", "last": "2026-10"}, "2026-10"),
    ({"first": "2026-W45", "last": "2026-W44"}, "2026-W44"),
    ({"first": "2026-W44", "grain": "month"}, "is a week, but the kind of period says month"),
    ({"first": "2026-W44", "last": "2027-W10"}, "is not over yet"),
]


def test_wrong_entries_are_refused_before_any_work_each_with_a_sentence(served: Served) -> None:
    before = counted(served.home)
    deployment = f"deployments/{served.deployment}"
    for entry, sentence in REFUSED_AT_ONCE:
        answer = served.asked(
            "POST", f"{deployment}/create_flow_run", json={"parameters": {"request": entry}, "enforce_parameter_schema": True}
        )
        assert answer.status_code == 409 and sentence in answer.text, answer.text

    # what only the flow can judge ends within its first second; side by side, for each starts a process of its own
    served.asked("PATCH", deployment, json={"concurrency_limit": 10}).raise_for_status()
    ids = []
    for entry, _ in REFUSED_BY_THE_RUN:
        answer = served.asked(
            "POST", f"{deployment}/create_flow_run", json={"parameters": {"request": entry}, "state": {"type": "SCHEDULED"}}
        )
        ids.append(answer.raise_for_status().json()["id"])
    for run, (entry, sentence) in zip(served.ended(*ids), REFUSED_BY_THE_RUN, strict=True):
        assert run["state_type"] == "FAILED", entry
        assert sentence in run["state"]["message"], (entry, run["state"]["message"])
    assert counted(served.home) == before


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
