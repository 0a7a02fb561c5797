"""Rows that wait on disk are mapped part by part, and come out as if they had been mapped all at once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tasks.collect.mapping import canonical as mapping
from tasks.collect.mapping.canonical import Mapped, canonical, row_by_row
from tasks.collect.privacy import CustomerKey
from tasks.collect.source_rows import ReadContext, SourceRows, Window
from tasks.model.rows import Handover
from tasks.model.waiting_rows import WaitingRows
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tests.makers.shops import default_shop

END = datetime(2026, 11, 9, tzinfo=UTC)
DESK: dict[str, Any] = {
    "name": "desk", "table": "feedback", "source": "ticket", "source_id": "id", "stamp": "at", "zone": "UTC",
    "read": {"kind": "http_api", "url": "http://127.0.0.1/x"}, "where": "state <> 'spam' OR state IS NULL",
    "columns": {
        "submitted_at": "at", "text": "text", "sku": "sku", "unit_price": {"from": "price", "factor": 2}, "refund_amount": {"from": "price", "times": "stars"}, "rating": "stars", "customer_ref": "buyer",
        "order_ref": "order", "status": {"from": "state", "map": {"open": "open", "closed": "closed"}},
        "queue": {"cases": [{"when": "status = 'open'", "then": "now"}], "otherwise": "later"},
    },
}  # fmt: skip
SHOP = default_shop()
CELLS = {
    "id": ["A1", "A2", "A3", "19900001234", None],
    "at": ["2026-11-02T10:00:00Z", "2026-11-03 11:00", "2026-10-01T00:00:00Z", "never"],
    "text": ["漏水", "打19900001234", "It leaks", None],
    "sku": ["K-1", "K-2", "2.81E+17"],
    "price": ["12.50", "US$9", "9", "many", "1.000", "12,50", None],
    "stars": ["1", "5", "good", None],
    "buyer": ["u1", "u2", None],
    "order": ["D1", "D2", "2026110200000000000", "2026110200000001234"],
    "state": ["open", "closed", "spam", "odd", None],
}


def _mapped(rows: Handover[pl.DataFrame] | WaitingRows, home: Path, **changes: Any) -> Mapped:
    channel = Channel.model_validate(DESK | changes)
    native = SourceRows(rows, loose=True, live=True, refused=[("page 1", "no text")])
    place = ReadContext(Settings(home=home), Window(None, END, END, "UTC"))
    return canonical(channel, native, SHOP, place, CustomerKey(b"a key for tests only"))


def _waiting(frames: list[pl.DataFrame], folder: Path) -> WaitingRows:
    waiting = WaitingRows(frames[0], folder)
    for frame in frames[1:]:
        waiting.add(frame)
    return waiting


def _record() -> st.SearchStrategy[dict[str, str | None]]:
    return st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()})


@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(parts=st.lists(st.lists(_record(), min_size=5, max_size=30), min_size=2, max_size=4), plain=st.booleans())
def test_parts_give_what_the_whole_gives(parts: list[list[dict[str, str | None]]], plain: bool, tmp_path: Path):
    """Whatever cells there are, and also where they are read by what their whole column looks like."""
    frames = [pl.DataFrame(part, schema=dict.fromkeys(CELLS, pl.String)) for part in parts]
    if plain:
        frames = [frame.with_columns(price=pl.lit("12.50"), order=pl.lit("D1")) for frame in frames]
    whole = _mapped(Handover(pl.concat(frames)), tmp_path)
    pieces = _mapped(_waiting(frames, tmp_path), tmp_path)
    assert pieces.rows.take().equals(whole.rows.take())
    assert pieces.moments.equals(whole.moments)
    assert pieces.unreadable.equals(whole.unreadable)
    assert (pieces.read, sorted(pieces.notes), pieces.warnings) == (whole.read, sorted(whole.notes), whole.warnings)


def _spy(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of rows that are mapped together, as they come."""
    heights: list[int] = []
    inner = mapping._mapped

    def noted(work: Any) -> Any:
        heights.append(work.rows.height)
        return inner(work)

    monkeypatch.setattr(mapping, "_mapped", noted)
    return heights


def _frame(**cells: list[str]) -> pl.DataFrame:
    length = max(map(len, cells.values()))
    usual = {name: [values[0]] * length for name, values in CELLS.items()}
    return pl.DataFrame(usual | cells, schema=dict.fromkeys(CELLS, pl.String))


def test_no_more_than_a_part_is_mapped_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    heights = _spy(monkeypatch)
    frames = [_frame(id=["A1", "A2"]), _frame(id=["A3"])]
    found = _mapped(_waiting(frames, tmp_path), tmp_path)
    assert heights == [2, 1]
    assert found.rows.take()["source_id"].to_list() == ["A1", "A2", "A3"]


def test_a_decimal_sign_that_another_part_decides_is_decided_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`1.000` is one until a cell of the same column, 100,000 rows later, says that the comma separates decimals."""
    heights = _spy(monkeypatch)
    frames = [_frame(price=["1.000", "2.000"]), _frame(price=["12,50"])]
    found = _mapped(_waiting(frames, tmp_path), tmp_path)
    assert heights[-1] == 3
    assert found.rows.take()["unit_price"].to_list() == [2_000.0, 4_000.0, 25.0]


def test_versions_of_one_record_follow_by_their_stamps_across_parts(tmp_path: Path):
    late, early = "2026-11-03T00:00:00Z", "2026-11-02T00:00:00Z"
    frames = [_frame(id=["A1", "A2"], at=[late, late]), _frame(id=["A3", "A1"], at=[late, early])]
    rows = _mapped(_waiting(frames, tmp_path), tmp_path).rows.take()
    assert rows["source_id"].to_list() == ["A1", "A2", "A3", "A1"]
    assert rows["stamp"].dt.day().to_list() == [2, 3, 3, 3]


def test_a_cell_that_cannot_be_read_is_told_with_its_row_among_all_rows(tmp_path: Path):
    frames = [_frame(id=["A1", "A2"]), _frame(id=["A3", "A4"], stars=["5", "good"]), _frame(id=["A5"], stars=["bad"])]
    found = _mapped(_waiting(frames, tmp_path), tmp_path)
    assert [note for note in found.notes if note.startswith("rating")] == [
        "rating: «good» (row 4) cannot be read and is left empty; 2 cells are flagged unreadable:rating."
    ]


@pytest.mark.parametrize(
    ("changes", "alone"),
    [
        ({}, True),
        ({"source_id": None}, False),
        ({"source_id": {"digest": ["id"]}}, False),
        ({"source_id": {"from": "id", "numbered": True}}, False),
        ({"where": "price > AVG(price)"}, False),
        ({"columns": DESK["columns"] | {"rating": {"sql": "MAX(stars)"}}}, False),
        ({"columns": DESK["columns"] | {"rating": {"sql": "COALESCE(stars, price)"}}}, True),
    ],
)
def test_rows_that_others_decide_are_not_mapped_in_parts(changes: dict[str, Any], alone: bool):
    assert row_by_row(Channel.model_validate(DESK | changes)) is alone
