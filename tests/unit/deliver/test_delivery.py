from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from tasks.deliver.delivery import deliver, settle_by_hand, settle_uncertain
from tasks.deliver.message import Mail
from tasks.deliver.outbox import Outbox, file_name
from tasks.deliver.probe import ImapProbe, OutboxProbe
from tasks.deliver.transport import Outcome
from tasks.errors import ContentChanged, UserError
from tasks.model.editions import Delivery, DeliveryState
from tasks.store.ledger import Ledger

NOW = datetime(2026, 11, 9, 1, 30, tzinfo=UTC)
SENT, QUEUED, FAILED, UNCERTAIN, SENDING = (
    DeliveryState.SENT,
    DeliveryState.QUEUED,
    DeliveryState.FAILED,
    DeliveryState.UNCERTAIN,
    DeliveryState.SENDING,
)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def letters(*recipients: str, content: str = "x") -> list[Mail]:
    return [
        Mail(
            Delivery("weekly", "2026-W45", "executive", "zh-CN", 1, recipient, QUEUED, f"<{recipient[0]}@x>", content),
            "review@aftersales.example",
            recipient,
            f"Message-ID: <{recipient[0]}@x>\r\n\r\n{content}".encode(),
        )
        for recipient in recipients
    ]


class Post:
    """A way out that does as it is told, and shows what went out."""

    lag_seconds = 0.0

    def __init__(self, *script: Outcome | BaseException) -> None:
        self.script: Iterator[Outcome | BaseException] = itertools.chain(script, itertools.repeat(Outcome("accepted")))
        self.out: list[str] = []
        self.readable = True

    def send(self, mail: Mail) -> Outcome:
        outcome = next(self.script)
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome.result in ("accepted", "unknown") and "lost" not in outcome.detail:
            self.out.append(mail.message_id)
        return outcome

    def find(self, message_id: str) -> Literal["found", "absent", "unknown"]:
        if not self.readable:
            return "unknown"
        return "found" if message_id in self.out else "absent"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
        ledger.migrate()
        yield ledger


def states(standing: list[Delivery]) -> list[DeliveryState]:
    return [one.state for one in standing]


def test_a_rerun_mails_nobody_twice(ledger: Ledger) -> None:
    post, mails = Post(), letters("a@example.com", "b@example.com")
    for run in range(3):
        assert states(deliver(ledger, mails, post, now=NOW + seconds(run), holder=f"w{run}")) == [SENT, SENT]
    assert post.out == ["<a@x>", "<b@x>"]


def test_a_new_recipient_is_mailed_alone(ledger: Ledger) -> None:
    post = Post()
    deliver(ledger, letters("a@example.com"), post, now=NOW, holder="w")
    deliver(ledger, letters("a@example.com", "c@example.com"), post, now=NOW, holder="w")
    assert post.out == ["<a@x>", "<c@x>"]


def test_changed_content_is_an_error_and_nothing_is_sent(ledger: Ledger) -> None:
    post = Post()
    deliver(ledger, letters("b@example.com"), post, now=NOW, holder="w")
    with pytest.raises(ContentChanged):
        deliver(ledger, letters("a@example.com", "b@example.com", content="y"), post, now=NOW, holder="w")
    assert post.out == ["<b@x>"]
    assert len(ledger.deliveries()) == 1


def test_each_recipient_has_an_own_result(ledger: Ledger) -> None:
    post = Post(Outcome("refused", "550 no such user"), Outcome("accepted", "250 ok"), Outcome("later", "451 try again"))
    mails = letters("a@example.com", "b@example.com", "c@example.com")
    standing = deliver(ledger, mails, post, now=NOW, holder="w")
    assert [(one.state, one.detail) for one in standing] == [
        (FAILED, "550 no such user"),
        (SENT, "250 ok"),
        (QUEUED, "451 try again"),
    ]
    assert states(deliver(ledger, mails, post, now=NOW + seconds(60), holder="v")) == [FAILED, SENT, SENT]
    assert post.out == ["<b@x>", "<c@x>"]


