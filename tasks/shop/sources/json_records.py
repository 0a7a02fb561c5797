"""Files of JSON lines or JSON documents."""

from __future__ import annotations

from typing import Literal

from tasks.shop.sources.source import Source


class JsonRecords(Source):
    """Files of JSON lines, or of JSON documents.

    files: Globs; relative ones start at the shop's home; `{shared}` is the folder of the shared data sets.
    member: Glob of the members of a zip; gz is unpacked by its name.
    form: `lines` or `document`; `auto` takes the file's name and first character.
    records: Path of the list of records in a document.
    each: Path of a list inside a record of which each item becomes a row, as for `http_api`.
    max_mb: Limit of one unpacked file.
    """

    kind: Literal["json_records"]
    files: list[str]
    member: str = ""
    form: Literal["auto", "lines", "document"] = "auto"
    records: str = ""
    each: str = ""
    max_mb: int = 2_000
