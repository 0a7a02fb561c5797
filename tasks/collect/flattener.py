"""JSON records flattened into columns of text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from tasks.model.rows import Handover
from tasks.model.waiting_rows import WaitingRows

LIST_ITEMS = 10
"""The most items of a list that become columns (`items.0.sku`)."""
PAGE_ROWS = 2_000
"""Records flattened together."""
MAX_DEPTH = 50
"""Objects nested more deeply than this are not looked into."""
FLUSH_ROWS = 20_000
"""From this number of records on, cells held as Python objects become columns."""
PART_ROWS = 100_000
"""From this number of rows on, columns wait on disk."""
_READY = {str, type(None)}
_Filled = tuple[list[str | None], list[Any]]
"""The cells gathered so far of one column, and those of further records."""


def flatten(records: list[Any], columns: frozenset[str] | None = None) -> pl.DataFrame:
    """Turn JSON records into a frame of text columns; nested names are joined by dots, lists are also kept as JSON text.

    columns: Only these; None means all.
    """
    flat = Flattener(columns)
    flat.add(records)
    return flat.frame()


class Flattener:
    """Flattens records page by page, so that only the text of the wanted fields is held.

    columns: Names of the wanted columns; None means all.
    folder: Where many rows wait; None means in memory.
    """

    def __init__(self, columns: frozenset[str] | None = None, folder: Path | None = None) -> None:
        self._folder = folder
        self._waiting: WaitingRows | None = None
        self._columns = columns
        self._beginnings = None if columns is None else {name[:at] for name in columns for at in _dots(name)}
        self._wanted_below: set[str] = set()
        self._root = _Field("", self)
        self._cells: dict[str, list[str | None]] = {}
        self._row = 0
        self._frames: list[pl.DataFrame] = []

    def add(self, records: list[Any]) -> None:
        """Flatten further records."""
        for start in range(0, len(records), PAGE_ROWS):
            page = records[start : start + PAGE_ROWS]
            columns = self._columns_of(page) if self._columns is not None else None
            if columns is None:
                self._spread_each(page)
            else:
                for cells, values in columns:
                    cells.extend([None] * (self._row - len(cells)))
                    cells.extend(values)
                self._row += len(page)
            if self._row >= FLUSH_ROWS:
                self._flush()

    def frame(self) -> pl.DataFrame:
        """Return all added records; without any wanted field the frame still has their number of rows."""
        return self.rows().take()

    def rows(self) -> Handover[pl.DataFrame] | WaitingRows:
        """Hand over all added records: few in one frame, many part by part."""
        self._flush()
        if self._waiting is None:
            return Handover(self._together())
        if self._frames:
            self._wait()
        return self._waiting

    @property
    def seen(self) -> tuple[str, ...]:
        """The names of the fields that any record had: those at the top, wanted or not, and the wanted ones below, sorted."""
        return tuple(sorted({*self._root, *self._wanted_below}))

    def wants(self, name: str) -> tuple[list[str | None] | None, bool]:
        """Return the cells of a column (None if it is not wanted) and whether anything below it is wanted."""
        wanted = self._columns is None or name in self._columns
        if wanted and "." in name:
            self._wanted_below.add(name)
        below = self._beginnings is None or name in self._beginnings
        return (self._cells.setdefault(name, []) if wanted else None), below

    def _columns_of(self, page: list[Any]) -> list[_Filled] | None:
        """Return a page's wanted columns, taken column by column; None if they must be read record by record.

        That is so if a record is not an object, a field is new (columns keep the order of first appearance), a name has a
        dot of its own, or a list has wanted items.
        """
        if not all(type(record) is dict for record in page):
            return None
        return _columns_below(page, self._root)

    def _spread_each(self, page: list[Any]) -> None:
        for record in page:
            self._spread(record if isinstance(record, dict) else {"value": record}, self._root)
            self._row += 1

    def _spread(self, values: dict[str, Any], field: _Field) -> None:
        row = self._row
        for key, value in values.items():
            here = field[key]
            kind = type(value)
            if kind is dict:
                if here.below:
                    self._spread(value, here)
                continue
            if kind is list and here.below:
                self._spread({str(index): item for index, item in enumerate(value[:LIST_ITEMS])}, here)
            cells = here.cells
            if cells is None:
                continue
            cell = _cell(value)
            missing = row - len(cells)
            if missing == 0:
                cells.append(cell)
            elif missing > 0:
                if cell is None:
                    continue  # filled up when the next value comes, or at the end
                cells.extend([None] * missing)
                cells.append(cell)
            else:
                cells[row] = cell  # two spellings of one name: the later one wins

    def _flush(self) -> None:
        if not self._row:
            return
        if not any(self._cells.values()) and self._columns:
            self._cells[min(self._columns)] = []
        filled = {
            name: [*cells, *[None] * (self._row - len(cells))] for name, cells in self._cells.items() if cells or self._columns
        }
        self._frames.append(pl.DataFrame({name: pl.Series(name, cells, dtype=pl.String) for name, cells in filled.items()}))
        for cells in self._cells.values():
            cells.clear()
        self._row = 0
        if self._folder is not None and sum(frame.height for frame in self._frames) >= PART_ROWS:
            self._wait()

    def _wait(self) -> None:
        """Let the rows so far wait on disk."""
        if self._waiting is None:
            self._waiting = WaitingRows(self._together(), self._folder)
        else:
            self._waiting.add(self._together())
        self._frames.clear()

    def _together(self) -> pl.DataFrame:
        return pl.concat(self._frames, how="diagonal") if self._frames else pl.DataFrame()


class _Field(dict[str, "_Field"]):
    """A place in the records: its fields by key, created at first sight."""

    def __init__(self, name: str, flat: Flattener, depth: int = 0) -> None:
        super().__init__()
        self._name, self._flat, self._depth = name, flat, depth
        self.ambiguous = False  # whether a key has contained a dot or been empty
        self.cells, self.below = flat.wants(name) if name else (None, True)
        self.below &= depth < MAX_DEPTH

    def __missing__(self, key: str) -> _Field:
        field = _Field(f"{self._name}.{key}" if self._name else key, self._flat, self._depth + 1)
        self[key] = field
        self.ambiguous |= not key or "." in key
        return field


def _columns_below(rows: list[dict[str, Any]], field: _Field) -> list[_Filled] | None:
    """Return the wanted columns at and below a place of the records; None if records must be flattened one by one."""
    if field.ambiguous or not set().union(*rows) <= field.keys():
        return None
    columns: list[_Filled] = []
    for key, here in field.items():
        if here.cells is None and not here.below:
            continue
        values = [row.get(key) for row in rows]
        kinds = set(map(type, values))
        if here.below:
            if list in kinds:
                return None
            if dict in kinds:
                below = _columns_below([value if type(value) is dict else {} for value in values], here)
                if below is None:
                    return None
                columns += below
        if here.cells is not None:
            columns.append((here.cells, values if kinds <= _READY else [_cell(value) for value in values]))
    return columns


def _cell(value: Any) -> str | None:
    kind = type(value)
    return value if kind is str else str(value) if kind is int else None if kind is dict else _text(value)


def _dots(name: str) -> Iterator[int]:
    return (at for at, letter in enumerate(name) if letter == ".")


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "[…]"
