"""A mail server that drips its answers is cut off, at whatever point it begins to."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.collect.pull import pull_channel
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop

pytestmark = pytest.mark.peer
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)


@pytest.fixture
def dripping(request: pytest.FixtureRequest) -> Iterator[int]:
    """Greet and answer until the chosen command, then send a byte now and then for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    end = threading.Event()

    def talk() -> None:
        peer, _ = listener.accept()
        with peer, peer.makefile("rb") as lines:
            if request.param != "greeting":
                peer.sendall(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
                for line in lines:
                    tag, command = line.split()[:2]
                    if command.decode().upper() == request.param:
                        break
                    peer.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
            try:
                while not end.wait(0.05):
                    peer.sendall(b"*")
            except OSError:
                return

    threading.Thread(target=talk, daemon=True).start()
    yield int(listener.getsockname()[1])
    end.set()
    listener.close()


@pytest.mark.parametrize("dripping", ["greeting", "LOGIN", "EXAMINE"], indirect=True)
def test_the_pull_ends(dripping: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.collect.mails.folders.PULL_S", 1.0)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "box").write_text("a password of this test", "utf-8")
    read = {"kind": "mailbox", "host": "127.0.0.1", "port": dripping, "user": "u", "secret": "box", "security": "none"}
    columns = {"submitted_at": "date", "text": "text"}
    channel = Channel.model_validate(
        {"name": "box", "table": "feedback", "source": "mail", "read": read, "source_id": "id", "columns": columns}
    )
    began = time.monotonic()
    batch = pull_channel(
        channel,
        window_start=None,
        window_end=NOW,
        shop=Shop.load(tmp_path),
        settings=Settings(home=tmp_path, secret="a key for tests only"),  # type: ignore[arg-type]
        now=NOW,
        wait=lambda _: None,
    )
    assert time.monotonic() - began < 8
    assert "mail server" in batch.error, batch.error
