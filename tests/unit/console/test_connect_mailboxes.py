"""`aftersales connect` on mailboxes: an mbox file, a Maildir, saved mails; what customers wrote, and not what the shop answered."""

import mailbox
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flows.console.cli import main
from flows.console.init import make_home
from tasks.collect.pull import pull_channel
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.load import Shop

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def _mail(number: int, sender: str, to: str, subject: str, text: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"], message["Message-ID"] = f"Mon, {number:02} Nov 2026 10:00:00 +0000", f"<m{number}@mail.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


MAILS = [
    _mail(2, "Ann <ann@mail.example>", "Service <help@shop.example>", "Order #1001: lamp", "It smells of smoke, call 199-0000-1234"),
    _mail(3, "bob@mail.example", "help@shop.example", "Broken mug", "My order 1002-7 arrived in pieces"),
    _mail(4, "Service <Help@shop.example>", "ann@mail.example", "Re: Order #1001: lamp", "We are sorry and will refund you"),
    _mail(5, "news@supplier.example", "help@shop.example", "Autumn sale", "Buy now", List_Unsubscribe="<https://supplier.example/u>", Precedence="bulk"),
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AFTERSALES_HOME", "unused")
    make_home(tmp_path / "shop")
    return tmp_path / "shop"


def _run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *arguments])


def _pulled(home: Path) -> PulledRows:
    shop = Shop.load(home)
    settings = Settings(home=home, secret="a key for tests only")  # type: ignore[arg-type]
    return pull_channel(shop.channels.channels[0], window_start=None, window_end=NOW, shop=shop, settings=settings, now=NOW)


def _as_mbox(home: Path) -> Path:
    box = mailbox.mbox(home / "inbox" / "support-2026-11.mbox")
    for message in MAILS:
        box.add(message)
    box.close()
    return home / "inbox" / "support-2026-11.mbox"


def _as_maildir(home: Path) -> Path:
    box = mailbox.Maildir(home / "inbox" / "mail")
    for message in MAILS:
        box.add(message)
    return home / "inbox" / "mail"


def _as_saved(home: Path) -> Path:
    (home / "inbox" / "saved").mkdir()
    for number, message in enumerate(MAILS):
        (home / "inbox" / "saved" / f"{number}.eml").write_bytes(message.as_bytes())
    return home / "inbox" / "saved" / "0.eml"


@pytest.mark.parametrize(
    ("made", "read"),
    [
        (_as_mbox, "read: {kind: mailbox, mbox: inbox/support-*.mbox}"),
        (_as_maildir, "read: {kind: mailbox, maildir: inbox/mail}"),
        (_as_saved, "read: {kind: mailbox, eml: inbox/saved/*.eml}"),
    ],
)
def test_a_mailbox_becomes_a_channel(home: Path, made: object, read: str) -> None:
    """Customers' mails are rows; the shop's own answer and the newsletter are none; order numbers are found in the words."""
    sample = made(home)  # type: ignore[operator]
    shown = _run(home, "connect", str(sample), "--write", "--name", "mails", "--language", "en")
    assert shown.exit_code == 0, shown.output
    assert read in shown.output
    assert "1 more are bounces, automatic replies and newsletters" in shown.output
    assert "1 mails come from help@shop.example" in shown.output or "the shop's own answers" in shown.output
    assert not re.search(r"[\u4e00-\u9fff]", shown.output) and "[phone]" in shown.output
    assert "ann@mail.example" not in shown.output and "199-0000-1234" not in shown.output
    batch = _pulled(home)
    assert batch.error == "" and batch.unreadable.is_empty()
    rows = batch.frame.sort("submitted_at")
    assert rows.select("title", "order_ref", "source").rows() == [
        ("Order #1001: lamp", "1001", "mail"),
        ("Broken mug", "1002-7", "mail"),
    ]
    assert rows["customer_ref"].n_unique() == 2


def test_the_other_language_and_several_saved_mails_at_once(home: Path) -> None:
    folder = _as_saved(home).parent
    shown = _run(home, "connect", *map(str, sorted(folder.iterdir())), "--language", "zh-CN")
    assert shown.exit_code == 0, shown.output
    assert shown.output.count("kind: mailbox") == 1 and "共 3 封客户来信" in shown.output


def test_a_folder_that_is_none_and_a_mailbox_without_customers_are_refused(home: Path) -> None:
    (home / "inbox" / "folder").mkdir()
    refused = _run(home, "connect", str(home / "inbox" / "folder"))
    assert refused.exit_code == 1 and "mbox file, a Maildir, or mails saved as .eml" in " ".join(refused.output.split())
    (home / "inbox" / "only.eml").write_bytes(MAILS[3].as_bytes())
    nobody = _run(home, "connect", str(home / "inbox" / "only.eml"))
    assert nobody.exit_code == 1 and "holds no mail that a customer wrote" in nobody.output


def test_a_saved_mail_is_read_once_under_two_names(home: Path) -> None:
    folder = _as_saved(home).parent
    (folder / "copy of 0.eml").write_bytes(MAILS[0].as_bytes())
    assert _run(home, "connect", str(folder), "--write", "--name", "mails").exit_code == 0
    assert sorted(_pulled(home).frame["record_id"].unique().to_list()) == sorted(set(_pulled(home).frame["record_id"]))
    assert _pulled(home).frame["record_id"].n_unique() == 2
