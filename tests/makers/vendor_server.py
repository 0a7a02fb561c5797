"""A real server on loopback that answers as a vendor's interface does, and fails as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request. address: of this server; headers have lower-case names; body is the text that was sent."""

    address: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str = ""


@dataclass(frozen=True)
class Told:
    """One answer: JSON of `body`, or its bytes as they are."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class VendorServer(ThreadingHTTPServer):
    """Answers with `answer`; before that, with the `failures` told, one for each request; 200 lets one through."""

    def __init__(self, answer: Callable[[Asked], Told], failures: list[Told | None] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _VendorHandler)
        self.answer, self.failures = answer, list(failures or [])
        self.asked: list[Asked] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class _VendorHandler(BaseHTTPRequestHandler):
    server: VendorServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer one request."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.server.address, self.command, parts.path, query, headers, body)
        failure = self.server.failures.pop(0) if self.server.failures else None
        if failure is None:
            self.server.asked.append(asked)
        told = failure or self.server.answer(asked)
        data = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
        self.send_response(told.status)
        for name, value in {**told.headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET


@contextmanager
def serving(answer: Callable[[Asked], Told], failures: list[Told | None] | None = None) -> Iterator[VendorServer]:
    """Run a vendor's server while a test runs."""
    server = VendorServer(answer, failures)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
