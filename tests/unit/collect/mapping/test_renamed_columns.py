"""A column that one file lacks is named with that file, and its rows are flagged."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.collect.mapping.headings import likely_name
from tasks.model.rows import PulledRows

Pull = Callable[..., PulledRows]
CHANNEL = """
channels:
  - name: desk
    table: feedback
    source: ticket
    source_id: id
    read: {kind: delimited, files: ["w*.csv"]}
    columns: {submitted_at: created, text: text, order_ref: %s, sku: SKU}
"""
OLD = "id,created,text,Order number,SKU\n1,2026-11-02,leaks,1001,LMP\n2,2026-11-03,leaks,1002,LMP\n"
NEW = "created,id,text,Order no.,Product SKU\n2026-11-04,3,leaks,1003,LMP\n2026-11-05,4,leaks,1004,LMP\n"


def test_a_renamed_column_is_told(pull: Pull, tmp_path: Path) -> None:
    """datui 195, double-entry-generator 135: a later file renames optional columns; both are named, the order does not matter."""
    (tmp_path / "w46.csv").write_text(OLD, "utf-8")
    (tmp_path / "w47.csv").write_text(NEW, "utf-8")
    batch = pull(CHANNEL % "Order number")
    assert batch.frame["order_ref"].to_list() == ["1001", "1002", None, None]
    assert batch.frame["flags"].to_list() == [[], [], *[["column_missing:order_ref", "column_missing:sku"]] * 2]
    assert batch.warnings == (
        (
            "w47.csv has no column Order number (for order_ref), which other files of the channel have; "
            "«Order no.» may be its new name: write `from: [Order number, Order no.]`."
        ),
        (
            "w47.csv has no column SKU (for sku), which other files of the channel have; "
            "«Product SKU» may be its new name: write `from: [SKU, Product SKU]`."
        ),
    )


def test_a_column_renamed_in_the_only_new_file_is_told_and_its_rows_are_read(pull: Pull, tmp_path: Path) -> None:
    """The file of last week has been read with this mapping; this week's has other headings, and a red line in it."""
    (tmp_path / "w46.csv").write_text(OLD, "utf-8")
    read = frozenset({hashlib.sha256(OLD.encode()).hexdigest()})
    (tmp_path / "w47.csv").write_text(NEW, "utf-8")
    batch = pull(CHANNEL % "Order number", known=read)
    assert not batch.error and batch.frame["source_id"].to_list() == ["3", "4"]
    assert batch.frame["flags"].to_list() == [["column_missing:order_ref", "column_missing:sku"]] * 2
    assert "w47.csv has no column Order number (for order_ref), which earlier files of the channel have" in batch.warnings[0]


def test_an_id_that_the_only_new_file_lacks_refuses_it(pull: Pull, tmp_path: Path) -> None:
    (tmp_path / "w46.csv").write_text(OLD, "utf-8")
    (tmp_path / "w47.csv").write_text(NEW.replace("id,", "Ticket id,"), "utf-8")
    batch = pull(CHANNEL % "Order number", known=frozenset({hashlib.sha256(OLD.encode()).hexdigest()}))
    assert "no column id" in batch.error and "«Ticket id»" in batch.hint and batch.frame.is_empty()


@pytest.mark.parametrize(("field", "told"), [("Order no.", True), ("note", False)])
@pytest.mark.parametrize("together", [True, False])
def test_json_that_lost_a_field_is_told_if_another_took_its_place(
    pull: Pull, tmp_path: Path, field: str, told: bool, together: bool
) -> None:
    """JSON leaves empty fields out, so a field that is merely absent says nothing."""
    old = '{"id": "1", "created": "2026-11-02", "text": "leaks", "Order number": "1001"}\n'
    (tmp_path / "w46.jsonl").write_text(old, "utf-8")
    (tmp_path / "w47.jsonl").write_text(f'{{"id": "2", "created": "2026-11-09", "text": "leaks", "{field}": "1002"}}\n', "utf-8")
    channel = (
        (CHANNEL % "Order number").replace("delimited", "json_records").replace("w*.csv", "w*.jsonl").replace(", sku: SKU", "")
    )
    known = frozenset() if together else frozenset({hashlib.sha256(old.encode()).hexdigest()})
    batch = pull(channel, known=known)
    assert batch.frame["flags"].to_list()[-1] == (["column_missing:order_ref"] if told else [])
    assert ["w47.jsonl has no column Order number" in warning for warning in batch.warnings] == [True] * told


