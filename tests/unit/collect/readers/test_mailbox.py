"""Mails become plain text of the customer's own words; hostile ones are refused alone."""

import base64
import os
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from tasks.collect.mails.quotations import own_words
from tasks.collect.readers.mailbox import header, parse
from tasks.model.rows import PulledRows
from tasks.shop.sources.mailbox import Mailbox

SPEC = Mailbox(kind="mailbox", maildir="x")
CHANNEL = """
channels:
  - name: mails
    table: feedback
    source: mail
    read: {kind: mailbox, maildir: mail}
    source_id: id
    stamp: date
    columns: {submitted_at: date, customer_ref: from, title: subject, text: text, thread_ref: thread, attachments: attachments}
"""


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], None]:
    """Put a mail into the Maildir."""
    for part in ("cur", "new", "tmp"):
        (tmp_path / "mail" / part).mkdir(parents=True)

    def write(name: str, data: bytes) -> None:
        path = tmp_path / "mail" / "new" / name
        path.write_bytes(data)
        os.utime(path, (1_793_930_400, 1_793_930_400))  # 2026-11-06: when the folder got it

    return write


def mail(text: str = "壶漏水", number: int = 1, **headers: str) -> bytes:
    """Write an ordinary mail."""
    message = EmailMessage()
    fields = {
        "From": "顾客 <buyer@mail.example>",
        "To": "service@shop.example",
        "Subject": "漏水",
        "Date": "Mon, 02 Nov 2026 10:00:00 +0800",
        "Message-ID": f"<m{number}@mail.example>",
        **headers,
    }
    for name, value in fields.items():
        message[name] = value
    message.set_content(text)
    return message.as_bytes()


def test_an_ordinary_mail(pull: Callable[..., PulledRows], put: Callable[[str, bytes], None], reference) -> None:
    """Its Message-ID is the source id, its sender a keyed reference, its body scrubbed text."""
    put("1", mail("壶漏水，请回电19900001234\n\n> 上次的话\n", References="<m0@shop.example> <x@shop.example>"))
    batch = pull(CHANNEL)
    assert batch.error == ""
    row = batch.frame.row(0, named=True)
    assert (row["source_id"], row["title"], row["text"], row["thread_ref"]) == (
        reference("m1@mail.example"),
        "漏水",
        "壶漏水，请回电[电话]",
        reference("m0@shop.example"),
    )
    assert "buyer" not in row["customer_ref"]
    assert row["submitted_at"].isoformat() == "2026-11-02T02:00:00+00:00"


def test_fifty_megabytes_are_refused_unread(
    pull: Callable[..., PulledRows], put: Callable[[str, bytes], None], tmp_path: Path
) -> None:
    """The big mail goes to quarantine by its size, the small one is read."""
    put("1", mail())
    with (tmp_path / "mail" / "new" / "2").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    started = time.process_time()
    batch = pull(CHANNEL)
    assert time.process_time() - started < 1
    assert (batch.error, batch.read, batch.frame.height) == ("", 2, 1)
    assert "50 MB is larger than 10 MB" in batch.unreadable["reason"][0]
    assert "50 MB" in batch.hint


def test_one_mail_delivered_twice_is_one_record(pull: Callable[..., PulledRows], put: Callable[[str, bytes], None]) -> None:
    """The same id with the same words is one record; with other words it is another."""
    put("1", mail())
    put("2", mail())
    put("3", mail("完全不同"))
    ids = pull(CHANNEL).frame["record_id"].to_list()
    assert len(ids) == 3
    assert len(set(ids)) == 2


def nested(depth: int) -> bytes:
    """A mail of multiparts within multiparts."""
    head = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n" for level in range(depth))
    return (
        "From: a@mail.example\r\nMessage-ID: <n@mail.example>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0800\r\n"
        + head
        + "Content-Type: text/plain\r\n\r\nx\r\n"
    ).encode()


