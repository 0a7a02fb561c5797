"""Records spread column by column are what they are when spread one by one."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.collect import flattener
from tasks.collect.flattener import Flattener, flatten
from tasks.model.waiting_rows import WaitingRows

COLUMNS = frozenset({"a", "b", "goods.num", "goods.name.zh", "items.0.sku", "items", "deep", "x.y"})
SCALARS: list[Any] = ["text", "", None, 7, 10**30, True, False, 1.5, 2.0, 1e300, [1, "二"], [], {"z": 1}, {}]


def _record(draw: random.Random, *, plain: bool) -> Any:
    """Invent a record in which any field may be missing, of another type, or nested."""
    record: dict[str, Any] = {}
    for name in draw.sample(["a", "b", "c", "deep", "x"], k=draw.randint(0, 5)):
        record[name] = draw.choice(SCALARS)
    if draw.random() < 0.7:
        goods: dict[str, Any] = {"num": draw.choice(SCALARS), "weight": 3}
        if draw.random() < 0.5:
            goods["name"] = draw.choice([{"zh": draw.choice(SCALARS)}, "杯子", None])
        record["goods"] = draw.choice([goods, goods, goods, "none", None])
    if not plain and draw.random() < 0.1:
        record[draw.choice(["goods.num", "x.y", "", "items"])] = draw.choice(
            [*SCALARS, [{"sku": "S"}], {"y": 1}, {"0": {"sku": "S"}}]
        )
    return record if plain or draw.random() < 0.97 else draw.choice(SCALARS)


@pytest.mark.parametrize("seed", range(40))
def test_both_ways_give_the_same_frame(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(seed)
    pages = [[_record(draw, plain=seed % 2 == 0) for _ in range(draw.randint(0, 60))] for _ in range(12)]
    monkeypatch.setattr(flattener, "FLUSH_ROWS", 150)
    together = Flattener(COLUMNS)
    one_by_one = Flattener(COLUMNS)
    monkeypatch.setattr(one_by_one, "_columns_of", lambda page: None)
    for page in pages:
        together.add(page)
        one_by_one.add(page)
    left, right = together.frame(), one_by_one.frame()
    assert left.columns == right.columns
    assert left.equals(right)


def test_known_fields_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = Flattener(COLUMNS)
    page = [{"a": "1", "goods": {"num": 2}} for _ in range(5)]
    flat.add(page)
    monkeypatch.setattr(flat, "_spread", None)  # would be called for a record spread by itself
    flat.add(page)
    assert flat.frame().equals(pl.DataFrame({"a": ["1"] * 10, "goods.num": ["2"] * 10}))


def test_without_named_columns_every_field_is_kept() -> None:
    assert flatten([{"a": 1, "n": {"m": [1]}}, {"b": None}]).to_dict(as_series=False) == {
        "a": ["1", None],
        "n.m": ["[1]", None],
        "n.m.0": ["1", None],
    }


def test_many_rows_wait_on_disk_and_come_back_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part is written as soon as it is full; a field that comes later is null in the parts before."""
    monkeypatch.setattr(flattener, "FLUSH_ROWS", 2)
    monkeypatch.setattr(flattener, "PART_ROWS", 4)
    records: list[Any] = [{"a": number} for number in range(8)] + [{"a": 8, "b": "new"}, {"a": 9}]
    flat = Flattener(frozenset({"a", "b"}), tmp_path)
    for record in records:
        flat.add([record])
    rows = flat.rows()
    assert isinstance(rows, WaitingRows)
    assert [part.height for part in rows.parts(keep=True)] == [4, 4, 2]
    assert rows.take().equals(flatten(records, frozenset({"a", "b"})))


def test_few_rows_stay_in_one_frame(tmp_path: Path) -> None:
    flat = Flattener(None, tmp_path)
    flat.add([{"a": 1}])
    rows = flat.rows()
    assert not isinstance(rows, WaitingRows)
    assert rows.take().equals(flatten([{"a": 1}]))
