"""Tokens, signatures and further ways of paging against a real server on loopback: expiry, refusals, dates to wait for."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from tasks.collect.http_signatures import signed
from tasks.collect.pull import pull_channel
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tests.makers.shops import default_shop

pytestmark = pytest.mark.peer
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
RECORDS = [{"id": n, "at": f"2026-11-0{n} 10:00:00", "say": f"第{n}条"} for n in range(1, 8)]


class TokenDesk(ThreadingHTTPServer):
    """A server whose access tokens serve for `lasting` requests each."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), TokenHandler)
        self.lasting, self.given, self.left = 2, 0, 0
        self.forms: list[dict[str, str]] = []
        self.asked: list[dict[str, str]] = []
        self.statuses: list[tuple[int, dict[str, str]]] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class TokenHandler(BaseHTTPRequestHandler):
    """Gives tokens at /token, records elsewhere."""

    server: TokenDesk

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Give a token, or a page that is asked for by a JSON object."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path != "/token":
            return self.page({name: str(value) for name, value in json.loads(body).items()})
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.server.forms.append(form)
        if form["client_secret"] != "right-secret":
            return self.answer(400, {"error": "invalid_client", "client_secret": form["client_secret"]}, {})
        self.server.given += 1
        self.server.left = self.server.lasting
        return self.answer(200, {"access_token": f"token-number-{self.server.given}", "expires_in": 60}, {})

    def do_GET(self) -> None:
        """Answer one page."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if "sign" in query:
            given = {name: value for name, value in query.items() if name not in ("sign", "timestamp", "sign_method")}
            moment = datetime.strptime(query["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
            if signed(given, "right-secret", "hmac-sha256", moment) != query:
                return self.answer(401, {"error": "sign"}, {})
            return self.page(query)
        token = self.headers.get("x-token") or self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token != f"token-number-{self.server.given}" or not self.server.left:
            return self.answer(401, {"error": "expired"}, {})
        self.server.left -= 1
        return self.page(query)

    def page(self, query: dict[str, str]) -> None:
        """Send three records from an offset."""
        self.server.asked.append(query)
        if self.server.statuses:
            status, headers = self.server.statuses.pop(0)
            return self.answer(status, {}, headers)
        first = int(query.get("offset", 0))
        items = RECORDS[first : first + 3]
        return self.answer(200, {"items": items, "meta": {"more": first + 3 < len(RECORDS)}}, {})

    def answer(self, status: int, body: Any, headers: dict[str, str]) -> None:
        """Send a status, headers and a body."""
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def desk() -> Iterator[TokenDesk]:
    server = TokenDesk()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _pull(home: Path, desk: TokenDesk, auth: dict[str, Any], waits: list[float] | None = None, **read: Any) -> PulledRows:
    (home / "secrets").mkdir(exist_ok=True)
    for name, value in (("client", "right-secret"), ("wrong", "wrong-secret"), ("refresh", "refresh-me-once")):
        (home / "secrets" / name).write_text(value + "\n")
    source = {
        "kind": "http_api",
        "url": desk.address + "/items",
        "auth": auth,
        "records": "items",
        "paging": {"kind": "offset", "param": "offset"},
        **read,
    }
    columns = {"submitted_at": "at", "text": "say"}
    channel = {"name": "desk", "table": "feedback", "source": "ticket", "source_id": "id", "columns": columns, "read": source}
    settings = Settings(home=home, secret="a key for tests only")  # type: ignore[arg-type]
    waiting = (waits if waits is not None else []).append
    return pull_channel(
        Channel.model_validate(channel),
        window_start=None,
        window_end=NOW,
        shop=default_shop(),
        settings=settings,
        now=NOW,
        wait=waiting,
    )


def _oauth(desk: TokenDesk, **more: str) -> dict[str, str]:
    return {"kind": "oauth2", "user": "me", "secret": "client", "token_url": f"{desk.address}/token", **more}


def test_a_token_that_expires_in_the_middle_is_fetched_again(tmp_path: Path, desk: TokenDesk) -> None:
    batch = _pull(tmp_path, desk, _oauth(desk))
    assert batch.error == ""
    assert batch.frame["source_id"].to_list() == [str(n) for n in range(1, 8)]
    assert [form["grant_type"] for form in desk.forms] == ["client_credentials"] * 2


def test_a_refresh_token_and_a_header_of_its_own(tmp_path: Path, desk: TokenDesk) -> None:
    batch = _pull(tmp_path, desk, _oauth(desk, refresh_secret="refresh", token_header="x-token", scope="read"))
    assert batch.frame.height == 7
    assert desk.forms[0] == {
        "client_id": "me", "client_secret": "right-secret", "grant_type": "refresh_token", "refresh_token": "refresh-me-once", "scope": "read",
    }  # fmt: skip


def test_a_server_that_takes_no_token_is_asked_twice_and_not_for_ever(tmp_path: Path, desk: TokenDesk) -> None:
    desk.lasting = 0
    batch = _pull(tmp_path, desk, _oauth(desk))
    assert "refused our credentials (401)" in batch.error
    assert desk.given == 1


def test_a_refused_client_is_told_without_its_secret(tmp_path: Path, desk: TokenDesk) -> None:
    batch = _pull(tmp_path, desk, _oauth(desk, secret="wrong"))
    assert batch.error == "127.0.0.1 gave no access token (400)."
    assert "wrong-secret" not in batch.error + batch.hint


def test_a_signed_query_is_signed_anew_for_every_page(tmp_path: Path, desk: TokenDesk) -> None:
    batch = _pull(tmp_path, desk, {"kind": "signed", "secret": "client"}, params={"app_key": "1", "method": "list"})
    assert batch.error == "" and batch.frame.height == 7
    assert len({query["sign"] for query in desk.asked}) == len(desk.asked)


def test_the_platforms_published_signature_is_ours() -> None:
    """Taobao's own example: app secret helloworld, 2016-01-01 12:00:00 in China."""
    params = {"method": "taobao.item.seller.get", "app_key": "12345678", "session": "test", "format": "json", "v": "2.0", "fields": "num_iid,title,nick,price,num", "num_iid": "11223344"}  # fmt: skip
    moment = datetime(2016, 1, 1, 4, tzinfo=UTC)
    assert signed(params, "helloworld", "md5", moment)["sign"] == "66987CB115214E59E6EC978214934FB8"


