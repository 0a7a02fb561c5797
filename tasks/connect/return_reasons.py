"""Reasons of returns as codes: figures of quality count the codes of `targets.yaml`, not the words of a source."""

from __future__ import annotations

from typing import Any

import polars as pl

from tasks.connect.headings import KnownHeadings
from tasks.connect.samples import Note

MOST = 100
"""Different reasons that are looked at, the most frequent first."""


def reasons_mapped(
    cells: pl.Series, table: str, column: str, words: KnownHeadings, reasons: list[Note], doubts: list[Note]
) -> dict[str, Any] | None:
    """Map the reasons of a source that are known to codes; the others stay as they are written, and are named.

    Args:
        reasons, doubts: Get what is to be said about it.

    Returns:
        The mapping, or None if no reason is known.
    """
    text = cells.cast(pl.String, strict=False).str.strip_chars().drop_nulls()
    counted = text.filter(text != "").value_counts(name="count").sort(["count", cells.name], descending=[True, False]).head(MOST)
    codes = {value: words.code_within(table, column, value) for value in counted[cells.name].to_list()}
    known = {value: code for value, code in sorted(codes.items()) if code}
    strange = [value for value, code in codes.items() if not code]
    if strange:
        doubts.append(Note("connect.reasons_unknown", {"column": cells.name, "values": ", ".join(strange[:6])}))
    if not known:
        return None
    reasons.append(Note("connect.is_codes", {"known": str(len(known)), "all": str(len(codes))}))
    return {"from": cells.name, "map": known, "unmapped": "keep"}
