"""Kill -9 at every point of a delivery, and again at every point of the recovery.

The wire is a file to which each accepted message adds one line: a mail sent twice stands there twice.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from tasks.deliver.delivery import deliver
from tasks.deliver.message import Mail
from tasks.deliver.outbox import Outbox
from tasks.deliver.probe import OutboxProbe
from tasks.deliver.transport import Outcome
from tasks.model.editions import Delivery, DeliveryState
from tasks.store.ledger import Ledger
from tasks.store.processes import holder_name, is_gone

NOW = datetime(2026, 11, 9, 1, 30, tzinfo=UTC)
EACH = ["claimed", "sending", "accepted", "attempted", "settled"]
POINTS = ["begin", "queued", *EACH, *EACH, "end"]

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def mails() -> list[Mail]:
    return [
        Mail(
            Delivery("weekly", "2026-W45", "executive", "en", 1, f"{name}@example.com", DeliveryState.QUEUED, f"<{name}@x>", "c"),
            "review@aftersales.example",
            f"{name}@example.com",
            f"Message-ID: <{name}@x>\r\n\r\nhello".encode(),
        )
        for name in ("a", "b")
    ]


class Wire:
    """An SMTP server and its archive in one file."""

    lag_seconds = 0.0

    def __init__(self, path: Path, checkpoint: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self.checkpoint = checkpoint

    def send(self, mail: Mail) -> Outcome:
        self.checkpoint("sending")
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{mail.message_id}\n".encode())
        os.close(handle)
        self.checkpoint("accepted")
        return Outcome("accepted")

    def find(self, message_id: str) -> Literal["found", "absent"]:
        return "found" if message_id in self.sent() else "absent"

    def sent(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


def run(home: Path, *, kill_at: int | None, probed: bool, minute: int, seen: list[str] | None = None) -> bool:
    """Deliver in a child process that kills itself at the n-th point; say whether it came to the end."""
    child = os.fork()
    if child == 0:
        _deliver(home, kill_at, probed, minute)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, (home / "error").read_text()
    if seen is not None:
        seen += (home / "points").read_text().split()
    return os.WIFEXITED(status)


def _deliver(home: Path, kill_at: int | None, probed: bool, minute: int) -> None:
    count = 0

    def checkpoint(point: str) -> None:
        nonlocal count
        count += 1
        with (home / "points").open("a") as points:
            points.write(f"{point}\n")
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        wire = Wire(home / "wire", checkpoint)
        with Ledger(f"sqlite:///{home}/ledger.sqlite") as ledger:
            deliver(
                ledger,
                mails(),
                wire,
                now=NOW + timedelta(minutes=minute),
                holder=holder_name(),
                probe=wire if probed else None,
                gone=is_gone,
                checkpoint=checkpoint,
            )
    except BaseException as error:
        (home / "error").write_text(repr(error))
        os._exit(1)
    os._exit(0)


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    with Ledger(f"sqlite:///{path}") as ledger:
        ledger.migrate()
        with ledger.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


@pytest.fixture
def new_home(tmp_path: Path, empty_ledger: bytes) -> Callable[[], Path]:
    def make() -> Path:
        home = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
        home.mkdir()
        (home / "ledger.sqlite").write_bytes(empty_ledger)
        return home

    return make


def outcome(home: Path) -> tuple[dict[str, str], Counter[str], list[str]]:
    """States by recipient, mails on the wire by Message-ID, and what is shown as unknown."""
    with Ledger(f"sqlite:///{home}/ledger.sqlite") as ledger:
        states = {one.message_id: one.state.value for one in ledger.deliveries()}
        shown = [one.message_id for one in ledger.unknown_deliveries(now=NOW, lease_seconds=900)]
    return states, Counter(Wire(home / "wire").sent()), shown


def test_an_undisturbed_delivery_passes_every_point(new_home: Callable[[], Path]) -> None:
    seen: list[str] = []
    assert run(new_home(), kill_at=None, probed=True, minute=0, seen=seen)
    assert seen == POINTS


@pytest.mark.parametrize("first", range(1, len(POINTS) + 1), ids=[f"{n}-{point}" for n, point in enumerate(POINTS, 1)])
@pytest.mark.parametrize("probed", [True, False], ids=["probe", "no-probe"])
def test_killed_twice_every_mail_goes_out_once_or_is_shown(new_home: Callable[[], Path], probed: bool, first: int) -> None:
    for second in range(40):  # 0: the recovery is not disturbed
        home = new_home()
        assert not run(home, kill_at=first, probed=probed, minute=0)
        ended = run(home, kill_at=second or None, probed=probed, minute=1)
        run(home, kill_at=None, probed=probed, minute=2)
        states, wire, shown = outcome(home)
        assert sorted(states) == ["<a@x>", "<b@x>"]
        assert max(wire.values(), default=0) <= 1, f"sent twice: killed at {first} and {second}: {wire}"
        for message_id, state in states.items():
            assert state == "sent" or (not probed and state == "uncertain"), (first, second, states)
            assert wire[message_id] == 1 if state == "sent" else message_id in shown
        if second and ended:
            break
    assert second > 1


def test_two_workers_at_once_send_each_mail_once(new_home: Callable[[], Path]) -> None:
    for _ in range(10):
        home = new_home()
        children = []
        for _worker in range(2):
            child = os.fork()
            if child == 0:
                _deliver(home, None, True, 0)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
        states, wire, _ = outcome(home)
        assert set(states.values()) == {"sent"}
        assert wire == {"<a@x>": 1, "<b@x>": 1}


@pytest.mark.parametrize("point", ["before rename", "after rename"])
def test_the_outbox_survives_a_kill_inside_a_write(new_home: Callable[[], Path], point: str) -> None:
    home = new_home()
    child = os.fork()
    if child == 0:
        replace = Path.replace

        def killing(self: Path, target: Path) -> Path:
            if point == "after rename":
                replace(self, target)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        Path.replace = killing  # type: ignore[method-assign, assignment]
        with Ledger(f"sqlite:///{home}/ledger.sqlite") as ledger:
            deliver(ledger, mails(), Outbox(home / "outbox"), now=NOW, holder=holder_name())
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    with Ledger(f"sqlite:///{home}/ledger.sqlite") as ledger:
        standing = deliver(
            ledger,
            mails(),
            Outbox(home / "outbox"),
            now=NOW,
            holder=holder_name(),
            probe=OutboxProbe(home / "outbox"),
            gone=is_gone,
        )
    assert [one.state for one in standing] == [DeliveryState.SENT, DeliveryState.SENT]
    assert sorted(path.name for path in (home / "outbox").glob("*.eml")) == ["a.eml", "b.eml"]
    assert (home / "outbox" / "a.eml").read_bytes() == mails()[0].content
