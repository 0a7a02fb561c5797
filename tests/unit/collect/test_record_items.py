"""Records with lists: what becomes a row, and that no item is lost or doubled."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.record_items import ItemRows
from tasks.errors import ChannelError
from tasks.model.rows import PulledRows

ORDER = {
    "id": 1,
    "lines": [{"sku": "A"}, {"sku": "B"}],
    "refunds": [{"id": 7, "lines": [{"n": 1}, {"n": 2}]}, {"id": 8, "lines": []}],
}
CHANNEL = """
channels:
  - name: refunds
    table: aftersale
    read: {kind: json_records, files: ["in.json"], each: %s}
    columns:
      aftersale_id: {concat: [refunds.id, refunds.lines.n], separator: "/"}
      oid: id
      type: "=refund_only"
      phase: "=after_sign"
      applied_at: at
"""


def test_each_item_is_a_row_beside_the_records_own_fields() -> None:
    assert ItemRows("lines", "x").of([ORDER]) == [{**ORDER, "lines": {"sku": "A"}}, {**ORDER, "lines": {"sku": "B"}}]
    assert ItemRows("", "x").of([ORDER]) == [ORDER]


def test_lists_within_lists() -> None:
    """A refund without lines is a row of its own, an order without refunds is none."""
    rows = ItemRows("refunds.lines", "x").of([ORDER, {"id": 2, "refunds": []}, {"id": 3}])
    assert [(row["id"], row["refunds"]["id"], row["refunds"]["lines"]) for row in rows] == [
        (1, 7, {"n": 1}),
        (1, 7, {"n": 2}),
        (1, 8, []),
    ]


def test_a_list_inside_an_object() -> None:
    rows = ItemRows("items.edges", "x").of([{"items": {"edges": [{"node": 1}, {"node": 2}], "more": False}}])
    assert [row["items"] for row in rows] == [{"edges": {"node": 1}, "more": False}, {"edges": {"node": 2}, "more": False}]


def test_of_a_record_with_many_items_only_what_is_wanted_is_repeated() -> None:
    """A record of ten thousand fields and ten thousand items does not become a hundred million cells."""
    record = {**{f"f{number}": number for number in range(10_000)}, "lines": [{"sku": str(number)} for number in range(10_000)]}
    rows = ItemRows("lines", "x", frozenset({"f1", "f2.a", "lines.sku"})).of([record])
    assert len(rows) == 10_000 and rows[7] == {"f1": 1, "f2": 2, "lines": {"sku": "7"}}


def test_a_wrong_path_is_no_silence() -> None:
    rows = ItemRows("line_items", "shop.example")
    assert rows.of([ORDER]) == []
    with pytest.raises(ChannelError, match=r"No record of shop.example has a list at `line_items`"):
        rows.check()
    nothing = ItemRows("line_items", "shop.example")
    nothing.of([])
    nothing.check()


_JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from("abc"), x, max_size=3),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=5), st.sampled_from(["a", "a.b", "a.b.c", "b.a"]))
def test_whatever_comes_no_item_is_lost(records: list[Any], path: str) -> None:
    """There is at least a row for each item of the first list, and a row for what is no object."""
    rows = ItemRows(path, "x").of(records)
    first, *below = path.split(".")
    least = sum(not isinstance(record, dict) for record in records)
    least += sum(len(record[first]) for record in records if isinstance(record, dict) and isinstance(record.get(first), list))
    assert len(rows) >= least
    if not below:
        assert len(rows) == least


def test_files_of_json_have_them_too(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps([{**ORDER, "at": "2026-11-02T08:00:00Z"}]), "utf-8")
    batch = pull(CHANNEL % "refunds.lines")
    assert batch.error == "" and batch.frame["aftersale_id"].to_list() == ["7/1", "7/2", "8"]
    assert "No record of in.json has a list at `goods`" in pull(CHANNEL % "goods").error
