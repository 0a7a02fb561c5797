from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from tasks.store.doubled_rows import doubled_rows, mend
from tasks.store.lake import Lake
from tests.makers.racing_appends import NOW, ROWS, products, race

REJECTED = pl.DataFrame({"channel": ["c"], "table": ["feedback"], "source_id": ["s"], "rule": ["r"], "field": ["f"]})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def _append(lake: Lake, qty: int, hours: int) -> None:
    lake.append("order_line", products(qty), pull_id=f"p{hours}", channel="orders", ingested_at=NOW + timedelta(hours=hours))


def _written_twice(lake: Lake, table: str) -> None:
    """Write a table's rows once more behind the lake's back, as an older program could."""
    stored = DeltaTable(f"{lake.root}/{table}")
    write_deltalake(stored, stored.to_pyarrow_table(), mode="append")


def test_two_processes_at_once_double_nothing(tmp_path: Path) -> None:
    race(tmp_path, rounds=6)
    for number in range(3):
        lake = Lake(str(tmp_path / f"lake-{number}"))
        assert doubled_rows(lake) == {}
        assert lake.rows("order_line") == 2 * ROWS
        assert lake.as_of("order_line", NOW + timedelta(days=1), columns=["qty"])["qty"].to_list() == [1] * ROWS


def test_a_doubled_lake_answers_with_one_row_a_key_and_grows_no_further(lake: Lake) -> None:
    _append(lake, 0, 0)
    _written_twice(lake, "order_line")
    assert lake.as_of("order_line", NOW).height == ROWS
    _append(lake, 0, 1)
    _append(lake, 1, 2)
    assert lake.rows("order_line") == 3 * ROWS
    assert lake.as_of("order_line", NOW + timedelta(hours=2), columns=["qty"])["qty"].to_list() == [1] * ROWS


def test_a_doubled_lake_is_found_and_mended(lake: Lake) -> None:
    _append(lake, 0, 0)
    _append(lake, 1, 1)
    lake.add_quarantine(REJECTED, ingested_at=NOW)
    assert doubled_rows(lake) == {}
    before = [lake.as_of("order_line", NOW + timedelta(hours=hour)) for hour in (0, 1)]
    _written_twice(lake, "order_line")
    _written_twice(lake, "quarantine")
    assert lake.quarantine_as_of(NOW).height == 1
    assert doubled_rows(lake) == {"order_line": 2 * ROWS, "quarantine": 1}
    assert mend(lake) == {"order_line": 2 * ROWS, "quarantine": 1}
    assert doubled_rows(lake) == {} and mend(lake) == {}
    assert lake.rows("order_line") == 2 * ROWS
    for hour, table in enumerate(before):
        assert lake.as_of("order_line", NOW + timedelta(hours=hour)).equals(table)
    _append(lake, 2, 3)
    assert lake.rows("order_line") == 3 * ROWS
