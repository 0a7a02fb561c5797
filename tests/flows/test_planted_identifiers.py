"""A thousand planted identifiers of every kind, in every column, file name, id and subject: none is found in what a home holds afterwards."""

from __future__ import annotations

import csv
import mailbox
import re
import sqlite3
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import cycle
from pathlib import Path

import polars as pl
import pypdfium2
import pytest

from tasks.model.tables import TABLES
from tests.makers.homes import aftersales

WEEK = "2026-W45"
SKUS = ("KT-01", "KT-02", "KT-03")
FORMS = (
    "1990{n:07d}", "199-{n:04d}-7731", "+86 1990{n:07d}", "(303) 555-{n:04d}", "+44 7700 9{n:05d}", "buyer{n}@mail.example", "b{n}艾特mail点example",
    "微信号wxid_p{n:06d}", "加我微信 li_{n:05d}", "QQ10{n:06d}", "000-{m:02d}-{n:04d}", "护照号E0{n:07d}", "IP 203.0.{m}.{k}", "浙江省杭州市西湖区文三路{n}号2幢", "{n} Maple Street",
    "沪A{n:05d}", "我叫张{han}{han2}", "Recipient: Peter Pl{letters}", "telegram: @planted{n}", "30.{n:06d}, 114.{n:06d}", "座机0571-8{n:07d}", "P.O. Box 9{n:05d}",
)  # fmt: skip
HAN = "伟芳娜敏静丽强磊洋艳勇军杰娟涛超明霞秀兰"
AUDIENCES = """
audiences:
  executive:
    name: {zh: 管理层, en: Management}
    reports: [weekly]
    recipients:
      - {mail: gm@puan.example, name: Gm, language: zh-CN}
"""


def planted(number: int) -> str:
    """Return an invented identifier of the form whose turn it is; each is used once."""
    letters = "".join(chr(97 + int(digit)) for digit in f"{number:04d}")
    return FORMS[number % len(FORMS)].format(
        n=number, m=number % 89 + 10, k=number // 22 + 10, han=HAN[number % 20], han2=HAN[number // 22 % 20], letters=letters
    )


def core(identifier: str) -> str:
    """Return the part of an identifier that must not be found anywhere: without the words before it."""
    return re.sub(r"^(?:微信号|加我微信 |QQ|护照号|IP |我叫|Recipient: |telegram: @|座机)", "", identifier)


