"""Mails as mailboxes really hold them: without dates, in mbox files, with wrong charsets, quoted history, and written by nobody."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.collect.mails.charsets import decoded
from tasks.collect.mails.quotations import own_words, without_quoted_markup
from tasks.collect.markup import plain_text
from tasks.model.rows import PulledRows

Pull = Callable[..., PulledRows]
CHANNEL = """
channels:
  - name: mail
    table: feedback
    source: mail
    zone: Europe/London
    read: {kind: mailbox, %s}
    columns: {submitted_at: date, title: subject, text: text, customer_ref: from}
"""
RECEIVED = "Received: from gw (gw [10.0.0.1]) by mx.dusk.example;\r\n\tTue, 03 Nov 2026 10:15:00 +0000"
FORM = f"{RECEIVED}\r\nFrom: a@x.example\r\nSubject: Contact form\r\nMessage-ID: <1@x>\r\n\r\nThe heat pad burnt my hand.\r\n"


def mail(number: int, *headers: str, text: str = "Mug arrived broken.") -> str:
    """Write an ordinary mail of a day in November."""
    head = [
        f"From: p{number}@x.example",
        "Subject: q",
        f"Date: Wed, 04 Nov 2026 0{number}:00:00 +0000",
        f"Message-ID: <p{number}@x>",
        *headers,
    ]
    return "\r\n".join([*head, "", text, ""])


def put(home: Path, *mails: str) -> None:
    """Put mails into the Maildir of a home, which got them on 6 November."""
    for part in ("cur", "new", "tmp"):
        (home / "mail" / part).mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(mails):
        path = home / "mail" / "new" / str(number)
        path.write_bytes(text.encode())
        os.utime(path, (1_793_930_400, 1_793_930_400))


def test_a_mail_without_a_date_has_that_of_the_server(pull: Pull, tmp_path: Path) -> None:
    """Z-Push 191, sup 596: one of nine mails lacks its Date; all nine are read, and the burnt hand with them."""
    obsolete = mail(2).replace("Wed, 04 Nov 2026 02:00:00 +0000", "3 NOV 26 11:14:27 UT")
    put(tmp_path, FORM, obsolete, *(mail(number) for number in range(3, 10)))
    batch = pull(CHANNEL % "maildir: mail")
    assert (batch.error, batch.read, batch.frame.height) == ("", 9, 9)
    first = batch.frame.row(0, named=True)
    assert (first["text"], first["submitted_at"].isoformat()) == ("The heat pad burnt my hand.", "2026-11-03T10:15:00+00:00")
    assert batch.frame["flags"].to_list() == [["date_from_received"], *[[]] * 8]


def test_a_mail_without_any_date_has_that_of_its_folder(pull: Pull, tmp_path: Path) -> None:
    """The time at which the folder got it, and a flag."""
    put(tmp_path, FORM.partition("\r\n\t")[2].partition("\r\n")[2], mail(1).replace("2026", "1926"))
    batch = pull(CHANNEL % "maildir: mail")
    assert [moment.isoformat() for moment in batch.frame["submitted_at"]] == ["2026-11-06T02:00:00+00:00"] * 2
    assert batch.frame["flags"].to_list() == [["date_from_folder"]] * 2
    os.utime(tmp_path / "mail" / "new" / "0")  # copied after the moment of the pull: that says nothing
    assert pull(CHANNEL % "maildir: mail").unreadable["rule"].to_list() == ["unreadable.submitted_at"]


def test_an_mbox_file(pull: Pull, tmp_path: Path) -> None:
    """Each mail of the file is one record; `>From` within a mail is a line of it; one without any date has that of its envelope."""
    bare = "From: c@x.example\nSubject: s\nMessage-ID: <3@x>\n\nno date\n"
    mails = [mail(1, text="Hello\n>From here on it leaks."), mail(2), bare]
    text = "".join(f"From p@x.example Thu Nov  5 10:00:00 2026\n{each}\n" for each in mails).replace("\r\n", "\n")
    (tmp_path / "a.mbox").write_text(text, "utf-8")
    batch = pull(CHANNEL % 'mbox: "*.mbox"')
    assert batch.frame["text"].to_list() == ["Hello\nFrom here on it leaks.", "Mug arrived broken.", "no date"]
    assert batch.frame["submitted_at"].to_list()[2].isoformat() == "2026-11-05T10:00:00+00:00"
    assert batch.frame["flags"].to_list() == [[], [], ["date_from_folder"]]
    (tmp_path / "a.mbox").write_text("no mbox\n", "utf-8")
    assert "a.mbox is not an mbox file" in pull(CHANNEL % 'mbox: "*.mbox"').error


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        (['Content-Type: multipart/report; report-type=delivery-status; boundary="b"'], "1 bounces"),
        (["Auto-Submitted: auto-replied (vacation)"], "1 automatic replies"),
        (["X-Autoreply: yes"], "1 automatic replies"),
        (["Precedence: auto_reply"], "1 automatic replies"),
        (["List-Id: <news.x>", "List-Unsubscribe: <https://x.example/u>"], "1 newsletters"),
        (["Precedence: bulk", "List-Unsubscribe: <https://x.example/u>"], "1 newsletters"),
    ],
)
def test_nobody_wrote_it(pull: Pull, tmp_path: Path, headers: list[str], word: str) -> None:
    """Bounces, automatic replies and newsletters are no complaints: they are counted and left out, or kept where that is wanted."""
    put(tmp_path, mail(1, *headers), mail(2))
    batch = pull(CHANNEL % "maildir: mail")
    assert (batch.read, batch.frame.height) == (1, 1)
    assert batch.warnings == (f"mail: {word} are nobody's words and are left out.",)
    told = "Mug arrived broken." if "multipart" not in headers[0] else '"title": "q"'
    assert batch.left_out["record"].str.contains(told, literal=True).to_list() == [True], "it is searched for words of safety"
    assert pull(CHANNEL % "maildir: mail, leave_out: []").frame.height == 2


@pytest.mark.parametrize(
    "headers",
    [["Auto-Submitted: auto-generated"], ["List-Unsubscribe: <https://x.example/u>"], ["Precedence: bulk"], ["X-Mailer: form"]],
)
def test_a_form_of_a_website_holds_a_person_s_words(pull: Pull, tmp_path: Path, headers: list[str]) -> None:
    """A mail that a program sent for a person is read."""
    put(tmp_path, mail(1, *headers))
    assert pull(CHANNEL % "maildir: mail").frame.height == 1


@pytest.mark.parametrize(
    ("text", "encoding", "charset"),
    [
        ("Größe falsch, Gerät heiß", "cp1252", "utf-8"),
        ("Größe falsch, Gerät heiß", "cp1252", ""),
        ("Größe falsch, Gerät heiß", "cp1252", "us-ascii"),
        ("Größe falsch, Gerät heiß", "utf-8", "iso-8859-1"),
        ("Größe – “heiß”", "cp1252", "iso-8859-1"),
        ("充电线坏了，退款", "gb18030", "gb2312"),
        ("充电线坏了，退款", "gb18030", "iso-8859-1"),
        ("充电线坏了，退款", "gb18030", "utf-8"),
        ("充电线坏了，退款", "utf-8", "gb2312"),
        ("充電線壞了，退款", "big5hkscs", "unknown-8bit"),
        ("Лампа не работает", "koi8-r", "koi8-r"),
        ("壊れています", "iso-2022-jp", "iso-2022-jp"),
    ],
)
def test_a_charset_that_lies(text: str, encoding: str, charset: str) -> None:
    """A mail's bytes are read as what they are, whatever it declares."""
    assert decoded(text.encode(encoding), charset) == text