def test_another_name_ends_the_warning(pull: Pull, tmp_path: Path) -> None:
    """Where the mapping names both headings, both files are read whole; a file with a heading alone is no file that lacks one."""
    (tmp_path / "w46.csv").write_text(OLD, "utf-8")
    (tmp_path / "w47.csv").write_text(NEW.replace("Product SKU", "SKU"), "utf-8")
    (tmp_path / "w48.csv").write_text("id,created,text\n", "utf-8")
    batch = pull(CHANNEL % "[Order number, Order no.]".join(["{from: ", "}"]))
    assert batch.frame["order_ref"].to_list() == ["1001", "1002", "1003", "1004"]
    assert batch.warnings == ()


def test_a_missing_required_column_is_the_reason(pull: Pull, tmp_path: Path) -> None:
    """Rows without a required value say that their file has no such column."""
    (tmp_path / "w46.csv").write_text(OLD, "utf-8")
    (tmp_path / "w47.csv").write_text(
        OLD.replace("created", "Created at").replace("\n1,", "\n3,").replace("\n2,", "\n4,"), "utf-8"
    )
    batch = pull(CHANNEL % "Order number")
    assert batch.unreadable["reason"].to_list() == [
        f"submitted_at is empty (w47.csv, row {row}); w47.csv has no column created" for row in (2, 3)
    ]
    assert "«Created at» may be its new name" in batch.warnings[0]


def test_a_column_that_no_file_has(pull: Pull, tmp_path: Path) -> None:
    """The error suggests the heading that was meant."""
    (tmp_path / "w46.csv").write_text(OLD, "utf-8")
    assert "order number" in pull(CHANNEL % "order number").error
    assert "«Order number»" in pull(CHANNEL % "order number").hint


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("Order number", ["Order no.", "Note"], "Order no."),
        ("SKU", ["Product SKU", "Stock"], "Product SKU"),
        ("created", ["Created at", "Closed at"], "Created at"),
        ("订单号", ["订单编号", "备注"], "订单编号"),
        ("text", ["price"], ""),
    ],
)
def test_the_likely_name(name: str, columns: list[str], expected: str) -> None:
    """A heading is recognised by its words, or not at all."""
    assert likely_name(name, columns) == expected


@pytest.mark.parametrize("names", ["[created, Day]", "{from: [Day, created]}"])
def test_of_several_names_one_is_enough_also_where_the_newest_file_is_read_alone(pull: Pull, tmp_path: Path, names: str) -> None:
    """The advice «write from: [old, new]» holds next week too, when only a file with the new heading is read; for required columns as well."""
    old = OLD.replace("created", "Day")
    declared = (CHANNEL % "{from: [Order number, Order no.]}").replace("created", names)
    (tmp_path / "w46.csv").write_text(old, "utf-8")
    (tmp_path / "w47.csv").write_text(NEW, "utf-8")
    both = pull(declared)
    assert both.frame["order_ref"].to_list() == ["1001", "1002", "1003", "1004"] and both.frame["submitted_at"].null_count() == 0
    alone = pull(declared, known=frozenset({hashlib.sha256(old.encode()).hexdigest()}))
    assert not alone.error and alone.frame["order_ref"].to_list() == ["1003", "1004"]
    assert alone.frame["submitted_at"].null_count() == 0


def test_none_of_several_names_is_an_error_that_names_them_all(pull: Pull, tmp_path: Path) -> None:
    (tmp_path / "w46.csv").write_text(OLD, "utf-8")
    batch = pull((CHANNEL % "Order number").replace("created", "{from: [Day, Date]}"))
    assert "no column Day, Date (for submitted_at)" in batch.error