def test_a_word_on_what_follows_saves_the_empty_page(tmp_path: Path, desk: TokenDesk) -> None:
    desk.lasting = 99
    assert _pull(tmp_path, desk, _oauth(desk)).frame.height == 7
    assert [query["offset"] for query in desk.asked] == ["0", "3", "6", "7"]
    desk.asked.clear()
    assert (
        _pull(tmp_path, desk, _oauth(desk), paging={"kind": "offset", "param": "offset", "more": "meta.more"}).frame.height == 7
    )
    assert [query["offset"] for query in desk.asked] == ["0", "3", "6"]


def test_parameters_may_be_posted(tmp_path: Path, desk: TokenDesk) -> None:
    batch = _pull(tmp_path, desk, {"kind": "none"}, method="POST", params={"status": "open"})
    assert batch.error == "" and batch.frame.height == 7
    assert desk.asked[0] == {"status": "open", "offset": "0"}


def test_a_date_to_wait_for_is_understood(tmp_path: Path, desk: TokenDesk) -> None:
    told = {"Retry-After": "Mon, 09 Nov 2026 02:00:09 GMT", "Date": "Mon, 09 Nov 2026 02:00:02 GMT"}
    desk.statuses = [(429, told), (429, {"Retry-After": "soon"}), (500, {})]
    waits: list[float] = []
    assert _pull(tmp_path, desk, {"kind": "none"}, waits, method="POST").frame.height == 7
    assert waits[1:] == [1.0, 2.0] and 0 <= waits[0] <= 7.0


@pytest.mark.parametrize(
    ("read", "words"),
    [
        ({"auth": {"kind": "oauth2", "secret": "client"}}, "token_url"),
        ({"auth": {"kind": "signed", "secret": "client"}, "method": "POST"}, "sent by GET"),
        ({"paging": {"kind": "offset"}}, "needs `param`"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_read(read: dict[str, Any], words: str) -> None:
    source = {"kind": "http_api", "url": "https://desk.example/items", **read}
    with pytest.raises(ValueError, match=words):
        Channel.model_validate(
            {"name": "desk", "table": "feedback", "source": "ticket", "columns": {"submitted_at": "at"}, "read": source}
        )
