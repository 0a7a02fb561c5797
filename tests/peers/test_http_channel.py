"""A channel over HTTP against a real server on loopback: pages, windows, refusals, patience."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.collect.pull import pull_channel
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tests.makers.shops import default_shop
from tests.makers.vendor_server import Asked, Told, serving

pytestmark = pytest.mark.peer
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
RECORDS = [{"id": n, "at": f"2026-11-0{n} 10:00:00", "say": {"text": f"第{n}条"}} for n in range(1, 8)]


class Desk(ThreadingHTTPServer):
    """A service desk that fails as told: `failures` are the statuses of the next answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.failures: list[int] = []
        self.queries: list[dict[str, str]] = []
        self.size = 3
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Three ways of paging; bearer, basic and header login."""

    server: Desk

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer one page."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.queries.append(query)
        if self.server.failures:
            status = self.server.failures.pop(0)
            headers = {"Retry-After": "7"} if status == 429 else {"Location": "http://127.0.0.2/"} if status == 302 else {}
            return self.answer(status, {"error": "no"}, headers)
        if (
            self.headers.get("Authorization") not in ("Bearer right", "Basic bWU6cmlnaHQ=")
            and self.headers.get("X-Key") != "right"
        ):
            return self.answer(401, {"error": "who are you"}, {})
        first = int(query.get("cursor") or 0) or (int(query.get("page", 1)) - 1) * self.server.size
        items, after = RECORDS[first : first + self.server.size], first + self.server.size
        more = after < len(RECORDS)
        body = {"data": {"items": items, "next": str(after) if more else None}}
        link = {"Link": f"</link?cursor={after}>; rel=next"} if more else {}
        if parts.path == "/elsewhere":
            link = {"Link": "<http://127.0.0.2:9/steal>; rel=next"}
        if parts.path == "/loop":
            body["data"]["next"] = "3"
        if parts.path == "/html":
            return self.answer(200, None, {})
        return self.answer(200, body, link)

    def answer(self, status: int, body: Any, headers: dict[str, str]) -> None:
        """Send a status, headers and a body."""
        data = b"<html>hello</html>" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Run the desk while the test runs."""
    server = Desk()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Puller:
    """Pulls a channel of the desk and remembers how long it would have waited."""

    def __init__(self, home: Path, desk: Desk) -> None:
        self.home, self.desk, self.waits = home, desk, list[float]()

    def __call__(self, *, path: str = "/cursor", secret: str = "right", start: datetime | None = None, **read: Any) -> PulledRows:
        (self.home / "secrets").mkdir(exist_ok=True)
        (self.home / "secrets" / "token").write_text(secret + "\n")
        channel = Channel.model_validate(
            {
                "name": "tickets",
                "table": "feedback",
                "source": "ticket",
                "source_id": "id",
                "stamp": "at",
                "overlap_hours": 24,
                "columns": {"submitted_at": "at", "text": "say.text"},
                "read": {
                    "kind": "http_api",
                    "url": self.desk.address + path,
                    "auth": {"kind": "bearer", "secret": "token"},
                    "records": "data.items",
                    "paging": {"kind": "cursor", "param": "cursor", "next": "data.next"},
                    **read,
                },
            }
        )
        settings = Settings(home=self.home, secret="a key for tests only")  # type: ignore[arg-type]
        return pull_channel(
            channel, window_start=start, window_end=NOW, shop=default_shop(), settings=settings, now=NOW, wait=self.waits.append
        )


@pytest.fixture
def pull(tmp_path: Path, desk: Desk) -> Puller:
    """A puller of this desk."""
    return Puller(tmp_path, desk)


@pytest.mark.parametrize(
    ("path", "paging"),
    [
        ("/cursor", {"kind": "cursor", "param": "cursor", "next": "data.next"}),
        ("/page", {"kind": "page", "param": "page"}),
        ("/link", {"kind": "link"}),
    ],
)
def test_all_pages_come(pull: Puller, path: str, paging: dict[str, Any]) -> None:
    """Every way of paging brings the seven records once."""
    batch = pull(path=path, paging=paging)
    assert batch.error == ""
    assert batch.frame["source_id"].to_list() == [str(n) for n in range(1, 8)]
    assert batch.complete_through == NOW


def test_the_window_is_asked_for_and_held_to(pull: Puller, desk: Desk) -> None:
    """The server is asked from the start less the overlap, and rows that it gives beyond are left out."""
    batch = pull(start=datetime(2026, 11, 6, tzinfo=UTC), since="from", until="to")
    assert desk.queries[0] == {"from": "2026-11-05T00:00:00Z", "to": "2026-11-09T02:00:00Z"}
    assert batch.frame["source_id"].to_list() == ["5", "6", "7"]
    assert batch.read == 3


