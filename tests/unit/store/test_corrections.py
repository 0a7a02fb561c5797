"""Whatever is written into files, in whatever order: what a file holds now counts, and what no file ever held again is not kept twice."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.model.rows import HELD_SCHEMA, FileContent, FileHolding, PulledRows
from tasks.model.waiting_rows import WaitingRows
from tasks.shop.channels import Channel
from tasks.store.corrected_files import corrections

BEGIN = datetime(2026, 11, 2, 9, 7, tzinfo=UTC)
DESK = {
    "name": "desk",
    "table": "feedback",
    "source": "ticket",
    "zone": "UTC",
    "read": {"kind": "delimited", "files": ["inbox/t*.csv"]},
    "columns": {"submitted_at": "At", "text": "Text"},
}
Row = tuple[int, str]
"""Hours after the beginning, and the state: a row that changes keeps its time and words, and gets another id."""

rows = st.lists(st.tuples(st.integers(0, 12), st.sampled_from("ab")), max_size=8, unique=True)
writings = st.lists(st.tuples(st.sampled_from(["t.csv", "t (1).csv", "u.csv"]), rows), min_size=1, max_size=6)


def holding(name: str, content: list[Row]) -> FileHolding:
    table = {
        "source_id": [f"{hour}{state}" for hour, state in content],
        "time": [BEGIN + timedelta(hours=hour) for hour, _ in content],
        "mark": [str(hour) for hour, _ in content],
    }
    sha256 = hashlib.sha256(repr(content).encode()).hexdigest()
    return FileHolding(FileContent(name, sha256), pl.DataFrame(table, schema=HELD_SCHEMA))


class Counted:
    """The rows that count, as the lake would hold them."""

    def __init__(self, **keys: str) -> None:
        self.channel = Channel.model_validate(DESK | keys)
        self.files: dict[str, FileHolding] = {}
        self.known: set[str] = set()

    def pull(self, *held: FileHolding) -> tuple[str, ...]:
        present = frozenset({*self.files, *(one.content.name for one in held)})
        batch = PulledRows("p", "desk", "feedback", WaitingRows(pl.DataFrame()), holdings=held, present=present)
        found = corrections(batch, self.files, self.channel)
        self.known -= set(found.withdrawn["source_id"])
        for one in held:
            self.known |= set([] if one.rows is None else one.rows["source_id"])
        self.files |= {one.content.name: one for one in found.holdings}
        return found.notes


@given(writings)
def test_what_a_file_holds_after_its_own_pull_always_counts(written: list[tuple[str, list[Row]]]) -> None:
    counted = Counted()
    for name, content in written:
        counted.pull(holding(name, content))
        assert {f"{hour}{state}" for hour, state in content} <= counted.known


@given(st.lists(st.integers(0, 40), min_size=2, max_size=12, unique=True), st.data())
def test_a_file_whose_states_all_change_is_counted_once(hours: list[int], data: st.DataObject) -> None:
    counted = Counted()
    counted.pull(holding("t.csv", [(hour, "a") for hour in hours]))
    later = [(hour, data.draw(st.sampled_from("abc"))) for hour in hours]
    counted.pull(holding("t.csv", later))
    assert counted.known == {f"{hour}{state}" for hour, state in later}


@given(rows, st.integers(20, 30))
def test_an_export_of_later_days_takes_nothing_back(content: list[Row], begin: int) -> None:
    counted = Counted()
    counted.pull(holding("t.csv", content))
    counted.pull(holding("t.csv", [(begin, "a"), (begin + 3, "a")]))
    assert {f"{hour}{state}" for hour, state in content} <= counted.known


@pytest.mark.parametrize("rule", ["auto", "keep"])
def test_what_stays_although_it_is_gone_is_told(rule: str) -> None:
    counted = Counted(source_id="Id", rows_gone=rule)
    counted.pull(holding("t.csv", [(1, "a"), (2, "a"), (3, "a")]))
    assert counted.pull(holding("t.csv", [(1, "a"), (3, "a")])) == (
        "t.csv no longer holds 1 row that it held before; it still counts (`rows_gone` in channels.yaml).",
    )
    assert counted.known == {"1a", "2a", "3a"}


def test_a_file_with_too_many_rows_to_be_remembered_takes_nothing_back() -> None:
    counted = Counted(source_id="Id", rows_gone="withdraw")
    counted.pull(holding("t.csv", [(1, "a"), (2, "a"), (3, "a")]))
    counted.pull(FileHolding(FileContent("u.csv", "x"), None))
    assert counted.pull(holding("t.csv", [(1, "a"), (3, "a")])) == ()
    assert counted.known == {"1a", "2a", "3a"}
