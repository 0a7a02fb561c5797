"""CSV and TSV files, compressed or not."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.shop.sources.source import Source


class Delimited(Source):
    """CSV or TSV files, gz and members of a zip included.

    files: Globs, as elsewhere.
    member: Glob of the members of a zip.
    encoding: `utf-8` (with or without BOM), `gb18030`, or `auto`: UTF-8 where it decodes, otherwise GB18030.
    separator, quote: Single characters.
    skip_rows: Rows above the heading; `auto` looks for the first row with every column of `heading`.
    heading: Column names that must be in the heading row.
    columns: Names, if the file has no heading.
    stop_at: A row that begins with this ends the table.
    export_limit: A file of exactly this many rows was probably cut off by the export; the channel is flagged as incomplete.
    max_mb: Limit of one unpacked file.
    """

    kind: Literal["delimited"]
    files: list[str]
    member: str = ""
    encoding: Literal["utf-8", "gb18030", "auto"] = "auto"
    separator: str = Field(",", min_length=1, max_length=1)
    quote: str = Field('"', max_length=1)
    skip_rows: int | Literal["auto"] = 0
    heading: list[str] = Field(default_factory=list)
    columns: list[str] = Field(default_factory=list)
    stop_at: list[str] = Field(default_factory=list)
    export_limit: int = 5_000
    max_mb: int = 2_000