@pytest.mark.parametrize(
    "auth", [{"kind": "basic", "user": "me", "secret": "token"}, {"kind": "header", "header": "X-Key", "secret": "token"}]
)
def test_other_logins(pull: Puller, auth: dict[str, str]) -> None:
    """Basic and header login."""
    assert pull(auth=auth).frame.height == 7


def test_a_hiccup_is_waited_out(pull: Puller, desk: Desk) -> None:
    """After 429 it waits as told, after 500 a little longer each time, and goes on."""
    desk.failures = [429, 500, 503]
    assert pull().frame.height == 7
    assert pull.waits == [7.0, 1.0, 2.0]


def test_a_server_that_stays_down(pull: Puller, desk: Desk) -> None:
    """Tries are bounded; the channel fails with a sentence and no row."""
    desk.failures = [500] * 50
    batch = pull(retries=2)
    assert "answered 500, also after 2 more tries" in batch.error
    assert batch.hint
    assert batch.frame.is_empty()
    assert len(desk.queries) == 3


def test_bad_credentials_are_not_tried_again(pull: Puller, desk: Desk) -> None:
    """A refusal is final, and neither error nor hint shows the secret."""
    batch = pull(secret="a-wrong-token")
    assert "refused our credentials (401)" in batch.error
    assert "a-wrong-token" not in batch.error + batch.hint
    assert len(desk.queries) == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"path": "/html"}, "is not JSON"),
        ({"records": "data.rows"}, "no list at `data.rows`"),
        ({"records": "data"}, "not a list of records"),
        ({"path": "/loop"}, "same next page"),
        ({"path": "/elsewhere", "paging": {"kind": "link"}}, "on another server"),
        ({"max_pages": 2}, "more than 2 pages"),
        ({"url": "http://127.0.0.1:9/"}, "cannot be reached"),
        ({"auth": {"kind": "bearer", "secret": "absent"}}, "secret absent is not set"),
    ],
)
def test_what_else_goes_wrong_is_told(pull: Puller, settings: dict[str, Any], words: str) -> None:
    """Each has its own sentence and something to do."""
    batch = pull(**settings)
    assert words in batch.error
    assert batch.hint


def test_a_redirect_is_not_followed(pull: Puller, desk: Desk) -> None:
    """Credentials are not carried to another address."""
    desk.failures = [302]
    assert "redirects to another address (302)" in pull().error


@pytest.mark.parametrize(
    "paging",
    [
        {
            "kind": "cursor",
            "param": "variables.after",
            "next": "data.orders.pageInfo.endCursor",
            "more": "data.orders.pageInfo.hasNextPage",
            "size_param": "variables.first",
            "size": 3,
        },
        {"kind": "offset", "param": "variables.skip", "size_param": "variables.first", "size": 3},
    ],
)
def test_graphql(tmp_path: Path, paging: dict[str, Any]) -> None:
    """Cursor, size and window are placed inside the posted object; what says that it asked too fast inside a good answer is tried again."""
    bodies: list[dict[str, Any]] = []

    def answer(asked: Asked) -> Told:
        body = json.loads(asked.body)
        bodies.append(body)
        if len(bodies) == 2:
            return Told({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]})
        first = int(body["variables"].get("after") or body["variables"].get("skip") or 0)
        last = first + body["variables"]["first"]
        page = {"endCursor": str(last), "hasNextPage": last < len(RECORDS)}
        return Told({"data": {"orders": {"edges": [{"node": record} for record in RECORDS[first:last]], "pageInfo": page}}})

    with serving(answer) as server:
        channel = Channel.model_validate(
            {
                "name": "graph",
                "table": "feedback",
                "source": "ticket",
                "zone": "UTC",
                "source_id": "node.id",
                "stamp": "node.at",
                "columns": {"submitted_at": "node.at", "text": "node.say.text"},
                "read": {
                    "kind": "http_api",
                    "url": server.address + "/graphql",
                    "method": "POST",
                    "params": {"query": "query($after: String) { orders }", "variables": {"sort": "UPDATED_AT"}},
                    "records": "data.orders.edges",
                    "since": "variables.query",
                    "times": "updated_at:>=%Y-%m-%d",
                    "paging": paging,
                    "errors": {"code": ["errors.0.extensions.code"], "later": ["THROTTLED"], "message": ["errors.0.message"]},
                },
            }
        )
        settings = Settings(home=tmp_path, secret="a key for tests only")  # type: ignore[arg-type]
        start = datetime(2026, 11, 4, tzinfo=UTC)
        batch = pull_channel(
            channel, window_start=start, window_end=NOW, shop=default_shop(), settings=settings, now=NOW, wait=lambda _: None
        )
    assert batch.error == "" and batch.frame["source_id"].to_list() == [str(n) for n in range(1, 8)]
    assert bodies[0]["variables"]["query"] == "updated_at:>=2026-11-01" and bodies[0]["variables"]["sort"] == "UPDATED_AT"
    assert bodies[0]["query"].startswith("query(") and bodies[1] == bodies[2]
