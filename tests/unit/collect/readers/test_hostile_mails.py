"""A mail that was written to break its reader is read or refused alone, in a second; the ordinary mail beside it is kept."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.collect.readers import mailbox
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
    columns: {submitted_at: date, customer_ref: from, title: subject, text: text, thread_ref: thread, attachments: attachments}
"""
HEAD = b"From: a@mail.example\r\nDate: Mon, 02 Nov 2026 10:00:00 +0800\r\nMessage-ID: <n@mail.example>\r\n"
TEXT = HEAD + b"Content-Type: text/plain"
ORDINARY = b"From: b@mail.example\r\nDate: Mon, 02 Nov 2026 10:00:00 +0800\r\nMessage-ID: <m1@mail.example>\r\nSubject: it leaks\r\n\r\nit leaks"
HOSTILE = {
    "eight_bit_charset": TEXT + b"; charset*=\xff\xfe''\xff\r\n\r\nx",
    "eight_bit_charset_cut": TEXT + b"; charset*0=\xe4\xbd; charset*1=\xa0\r\n\r\nx",
    "nul_charset": TEXT + b'; charset="ut\x00f"\r\n\r\nx',
    "nul_charset_encoded": TEXT + b"; charset*=u\x00tf''%ff\r\n\r\nx",
    "nul_charset_subject": HEAD + b"Subject: =?ut\x00f?q?=ff?=\r\n\r\nx",
    "brackets": HEAD.replace(b"From: ", b"From: " + b"(" * 2_000) + b"\r\nx",
    "brackets_to": HEAD + b"To: " + b"(" * 2_000 + b"\r\n\r\nx",
    "brackets_date": b"From: a@mail.example\r\nDate: " + b"(" * 20_000 + b"\r\n\r\nx",
    "parameters": TEXT + b"; a=b" * 200_000 + b"\r\n\r\nx",
    "parameters_folded": TEXT + b";\r\n a=b" * 200_000 + b"\r\n\r\nx",
    "parameters_of_a_part": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment"
    + b"; a=b" * 200_000,
    "parameters_after_bare_returns": TEXT.replace(b"\r\n", b"\r") + b"; a=b" * 200_000 + b"\r\rx",
    "continuations": TEXT + b"".join(b"; a*%d=x" % number for number in range(20_000)) + b"\r\n\r\nx",
    "punycode": TEXT + b"; charset=punycode\r\n\r\n" + b"a" * 100_000 + b"-" + b"b" * 1_500_000,
    "idna": TEXT + b"; charset=idna\r\n\r\nxn--" + b"a" * 1_600_000,
    "encoded_words": HEAD + b"Subject: " + b"=?utf-8?b?5L2g?= " * 165_000 + b"\r\n\r\nx",
    "encoded_words_punycode": HEAD + b"Subject: =?punycode?q?" + b"a" * 1_600_000 + b"?=\r\n\r\nx",
    "references": HEAD + b"References: " + b"<x@y> " * 300_000 + b"\r\n\r\nx",
    "scripts": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<script " * 50_000,
    "comments": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<!--" * 100_000,
    "numbers": HEAD + b"Content-Type: text/html\r\n\r\n&#" + b"9" * 100_000 + b";",
    "filename": HEAD + b"Content-Disposition: attachment; filename*=\xff''\xff\r\n\r\nx",
    "boundary": HEAD + b"Content-Type: multipart/mixed; boundary*=utf-16''%ff%fe%00\r\n\r\nx",
    "surrogates": TEXT + b"; charset=unicode_escape\r\n\r\n\\ud800\\udfff",
    "base64": TEXT + b"\r\nContent-Transfer-Encoding: base64\r\n\r\nab=c=d\x00===\r\n",
    "uuencode": TEXT + b"\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n\xff\xff\r\n`\r\nend",
}


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], None]:
    """Put a mail into the Maildir."""
    for part in ("cur", "new", "tmp"):
        (tmp_path / "mail" / part).mkdir(parents=True)
    return lambda name, data: (tmp_path / "mail" / "new" / name).write_bytes(data) and None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_read_or_refused_alone(
    pull: Callable[..., PulledRows], put: Callable[[str, bytes], None], name: str, reference
) -> None:
    put("1", HOSTILE[name])
    put("2", ORDINARY)
    started = time.process_time()
    batch = pull(CHANNEL)
    assert time.process_time() - started < 1.5
    assert batch.error == ""
    assert batch.read == 2 == batch.frame.height + batch.unreadable.height
    assert reference("m1@mail.example") in batch.frame["source_id"].to_list()


@pytest.mark.parametrize(
    "charset", [b"charset*=\xff\xfe''\xff", b'charset="ut\x00f"', b"charset*=u\x00tf''%ff", b"charset=punycode"]
)
def test_the_words_of_a_mail_with_a_broken_charset_are_kept(charset: bytes) -> None:
    assert mailbox.parse(TEXT + b"; " + charset + "\r\n\r\n漏水".encode(), SPEC)["text"] == "漏水"


def test_a_mail_that_the_parser_cannot_stand_is_named_with_the_reason(
    pull: Callable[..., PulledRows], put: Callable[[str, bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the standard library may raise on some mail of tomorrow, the mail is quarantined and the mailbox is read."""
    parse = mailbox.parse

    def broken(data: bytes, spec: Mailbox, *held: object) -> dict[str, object]:
        if b"broken" in data:
            raise AssertionError("an assumption of the parser")
        return parse(data, spec, *held)

    monkeypatch.setattr(mailbox, "parse", broken)
    put("1", HEAD + b"\r\nbroken")
    put("2", ORDINARY)
    batch = pull(CHANNEL)
    assert (batch.error, batch.read, batch.frame.height) == ("", 2, 1)
    assert "an assumption of the parser" in batch.unreadable["reason"][0]


LINE = st.one_of(
    st.sampled_from([line for mail in HOSTILE.values() if len(mail) < 4_000 for line in mail.split(b"\r\n")]),
    st.binary(max_size=60),
    st.builds(
        lambda name, rest: name + b": " + rest,
        st.sampled_from([b"From", b"Date", b"Subject", b"Content-Type", b"References"]),
        st.binary(max_size=60),
    ),
)


@given(st.lists(LINE, max_size=12))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_mail_at_all_escapes(lines: list[bytes]) -> None:
    """Lines in any order: a mail, or a refusal with its reason."""
    try:
        row = mailbox.parse(b"\r\n".join(lines), SPEC)
    except mailbox._Refusal:
        return
    assert all(value is None or isinstance(value, int) or value.encode() for value in row.values())
