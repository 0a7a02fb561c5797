"""What `aftersales serve` opens is no way in: a page of another origin in the same browser reads nothing and starts nothing."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.console.init import make_home
from tests.makers.browser import chromium
from tests.makers.serving import Served, serving

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.timeout(900)]

ATTACK = """
async ([api, archive, mails, deployment]) => {
  const run = JSON.stringify({state: {type: "SCHEDULED"}, job_variables: {command: "touch pwned", working_dir: "/", env: {A: "1"}}});
  const create = `${api}/api/deployments/${deployment}/create_flow_run`;
  const seen = {};
  const attempt = async (name, address, options) => {
    try {
      const answer = await fetch(address, options);
      seen[name] = [answer.type, answer.status, (await answer.text()).slice(0, 200)];
    } catch (error) { seen[name] = ["error", 0, ""]; }
  };
  const json = {"Content-Type": "application/json"};
  await attempt("create", create, {method: "POST", body: run, headers: json});
  await attempt("create with credentials", create, {method: "POST", body: run, headers: json, credentials: "include"});
  await attempt("create simple", create, {method: "POST", body: run, mode: "no-cors"});
  await attempt("create without a type", create, {method: "POST", body: new Blob([run]), mode: "no-cors"});
  await attempt("read runs", `${api}/api/flow_runs/filter`, {method: "POST", body: "{}", headers: json});
  await attempt("read settings", `${api}/api/admin/settings`, {});
  await attempt("read archive", archive + "/", {});
  await attempt("read mails", mails + "/", {});
  for (const address of [archive, mails, api]) await attempt("no-cors " + address, address + "/", {mode: "no-cors"});
  seen.socket = await new Promise(done => {
    const socket = new WebSocket(api.replace("http", "ws") + "/api/events/in", ["prefect"]);
    socket.onopen = () => done("open");
    socket.onerror = () => done("refused");
  });
  seen.frame = await new Promise(done => {
    const frame = document.createElement("iframe");
    frame.onload = () => { let text = ""; try { text = frame.contentDocument.body.innerText } catch (error) {} done(text); };
    frame.src = archive + "/";
    document.body.append(frame);
  });
  return seen;
}
"""


class _Page(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        """Answer anything with it."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><body>foreign</body>")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A new shop, served."""
    home = tmp_path_factory.mktemp("served") / "home"
    make_home(home)
    with serving(home) as started:
        yield started


@pytest.fixture
def foreign() -> Iterator[str]:
    """The address of a page on another port, which is another origin."""
    server = HTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_page_of_another_origin_gets_nothing(served: Served, foreign: str) -> None:
    before, deployment = served.all_runs(), served.deployment("redeliver/redeliver")
    with chromium() as browser:
        page = browser.new_page()
        page.goto(foreign)
        seen = page.evaluate(ATTACK, [served.address, served.archive, served.mails, deployment])
    for name, told in seen.items():
        if name in ("socket", "frame"):
            assert told in ("refused", ""), (name, told)
        else:
            assert told[0] in ("error", "opaque") and told[2] == "", (name, told)
    assert served.all_runs() == before


def test_a_rebound_name_reads_nothing(served: Served) -> None:
    """A name of the attacker's that suddenly means this machine is the page's own origin: only the Host header tells."""
    with chromium("--host-resolver-rules=MAP rebound.example 127.0.0.1") as browser:
        page = browser.new_page()
        for address in (served.address, served.archive, served.mails):
            answer = page.goto(address.replace("127.0.0.1", "rebound.example") + "/")
            assert answer.status == 403
            text = page.inner_text("body")
            assert "own address" in text or "nothing here" in text


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YWZ0ZXJzYWxlczo="}, {"Host": "127.0.0.1"}, {"Origin": "null"}])
def test_without_the_login_there_is_no_api(served: Served, headers: dict[str, str]) -> None:
    for path in ("flow_runs/filter", "work_pools/filter", "variables/filter", "block_documents/filter", "artifacts/filter"):
        answer = httpx.post(f"{served.address}/api/{path}", headers=headers, json={}, timeout=30)
        assert answer.status_code in (401, 403), (path, answer.status_code)


def test_the_login_is_kept_for_its_owner_alone(served: Served) -> None:
    assert (served.home / "secrets" / "prefect_login").stat().st_mode & 0o777 == 0o600
    assert served.login not in (served.home / "serve.log").read_text("utf-8")
    assert len(served.login) > 30


def test_even_with_the_login_a_run_chooses_no_command_folder_or_environment(served: Served, tmp_path: Path) -> None:
    template = served.asked("GET", "work_pools/aftersales").json()["base_job_template"]
    assert not {"command", "env", "working_dir"} & template["variables"]["properties"].keys()
    mark = tmp_path / "pwned"
    chosen = {"command": f"touch {mark}", "working_dir": str(tmp_path), "env": {"AFTERSALES_HOME": str(tmp_path)}}
    body = {"state": {"type": "SCHEDULED"}, "job_variables": chosen}
    run = served.asked("POST", f"deployments/{served.deployment('redeliver/redeliver')}/create_flow_run", json=body).json()
    if "id" in run:
        assert served.ended(run["id"])[0]["state_type"] == "COMPLETED", json.dumps(run)[:500]
    assert not mark.exists()


def test_after_a_kill_nothing_stays_behind(tmp_path: Path) -> None:
    make_home(tmp_path / "home")
    with serving(tmp_path / "home") as started:
        children = Path(f"/proc/{started.process}/task/{started.process}/children").read_text().split()
        assert len(children) >= 2  # the server and the worker
        os.kill(started.process, signal.SIGKILL)
        until = time.monotonic() + 40
        while time.monotonic() < until and any(_lives(child) for child in children):
            time.sleep(0.5)
        left = [child for child in children if _lives(child)]
    assert left == []


def _lives(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