def test_an_unsafe_server_leaves_everything_queued(ledger: Ledger) -> None:
    post = Post(UserError("The mail server offers no STARTTLS."))
    mails = letters("a@example.com", "b@example.com")
    with pytest.raises(UserError, match="STARTTLS"):
        deliver(ledger, mails, post, now=NOW, holder="w")
    assert states(ledger.deliveries()) == [QUEUED, QUEUED]
    assert states(deliver(ledger, mails, post, now=NOW, holder="w")) == [SENT, SENT]


@pytest.mark.parametrize(("left", "again"), [("unknown", 0), ("unknown, lost", 1)])
def test_an_unknown_mail_is_looked_up(ledger: Ledger, left: str, again: int) -> None:
    post, mails = Post(Outcome("unknown", left)), letters("a@example.com")
    assert states(deliver(ledger, mails, post, now=NOW, holder="w")) == [UNCERTAIN]
    before = len(post.out)
    assert states(deliver(ledger, mails, post, now=NOW + seconds(1), holder="v", probe=post)) == [SENT]
    assert len(post.out) - before == again
    assert post.out == ["<a@x>"]


@pytest.mark.parametrize("blind", ["no probe", "unreadable"])
def test_an_unknown_mail_that_cannot_be_looked_up_stays_and_is_shown(ledger: Ledger, blind: str) -> None:
    post, mails = Post(Outcome("unknown")), letters("a@example.com")
    post.readable = False
    for day in range(3):
        probe = None if blind == "no probe" else post
        assert states(deliver(ledger, mails, post, now=NOW + timedelta(days=day), holder="w", probe=probe)) == [UNCERTAIN]
    assert post.out == ["<a@x>"]
    assert states(ledger.unknown_deliveries(now=NOW, lease_seconds=900)) == [UNCERTAIN]


def test_a_slow_archive_is_given_its_time(ledger: Ledger) -> None:
    post, mails = Post(Outcome("unknown", "lost")), letters("a@example.com")
    post.lag_seconds = 900.0
    deliver(ledger, mails, post, now=NOW, holder="w")
    assert states(settle_uncertain(ledger, post, now=NOW + seconds(600), holder="v")) == [UNCERTAIN]
    assert states(settle_uncertain(ledger, post, now=NOW + seconds(901), holder="v")) == [QUEUED]


class Killed(BaseException):
    """The process ends here."""


def test_a_mail_left_behind_waits_for_its_lease(ledger: Ledger) -> None:
    post, mails = Post(Killed()), letters("a@example.com")
    with pytest.raises(Killed):
        deliver(ledger, mails, post, now=NOW, holder="dead")
    assert states(deliver(ledger, mails, post, now=NOW + seconds(600), holder="w", probe=post)) == [SENDING]
    assert states(deliver(ledger, mails, post, now=NOW + seconds(901), holder="w", probe=post)) == [SENT]
    assert post.out == ["<a@x>"]


def test_a_mail_of_an_ended_process_is_looked_up_at_once(ledger: Ledger) -> None:
    post, mails = Post(Killed()), letters("a@example.com")
    with pytest.raises(Killed):
        deliver(ledger, mails, post, now=NOW, holder="dead")
    standing = deliver(ledger, mails, post, now=NOW, holder="w", probe=post, gone=lambda holder: holder == "dead")
    assert (states(standing), post.out) == ([SENT], ["<a@x>"])


def test_redelivery_settles_what_it_finds_and_queues_what_never_left(ledger: Ledger) -> None:
    post = Post(Outcome("unknown"), Outcome("unknown", "lost"), Outcome("accepted"))
    mails = letters("a@example.com", "b@example.com", "c@example.com")
    deliver(ledger, mails, post, now=NOW, holder="w")
    settled = settle_uncertain(ledger, post, now=NOW + seconds(5), holder="v")
    assert [(one.recipient, one.state, one.detail) for one in settled] == [
        ("a@example.com", SENT, "found where sent mails show"),
        ("b@example.com", QUEUED, "proven not sent"),
    ]
    deliver(ledger, mails, post, now=NOW + seconds(9), holder="v", probe=post)
    assert sorted(post.out) == ["<a@x>", "<b@x>", "<c@x>"]


