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