def write_home(home: Path) -> list[str]:
    """Write a shop whose exports and mails are full of identifiers; return them."""
    used: list[str] = []

    def plant() -> str:
        used.append(planted(len(used) + 100))
        return used[-1]

    (home / "config").mkdir(parents=True)
    (home / "inbox").mkdir()
    (home / "config" / "audiences.yaml").write_text(AUDIENCES, "utf-8")
    channels = ["channels:"]
    begin = datetime(2026, 11, 2, 1)
    for table, plain in (
        ("feedback", {"submitted_at": lambda n: f"{begin + timedelta(minutes=7 * n):%Y-%m-%d %H:%M:%S}", "source": lambda n: "ticket", "text": lambda n: "水壶漏水，退款"}),
        ("order_line", {"paid_at": lambda n: f"{begin + timedelta(minutes=7 * n):%Y-%m-%d %H:%M:%S}", "tid": lambda n: f"T{n}", "sku": lambda n: SKUS[n % 3], "qty": lambda n: "1", "platform": lambda n: "jia"}),
        ("aftersale", {"applied_at": lambda n: f"{begin + timedelta(minutes=7 * n):%Y-%m-%d %H:%M:%S}", "type": lambda n: "refund_only", "phase": lambda n: "after_sign"}),
    ):  # fmt: skip
        columns = [name for name in TABLES[table].described if name != "record_id"]
        rows = []
        many = 420 if table == "feedback" else 250
        for number, name in zip(range(8 * many), cycle(columns), strict=False):
            row = {column: plain[column](number // 8) if column in plain else "" for column in columns}
            if (key := TABLES[table].key[0]) in columns:
                row[key] = f"{table[0]}{number:05d}"
            if number < many:
                row[name] = f"请看{plant()}，谢谢" if name in ("text", "title") else plant()
            rows.append({"id": plant() if number < many and number % 9 == 0 else f"r{number}", **row})
        file = home / "inbox" / f"{table}_{'19900099001' if table == 'feedback' else 'x'}.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        mapped = ", ".join(f'{column}: "{column}"' for column in columns)
        channels += [
            f"  - name: {table}", f"    label: {{zh: {table}, en: {table}}}", f"    table: {table}", "    zone: Asia/Shanghai",
            f'    read: {{kind: delimited, files: ["inbox/{table}_*.csv"]}}', *(["    source_id: id"] if table == "feedback" else []), f"    stamp: {TABLES[table].time}", f"    columns: {{{mapped}}}",
        ]  # fmt: skip
    box = mailbox.Maildir(home / "inbox" / "mail", create=True)
    for number in range(60):
        mail = EmailMessage()
        named = f"1990{9_000_000 + number}"
        used.append(named)
        mail["Message-ID"], mail["References"] = f"<{named}.{number}@mail.example>", f"<first.{named}@mail.example>"
        mail["Date"], mail["From"] = "Wed, 04 Nov 2026 10:00:00 +0800", f"buyer{number}@example.com"
        used.append(f"buyer{number}@example.com")
        mail["Subject"] = f"水壶坏了 {plant()}"
        mail.set_content(f"水壶漏水，{plant()}")
        box.add(mail.as_bytes())
    channels += [
        "  - name: mails", "    label: {zh: 邮件, en: Mails}", "    table: feedback", "    source: mail", "    zone: Asia/Shanghai", '    read: {kind: mailbox, maildir: "inbox/mail"}',
        "    source_id: message_id", "    stamp: date", "    columns: {submitted_at: date, title: subject, text: text, customer_ref: from, thread_ref: thread}",
        "  - name: broken", "    label: {zh: 坏的, en: Broken}", "    table: product", '    read: {kind: parquet, files: ["inbox/*.parquet"]}', "    columns: {sku: sku, line: line}",
    ]  # fmt: skip
    for name in ("19900099002.parquet", "li.lei@mail.example.parquet"):
        (home / "inbox" / name).write_bytes(b"no parquet")
    used += ["19900099001", "19900099002", "li.lei@mail.example"]
    (home / "config" / "channels.yaml").write_text("\n".join(channels) + "\n", "utf-8")
    return used


def texts_of(path: Path) -> str:
    """Return everything that can be read in a file: decoded rows, pages, mails, databases."""
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        return "\n".join(str(row) for row in frame.rows()) + "\n".join(frame.columns)
    if path.suffix == ".pdf":
        return pdf_text(path.read_bytes())
    if path.suffix == ".eml":
        parts = [str(value) for value in message_from_bytes(path.read_bytes(), policy=policy.default).values()]
        for part in message_from_bytes(path.read_bytes(), policy=policy.default).walk():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                parts.append(
                    pdf_text(content) if part.get_content_type() == "application/pdf" else content.decode("utf-8", "replace")
                )
        return "\n".join(parts)
    if path.suffix in (".sqlite", ".db"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
            tables = [row[0] for row in base.execute("select name from sqlite_master where type = 'table'")]
            return "\n".join(str(row) for table in tables for row in base.execute(f'select * from "{table}"'))
    return path.read_bytes().decode("utf-8", "replace")


def pdf_text(data: bytes) -> str:
    """Return the text of a PDF."""
    document = pypdfium2.PdfDocument(data)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


@pytest.mark.timeout(600)
def test_none_of_a_thousand_planted_identifiers_is_found(tmp_path: Path) -> None:
    home = tmp_path / "home"
    identifiers = write_home(home)
    assert len(set(identifiers)) >= 1_000
    told = [
        aftersales(home, "review", "--period", WEEK, "--send"),
        aftersales(home, "early-warning", "--send"),
        aftersales(home, "status"),
        aftersales(home, "channels", "try", "broken"),
    ]
    assert told[0].returncode == 0, told[0].stdout + told[0].stderr
    assert list((home / "outbox").glob("*.eml"))
    places = {f"console {number}": done.stdout + done.stderr for number, done in enumerate(told)}
    for path in sorted(home.rglob("*")):
        if path.is_file() and path.relative_to(home).parts[0] not in ("config", "inbox"):
            places[path.relative_to(home).as_posix()] = f"{path.name}\n{texts_of(path)}"
    assert sum(text.count("水壶漏水") for place, text in places.items() if place.startswith("lake/feedback/")) > 2_000
    assert any(place.startswith("lake/") for place in places) and any(place.startswith("prefect/") for place in places)
    found = [(place, identifier) for place, text in places.items() for identifier in identifiers if core(identifier) in text]
    assert found == []
