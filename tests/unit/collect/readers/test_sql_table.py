"""Rows of a database, windowed by the database itself."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.model.rows import PulledRows

CHANNEL = """
channels:
  - name: form
    table: feedback
    source: form
    read: {kind: sql_table, url: "sqlite:///{home}/app.sqlite", %s}
    source_id: "no"
    stamp: changed
    overlap_hours: 24
    columns: {submitted_at: filled, text: content}
"""


@pytest.fixture
def database(tmp_path: Path) -> None:
    """A form's table with three rows of three days."""
    with sqlite3.connect(tmp_path / "app.sqlite") as connection:
        connection.execute("create table form (no integer, filled text, changed text, content text)")
        rows = [(day, f"2026-11-0{day} 10:00:00", f"2026-11-0{day} 11:00:00", f"第{day}天") for day in (2, 4, 6)]
        connection.executemany("insert into form values (?, ?, ?, ?)", rows)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "keys",
    [
        "table: form, since_column: changed",
        'query: "select * from form where changed >= :since and changed < :until"',
        "table: form",
    ],
)
def test_a_window_with_overlap(pull: Callable[..., PulledRows], keys: str) -> None:
    """The window reaches back by the overlap and ends before its end; a first load has all."""
    whole = pull((CHANNEL % keys).replace("table: form,", "table: form,"))
    assert (whole.error, whole.frame.height) == ("", 3)
    start, end = datetime(2026, 11, 5, tzinfo=UTC), datetime(2026, 11, 6, tzinfo=UTC)
    part = pull(CHANNEL % keys, start=start, end=end)
    assert part.frame["text"].to_list() == ["第4天"]
    assert part.read == 1


@pytest.mark.usefixtures("database")
def test_an_unknown_table_is_told(pull: Callable[..., PulledRows]) -> None:
    """The database's own reason is passed on."""
    assert "no such table" in pull(CHANNEL % "table: forms").error


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("start", [None, datetime(2026, 11, 1, tzinfo=UTC)])
def test_a_misspelt_since_column_is_told_with_the_columns(pull: Callable[..., PulledRows], start: datetime | None) -> None:
    """SQLite takes an unknown name in double quotes for a text, and would find no row without a word."""
    batch = pull(CHANNEL % "table: form, since_column: chnaged", start=start)
    assert "has no column chnaged; it has no, filled, changed, content" in batch.error
    assert "since_column" in batch.hint


@pytest.mark.usefixtures("database")
def test_capitals_of_a_since_column_make_no_difference(pull: Callable[..., PulledRows]) -> None:
    assert pull(CHANNEL % "table: form, since_column: Changed").frame.height == 3


def test_an_absent_database_is_told_and_not_made(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """SQLite would make an empty file; we say that there is none."""
    assert "There is no database" in pull(CHANNEL % "table: form").error
    assert not (tmp_path / "app.sqlite").exists()