@pytest.mark.parametrize(("sent", "state"), [(True, SENT), (False, QUEUED)])
def test_a_persons_word_settles_a_mail_once(ledger: Ledger, sent: bool, state: DeliveryState) -> None:
    deliver(ledger, letters("a@example.com"), Post(Outcome("unknown")), now=NOW, holder="w")
    (open_one,) = ledger.deliveries()
    assert settle_by_hand(ledger, open_one, sent=sent, by="陈总", now=NOW + seconds(5))
    assert not settle_by_hand(ledger, open_one, sent=not sent, by="陈总", now=NOW + seconds(6))
    assert [(one.state, one.detail) for one in ledger.deliveries()] == [(state, "by word of 陈总")]


# ---- Outbox ------------------------------------------------------------------------------------


def test_the_outbox_holds_one_file_a_mail(ledger: Ledger, tmp_path: Path) -> None:
    outbox, mails = Outbox(tmp_path / "outbox"), letters("a@example.com", "b@example.com")
    probe = OutboxProbe(tmp_path / "outbox")
    assert probe.find("<a@x>") == "absent"
    assert states(deliver(ledger, mails, outbox, now=NOW, holder="w")) == [SENT, SENT]
    assert (
        sorted(path.name for path in outbox.folder.iterdir())
        == ["a.eml", "b.eml"]
        == [file_name(mail.message_id) for mail in mails]
    )
    assert (outbox.folder / "a.eml").read_bytes() == mails[0].content
    assert probe.find("<a@x>") == "found"
    (outbox.folder / "a.eml").write_bytes(b"Message-ID: <other@x>\r\n\r\n")
    assert probe.find("<a@x>") == "unknown"


def test_a_full_disk_is_told_and_settled_later(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    outbox, mails = Outbox(tmp_path), letters("a@example.com")
    with monkeypatch.context() as patched:
        patched.setattr("tasks.deliver.outbox.write_whole", full)
        (standing,) = deliver(ledger, mails, outbox, now=NOW, holder="w")
    assert (standing.state, standing.detail) == (UNCERTAIN, "writing a.eml: No space left on device")
    assert states(deliver(ledger, mails, outbox, now=NOW, holder="w", probe=OutboxProbe(tmp_path))) == [SENT]


# ---- IMAP probe --------------------------------------------------------------------------------


def test_the_address_of_the_sent_mailbox_is_read() -> None:
    probe = ImapProbe("imaps://me%40example.com:p%2Fw@mail.example.com:1993/Sent%20Items")
    assert (probe.host, probe.port, probe.user, probe.password, probe.mailbox) == (
        "mail.example.com",
        1993,
        "me@example.com",
        "p/w",
        "Sent Items",
    )


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://x/Sent", "cannot be read"),
        ("imaps:///Sent", "cannot be read"),
        ("imap://u:p@mail.example.com/Sent", "unencrypted"),
    ],
)
def test_a_mailbox_that_cannot_be_trusted_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        ImapProbe(url)


def test_a_mailbox_that_is_not_there_tells_nothing() -> None:
    assert ImapProbe("imap://u:p@127.0.0.1:9/Sent", timeout_s=2).find("<a@x>") == "unknown"


def test_a_refused_mail_is_sent_again_only_when_a_person_asks(ledger: Ledger) -> None:
    post, mails = Post(Outcome("refused", "550 no such user"), Outcome("accepted")), letters("a@x.example", "b@x.example")
    assert states(deliver(ledger, mails, post, now=NOW, holder="h")) == [FAILED, SENT]
    assert states(deliver(ledger, mails, post, now=NOW + seconds(1), holder="h")) == [FAILED, SENT]
    assert ledger.requeue_failed([mail.delivery for mail in mails], by="h") == 1
    assert states(deliver(ledger, mails, post, now=NOW + seconds(2), holder="h")) == [SENT, SENT]
    assert sorted(post.out) == ["<a@x>", "<b@x>"]
    assert ledger.requeue_failed([mail.delivery for mail in mails], by="h") == 0