OLD = "We are sorry to hear that. Please send a photo."


@pytest.mark.parametrize(
    "history",
    [
        f"On Tue, 3 Nov 2026 at 10:00, Shop <help@shop.example> wrote:\n> {OLD}",
        f"On Tue, 3 Nov 2026 at 10:00, Shop\n<help@shop.example> wrote:\n{OLD}",
        f"Am 03.11.2026 um 10:00 schrieb Shop <help@shop.example>:\n{OLD}",
        f"Le mar. 3 nov. 2026 à 10:00, Shop <help@shop.example> a écrit :\n{OLD}",
        f"El mar, 3 nov 2026 a las 10:00, Shop (<help@shop.example>) escribió:\n{OLD}",
        f"Il giorno mar 3 nov 2026 alle ore 10:00 Shop <help@shop.example> ha scritto:\n{OLD}",
        f"Em ter., 3 de nov. de 2026 às 10:00, Shop <help@shop.example> escreveu:\n{OLD}",
        f"-----Original Message-----\nFrom: Shop\n{OLD}",
        f"-----Ursprüngliche Nachricht-----\n{OLD}",
        f"From: Shop <help@shop.example>\nSent: Tuesday, 3 November 2026 10:00\nTo: me\nSubject: q\n\n{OLD}",
        f"Von: Shop\nGesendet: Dienstag, 3. November 2026 10:00\nAn: ich\n\n{OLD}",
        f"________________________________\nFrom: Shop\n{OLD}",
        f"发件人: 客服\n发送时间: 2026年11月3日 10:00\n收件人: 我\n主题: 漏水\n\n{OLD}",
        f"在 2026年11月3日，10:00，客服 <help@shop.example> 写道：\n{OLD}",
        f"------------------ 原始邮件 ------------------\n{OLD}",
        f"-- \nAnna Example\nphone\n{OLD}",
        f"Sent from my iPhone\n\n> {OLD}",
    ],
)
def test_what_a_mail_quotes_is_not_its_own(history: str) -> None:
    """The customer's words end where the shop's mail, or the signature, begins."""
    assert own_words(f"It still leaks.\nI want my money back.\n\n{history}") == "It still leaks.\nI want my money back."


