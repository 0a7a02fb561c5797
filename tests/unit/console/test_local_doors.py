"""The servers on loopback answer their own address only, and their login stays on this machine."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.console.deploy import POOL_TEMPLATE
from flows.console.server_app import guarded
from flows.console.server_login import login_file, own_login, server_login
from flows.console.sites import Site
from tasks.settings import Settings


@pytest.mark.parametrize(
    ("host", "address", "status"),
    [
        ("127.0.0.1:{port}", "", 200),
        ("localhost:{port}", "", 200),
        ("review.shop.example", "https://review.shop.example", 200),
        ("rebound.example:{port}", "", 403),
        ("rebound.example", "", 403),
        ("127.0.0.1", "", 403),
        ("127.0.0.1:{port}.rebound.example", "", 403),
        ("127.0.0.1:{port}@rebound.example", "", 403),
    ],
)
def test_a_site_compares_the_host(host: str, address: str, status: int) -> None:
    site = Site(lambda _: ("text/plain", b"private"), 0, address)
    try:
        port = site.url.rsplit(":", 1)[1].rstrip("/")
        answer = httpx.get(site.url, headers={"Host": host.format(port=port)}, trust_env=False)
    finally:
        site.stop()
    assert answer.status_code == status
    assert ("private" in answer.text) == (status == 200)


async def _asked(kind: str, headers: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.request"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await guarded(app)({"type": kind, "server": ("127.0.0.1", 4200), "headers": headers}, receive, send)
    return sent


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ([(b"host", b"127.0.0.1:4200")], True),
        ([(b"host", b"localhost:4200"), (b"origin", b"http://localhost:4200")], True),
        ([], False),
        ([(b"host", b"rebound.example:4200")], False),
        ([(b"host", b"127.0.0.1:4201")], False),
        ([(b"host", b"127.0.0.1:4200"), (b"host", b"rebound.example")], False),
        ([(b"host", b"127.0.0.1:4200"), (b"origin", b"http://127.0.0.1:8000")], False),
        ([(b"host", b"127.0.0.1:4200"), (b"origin", b"https://127.0.0.1:4200")], False),
        ([(b"host", b"127.0.0.1:4200"), (b"origin", b"null")], False),
        ([(b"host", b"127.0.0.1:4200"), (b"Origin", b"http://foreign.example")], False),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_guard_compares_host_and_origin(kind: str, headers: list[tuple[bytes, bytes]], is_own: bool) -> None:
    first = asyncio.run(_asked(kind, headers))[0]
    assert (first.get("status") == 200) == is_own
    if is_own:
        assert (b"x-frame-options", b"DENY") in first["headers"]
    elif kind == "websocket":
        assert first["type"] == "websocket.close"


def test_the_login_is_made_once_and_kept_for_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_SERVER_API_AUTH_STRING", raising=False)
    settings = Settings(home=tmp_path)
    first = own_login(settings)
    assert own_login(settings) == first != own_login(Settings(home=tmp_path / "other"))
    assert login_file(settings).stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "me:given")
    assert own_login(settings) == "me:given"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"PREFECT_API_URL": "http://127.0.0.1:4200/api"}, "kept:login"),
        ({"PREFECT_API_URL": "http://localhost:4200/api"}, "kept:login"),
        ({"PREFECT_API_URL": "https://prefect.shop.example/api"}, None),
        ({"PREFECT_API_URL": "http://127.0.0.1.rebound.example/api"}, None),
        ({}, None),
        ({"PREFECT_API_URL": "https://prefect.shop.example/api", "PREFECT_SERVER_API_AUTH_STRING": "me:given"}, "me:given"),
        ({"PREFECT_API_URL": "http://127.0.0.1:4200/api", "PREFECT_API_AUTH_STRING": "me:set"}, None),
    ],
)
def test_the_kept_login_is_sent_to_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], sent: str | None
) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**given, "AFTERSALES_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    login_file(Settings(home=tmp_path)).parent.mkdir()
    login_file(Settings(home=tmp_path)).write_text("kept:login\n", "utf-8")
    assert server_login().get("PREFECT_API_AUTH_STRING") == sent


def test_no_run_chooses_how_it_is_started() -> None:
    """Every value of the template but the name is fixed, so that no job variable can reach it."""
    free = {name for name, value in POOL_TEMPLATE["job_configuration"].items() if "{{" in str(value)}
    assert free == {"name"} == POOL_TEMPLATE["variables"]["properties"].keys()