HOSTILE = {
    "deep": nested(100),
    "very_deep": nested(3_000),
    "wide": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 20_000,
    "headers": b"".join(b"X-%d: y\r\n" % index for index in range(10_000)) + b"\r\nx",
    "charset": b"From: a@mail.example\r\nSubject: =?no-such?q?=ff=fe?=\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe\xc2\xa9",
    "newline": b"From: a@mail.example\r\nSubject: Weekly: =?utf-8?q?a=0D=0ABcc=3A_evil=40x.example?=\r\nDate: Mon, 02 Nov 2026 10:00:00 +0800\r\n\r\nx",
    "nul": b"From: a@mail.example\r\nSubject: \x00\x00\r\n\r\n\x00\x00text\x00",
    "forged_date": b"From: a@mail.example\r\nDate: Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\nx",
    "no_headers": b"\r\n\r\n",
    "bad_address": b"From: alice@evil.example)bob@company.example\r\n\r\nx",
    "names": b'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment; filename="../../etc/passwd"\r\n\r\nx\r\n--b--',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_hurts_nobody(
    pull: Callable[..., PulledRows], put: Callable[[str, bytes], None], name: str, reference
) -> None:
    """It is read or refused with a reason in under a second; the ordinary mail beside it is kept; no text holds a line break of a header."""
    put("1", HOSTILE[name])
    put("2", mail())
    started = time.process_time()
    batch = pull(CHANNEL)
    assert time.process_time() - started < 1.5
    assert batch.error == ""
    assert batch.read == 2 == batch.frame.height + batch.unreadable.height
    assert reference("m1@mail.example") in batch.frame["source_id"].to_list()
    assert not any("\n" in title for title in batch.frame["title"].drop_nulls())
    assert not any("\x00" in text for text in batch.frame["text"].drop_nulls())


@pytest.mark.parametrize("charset", ["gb18030", "gb2312", "utf-8", "big5"])
def test_chinese_charsets(charset: str) -> None:
    """Bodies in the charsets of Chinese mail programs, also those that call GB18030 by its old name."""
    word = "漏水" if charset == "big5" else "㐀漏水" if charset in ("gb18030", "utf-8") else "漏水"
    data = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + word.encode(
        "gb18030" if charset == "gb2312" else charset
    )
    assert parse(data, SPEC)["text"] == word


def test_a_header_without_a_known_charset() -> None:
    """A header in GB18030 that declares nothing sensible is still read."""
    assert header("=?gb2312?B?" + base64.b64encode("漏水".encode("gb18030")).decode() + "?=") == "漏水"


def test_a_page_becomes_text() -> None:
    """HTML is not rendered: tags, scripts and styles go, words stay."""
    data = (
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<style>p{}</style><p>Leaks<br>badly &amp; smells</p><script>x()</script>"
    )
    assert parse(data, SPEC)["text"].split() == ["Leaks", "badly", "&", "smells"]


@pytest.mark.parametrize(
    "history",
    [
        "> 原来的话",
        "------------------ 原始邮件 ------------------\n发件人: 客服",
        "-----Original Message-----\nFrom: x",
        "On Mon, Nov 2, 2026 at 10:00 AM Service <s@shop.example> wrote:\n> old",
        "On Mon, Nov 2, 2026 at 10:00 AM Service\n<s@shop.example> wrote:\n> old",
        "在 2026年11月2日，客服 <s@shop.example> 写道：\n旧话",
        "发件人: 客服 <s@shop.example>\n发送时间: 2026-11-02",
        "-- \n顾客",
        "发自我的手机",
    ],
)
def test_history_is_cut(history: str) -> None:
    """Only the customer's own words stay."""
    assert own_words(f"还是漏水\n请换货\n\n{history}") == "还是漏水\n请换货"


def test_a_mail_of_quotes_only_is_kept() -> None:
    """Where nothing else is there, the quoted text is what we have."""
    assert own_words("> 还是漏水") == "> 还是漏水"
