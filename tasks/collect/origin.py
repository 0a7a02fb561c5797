"""Where rows come from: the file, the row in it as a spreadsheet program counts, and what is doubtful about it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class FileRows:
    """The consecutive rows that one file gave.

    name: The file, and the member or sheet in it.
    height: Number of rows.
    first: Number of the first row, the heading counted.
    numbers: Number of each row, where rows between them were left out.
    columns: Its headings.
    marks: Flag → the rows that carry it, as places from 0; None means every row.
    path: The file itself, of which a workbook may give several sheets.
    """

    name: str
    height: int
    first: int = 1
    numbers: pl.Series | None = None
    columns: tuple[str, ...] = ()
    marks: Mapping[str, Sequence[int] | None] = field(default_factory=dict)
    path: Path | None = None


class Origin:
    """Answers where a row of a channel comes from.

    Args:
        files: In the order of the rows; empty if a source has no files or its rows were joined.
        kept: Places of the rows that are still there, where some were filtered out.
        height: Number of rows that are still there.
        before: Number of rows in the parts before them.
    """

    def __init__(self, files: list[FileRows], height: int, kept: pl.Series | None = None, before: int = 0) -> None:
        self.before = before
        self._ends = list(accumulate(file.height for file in files))
        whole = kept is not None or (self._ends[-1] if files else 0) == height
        self.files = files if whole else []
        self._kept, self._height = kept, height

    def place(self, row: int) -> str:
        """Return where a row stands: `t.csv, row 4`."""
        at = int(self._kept[row]) if self._kept is not None else row
        if not self.files:
            return f"row {self.before + at + 1}"
        index = min(bisect_right(self._ends, at), len(self.files) - 1)
        file = self.files[index]
        within = at - (self._ends[index] - file.height)
        return f"{file.name}, row {file.numbers[within] if file.numbers is not None else file.first + within}"

    def file_of(self, row: int) -> FileRows | None:
        """Return the file of a row, or None if it has none."""
        at = int(self._kept[row]) if self._kept is not None else row
        return self.files[min(bisect_right(self._ends, at), len(self.files) - 1)] if self.files else None

    def rows_of(self, index: int) -> pl.Series:
        """Return which rows come from the file of that index."""
        places = self._kept if self._kept is not None else pl.int_range(self._height, eager=True)
        end = self._ends[index]
        return (places < end) & (places >= end - self.files[index].height)

    def paths(self) -> list[Path]:
        """Return the files that gave rows, each once."""
        return list(dict.fromkeys(file.path for file in self.files if file.path is not None))

    def path_numbers(self) -> pl.Series | None:
        """Return for each row which of `paths` it comes from, or None where rows were joined or come from a server."""
        paths = self.paths()
        if not paths or any(file.path is None for file in self.files):
            return None
        parts = [
            pl.Series([paths.index(file.path)], dtype=pl.UInt32).new_from_index(0, file.height)
            for file in self.files
            if file.path
        ]
        numbers = pl.concat(parts)
        return numbers.gather(self._kept) if self._kept is not None else numbers

    def marks(self) -> list[tuple[str, pl.Series]]:
        """Return each flag of the files with the rows that carry it."""
        found: dict[str, list[int]] = {}
        for end, file in zip(self._ends, self.files, strict=False):
            for flag, rows in file.marks.items():
                start = end - file.height
                found.setdefault(flag, []).extend(range(start, end) if rows is None else (start + row for row in rows))
        if not found:
            return []
        total = self._ends[-1]
        masks = []
        for flag, rows in sorted(found.items()):
            mask = pl.repeat(False, total, dtype=pl.Boolean, eager=True).scatter(rows, True)
            masks.append((flag, mask.gather(self._kept) if self._kept is not None else mask))
        return masks