@pytest.mark.parametrize(
    "text", ["From: the lamp came smoke.\nIt burnt.", "On Monday the lamp broke:\nit is dark.", "> only a quotation"]
)
def test_ordinary_sentences_are_no_history(text: str) -> None:
    """A sentence that merely begins like a header is kept; a mail of nothing but a quotation is kept whole."""
    assert own_words(text) == text


@pytest.mark.parametrize(
    "quote",
    [
        f'<blockquote type="cite"><div>{OLD}</div></blockquote>',
        f'<div class="gmail_quote"><div dir="ltr">On Tue, Shop wrote:<br></div><blockquote class="gmail_quote">{OLD}</blockquote></div>',
        f'<div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Shop<br><b>Sent:</b> Tuesday</div><div>{OLD}</div>',
        f'<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p>From: Shop</p></div><p>{OLD}</p>',
        f'<div class="yahoo_quoted"><div>{OLD}</div>',
        f"<blockquote>{OLD}<blockquote>older</blockquote>",
    ],
)
def test_quoted_markup_is_not_the_customer_s(quote: str) -> None:
    """Whatever program quotes, only what stands outside the quotation is kept, also below it."""
    page = f"<html><body><div>It still leaks.</div>{quote}</body></html>"
    assert own_words(plain_text(without_quoted_markup(page))) == "It still leaks."
    only = f"<html><body>{quote}</body></html>"
    assert OLD in plain_text(without_quoted_markup(only))


def test_an_answer_below_the_quotation_is_kept() -> None:
    """Words after a closed quotation are the customer's too."""
    page = f"<p>Above.</p><blockquote>{OLD}</blockquote><p>Below.</p>"
    assert plain_text(without_quoted_markup(page)).split() == ["Above.", "Below."]
