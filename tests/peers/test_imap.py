"""The mailbox channel against a real Dovecot on loopback."""

import getpass
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.collect.privacy import SCOPE, CustomerKey
from tasks.collect.pull import pull_channel
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tests.makers.shops import default_shop

DOVECOT = Path("/usr/sbin/dovecot")
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not DOVECOT.exists(), reason="Dovecot is not installed: apt-get install dovecot-imapd"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Dovecot starts as root only; run the tests as root to include it"),
]
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
PASSWORD = "a password of this test"

CONFIGURATION = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{home}/mail
first_valid_uid = 1
default_internal_user = {user}
default_login_user = {user}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run a Dovecot of our own; return its port."""
    home = tmp_path_factory.mktemp("dovecot")
    mailer = pwd.getpwnam("mail")
    user = "dovecot" if any(entry.pw_name == "dovecot" for entry in pwd.getpwall()) else getpass.getuser()
    for folder in (home, *home.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    for part in ("cur", "new", "tmp"):
        (home / "mail" / part).mkdir(parents=True)
    for folder in (home / "mail", *(home / "mail").iterdir()):
        shutil.chown(folder, mailer.pw_uid, mailer.pw_gid)
    port = free_port()
    text = CONFIGURATION.format(
        home=home, user=user, uid=mailer.pw_uid, gid=mailer.pw_gid, port=port, password=PASSWORD.replace(" ", "_")
    )
    (home / "dovecot.conf").write_text(text)
    server = subprocess.Popen(
        [str(DOVECOT), "-F", "-c", str(home / "dovecot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            server.terminate()
            pytest.fail(f"Dovecot did not start: {(home / 'log').read_text() if (home / 'log').exists() else ''}")
        fill(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def fill(port: int) -> None:
    """Put three mails into the mailbox: an ordinary one, a Chinese answer, and one of 12 MB."""
    with imaplib.IMAP4("127.0.0.1", port) as server:
        server.login("service", PASSWORD.replace(" ", "_"))
        for number, (charset, body) in enumerate(
            [("utf-8", "壶漏水"), ("gb18030", "还是漏水\r\n\r\n> 壶漏水"), ("utf-8", "x" * 12_000_000)], 1
        ):
            head = (
                f"From: buyer{number}@mail.example\r\nTo: service@shop.example\r\nSubject: leak {number}\r\n"
                f"Date: Mon, 0{number + 1} Nov 2026 10:00:00 +0800\r\nMessage-ID: <m{number}@mail.example>\r\n"
                f"{'In-Reply-To: <m1@mail.example>' if number == 2 else 'X-Nothing: 1'}\r\n"
                f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            )
            stored = server.append(
                "INBOX",
                "",
                imaplib.Time2Internaldate(datetime(2026, 11, number + 1, 2, tzinfo=UTC)),
                head.encode() + body.encode(charset),
            )
            assert stored[0] == "OK"


def pull(home: Path, port: int, start: datetime | None = None, **read: Any) -> PulledRows:
    """Pull the mailbox."""
    (home / "secrets").mkdir(exist_ok=True)
    (home / "secrets" / "mailbox").write_text(PASSWORD.replace(" ", "_"))
    channel = Channel.model_validate(
        {
            "name": "mails",
            "table": "feedback",
            "source": "mail",
            "source_id": "id",
            "stamp": "date",
            "overlap_hours": 0,
            "columns": {"submitted_at": "date", "text": "text", "thread_ref": "thread", "customer_ref": "from"},
            "read": {
                "kind": "mailbox",
                "host": "127.0.0.1",
                "port": port,
                "user": "service",
                "secret": "mailbox",
                "security": "none",
                **read,
            },
        }
    )
    settings = Settings(home=home, secret="a key for tests only")  # type: ignore[arg-type]
    return pull_channel(channel, window_start=start, window_end=NOW, shop=default_shop(), settings=settings, now=NOW)


def reference(mail_id: str) -> str:
    """Return what stands in the lake in place of a Message-ID, which may hold an address."""
    return str(CustomerKey(b"a key for tests only").references(pl.Series([mail_id]), SCOPE)[0])


def test_mails_come_and_stay_unread(dovecot: int, tmp_path: Path) -> None:
    """Small mails are read without being marked as seen; the big one is refused by its size, with UIDVALIDITY and UID as its id."""
    batch = pull(tmp_path, dovecot)
    assert batch.error == ""
    assert batch.frame.select("source_id", "text", "thread_ref").rows() == [
        (reference("m1@mail.example"), "壶漏水", reference("m1@mail.example")),
        (reference("m2@mail.example"), "还是漏水", reference("m1@mail.example")),
    ]
    assert batch.unreadable["reason"].to_list() == ["the mail of 11 MB is larger than 10 MB"]
    assert batch.unreadable["source_id"][0].rpartition(".")[2] == "3"
    with imaplib.IMAP4("127.0.0.1", dovecot) as server:
        server.login("service", PASSWORD.replace(" ", "_"))
        server.select("INBOX", readonly=True)
        assert server.search(None, "SEEN")[1] == [b""]


def test_only_the_windows_mails_are_fetched(dovecot: int, tmp_path: Path) -> None:
    """A later window brings the later mail alone."""
    batch = pull(tmp_path, dovecot, start=datetime(2026, 11, 3, tzinfo=UTC), max_mb=1)
    assert batch.frame["source_id"].to_list() == [reference("m2@mail.example")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": "service", "secret": "wrong"}, "refused the login"),
        ({"folder": "Nowhere"}, "no folder Nowhere"),
        ({"port": 9}, "cannot be reached"),
    ],
)
def test_a_failing_mailbox_is_told(dovecot: int, tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    """Wrong password, folder or port: a sentence each, and never the password."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "wrong").write_text("another-password")
    port = changes.pop("port", dovecot)
    batch = pull(tmp_path, port, **changes)
    assert words in batch.error
    assert batch.hint
    assert "another-password" not in batch.error + batch.hint
