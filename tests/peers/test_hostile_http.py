"""Answers written to break their reader, from a real server on loopback: refused within their limits, or read without the broken record."""

import gzip
import json
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest

from tasks.collect.pull import pull_channel
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop

pytestmark = pytest.mark.peer
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
GOOD = [{"id": n, "at": f"2026-11-0{n} 10:00:00", "text": f"第{n}条"} for n in range(1, 4)]
BODY = json.dumps(GOOD).encode()
Script = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Script], str]]:
    """Answer every connection by a script; the request has been read then."""
    listener = socket.create_server(("127.0.0.1", 0))
    scripts: list[Script] = []
    over = threading.Event()

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.recv(65_536)
                scripts[0](connection)

    threading.Thread(target=accept, daemon=True).start()

    def start(script: Script) -> str:
        scripts.append(script)
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    over.set()
    listener.close()


def answer(body: bytes, *headers: str, status: str = "200 OK") -> Script:
    """Send one whole answer."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers])
    return lambda connection: connection.sendall(head.encode() + b"\r\n\r\n" + body)


def drip(start: bytes, piece: bytes) -> Script:
    """Send a beginning, and then a piece every twentieth of a second for ever."""

    def run(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(0.05)

    return run


def pulled(address: str, home: Path, **keys: object) -> PulledRows:
    """Pull one channel at once, without pauses between tries."""
    columns = {"submitted_at": {"from": "at", "dates": ["%Y-%m-%d %H:%M:%S"]}, "text": "text"}
    channel = Channel.model_validate(
        {
            "name": "desk",
            "table": "feedback",
            "source": "ticket",
            "read": {"kind": "http_api", "url": address, "retries": 0, **keys},
            "source_id": "id",
            "columns": columns,
        }
    )
    return pull_channel(
        channel,
        window_start=None,
        window_end=NOW,
        shop=Shop.load(home),
        settings=Settings(home=home, secret="a key for tests only"),  # type: ignore[arg-type]
        now=NOW,
        wait=lambda _: None,
    )


BOMB = brotli.compress(b"[" + b" " * 300_000_000 + b"]")
REFUSED = {
    "brotli": (answer(BOMB, "Content-Encoding: br"), "was not asked for"),
    "zstd": (answer(BODY, "Content-Encoding: zstd"), "was not asked for"),
    "packed_twice": (answer(gzip.compress(gzip.compress(BODY)), "Content-Encoding: gzip, gzip"), "was not asked for"),
    "gzip_that_is_none": (answer(BODY, "Content-Encoding: gzip"), "damaged"),
    "gzip_cut": (answer(gzip.compress(BODY)[:-12], "Content-Encoding: gzip"), "damaged"),
    "gzip_flipped": (answer(b"\x1f\x8b" + b"\xff" * 50, "Content-Encoding: gzip"), "damaged"),
    "gzip_bomb": (answer(gzip.compress(b" " * 100_000_000), "Content-Encoding: gzip"), "larger than 5 MB"),
    "too_large": (answer(b" " * 6_000_000), "larger than 5 MB"),
    "not_json": (answer(b"\xff\xfe\x00"), "not JSON"),
    "too_deep": (answer(b"[" * 200_000), "not JSON"),
    "retry_after": (answer(b"", "Retry-After: \xb2", status="429 Slow down"), "answered 429"),
    "no_answer": (lambda connection: connection.sendall(b"\x00\xff" * 50), "cannot be reached"),
    "cut": (lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n["), "cannot be reached"),
    "headers_for_ever": (drip(b"HTTP/1.1 200 OK\r\n", b"X-Filler: y\r\n"), "has not answered everything within"),
    "header_in_drops": (drip(b"HTTP/1.1 200 OK\r\nX-Filler: ", b"y"), "has not answered everything within"),
    "body_in_drops": (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n[", b" "), "has not answered everything within"),
    "chunks_in_drops": (
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        "has not answered everything within",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_within_the_limits(serve: Callable[[Script], str], tmp_path: Path, name: str) -> None:
    script, sentence = REFUSED[name]
    address = serve(script)
    tracemalloc.start()
    started = time.monotonic()
    batch = pulled(address, tmp_path, max_mb=5, max_pull_s=2, max_answer_s=1.5, retries=3)
    took, peak = time.monotonic() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sentence in batch.error, batch.error
    assert batch.hint
    assert took < 5
    assert peak < 60_000_000


READ = {
    "gzip": answer(gzip.compress(BODY), "Content-Encoding: gzip"),
    "deflate": answer(zlib.compress(BODY), "Content-Encoding: deflate"),
    "bare_deflate": answer(zlib.compress(BODY)[2:-4], "Content-Encoding: deflate"),
    "identity": answer(BODY, "Content-Encoding: identity"),
}


@pytest.mark.parametrize("name", READ)
def test_packed_answers_are_read(serve: Callable[[Script], str], tmp_path: Path, name: str) -> None:
    batch = pulled(serve(READ[name]), tmp_path)
    assert (batch.error, batch.frame.height) == ("", 3)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"id": 9, "at": "2026-11-02 10:00:00", "text": "cut \\ud83d"}',
        b'{"id": 9, "at": "2026-11-02 10:00:00", "text": "cut \\uDE00 twice"}',
        b'{"id": 9, "at": "2026-11-02 10:00:00", "text": "raw \xed\xa0\xbd"}',
        b'{"id": 9, "at": "2026-11-02 10:00:00", "t\\ud83d": "a key"}',
        b'{"id": ' + b"9" * 5_000 + b', "at": "2026-11-32 10:00:00", "text": "x"}',
        b'{"id": 9, "at": "2026-11-99", "text": ' + b"[" * 400 + b"]" * 400 + b"}",
    ],
)
def test_one_broken_record_is_quarantined_alone(serve: Callable[[Script], str], tmp_path: Path, broken: bytes) -> None:
    """The others of its page are read, and an emoji that is whole is no reason to refuse anything."""
    whole = b'{"id": 8, "at": "2026-11-02 10:00:00", "text": "\\ud83d\\ude00 and \\\\ud83d"}'
    batch = pulled(serve(answer(BODY[:-1] + b", " + broken + b", " + whole + b"]")), tmp_path)
    assert batch.error == ""
    assert (batch.read, batch.frame.height, batch.unreadable.height) == (5, 4, 1)
    assert "8" in batch.frame["source_id"].to_list()
