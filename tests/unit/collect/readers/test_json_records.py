"""JSON lines and documents: nested fields, absent fields, broken lines."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.model.rows import PulledRows

CHANNEL = """
channels:
  - name: posts
    table: feedback
    source: social
    read: {kind: json_records, files: ["in.*"], %s}
    source_id: id
    columns:
      submitted_at: {from: at, dates: [epoch_ms]}
      text: body.text
      sku: goods.0.sku
      attachments: pictures
"""
POSTS = [
    {"id": 7, "at": 1_730_531_109_250, "body": {"text": "漏水"}, "goods": [{"sku": "KT-01"}], "pictures": 2},
    {"id": "8", "at": "1730531109250", "body": {"text": None}},
]


def test_lines_with_a_broken_one(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """A line that is no JSON goes to quarantine by its number; absent fields are empty."""
    (tmp_path / "in.jsonl").write_text(json.dumps(POSTS[0]) + "\n{broken\n" + json.dumps(POSTS[1]) + "\n", "utf-8")
    batch = pull(CHANNEL % "form: auto")
    assert batch.read == 3
    assert batch.frame.select("source_id", "text", "sku", "attachments").rows() == [
        ("7", "漏水", "KT-01", 2),
        ("8", None, None, None),
    ]
    assert batch.unreadable["source_id"].to_list() == ["in.jsonl:2"]


def test_a_document(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """The list is found at its path; a wrong path is an error."""
    (tmp_path / "in.json").write_text(json.dumps({"data": {"posts": POSTS}}), "utf-8")
    assert pull(CHANNEL % "records: data.posts").frame.height == 2
    assert "no list of records at `data.items`" in pull(CHANNEL % "records: data.items").error


def test_no_rows_are_no_error(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """An empty answer gives an empty frame with all columns."""
    (tmp_path / "in.json").write_text("[]")
    batch = pull(CHANNEL % "form: document")
    assert (batch.error, batch.read, batch.frame.height) == ("", 0, 0)
    assert {"record_id", "stamp", "flags", "source_id"} <= set(batch.frame.columns)


@pytest.mark.parametrize(
    ("encoding", "text", "warned"),
    [("utf-16", "Größe", False), ("gb18030", "充电线坏了", False), ("cp1252", "Größe falsch", False), ("cp1251", "Лампа", True)],
)
def test_json_in_another_encoding(
    pull: Callable[..., PulledRows], tmp_path: Path, encoding: str, text: str, warned: bool
) -> None:
    """The words are read as they were written, or the file is named in a warning."""
    (tmp_path / "in.json").write_bytes(f'[{{"t": "2026-11-01", "x": "{text}"}}]'.encode(encoding))
    batch = pull(
        "channels:\n  - name: desk\n    table: feedback\n    source: ticket\n    read: {kind: json_records, files: [in.json]}\n"
        "    columns: {submitted_at: t, text: x}\n"
    )
    assert batch.error == ""
    assert (batch.frame["text"].to_list() == [text]) is not warned
    assert bool(batch.warnings) is warned
