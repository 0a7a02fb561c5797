"""A file that breaks its parser stops only itself: it is named with a reason, and the file beside it is read."""

import bz2
import gzip
import io
import json
import lzma
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tasks.model.rows import PulledRows

COLUMNS = "source_id: id\n    columns: {submitted_at: at, text: text}"
CHANNEL = """
channels:
  - name: desk
    table: feedback
    source: ticket
    read: {kind: %s, files: [in/*]}
    %s
"""
ROWS = [{"id": str(n), "at": f"2026-11-0{n} 10:00:00", "text": f"broken {n}"} for n in range(1, 4)]
CSV = "id,at,text\n" + "".join(f"{row['id']},{row['at']},{row['text']}\n" for row in ROWS)


def zipped(data: bytes, method: int, name: str = "a.csv") -> bytes:
    """Pack one member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def spoiled(data: bytes, start: int, length: int = 40) -> bytes:
    """Overwrite a stretch of bytes."""
    return data[:start] + b"\xff" * length + data[start + length :]


def parquet() -> bytes:
    """A good file."""
    out = io.BytesIO()
    pl.DataFrame(ROWS * 200).write_parquet(out)
    return out.getvalue()


GOOD = {
    "delimited": ("z.csv", CSV.encode()),
    "json_records": ("z.json", json.dumps(ROWS).encode()),
    "parquet": ("z.parquet", parquet()),
}
BIG = ("id,at,text\n" + "1,2026-11-02 10:00:00,x\n" * 20_000).encode()
FILES = [
    ("delimited", "a.csv", b'id,at,text\n1,2026-11-02,"never closed\n' * 50_000),
    ("delimited", "a.csv", b"id,at,text\n1,2026-11-02," + b"x" * 200_000 + b"\n\x00\x00\n"),
    ("delimited", "a.csv", b"\x00" * 10_000),
    ("delimited", "a.csv", b'id,at,text\r1\r\r\n\n\r"\r'),
    ("delimited", "a.csv", random.Random(1).randbytes(20_000)),
    ("delimited", "a.zip", spoiled(zipped(BIG, zipfile.ZIP_LZMA), 60)),
    ("delimited", "a.zip", spoiled(zipped(BIG, zipfile.ZIP_BZIP2), 60)),
    ("delimited", "a.zip", spoiled(zipped(BIG, zipfile.ZIP_DEFLATED), 60)),
    ("delimited", "a.zip", zipped(BIG, zipfile.ZIP_LZMA)[:-30]),
    ("delimited", "a.zip", b"PK\x05\x06" + b"\xff" * 18),
    ("delimited", "a.zip", b""),
    ("delimited", "a.csv.gz", gzip.compress(BIG)[:-100]),
    ("delimited", "a.csv.gz", spoiled(gzip.compress(BIG), 30)),
    ("delimited", "a.csv.gz", bz2.compress(BIG)),
    ("json_records", "a.json", b"[" * 200_000),
    ("json_records", "a.json", b'{"id": 1'),
    ("json_records", "a.json", lzma.compress(BIG)),
    ("json_records", "a.jsonl", b"\xff\xfe" * 5_000),
    ("json_records", "a.json.gz", gzip.compress(BIG)[:50]),
    ("parquet", "a.parquet", spoiled(parquet(), 4, 200)),
    ("parquet", "a.parquet", spoiled(parquet(), len(parquet()) - 60, 40)),
    ("parquet", "a.parquet", parquet()[:-20]),
    ("parquet", "a.parquet", b"PAR1PAR1"),
    ("parquet", "a.parquet", b"PAR1" + b"\xff" * 100 + b"\xff\xff\xff\x7fPAR1"),
    ("parquet", "a.parquet", b""),
]


@pytest.mark.parametrize(
    ("kind", "name", "data"), FILES, ids=[f"{number}-{kind}-{name}" for number, (kind, name, _) in enumerate(FILES)]
)
def test_the_file_beside_it_is_read(pull: Callable[..., PulledRows], tmp_path: Path, kind: str, name: str, data: bytes) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(data)
    (tmp_path / "in" / GOOD[kind][0]).write_bytes(GOOD[kind][1])
    started = time.process_time()
    batch = pull(CHANNEL % (kind, COLUMNS))
    assert time.process_time() - started < 5
    assert {"1", "2", "3"} <= set(batch.frame["source_id"].to_list()), batch.error
    assert batch.read == batch.frame.height + batch.unreadable.height
    said = batch.error + "".join(batch.warnings) + "".join(batch.unreadable["reason"])
    assert name in said or batch.frame.height > 3 or not data.strip(b"\x00"), said


@pytest.mark.parametrize("kind", ["delimited", "json_records", "parquet"])
def test_no_spoiled_copy_of_a_good_file_escapes(pull: Callable[..., PulledRows], tmp_path: Path, kind: str) -> None:
    """Thirty copies with stretches overwritten at random: none raises, whatever the parser makes of it."""
    draw = random.Random(7)
    (tmp_path / "in").mkdir()
    name, good = GOOD[kind]
    for number in range(30):
        at = draw.randrange(len(good))
        cut = draw.randrange(2)
        data = good[:at] if cut else good[:at] + draw.randbytes(draw.randrange(1, 60)) + good[at + draw.randrange(40) :]
        (tmp_path / "in" / f"{number:02}{Path(name).suffix}").write_bytes(data)
    (tmp_path / "in" / name).write_bytes(good)
    batch = pull(CHANNEL % (kind, COLUMNS))
    assert {"1", "2", "3"} <= set(batch.frame["source_id"].to_list()), batch.error
    assert batch.read == batch.frame.height + batch.unreadable.height


@pytest.mark.parametrize(
    "broken",
    [
        '{"id": "9", "at": "2026-11-02 10:00:00", "text": "cut \\ud83d"}',
        '{"id": "9", "at": "2026-11-02 10:00:00", "text": "\\udc00\\ud800"}',
    ],
)
@pytest.mark.parametrize("form", ["lines", "document"])
def test_one_cut_emoji_is_one_quarantined_record(pull: Callable[..., PulledRows], tmp_path: Path, broken: str, form: str) -> None:
    (tmp_path / "in").mkdir()
    lines = [*(json.dumps(row) for row in ROWS), broken]
    text = "\n".join(lines) if form == "lines" else f"[{','.join(lines)}]"
    (tmp_path / "in" / ("a.jsonl" if form == "lines" else "a.json")).write_text(text, "utf-8")
    batch = pull(CHANNEL % ("json_records", COLUMNS))
    assert (batch.error, batch.read, batch.frame.height, batch.unreadable.height) == ("", 4, 3, 1)
    assert "half of a character" in batch.unreadable["reason"][0]
