"""The shape of a delimited text: its line ends, its separator, and the line on which its table begins."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Literal

HEADING_WITHIN = 50
"""The most lines of a preamble."""
SEPARATORS = (",", ";", "\t", "|")
HEAD = 256 * 1024
"""Characters that are looked at."""


@dataclass(frozen=True)
class Shape:
    """How a text is a table.

    Args:
        text: From the heading on, with plain line ends.
        separator: Between cells.
        skipped: Lines above the heading.
    """

    text: str
    separator: str
    skipped: int


def plain_lines(text: str) -> str:
    """Return a text whose lines end in a line feed and which holds no NUL; a lone carriage return within quotes stays a space."""
    if "\0" in text:
        text = text.replace("\0", "")
    if "\r" not in text:
        return text
    head = text[:HEAD]
    if head.count("\n") > head.count("\r") // 2 or "\r\n" in head:
        return text.replace("\r\n", "\n").replace("\r", " ")
    return text.replace("\r", "\n")


def shape_of(text: str, *, separator: str, quote: str, wanted: frozenset[str], lines_above: int, search: bool) -> Shape:
    """Find the separator and the heading.

    Args:
        text: With plain line ends.
        separator: A character, or `auto`.
        quote: A character, or empty.
        wanted: Names of mapped columns; the line that holds most of them is the heading.
        lines_above: Declared number of lines above the heading.
        search: Whether the heading may also stand lower.
    """
    skipped = 0
    declared = re.match(r'^"?sep=(.)"?\n', text)
    if declared:  # written by programs for Excel, which reads it as an order and not as a row
        text, skipped = text[declared.end() :], 1
        separator = declared[1] if separator == "auto" else separator
    for _ in range(lines_above - skipped):
        text = text.partition("\n")[2]
        skipped += 1
    head = text[:HEAD].split("\n")[: HEADING_WITHIN + 20]
    kinds = SEPARATORS if separator == "auto" else (separator,)
    tables = {kind: [_cells(line, kind, quote) for line in head] for kind in kinds}
    best = max(kinds, key=lambda kind: (_hits(tables[kind], wanted), _regular(tables[kind]), -kinds.index(kind)))
    at = 0
    if search and wanted:
        hits = [len(wanted & set(cells)) for cells in tables[best][:HEADING_WITHIN]]
        first = next((index for index, line in enumerate(head) if line.strip()), 0)
        most = max(hits, default=0)
        if most > hits[first] and most >= min(2, len(wanted)) and 2 * hits[first] < len(wanted):
            at = hits.index(most)
    for _ in range(at):
        text = text.partition("\n")[2]
    return Shape(text, best, skipped + at)


def _cells(line: str, separator: str, quote: str) -> list[str]:
    try:
        cells = next(csv.reader(io.StringIO(line), delimiter=separator, quotechar=quote or None, quoting=_quoting(quote)), [])
    except csv.Error:
        cells = line.split(separator)
    return [cell.strip().lstrip("\ufeff") for cell in cells]


def _quoting(quote: str) -> Literal[0, 3]:
    return csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE


def _hits(lines: list[list[str]], wanted: frozenset[str]) -> int:
    return max((len(wanted & set(cells)) for cells in lines), default=0)


def _regular(lines: list[list[str]]) -> float:
    """Return how many lines have the most frequent number of cells, if that is more than one."""
    widths = [len(cells) for cells in lines if len(cells) > 1]
    return max((widths.count(width) * (1 + width / 1_000) for width in set(widths)), default=0.0)


def ragged(text: str, separator: str, quote: str) -> dict[int, list[str]]:
    """Return the rows, as places from 0 below the heading, whose number of cells is not that of the heading, with their cells."""
    rows = csv.reader(io.StringIO(text), delimiter=separator, quotechar=quote or None, quoting=_quoting(quote))
    try:
        width = len(next(rows, []))
        cells = [row for row in rows if row]
    except csv.Error:
        return {}
    return {place: row for place, row in enumerate(cells) if len(row) != width}
