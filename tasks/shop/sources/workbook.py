"""XLSX files typed by hand."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.shop.fill_down import FillDown, OneFillDown
from tasks.shop.sources.source import Source


class Workbook(Source):
    """XLSX files typed by hand.

    files: Globs, as elsewhere.
    sheet: Name of the sheet; empty means the first; `*` means all, with the column `_sheet`.
    skip_rows: Rows above the heading; `auto` looks for the first row with every column of `heading`.
    heading: Column names that must be in the heading row.
    fill_down: Columns in which an empty cell (merged with the one above) takes the value above: a list, or
        `{by: Order, columns: [Date]}`.
    ditto: Cells that mean the value above, in every column.
    stop_at: A row whose first cell begins so ends the table (合计).
    max_rows, max_columns, max_cells: Limits checked before the file is parsed.
    """

    kind: Literal["workbook"]
    files: list[str]
    sheet: str = ""
    skip_rows: int | Literal["auto"] = "auto"
    heading: list[str] = Field(default_factory=list)
    fill_down: OneFillDown = FillDown(columns=[])
    ditto: list[str] = Field(default_factory=lambda: ["同上", "〃", '"'])
    stop_at: list[str] = Field(default_factory=lambda: ["合计", "总计"])
    max_rows: int = 200_000
    max_columns: int = 200
    max_cells: int = 2_000_000
