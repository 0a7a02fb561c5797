from __future__ import annotations

import email
import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.deliver.message import Letter, Mail, build, check_headers, safe_header
from tasks.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
LETTER = Letter(
    report="weekly",
    period="2026-W45",
    audience="executive",
    language="zh-CN",
    revision=1,
    date=datetime(2026, 11, 8, 16, tzinfo=UTC),
    subject="售后周报 11月2日—11月8日：X3洗地机电池投诉约为正常批次的6倍",
    text="1. 本周售后整体正常。",
    html='<p>1. 本周售后整体正常。</p><img src="cid:page1" alt="第1页">',
    pdf=b"%PDF-1.7 " + bytes(range(256)) * 40,
    pdf_name="售后周报 2026-W45.pdf",
    page1_png=b"\x89PNG\r\n\x1a\n" + bytes(200),
)
TRAP = "Weekly: =?utf-8?q?top_issue=0D=0ABcc=3A_evil=40x.example?="


def built(letter: Letter = LETTER, **changes: Any) -> Mail:
    details: dict[str, Any] = {
        "address": "boss@example.com",
        "name": "陈总",
        "configured": ["boss@example.com", "ops@example.com"],
        "sender": "review@aftersales.example",
        "sender_name": "朴岸生活 售后回顾",
        "domain": "aftersales.example",
    }
    return build(letter, **{**details, **changes})


def parsed(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_everything_parses_back_exactly() -> None:
    message = parsed(built())
    parts = {part.get_content_type(): part for part in message.walk()}
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    assert message["Subject"] == LETTER.subject
    assert str(message["From"]) == "朴岸生活 售后回顾 <review@aftersales.example>"
    assert str(message["To"]) == "陈总 <boss@example.com>"
    assert message["Date"].datetime == LETTER.date
    assert message["Auto-Submitted"] == "auto-generated"
    assert parts["text/plain"].get_content().strip() == LETTER.text
    assert parts["application/pdf"].get_filename() == LETTER.pdf_name
    assert parts["application/pdf"].get_content() == LETTER.pdf
    assert parts["image/png"].get_content() == LETTER.page1_png
    assert parts["image/png"].get_content_disposition() == "inline"
    assert f'src="cid:{parts["image/png"]["Content-ID"].strip("<>")}"' in parts["text/html"].get_content()


def test_the_bytes_are_seven_bit_lines_that_every_server_takes() -> None:
    content = built().content
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert content.count(b"\n") == content.count(b"\r\n")
    assert b"filename*=utf-8''" in content


def test_the_message_id_follows_from_the_key_alone() -> None:
    mail = built()
    digest = hashlib.sha256(mail.delivery.key.encode()).hexdigest()
    assert mail.message_id == f"<{digest}@aftersales.example>" == parsed(mail)["Message-ID"]
    assert built(replace(LETTER, text="other")).message_id == mail.message_id
    others = [
        replace(LETTER, **{name: value})
        for name, value in (("revision", 2), ("language", "en"), ("period", "2026-W44"), ("audience", "x"), ("report", "y"))
    ]
    assert len({built(other).message_id for other in [LETTER, *others]} | {built(address="ops@example.com").message_id}) == 7


def test_the_same_letter_gives_the_same_bytes_in_any_process() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/unit/deliver')\n"
        "import hashlib, test_message\nprint(hashlib.sha256(test_message.built().content).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai"))
    }
    assert seen == {hashlib.sha256(built().content).hexdigest()} == {built().delivery.content_sha256}


# ---- Headers -----------------------------------------------------------------------------------


def test_the_raw_text_would_have_become_a_header() -> None:
    """Where the Python is not mended yet, the trap is real: this is what `safe_header` is for."""
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = TRAP
    if sys.version_info[:3] < (3, 11, 10):
        assert b"\r\nBcc:" in message.as_bytes()
    message.replace_header("Subject", safe_header(TRAP))
    assert b"\r\nBcc:" not in message.as_bytes()


@pytest.mark.parametrize(
    "said",
    [
        TRAP,
        "x\r\nBcc: evil@x.example",
        "x\nBcc: evil@x.example",
        "=?utf-8?b?eA0KQmNjOiBldmlsQHguZXhhbXBsZQ==?=",
        "=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3D0D=3D0ABcc=3A_evil=3F=3D?=",
        "售后 =?gb18030?q?=0A_Bcc=3A_evil?= 投诉",
        "=?no-such-charset?q?a=0D=0ABcc=3A_evil?=",
        "=?utf-8?b?!!!?=",
        "a\u2028Bcc: evil\u2029b\x85c\x0bd\x0ce\x1cf",
    ],
)
@pytest.mark.parametrize("field", ["subject", "pdf_name", "name", "sender_name"])
def test_no_text_becomes_a_header(said: str, field: str) -> None:
    mail = built(replace(LETTER, **{field: said})) if field in ("subject", "pdf_name") else built(**{field: said})
    head = mail.content.split(b"\r\n\r\n", 1)[0]
    assert not [line for line in head.split(b"\r\n") if line.lower().startswith(b"bcc")]
    check_headers(mail.content)
    assert not any(part["Bcc"] for part in parsed(mail).walk())


@given(
    st.text(st.characters(codec="utf-8"), max_size=300)
    | st.binary(max_size=60).map(lambda raw: "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in raw) + "?=")
)
def test_a_header_is_one_short_visible_line(said: str) -> None:
    line = safe_header(said)
    assert len(line) <= 150
    assert line == " ".join(line.split())
    assert line.isprintable()
    assert "=?" not in line
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = line
    assert list(email.message_from_bytes(message.as_bytes()).keys()) == ["Subject"]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("售后周报：正常", "售后周报：正常"),
        ("a  b\t c ", "a b c"),
        ("=?utf-8?b?5ZSu5ZCO?= 周报", "售后 周报"),
        ("口\u202eab\u200bc", "口 ab c"),
        ("字" * 151, "字" * 149 + "…"),
        ("2 =? 3", "2 = ? 3"),
    ],
)
def test_what_a_header_keeps(said: str, line: str) -> None:
    assert safe_header(said) == line


def test_a_mail_with_another_header_is_refused() -> None:
    content = built().content
    check_headers(content)
    with pytest.raises(ValueError, match="Bcc"):
        check_headers(b"Bcc: evil@x.example\r\n" + content)
    with pytest.raises(ValueError, match="would carry"):
        check_headers(b"To: evil@x.example\r\n" + content)


# ---- Recipients --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["Boss@example.com", "boss@example.com ", "boss@evil.example", "boss@evil.example)boss@example.com", ""]
)
def test_only_a_configured_address_is_written_to(address: str) -> None:
    with pytest.raises(UserError, match="not a recipient"):
        built(address=address)


@pytest.mark.parametrize("address", ["老板@example.com", "boss@example.com\r\nBcc: x@y.example", "no-at-sign"])
def test_an_address_that_cannot_be_written_is_told(address: str) -> None:
    with pytest.raises(UserError, match="mail"):
        built(address=address, configured=[address])


def test_the_trial_switch_sends_elsewhere_and_does_not_count_as_sent() -> None:
    trial, real = built(all_to="me@example.com"), built()
    assert (trial.address, real.address) == ("me@example.com", "boss@example.com")
    assert trial.message_id != real.message_id
    assert trial.delivery.recipient == "boss@example.com → me@example.com"
    assert "boss@example.com" not in str(parsed(trial)["To"])


def test_a_page_without_its_picture_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="does not show"):
        built(replace(LETTER, html="<p>x</p>"))
