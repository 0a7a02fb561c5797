"""CSV as exports write it: encodings, preambles, packing, totals, and the row number at which they stop."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.model.rows import PulledRows

CHANNEL = """
channels:
  - name: calls
    table: feedback
    source: call
    read: {kind: delimited, files: ["in*"], %s}
    columns: {submitted_at: 时间, text: 小结}
"""
TEXT = "时间,小结\n2026-11-01,漏水\n2026-11-02,异响\n"


@pytest.mark.parametrize(
    ("name", "data", "keys"),
    [
        ("in.csv", TEXT.encode(), "encoding: auto"),
        ("in.csv", TEXT.encode("utf-8-sig"), "encoding: utf-8"),
        ("in.csv", TEXT.encode("gb18030"), "encoding: auto"),
        ("in.csv", TEXT.encode("gb18030"), "encoding: gb18030"),
        ("in.csv", TEXT.replace("\n", "\r\n").encode(), "encoding: auto"),
        ("in.tsv", TEXT.replace(",", "\t").encode(), 'separator: "\\t"'),
        ("in.csv.gz", gzip.compress(TEXT.encode(), mtime=0), "encoding: auto"),
        ("in.csv", ("通话导出\n\n" + TEXT).encode(), "skip_rows: auto, heading: [时间, 小结]"),
        ("in.csv", ("一\n二\n" + TEXT).encode(), "skip_rows: 2"),
        ("in.csv", TEXT.partition("\n")[2].encode(), "columns: [时间, 小结]"),
        ("in.csv", (TEXT + "合计,2\n").encode(), "stop_at: [合计]"),
        ("in.csv", '时间,小结\n2026-11-01,"漏水"\n2026-11-02,异响\n'.encode(), "encoding: auto"),
    ],
)
def test_an_export_is_read(pull: Callable[..., PulledRows], tmp_path: Path, name: str, data: bytes, keys: str) -> None:
    """The same two calls, however they were written."""
    (tmp_path / name).write_bytes(data)
    batch = pull(CHANNEL % keys)
    assert batch.error == ""
    assert batch.frame["text"].to_list() == ["漏水", "异响"]


def test_a_member_of_a_zip(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """Only the named member is read; a wrong name is told with the names that are there."""
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("calls.csv", TEXT)
        archive.writestr("readme.txt", "nothing")
    assert pull(CHANNEL % "member: calls.csv").frame.height == 2
    assert "calls.csv, readme.txt" in pull(CHANNEL % "member: other.csv").error


@pytest.mark.parametrize(("rows", "doubted"), [(5_000, True), (4_999, False), (10_000, True)])
def test_a_round_number_of_rows_is_doubted(pull: Callable[..., PulledRows], tmp_path: Path, rows: int, doubted: bool) -> None:
    """An export that stops at its limit is complete only to its newest row, and says so."""
    (tmp_path / "in.csv").write_text("时间,小结\n" + "2026-11-01 09:30:00,漏水\n" * rows, "utf-8")
    batch = pull(CHANNEL % "encoding: utf-8")
    assert bool(batch.warnings) is doubted
    assert batch.complete_through is not None
    assert batch.complete_through.isoformat() == ("2026-11-01T01:30:00+00:00" if doubted else "2026-11-01T16:00:00+00:00")


@pytest.mark.parametrize(
    ("name", "data", "keys", "words"),
    [
        ("in.csv", TEXT.encode("gb18030"), "encoding: utf-8", "not encoded in utf-8"),
        ("in.csv", TEXT.encode(), "skip_rows: auto, heading: [日期]", "no heading with 日期"),
        ("in.csv.gz", gzip.compress(TEXT.encode(), mtime=0)[:-12], "encoding: auto", "truncated"),
        ("in.csv.gz", gzip.compress(b"x" * 3_000_000, mtime=0), "max_mb: 2", "more than 2 MB"),
        ("in.zip", b"PK nonsense", "encoding: auto", "not a zip"),
        ("other.csv", b"", "encoding: auto", "No file matches in*"),
    ],
)
def test_a_bad_export_is_told(
    pull: Callable[..., PulledRows], tmp_path: Path, name: str, data: bytes, keys: str, words: str
) -> None:
    """Each failure has its own sentence and something to do."""
    (tmp_path / name).write_bytes(data)
    batch = pull(CHANNEL % keys)
    assert words in batch.error
    assert batch.hint
