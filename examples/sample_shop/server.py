"""A small service desk on loopback: tickets, chats and after-sales orders in pages of JSON."""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tasks.errors import UserError

DATABASE = "desk.sqlite"
ENDPOINTS = ("tickets", "chats", "disputes", "aftersales")
TOKEN = "sample-desk-token"  # noqa: S105  of a loopback server with invented data
PAGE_LIMIT = 500
PAGE_DEFAULT = 100
BUSY_EVERY = 97
"""One request in this many is answered 429 if the server is set to be busy now and then."""


def seconds_of(text: str) -> int:
    """Read `2026-11-02 15:05:33` as local seconds since 1970, the unit of the desk's own clock.

    Raises:
        ValueError: If it is not written so.
    """
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def open_for_writing(folder: Path) -> sqlite3.Connection:
    """Make an empty desk database in a folder: per endpoint the rows in order of their last change."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / DATABASE
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    for endpoint in ENDPOINTS:
        connection.execute(f"CREATE TABLE {endpoint} (seq INTEGER PRIMARY KEY, changed INTEGER NOT NULL, body TEXT NOT NULL)")
        connection.execute(f"CREATE INDEX {endpoint}_changed ON {endpoint} (changed)")
    return connection


class DeskServer:
    """A running server.

    url: Its address, without a slash at the end.
    token: What a caller shows as `Authorization: Bearer`.
    """

    def __init__(self, server: ThreadingHTTPServer, token: str) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.token = token
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def serve(folder: Path | str, port: int = 0, *, token: str = TOKEN, busy: bool = False) -> DeskServer:
    """Serve a folder of sources in a thread of its own.

    Args:
        folder: Where `write_sources` put its files.
        port: Port on 127.0.0.1; 0 takes a free one.
        token: The bearer token that is asked for.
        busy: Whether each 97th request is answered 429 with Retry-After.

    Raises:
        UserError: If the folder holds no desk.
    """
    path = Path(folder) / DATABASE
    if not path.exists():
        raise UserError(f"There is no sample desk in {folder}.", hint="Write the sample shop first: aftersales sample.")
    counter = iter(range(1, 1 << 62))
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            with lock:
                number = next(counter)
            status, body, headers = _answer(path, self.path, self.headers.get("Authorization", ""), token)
            if busy and number % BUSY_EVERY == 0:
                status, body, headers = 429, b'{"code": 429, "msg": "too many requests"}', {"Retry-After": "0.2"}
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Stay silent: the caller reports."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return DeskServer(server, token)


@contextmanager
def serving(home: Path | str, *, port: int = 0, busy: bool = False) -> Iterator[DeskServer]:
    """Serve the sources of a home while a run pulls, and leave the desk's address and token in its secrets."""
    folder = Path(home)
    with serve(folder / "sources", port, busy=busy) as desk:
        write_secrets(folder, desk)
        yield desk


def write_secrets(home: Path, desk: DeskServer) -> None:
    """Write the token and the addresses where the sample's channels.yaml looks for them (mode 600)."""
    secrets = home / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    for name, value in {"desk_token": desk.token, **{f"desk_{name}": f"{desk.url}/v2/{name}" for name in ENDPOINTS}}.items():
        path = secrets / name
        path.write_text(value, encoding="utf-8")
        path.chmod(0o600)


def _answer(path: Path, address: str, shown: str, token: str) -> tuple[int, bytes, dict[str, str]]:
    if shown != f"Bearer {token}":
        return _failure(401, "invalid token")
    parts = urlsplit(address)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    endpoint = parts.path.removeprefix("/v2/")
    if not parts.path.startswith("/v2/") or endpoint not in ENDPOINTS:
        return _failure(404, "no such list")
    try:
        size = int(query.get("page_size", PAGE_DEFAULT))
        after = int(base64.urlsafe_b64decode(query["cursor"])) if query.get("cursor") else 0
        since = seconds_of(query["updated_since"]) if query.get("updated_since") else -(1 << 62)
        until = seconds_of(query["updated_until"]) if query.get("updated_until") else 1 << 62
    except ValueError as error:
        return _failure(400, f"bad parameter: {error}")
    if not 1 <= size <= PAGE_LIMIT:
        return _failure(400, f"page_size must be 1 to {PAGE_LIMIT}")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        # Rows stand in order of their change, so the page begins where the window or the cursor says, whichever is later.
        first = connection.execute(f"SELECT min(seq) FROM {endpoint} WHERE changed >= ?", (since,)).fetchone()[0] or 1 << 62  # noqa: S608  one of ENDPOINTS
        rows = connection.execute(
            f"SELECT seq, body FROM {endpoint} WHERE seq > ? AND changed < ? ORDER BY seq LIMIT ?",  # noqa: S608  one of ENDPOINTS
            (max(after, first - 1), until, size + 1),
        ).fetchall()
    more = len(rows) > size
    rows = rows[:size]
    cursor = base64.urlsafe_b64encode(str(rows[-1][0]).encode()).decode() if more else ""
    head = json.dumps({"code": 0, "msg": "ok", "page": {"nextCursor": cursor, "hasMore": more}})
    return 200, (head[:-1] + ', "data": {"list": [' + ",".join(row[1] for row in rows) + "]}}").encode(), {}


def _failure(status: int, message: str) -> tuple[int, bytes, dict[str, str]]:
    return status, json.dumps({"code": status, "msg": message}).encode(), {}
