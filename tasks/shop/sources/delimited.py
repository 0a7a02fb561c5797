"""CSV and TSV files, compressed or not."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.shop.fill_down import FillDown, OneFillDown
from tasks.shop.sources.source import Source

Encoding = Literal[
    "auto",
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "gb18030",
    "gbk",
    "gb2312",
    "big5",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "cp1250",
    "cp1251",
    "cp1252",
    "latin-1",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-15",
    "mac-roman",
]


class Delimited(Source):
    """CSV or TSV files, gz and members of a zip included.

    files: Globs, as elsewhere.
    member: Glob of the members of a zip.
    encoding: `auto` takes a byte order mark, UTF-16 by its zeros, UTF-8 where it decodes, and otherwise Windows-1252, GB18030,
        Big5 or Shift_JIS, whichever gives text that people write; rows of a file that may be several are flagged
        `encoding_doubtful`, and one that is none is refused. Other sets are read only where they are named here.
    repair: Text that was read in the wrong encoding before it was exported (Ã¶ for ö) is read again; otherwise it is flagged.
    separator: A single character; `auto` takes the comma, semicolon, tab or bar that gives the mapped columns.
    quote: A single character.
    skip_rows: Rows above the heading; `auto` looks for the first row with every column of `heading`, and the usual 0 for the row
        that holds the mapped columns if the first one holds none.
    heading: Column names that must be in the heading row.
    columns: Names, if the file has no heading.
    fill_down: Columns in which an empty cell takes the value above: `{by: Name, columns: [Paid at]}`, or a list. Shopify's order
        export, which writes an order's cells on its first line only, is known.
    stop_at: A row that begins with this ends the table.
    export_limit: A file of exactly this many rows was probably cut off by the export; the channel is flagged as incomplete.
    max_mb: Limit of one unpacked file.
    """

    kind: Literal["delimited"]
    files: list[str]
    member: str = ""
    encoding: Encoding = "auto"
    repair: bool = False
    separator: str = Field("auto", pattern=r"^(.|auto)$")
    quote: str = Field('"', max_length=1)
    skip_rows: int | Literal["auto"] = 0
    heading: list[str] = Field(default_factory=list)
    columns: list[str] = Field(default_factory=list)
    fill_down: OneFillDown = FillDown(columns=[])
    stop_at: list[str] = Field(default_factory=list)
    export_limit: int = 5_000
    max_mb: int = 2_000
