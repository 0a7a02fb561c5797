"""JSON documents as APIs and exports write them: the list of records is found, and the lines within each."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.source_rows import ReadContext, Window
from tasks.connect.headings import known_headings
from tasks.connect.json_shape import json_form, records_path
from tasks.connect.proposal import propose
from tasks.connect.samples import sample_of
from tasks.settings import Settings

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ORDERS = [
    {"id": 1, "name": "#1001", "created_at": "2026-11-02T10:00:00Z", "tags": ["a"], "refunds": [],
     "line_items": [{"id": 11, "sku": "LMP", "quantity": 1, "price": "29.90"}, {"id": 12, "sku": "MUG", "quantity": 2, "price": "9.90"}]},
    {"id": 2, "name": "#1002", "created_at": "2026-11-03T10:00:00Z", "refunds": [{"id": 7, "amount": "1"}],
     "line_items": [{"id": 13, "sku": "MUG", "quantity": 1, "price": "9.90"}]},
]  # fmt: skip
TICKETS = [
    {
        "id": 5,
        "created_at": "2026-11-02T10:00:00Z",
        "description": "The lamp went dark after two days",
        "comments": [{"id": 1, "text": "x"}],
    }
]


@pytest.mark.parametrize(
    ("document", "form"),
    [
        (ORDERS, {"each": "line_items"}),
        ({"orders": ORDERS}, {"records": "orders", "each": "line_items"}),
        ({"code": 0, "data": {"page": {"n": 1}, "list": ORDERS}}, {"records": "data.list", "each": "line_items"}),
        ({"tickets": TICKETS, "users": []}, {"records": "tickets"}),
        (TICKETS, {}),
        ({"a.b": TICKETS}, {}),
        ("nothing", {}),
        ([1, 2], {}),
    ],
)
def test_records_and_lines_are_found(tmp_path: Path, document: Any, form: dict[str, str]) -> None:
    (tmp_path / "x.json").write_text(json.dumps(document), "utf-8")
    assert json_form(tmp_path / "x.json", known_headings()) == form


def test_an_order_file_is_proposed_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "orders.json").write_text(json.dumps({"orders": ORDERS}), "utf-8")
    sample = sample_of(
        tmp_path / "orders.json", ReadContext(Settings(home=tmp_path), Window(None, NOW, NOW, "UTC")), known_headings()
    )
    assert sample.rows.height == 3 and sample.read == {"kind": "json_records", "records": "orders", "each": "line_items"}
    proposal = propose(sample, known_headings(), zone="UTC", now=NOW)
    specs = {column.name: column.spec for column in proposal.columns}
    assert proposal.table == "order_line"
    assert {name: specs[name] for name in ("oid", "tid", "sku", "qty", "paid_at", "paid_amount")} == {
        "oid": "line_items.id", "tid": "name", "sku": "line_items.sku", "qty": "line_items.quantity", "paid_at": "created_at",
        "paid_amount": {"from": "line_items.price", "times": "line_items.quantity"},
    }  # fmt: skip


def test_lines_of_json_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("\n".join(json.dumps(ticket) for ticket in TICKETS), "utf-8")
    (tmp_path / "broken.json").write_text("{", "utf-8")
    assert json_form(tmp_path / "x.jsonl", known_headings()) == {} == json_form(tmp_path / "broken.json", known_headings())


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=3), x, max_size=3),
        max_leaves=20,
    )
)
def test_any_document_has_a_path_or_none(document: Any) -> None:
    path = records_path(document)
    for part in path.split(".") if path else []:
        document = document[part]
    assert not path or isinstance(document, list)
