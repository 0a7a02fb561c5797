"""What every reader is given and what it gives back: rows as the source wrote them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
LIST_ITEMS = 10
"""So many items of a list become columns of their own (`items.0.sku`)."""
FLUSH_ROWS = 20_000
"""So many records are held as Python objects at most."""


@dataclass(frozen=True)
class Window:
    """The span that a pull asks for, half-open, aware UTC; without `start` it is a first load.

    start: Overlap already taken off.
    now: The moment of the pull.
    zone: The channel's zone.
    """

    start: datetime | None
    end: datetime
    now: datetime
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True)
class ReadContext:
    """Where a channel's files and secrets are, and how it waits.

    columns: SourceRows columns that the mapping uses; None means all.
    stamp: SourceRows column of the stamp, where a reader may leave out rows outside the window by it.
    """

    settings: Settings
    window: Window
    wait: Callable[[float], None] = time.sleep
    columns: frozenset[str] | None = None
    stamp: str = ""

    @property
    def shared(self) -> Path:
        """The folder of the shared data sets: the setting, or `../shared` beside the repository."""
        return self.settings.shared or REPOSITORY.parent / "shared"

    def path(self, text: str) -> str:
        """Replace `{home}` and `{shared}`; a relative path starts at the home."""
        filled = text.replace("{home}", str(self.settings.home)).replace("{shared}", str(self.shared))
        return filled if Path(filled).is_absolute() else str(self.settings.home / filled)

    def files(self, patterns: list[str]) -> list[Path]:
        """Return the files of some globs in name order.

        Raises:
            ChannelError: If nothing matches a pattern.
        """
        found: list[Path] = []
        for pattern in patterns:
            path = Path(self.path(pattern))
            anchor = Path(path.anchor)
            matches = sorted(match for match in anchor.glob(str(path.relative_to(anchor))) if match.is_file())
            if not matches:
                raise ChannelError(
                    f"No file matches {pattern}.",
                    hint=f"Put the export into {path.parent}, or correct `files` in channels.yaml.",
                    problem=ChannelProblem.MISSING,
                )
            found += [match for match in matches if match not in found]
        return found

    def secret(self, name: str) -> str:
        """Return a secret by its name.

        Raises:
            ChannelError: If it is set nowhere.
        """
        value = self.settings.channel_secret(name)
        if not value:
            raise ChannelError(
                f"The secret {name} is not set.",
                hint=f"Write it into {self.settings.home}/secrets/{name} (mode 600), or set AFTERSALES_SECRET_{name.upper()}.",
                problem=ChannelProblem.REFUSED_LOGIN,
            )
        return value


@dataclass(frozen=True)
class SourceRows:
    """Rows as the source wrote them, flat: a nested value is a column `a.b.c`.

    loose: A column may be absent (JSON leaves empty fields out); otherwise an absent column is an error.
    refused: Records that were not read, as (source id, reason).
    warnings: Doubts about completeness, one sentence each.
    errors: Why files failed while others were read.
    cut_off: Whether the source is known to have stopped early.
    live: Whether the source answers for the present moment (a server), not for the time of an export.
    """

    rows: Handover[pl.DataFrame]
    loose: bool = False
    refused: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[ChannelError] = field(default_factory=list)
    cut_off: bool = False
    live: bool = False

    @property
    def frame(self) -> pl.DataFrame:
        """The rows, while nobody has taken them."""
        return self.rows.look()


def gather(parts: Iterable[SourceRows]) -> SourceRows:
    """Put the rows of several files under one another by column name."""
    parts = list(parts)
    frames = [frame for part in parts if (frame := part.rows.take()).width]
    return SourceRows(
        Handover(pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()),
        loose=all(part.loose for part in parts) if parts else True,
        refused=[item for part in parts for item in part.refused],
        warnings=[item for part in parts for item in part.warnings],
        errors=[item for part in parts for item in part.errors],
        cut_off=any(part.cut_off for part in parts),
        live=any(part.live for part in parts),
    )


def read_files(files: list[Path], reader: Callable[[Path], SourceRows]) -> SourceRows:
    """Read file by file; where some fail, the others' rows are kept and the failures named.

    Raises:
        ChannelError: If every file failed.
    """
    parts: list[SourceRows] = []
    failures: list[ChannelError] = []
    for file in files:
        try:
            parts.append(reader(file))
        except ChannelError as error:
            failures.append(error)
    if failures and not parts:
        raise failures[0]
    whole = gather(parts)
    whole.errors.extend(failures)
    return whole


def flatten(records: Iterable[Any], columns: frozenset[str] | None = None) -> pl.DataFrame:
    """Turn JSON records into a frame of text columns; nested names are joined by dots, lists are kept as JSON text too.

    columns: Only these; None means all.
    """
    flat = Flattener(columns)
    flat.add(records)
    return flat.frame()


class Flattener:
    """Spreads records page by page into columns, so that only the text of the wanted fields is held.

    columns: Names of the wanted columns; None means all.
    """

    def __init__(self, columns: frozenset[str] | None = None) -> None:
        self._columns = columns
        self._beginnings = None if columns is None else {name[:at] for name in columns for at in _dots(name)}
        self._root = _Field("", self)
        self._cells: dict[str, list[str | None]] = {}
        self._row = 0
        self._frames: list[pl.DataFrame] = []

    def add(self, records: Iterable[Any]) -> None:
        """Spread further records."""
        for record in records:
            self._spread(record if isinstance(record, dict) else {"value": record}, self._root)
            self._row += 1
            if self._row == FLUSH_ROWS:
                self._flush()

    def frame(self) -> pl.DataFrame:
        """Return all records that were added; without any wanted field they still have their number of rows."""
        self._flush()
        return pl.concat(self._frames, how="diagonal", rechunk=True) if self._frames else pl.DataFrame()

    def wants(self, name: str) -> tuple[list[str | None] | None, bool]:
        """Return the cells of a column, none where it is not wanted, and whether anything below it is wanted."""
        wanted = self._columns is None or name in self._columns
        below = self._beginnings is None or name in self._beginnings
        return (self._cells.setdefault(name, []) if wanted else None), below

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
            if kind is not str:
                value = str(value) if kind is int else _text(value)
            missing = row - len(cells)
            if missing == 0:
                cells.append(value)
            elif missing > 0:
                if value is None:
                    continue  # filled up when the next value comes, or at the end
                cells.extend([None] * missing)
                cells.append(value)
            else:
                cells[row] = value  # two spellings of one name: the later one counts

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


class _Field(dict[str, "_Field"]):
    """A place in the records: its fields by key, made when first met."""

    def __init__(self, name: str, flat: Flattener) -> None:
        super().__init__()
        self._name, self._flat = name, flat
        self.cells, self.below = flat.wants(name) if name else (None, True)

    def __missing__(self, key: str) -> _Field:
        field = _Field(f"{self._name}.{key}" if self._name else key, self._flat)
        self[key] = field
        return field


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
    return json.dumps(value, ensure_ascii=False)


def flatten_structs(frame: pl.DataFrame) -> pl.DataFrame:
    """Spread struct columns of a typed frame into columns `a.b.c`."""
    while structs := [name for name, kind in frame.schema.items() if isinstance(kind, pl.Struct)]:
        for name in structs:
            kind = frame.schema[name]
            parts = [pl.col(name).struct.field(item.name).alias(f"{name}.{item.name}") for item in kind.fields]  # type: ignore[attr-defined]
            frame = frame.with_columns(parts).drop(name)
    return frame


def at_path(value: Any, path: str) -> Any:
    """Follow a dotted path into parsed JSON; nothing where it leads nowhere."""
    for part in path.split(".") if path else []:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def moment_text(moment: datetime, form: str, zone: str) -> str:
    """Write a moment as `iso`, `epoch_s`, `epoch_ms` or in a strftime format of a zone."""
    if form == "iso":
        return moment.isoformat().replace("+00:00", "Z")
    if form == "epoch_s":
        return str(int(moment.timestamp()))
    if form == "epoch_ms":
        return str(int(moment.timestamp() * 1000))
    return moment.astimezone(ZoneInfo(zone)).strftime(form)
