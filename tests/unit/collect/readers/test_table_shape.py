"""Exports of every shape: separators, preambles, line ends, repeated headings, cells that stand once for several rows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.model.rows import PulledRows

Pull = Callable[..., PulledRows]
CHANNEL = """
channels:
  - name: tt
    table: feedback
    source: ticket
    source_id: id
    read: {kind: delimited, files: ["*.csv"]%s}
    columns: {submitted_at: date, sku: sku, text: text}
"""
PLAIN = "id,date,sku,text\n1,2026-11-01,LMP,leaks\n2,2026-11-02,LMP,broken\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "|"),
        "sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n"),
        '"sep=;"\n' + PLAIN.replace(",", ";"),
        "sep=,\n" + PLAIN,
        PLAIN.replace("\n", "\r"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("leaks", "le\0aks"),
        "\n\n" + PLAIN,
        "Tickets export\nFrom 1 November, to 2 November\n\n" + PLAIN,
        "Tickets export;;;\n;;;\n" + PLAIN.replace(",", ";"),
        '\ufeff"id","date","sku","text"\n1,2026-11-01,LMP,leaks\n2,2026-11-02,LMP,broken\n',
        PLAIN.replace("text\n", "text,\n").replace("s\n", "s,\n").replace("broken\n", "broken,\n"),
        PLAIN.replace("leaks\n", "leaks\nid,date,sku,text\n"),
        PLAIN.replace("LMP", '="LMP"'),
        'id,date,sku,text\n1,2026-11-01,"=""LMP""",leaks\n2,2026-11-02,LMP,broken\n',
        PLAIN.replace("id,date,sku,text", " id , date,sku ,text"),
    ],
)
def test_the_same_two_rows(pull: Pull, tmp_path: Path, text: str) -> None:
    """However a program writes its export, the same two rows come out, and nothing has to be declared."""
    (tmp_path / "t.csv").write_bytes(text.encode())
    batch = pull(CHANNEL % "")
    assert batch.error == ""
    assert batch.frame.select("source_id", "sku", "text").rows() == [("1", "LMP", "leaks"), ("2", "LMP", "broken")]


def test_a_declared_separator_stays(pull: Pull, tmp_path: Path) -> None:
    """PowerShell 7776, fast-excel 327: `sep=;` above the heading is left out, whatever is declared."""
    (tmp_path / "t.csv").write_text("sep=;\nid;date;sku;text\n1;2026-11-01;LMP;a, b\n", "utf-8")
    assert pull(CHANNEL % ', separator: ";"').frame["text"].to_list() == ["a, b"]
    assert pull(CHANNEL % ', separator: ";", skip_rows: auto, heading: [id, date]').frame["text"].to_list() == ["a, b"]


def test_leading_zeros_and_long_numbers_stay(pull: Pull, tmp_path: Path) -> None:
    """Texts that look like numbers keep every digit; an apostrophe for Excel is taken off."""
    (tmp_path / "t.csv").write_text("id,date,sku,text\n0012,2026-11-01,'00481,x\n281474976710655,2026-11-02,007,y\n", "utf-8")
    assert pull(CHANNEL % "").frame.select("source_id", "sku").rows() == [("0012", "00481"), ("281474976710655", "007")]


def test_a_row_with_too_many_cells_is_told(pull: Pull, tmp_path: Path) -> None:
    """One row with an unquoted separator is set aside with file, row and its own text; the others are read."""
    (tmp_path / "t.csv").write_text(PLAIN + "3,2026-11-03,LMP,burnt, my hand\n4,2026-11-04,LMP,ok\n", "utf-8")
    batch = pull(CHANNEL % "")
    assert batch.error == ""
    assert batch.frame["source_id"].to_list() == ["1", "2", "4"]
    assert batch.unreadable["reason"].to_list() == [
        "row 4 of t.csv has 5 cells, its heading 4: «3,2026-11-03,LMP,burnt, my hand»"
    ]
    assert batch.read == 4


def test_a_row_that_is_too_short_is_flagged(pull: Pull, tmp_path: Path) -> None:
    """A row that ends early is read and flagged; an empty last cell is not."""
    (tmp_path / "t.csv").write_text(PLAIN + "3,2026-11-03,LMP\n4,2026-11-04,LMP,\n", "utf-8")
    assert pull(CHANNEL % "").frame["flags"].to_list() == [[], [], ["row_too_short"], []]


def test_empty_files_beside_a_good_one(pull: Pull, tmp_path: Path) -> None:
    """Airbyte 13171: header only, no byte, only blank lines: no rows, no error."""
    (tmp_path / "a.csv").write_text("id,date,sku,text\n", "utf-8")
    (tmp_path / "b.csv").write_text("", "utf-8")
    (tmp_path / "c.csv").write_text(PLAIN, "utf-8")
    (tmp_path / "d.csv").write_text("\n\n", "utf-8")
    batch = pull(CHANNEL % "")
    assert (batch.error, batch.frame.height) == ("", 2)


ORDERS = """
channels:
  - name: orders
    table: order_line
    zone: Europe/London
    read: {kind: delimited, files: ["*.csv"]%s}
    columns:
      oid: {concat: [Name, Lineitem sku], separator: "/"}
      tid: Name
      sku: Lineitem sku
      qty: Lineitem quantity
      paid_at: Paid at
      shipped_at: Fulfilled at
"""
SHOPIFY = """Name,Paid at,Fulfilled at,Lineitem quantity,Lineitem name,Lineitem sku
#1001,2026-11-02 10:00:00 +0000,2026-11-03 09:00:00 +0000,1,Lamp,LMP
#1001,,,1,Mug,MUG
#1002,2026-11-03 10:00:00 +0000,,1,Lamp,LMP
#1002,,,2,Mug,MUG
"""


@pytest.mark.parametrize(
    "keys",
    [
        "",
        ", fill_down: {by: Name, columns: [Paid at, Fulfilled at]}",
        ", fill_down: [Paid at, Fulfilled at]",
        ", fill_down: [Name, Paid at, Fulfilled at]",
    ],
)
def test_an_order_written_once_for_several_lines(pull: Pull, tmp_path: Path, keys: str) -> None:
    """awesome-shopify 81: an order's cells reach its further lines, and an unfulfilled order inherits nothing of another."""
    (tmp_path / "o.csv").write_text(SHOPIFY, "utf-8")
    batch = pull(ORDERS % keys)
    assert batch.unreadable.is_empty()
    shipped = [moment.isoformat() if moment else None for moment in batch.frame["shipped_at"].to_list()]
    assert shipped == ["2026-11-03T09:00:00+00:00"] * 2 + [None] * 2
    assert batch.frame["paid_at"].null_count() == 0


def test_an_order_whose_number_too_is_written_once(pull: Pull, tmp_path: Path) -> None:
    """A plain list fills the number first and the rest within it: «shipped» never reaches an order that is not; the pull says so."""
    (tmp_path / "o.csv").write_text(SHOPIFY.replace("#1001,,", ",,").replace("#1002,,,2", ",,,2"), "utf-8")
    batch = pull(ORDERS % ", fill_down: [Name, Paid at, Fulfilled at]")
    assert batch.frame["tid"].to_list() == ["#1001"] * 2 + ["#1002"] * 2
    assert batch.frame["shipped_at"].is_null().to_list() == [False] * 2 + [True] * 2
    assert batch.notes[-1].startswith("Empty cells take the value above only within one Name")
    unbound = pull(ORDERS % ', fill_down: {by: "", columns: [Name, Paid at, Fulfilled at]}')
    assert unbound.frame["shipped_at"].null_count() == 0
