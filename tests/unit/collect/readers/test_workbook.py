"""A table typed by hand becomes rows: preamble, merged cells, 「同上」, totals."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import xlsxwriter

from tasks.model.rows import PulledRows

CHANNEL = """
channels:
  - name: store
    table: feedback
    source: store
    read: {kind: workbook, files: ["*.xlsx"], heading: [日期, 门店], fill_down: [门店]}
    dates: [iso, half_day, month_day]
    columns: {submitted_at: 日期, text: 问题描述, unit_price: 金额}
    extras: {store: 门店}
"""


def write(path: Path) -> None:
    """Write what a store manager would."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("11月")
    sheet.write(0, 0, "门店售后登记表")
    sheet.write_row(2, 0, ["日期", "门店", "问题描述", "金额"])
    sheet.merge_range(3, 1, 5, 1, "一店")
    sheet.write_row(3, 2, ["杯子碎了 电话 199-0000-1234", "1,499元"])
    sheet.write(3, 0, "11.2")
    sheet.write(4, 0, "同上")
    sheet.write_row(4, 2, ["漏水"])
    sheet.write_datetime(5, 0, datetime(2026, 11, 3, 15, 5), book.add_format({"num_format": "yyyy/m/d hh:mm"}))
    sheet.write_row(5, 2, ["同上", 88])
    sheet.write_row(7, 0, ["2026/11/2 下午3:05", "二店", "发错货"])
    sheet.write_row(8, 0, ["合计", "", "4"])
    book.close()


def test_a_hand_typed_table(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """Every row has its store, day, text and amount; the total is no row."""
    write(tmp_path / "a.xlsx")
    batch = pull(CHANNEL)
    assert (batch.error, batch.read) == ("", 4)
    rows = batch.frame.with_columns(batch.frame["submitted_at"].dt.strftime("%m-%dT%H:%M")).select(
        "submitted_at", "store", "text", "unit_price"
    )
    assert rows.rows() == [
        ("11-01T16:00", "一店", "杯子碎了 电话 [电话]", 1499.0),
        ("11-01T16:00", "一店", "漏水", None),
        ("11-03T07:05", "一店", "漏水", 88.0),
        ("11-02T07:05", "二店", "发错货", None),
    ]


def test_a_wrong_heading_is_told(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """A workbook without the heading is an error that names what was looked for."""
    write(tmp_path / "a.xlsx")
    assert "日期, 门店号" in pull(CHANNEL.replace("heading: [日期, 门店]", "heading: [日期, 门店号]")).error


def test_one_refused_file_leaves_the_others(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """A workbook that is none is named; the rows of the good one are still there."""
    write(tmp_path / "a.xlsx")
    (tmp_path / "b.xlsx").write_bytes(b"not a zip")
    batch = pull(CHANNEL)
    assert "b.xlsx" in batch.error
    assert batch.frame.height == 4


def test_an_absent_sheet_names_those_there(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """A misspelt sheet is told with the sheets that exist."""
    write(tmp_path / "a.xlsx")
    assert "11月" in pull(CHANNEL.replace("files:", "sheet: 10月, files:")).error


def test_days_as_excel_counts_them(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """readxl 263 and 266, polars 13462: day serials among dates and texts are days; an unknown text is told with its row."""
    book = xlsxwriter.Workbook(tmp_path / "store.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["日期", "门店", "问题描述", "金额"])
    sheet.write_row(1, 0, ["17/10/2026", "一店", "漏水"])
    sheet.write_row(2, 0, [46313, "一店", "漏水"])
    sheet.write_row(3, 0, [46314.5, "一店", "漏水"])
    sheet.write_row(4, 0, ["46315", "一店", "漏水"])
    sheet.write_row(5, 0, ["日期", "门店", "问题描述", "金额"])
    sheet.write_row(7, 0, ["改天", "一店", "漏水"])
    book.close()
    batch = pull(CHANNEL.replace("[iso, half_day, month_day]", '[iso, "%d/%m/%Y"]'))
    days = [f"{moment:%m-%dT%H}" for moment in batch.frame["submitted_at"].dt.convert_time_zone("Asia/Shanghai")]
    assert days == ["10-17T00", "10-18T00", "10-19T12", "10-20T00"]
    assert batch.unreadable["reason"].to_list() == [
        "submitted_at cannot be read: «改天» (store.xlsx/Sheet1, row 8, column 日期)",
        "row 6 of store.xlsx/Sheet1 repeats the heading",
    ]


def test_cells_of_an_order_are_filled_within_it(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """With `by`, an empty cell takes the value above only in the same order."""
    book = xlsxwriter.Workbook(tmp_path / "store.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["日期", "门店", "问题描述", "金额"])
    sheet.write_row(1, 0, ["2026-11-01", "A", "漏水", 5])
    sheet.write_row(2, 0, ["", "A", "破损"])
    sheet.write_row(3, 0, ["2026-11-02", "B", "异响"])
    book.close()
    batch = pull(CHANNEL.replace("[门店], ", "").replace("fill_down: [门店]", "fill_down: {by: 门店, columns: [日期, 金额]}"))
    assert batch.frame["unit_price"].to_list() == [5.0, 5.0, None]


def test_what_programs_leave_beside_an_export_is_no_export(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """Locks, hidden files and half downloads are not read and not errors."""
    write(tmp_path / "a.xlsx")
    for name in ("~$a.xlsx", ".~lock.a.xlsx#", ".hidden.xlsx", "b.xlsx.part", "c.xlsx.crdownload", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"lock")
    batch = pull(CHANNEL.replace('["*.xlsx"]', '["*"]').replace('files: ["*"]', 'files: ["*xlsx*"]'))
    assert (batch.error, batch.read) == ("", 4)
