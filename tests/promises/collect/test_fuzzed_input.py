"""Ten thousand fuzzed records and three hundred spoiled files and mails: nothing escapes, and good + quarantined = read."""

import csv
import io
import json
import random
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.collect.pull import pull_channel
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop

NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
FIELDS = ("id", "at", "changed", "text", "amount", "rating", "buyer", "order", "closed", "tags", "kind", "deep")
TEXTS = [
    "", " ", "\t\n", "\x00", "\x1b[31m", "\ufeff", "\u202e", "\ud83d", "\udc00x", "👍🏽", "é" * 300, "𝔘", "null", "nan", "inf", "-0", "1e999", "9" * 400,
    "2026-11-02 10:00:00", "2026-02-30", "0000-00-00", "9999-12-31 23:59:60", "-1", "1.234,56", "¥12", "(5)", "=1+1", "²", "٣", "true", "是", "[/red]", "{{x}}",
    "<script>", "{shared}", "../../x", "1601-01-01T00:00:00+99:99", "292277026596-12-04", "1e18", "99999999999999999999", "Ａ", "\r\n", '"', "''", "\\", "%s", "漏水",
]  # fmt: skip
VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    10**30,
    1.5,
    -0.0,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    {"": {"": 1}},
    {"a.b": 1},
    *TEXTS,
]
CHANNEL = """
name: desk
table: feedback
source: ticket
read: {read}
source_id: id
stamp: changed
window_by: all
columns:
  submitted_at: {{from: at, dates: [iso, epoch_s, epoch_ms, half_day, month_day, "%d/%m/%Y"]}}
  text: text
  title: {{concat: [kind, text], separator: "|"}}
  rating: rating
  customer_ref: buyer
  order_ref: {{from: order, extract: "(\\\\d+)"}}
extras:
  amount: {{from: amount, type: float}}
  closed: {{from: closed, type: bool}}
  tags: {{from: tags, type: list, split: ","}}
  deep: {{from: deep.a.b, type: int}}
  half: {{sql: "length(text) / 2", type: int}}
"""


def drawn(draw: random.Random, depth: int = 0) -> Any:
    """Draw a value that somebody might send."""
    kind = draw.randrange(12)
    if kind == 0 and depth < 4:
        return [drawn(draw, depth + 1) for _ in range(draw.randrange(4))]
    if kind == 1 and depth < 4:
        return {draw.choice([*FIELDS, *TEXTS, "a", "b"]): drawn(draw, depth + 1) for _ in range(draw.randrange(4))}
    if kind == 2:
        return "".join(
            chr(draw.choice([draw.randrange(0x20), draw.randrange(0x3000), draw.randrange(0x110000)]))
            for _ in range(draw.randrange(30))
        )
    return draw.choice(VALUES)


def record(draw: random.Random, number: int) -> Any:
    """Draw a record; most have most fields, some are no records at all."""
    if draw.random() < 0.01:
        return drawn(draw)
    usual = {
        "id": f"R{number}",
        "at": "2026-11-02 10:00:00",
        "changed": "2026-11-02 10:00:00",
        "text": "漏水",
        "amount": "12.50",
        "rating": 1,
    }
    return {**usual, **{field: drawn(draw) for field in FIELDS if draw.random() < 0.2}}


def pulled(home: Path, read: str) -> PulledRows:
    """Pull the channel once."""
    import yaml

    channel = Channel.model_validate(yaml.safe_load(CHANNEL.format(read=read)))
    return pull_channel(
        channel,
        window_start=None,
        window_end=NOW,
        shop=Shop.load(home),
        settings=Settings(home=home, secret="a key for tests only"),  # type: ignore[arg-type]
        now=NOW,
        wait=lambda _: None,
    )


def test_ten_thousand_records(tmp_path: Path) -> None:
    draw = random.Random(20261109)
    lines = []
    for number in range(10_000):
        line = json.dumps(record(draw, number), ensure_ascii=draw.random() < 0.7)
        if draw.random() < 0.03:
            at = draw.randrange(len(line))
            line = line[:at] + draw.choice(TEXTS) + line[at + 1 :]
        lines.append(line.replace("\n", " ").replace("\r", " "))
    (tmp_path / "a.jsonl").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    batch = pulled(tmp_path, "{kind: json_records, files: [a.jsonl]}")
    assert batch.error == ""
    assert batch.read == batch.frame.height + batch.unreadable.height
    assert batch.read == sum(bool(line.strip()) for line in lines)
    assert batch.frame.height > 5_000


def rows(draw: random.Random) -> list[dict[str, str]]:
    """Draw the rows of one file."""
    return [
        {
            field: f"{number}"
            if field == "id"
            else draw.choice([str(value) for value in VALUES]).encode("utf-8", "replace").decode()
            for field in FIELDS
        }
        for number in range(draw.randrange(1, 30))
    ]


def written(draw: random.Random, kind: str) -> bytes:
    """Write a file of a kind."""
    table = rows(draw)
    if kind == "json_records":
        return json.dumps(table).encode()
    if kind == "parquet":
        out = io.BytesIO()
        pl.DataFrame(table).write_parquet(out)
        return out.getvalue()
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, delimiter=draw.choice(",;\t"))
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue().encode(draw.choice(["utf-8", "utf-8-sig", "gb18030"]), "replace")


def spoiled(draw: random.Random, data: bytes) -> bytes:
    """Spoil a file in one of the ways in which files are spoiled."""
    at = draw.randrange(max(len(data), 1))
    return draw.choice(
        [
            data[:at],
            data[:at] + draw.randbytes(20) + data[at + 20 :],
            data[:at] + b"\x00" * 30 + data[at:],
            data[:at] + b'"' + data[at:],
            data.replace(b"\n", b"\r"),
            data + data,
            draw.randbytes(len(data) % 4_000),
        ]
    )


@pytest.mark.parametrize("kind", ["delimited", "json_records", "parquet", "zip", "workbook", "mailbox"])
def test_fifty_spoiled_files_of_each_kind(tmp_path: Path, kind: str) -> None:
    """Each is pulled by itself: a pull has an error or rows, and never an exception."""
    draw = random.Random(len(kind))
    for number in range(50):
        home = tmp_path / str(number)
        for part in ("cur", "new", "tmp"):
            (home / "mail" / part).mkdir(parents=True)
        if kind == "mailbox":
            fields = "".join(
                f"{name}: {draw.choice(TEXTS)}\r\n"
                for name in ("From", "To", "Subject", "Date", "Content-Type", "Message-ID", "References")
            )
            data = spoiled(draw, (fields + "\r\n" + "漏水" * 20).encode("utf-8", "replace"))
            (home / "mail" / "new" / "1").write_bytes(data)
            read = "{kind: mailbox, maildir: mail}"
        elif kind in ("zip", "workbook"):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", draw.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])) as archive:
                archive.writestr("[Content_Types].xml" if kind == "workbook" else "a.csv", written(draw, "delimited"))
            (home / f"a.{'xlsx' if kind == 'workbook' else 'zip'}").write_bytes(spoiled(draw, out.getvalue()))
            read = "{kind: workbook, files: [a.xlsx]}" if kind == "workbook" else "{kind: delimited, files: [a.zip]}"
        else:
            (home / "a.data").write_bytes(spoiled(draw, written(draw, kind)))
            read = f"{{kind: {kind}, files: [a.data]}}"
        batch = pulled(home, read)
        assert batch.error or batch.read == batch.frame.height + batch.unreadable.height, number
        assert "Traceback" not in batch.error and "panicked" not in batch.error and "RUST_BACKTRACE" not in batch.error
