"""Rows that wait for the next stage: on disk without a name, handed over once."""

import gc
import os
from pathlib import Path

import polars as pl
import pytest

from tasks.errors import UserError
from tasks.model import waiting_rows
from tasks.model.waiting_rows import WaitingRows

ROWS = pl.DataFrame(
    {
        "id": [f"a text of row {number}" for number in range(50)],
        "shop": pl.Series(["甲", None] * 25, dtype=pl.Categorical),
        "flags": [[], ["late", "again"]] * 25,
        "at": pl.Series(range(50), dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
    }
)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_rows, "FEW", 10)
    monkeypatch.setattr(waiting_rows, "PART", 20)


def open_files(folder: Path) -> int:
    """How many files of a folder this process holds open."""
    links = [Path("/proc/self/fd") / number for number in os.listdir("/proc/self/fd")]
    return sum(os.readlink(link).startswith(str(folder)) for link in links if link.is_symlink())


def test_many_rows_wait_in_files_without_a_name_and_come_back_as_they_were(tmp_path: Path) -> None:
    rows = WaitingRows(ROWS, tmp_path)
    assert list(tmp_path.iterdir()) == [] and open_files(tmp_path) == 3
    assert rows.height == 50 and rows.look().equals(ROWS) and rows.look().schema == ROWS.schema
    assert [part.height for part in rows.parts(keep=True)] == [20, 20, 10]
    assert rows.take().equals(ROWS)
    assert open_files(tmp_path) == 0


def test_each_part_is_released_when_it_is_taken(tmp_path: Path) -> None:
    parts = WaitingRows(ROWS, tmp_path).parts()
    assert next(parts).equals(ROWS.head(20)) and open_files(tmp_path) == 2


@pytest.mark.parametrize("taken", [0, 1])
def test_rows_that_nobody_takes_leave_nothing_behind(tmp_path: Path, taken: int) -> None:
    rows = WaitingRows(ROWS, tmp_path)
    parts = rows.parts()
    for _ in range(taken):
        next(parts)
    del rows, parts
    gc.collect()
    assert open_files(tmp_path) == 0


@pytest.mark.parametrize("folder", [None, "home"])
def test_few_rows_and_rows_without_a_folder_wait_in_memory(tmp_path: Path, folder: str | None) -> None:
    rows = ROWS if folder is None else ROWS.head(10)
    waiting = WaitingRows(rows, tmp_path if folder else None)
    assert open_files(tmp_path) == 0 and [part.equals(rows) for part in waiting.parts()] == [True]


def test_rows_are_handed_over_once(tmp_path: Path) -> None:
    rows = WaitingRows(ROWS, tmp_path)
    rows.take()
    with pytest.raises(RuntimeError):
        rows.look()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="absent"):
        WaitingRows(ROWS, tmp_path / "absent")


@pytest.mark.parametrize("folder", [None, "home"])
def test_amended_rows_are_those_kept_with_other_columns_and_are_not_written_again(tmp_path: Path, folder: str | None) -> None:
    rows = WaitingRows(ROWS, tmp_path if folder else None)
    files = open_files(tmp_path)
    kept = pl.Series([number % 7 != 0 for number in range(50)])
    good = ROWS.filter(kept)
    marks = pl.DataFrame({"flags": [["seen", text] for text in good["id"]], "new": range(good.height)})
    amended = rows.amended(kept, marks)
    assert amended.height == good.height == 42 and open_files(tmp_path) == files
    assert amended.look().equals(good.with_columns(marks))
    with pytest.raises(RuntimeError):
        rows.take()
    again = amended.amended(pl.Series([True, False] * 21), pl.DataFrame({"new": ["x"] * 21}))
    assert again.take().equals(good.with_columns(marks).gather_every(2).with_columns(new=pl.lit("x")))
    assert open_files(tmp_path) == 0


@pytest.mark.parametrize("folder", [None, "home"])
def test_further_rows_wait_behind_the_first(tmp_path: Path, folder: str | None) -> None:
    waiting = WaitingRows(ROWS.head(30), tmp_path if folder else None)
    waiting.add(ROWS.tail(20))
    assert waiting.height == 50
    assert waiting.look().equals(ROWS)
    waiting.add(ROWS.head(1).with_columns(more=pl.lit("x")))
    assert waiting.take()["more"].to_list() == [*[None] * 50, "x"]


@pytest.mark.parametrize("folder", [None, "home"])
def test_rows_that_are_not_kept_are_left_out_when_they_are_read(tmp_path: Path, folder: str | None) -> None:
    mask = pl.Series([number % 7 == 0 for number in range(50)])
    rows = WaitingRows(ROWS, tmp_path if folder else None).kept(mask)
    assert rows.height == 8
    assert rows.take().equals(ROWS.filter(mask))
