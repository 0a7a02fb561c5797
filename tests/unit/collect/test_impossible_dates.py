"""A record of a date at the end of all calendars is a record; it neither ends the pull nor says how far a source has come."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.model.rows import PulledRows

CHANNEL = """
channels:
  - name: desk
    table: feedback
    source: ticket
    read: {kind: json_records, files: [a.json]}
    source_id: id
    stamp: changed
    window_by: all
    columns: {submitted_at: at, text: text}
"""


@pytest.mark.parametrize("day", ["9999-12-31 23:59:59", "0001-01-01 00:00:00", "1601-01-01 00:00:00", "2262-04-12 00:00:00"])
def test_the_other_records_are_read(pull: Callable[..., PulledRows], tmp_path: Path, day: str) -> None:
    rows = [{"id": str(n), "at": at, "changed": at, "text": "x"} for n, at in enumerate(["2026-11-02 10:00:00", day])]
    (tmp_path / "a.json").write_text(json.dumps(rows), "utf-8")
    batch = pull(CHANNEL)
    assert batch.error == ""
    assert batch.read == 2 == batch.frame.height + batch.unreadable.height
    assert "0" in batch.frame["source_id"].to_list()
    assert batch.complete_through is not None
