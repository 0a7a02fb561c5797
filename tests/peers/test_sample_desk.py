"""The sample's service desk: pages, windows, tokens, and being busy (loopback only)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.sample_shop import server
from tasks.errors import UserError

pytestmark = pytest.mark.peer
ROWS = 1_234


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "sources"
    connection = server.open_for_writing(folder)
    with connection:
        connection.executemany(
            "INSERT INTO tickets (changed, body) VALUES (?, ?)",
            [
                (server.seconds_of("2026-11-02 08:00:00") + number * 60, json.dumps({"ticketId": f"T{number}"}))
                for number in range(ROWS)
            ],
        )
    connection.close()
    return folder


@pytest.fixture(scope="module")
def desk(sources: Path) -> Iterator[server.DeskServer]:
    with server.serve(sources) as running:
        yield running


def ask(desk: server.DeskServer, **query: Any) -> httpx.Response:
    return httpx.get(f"{desk.url}/v2/tickets", params=query, headers={"Authorization": f"Bearer {desk.token}"}, trust_env=False)


def all_pages(desk: server.DeskServer, **query: Any) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        body = ask(desk, **query, cursor=cursor).json()
        found += [row["ticketId"] for row in body["data"]["list"]]
        cursor = body["page"]["nextCursor"]
        if not cursor:
            assert body["page"]["hasMore"] is False
            return found


@pytest.mark.parametrize("size", [500, 411, 100])
def test_pages_give_every_row_once(desk: server.DeskServer, size: int) -> None:
    assert all_pages(desk, page_size=size) == [f"T{number}" for number in range(ROWS)]


def test_a_window_is_half_open(desk: server.DeskServer) -> None:
    found = all_pages(desk, page_size=500, updated_since="2026-11-02 08:10:00", updated_until="2026-11-02 08:20:00")
    assert found == [f"T{number}" for number in range(10, 20)]
    assert all_pages(desk, updated_since="2027-01-01 00:00:00") == []


def test_without_the_token_nothing_is_given(desk: server.DeskServer) -> None:
    answer = httpx.get(f"{desk.url}/v2/tickets", headers={"Authorization": "Bearer wrong"}, trust_env=False)
    assert answer.status_code == 401
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    ("query", "status"), [({"page_size": 501}, 400), ({"page_size": 0}, 400), ({"updated_since": "gestern"}, 400)]
)
def test_a_bad_question_is_refused(desk: server.DeskServer, query: dict[str, Any], status: int) -> None:
    assert ask(desk, **query).status_code == status


def test_an_unknown_list_is_not_found(desk: server.DeskServer) -> None:
    answer = httpx.get(f"{desk.url}/v2/customers", headers={"Authorization": f"Bearer {desk.token}"}, trust_env=False)
    assert answer.status_code == 404


def test_a_busy_desk_says_when_to_come_again(sources: Path) -> None:
    with server.serve(sources, busy=True) as desk:
        statuses = [ask(desk, page_size=1).status_code for _ in range(server.BUSY_EVERY)]
        assert statuses.count(429) == 1
        assert statuses[-1] == 429
        assert ask(desk, page_size=1).status_code == 200


def test_a_folder_without_desk_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no sample desk"):
        server.serve(tmp_path)


def test_serving_writes_the_secrets_for_its_owner_only(sources: Path) -> None:
    home = sources.parent
    with server.serving(home) as desk:
        token = home / "secrets" / "desk_token"
        assert token.read_text() == desk.token
        assert token.stat().st_mode & 0o077 == 0
        assert (home / "secrets" / "desk_tickets").read_text() == f"{desk.url}/v2/tickets"
    with pytest.raises(httpx.ConnectError):
        ask(desk)
