"""Uncertain mails looked up in the Sent mailbox of a real Dovecot on loopback."""

import imaplib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from tasks.deliver.delivery import deliver, settle_uncertain
from tasks.deliver.message import Mail
from tasks.deliver.probe import ImapProbe
from tasks.deliver.transport import Outcome
from tasks.model.editions import Delivery, DeliveryState
from tasks.store.ledger import Ledger
from tests.peers import test_imap

pytestmark = test_imap.pytestmark
dovecot = test_imap.dovecot
NOW = datetime(2026, 11, 9, 1, 30, tzinfo=UTC)
LOGIN = ("me@example.com", test_imap.PASSWORD.replace(" ", "_"))


class Silence:
    """A server that takes the mail, or loses it, and says nothing."""

    def send(self, _mail: Mail) -> Outcome:
        return Outcome("unknown", "SMTPServerDisconnected")


def letter(name: str) -> Mail:
    delivery = Delivery(
        "weekly", "2026-W45", "executive", "en", 1, f"{name}@example.com", DeliveryState.QUEUED, f"<{name}-0a1b@x>", "c"
    )
    return Mail(
        delivery,
        "review@aftersales.example",
        f"{name}@example.com",
        f"Message-ID: {delivery.message_id}\r\n\r\nhello\r\n".encode(),
    )


def address(port: int, mailbox: str = "Sent", password: str = LOGIN[1]) -> str:
    return f"imap://{quote(LOGIN[0])}:{quote(password)}@127.0.0.1:{port}/{quote(mailbox)}"


@pytest.fixture
def sent(dovecot: int) -> int:
    """A mailbox Sent that holds the mail to `here` and nothing else; its port."""
    with imaplib.IMAP4("127.0.0.1", dovecot) as client:
        client.login(*LOGIN)
        client.delete("Sent")
        client.create("Sent")
        client.append("Sent", "", imaplib.Time2Internaldate(NOW), letter("here").content)
    return dovecot


def test_what_stands_in_the_mailbox_was_sent_and_the_rest_is_queued_again(sent: int, tmp_path: Path) -> None:
    probe = ImapProbe(address(sent), lag_seconds=900, timeout_s=10)
    with Ledger(f"sqlite:///{tmp_path}/l.sqlite") as ledger:
        ledger.migrate()
        deliver(ledger, [letter("here"), letter("lost")], Silence(), now=NOW, holder="w")
        early = settle_uncertain(ledger, probe, now=NOW + timedelta(minutes=5), holder="v")
        late = settle_uncertain(ledger, probe, now=NOW + timedelta(minutes=20), holder="v")
    assert [one.state.value for one in early] == ["sent", "uncertain"]
    assert [(one.recipient, one.state.value) for one in late] == [("lost@example.com", "queued")]


def test_looking_changes_nothing_in_the_mailbox(sent: int) -> None:
    assert ImapProbe(address(sent), timeout_s=10).find("<here-0a1b@x>") == "found"
    with imaplib.IMAP4("127.0.0.1", sent) as client:
        client.login(*LOGIN)
        client.select("Sent", readonly=True)
        assert client.search(None, "UNSEEN")[1] == [b"1"]


@pytest.mark.parametrize(("mailbox", "password"), [("Nowhere", LOGIN[1]), ("Sent", "wrong")])
def test_a_mailbox_that_cannot_be_read_proves_nothing(sent: int, mailbox: str, password: str) -> None:
    assert ImapProbe(address(sent, mailbox, password), timeout_s=10).find("<lost-0a1b@x>") == "unknown"
