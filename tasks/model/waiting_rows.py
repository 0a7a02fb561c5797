"""Rows of a channel that wait for the next stage: few in memory, many on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import polars as pl

from tasks.errors import UserError

PART = 50_000
"""The most rows of a part."""
FEW = 10_000
"""Up to this many rows wait in memory."""


class WaitingRows:
    """Rows that are handed over once, part by part; afterwards only the receiver has them.

    Prefect keeps the result of every task until its flow ends, and every channel waits for the slowest one: in memory the rows
    of all channels would be there at once. Files in `folder` have no name, so nobody else opens them, and they are gone when
    the process is, however it ends.
    """

    def __init__(self, rows: pl.DataFrame, folder: Path | None = None) -> None:
        """Let rows wait; without a folder, in memory.

        Raises:
            UserError: If the folder cannot take them.
        """
        self.height = 0
        self.folder = folder
        self._parts: list[pl.DataFrame | IO[bytes]] = []
        self._amendments: list[tuple[pl.Series, pl.DataFrame]] = []
        self.add(rows)

    def add(self, rows: pl.DataFrame) -> None:
        """Let further rows wait behind those that are there; they may have other columns.

        Raises:
            UserError: If the folder cannot take them.
        """
        on_disk = self.folder is not None and rows.height > FEW
        self._parts.extend((self._written(part) for part in rows.iter_slices(PART)) if on_disk else [rows])
        self.height += rows.height

    def look(self) -> pl.DataFrame:
        """Return all rows without taking them.

        Raises:
            RuntimeError: If they were taken already.
        """
        return _together(self.parts(keep=True))

    def take(self) -> pl.DataFrame:
        """Return all rows and release them.

        Raises:
            RuntimeError: If they were taken already.
        """
        return _together(self.parts())

    def parts(self, *, keep: bool = False) -> Iterator[pl.DataFrame]:
        """Yield the rows in parts, at least one, and release each part that was yielded, unless it is to be kept.

        Raises:
            RuntimeError: If they were taken already.
        """
        if not self._parts:
            raise RuntimeError("these rows were handed over already")
        waiting = self._parts[::-1]
        self._parts = self._parts if keep else []
        parts = _read(waiting, keep)
        for kept, columns in self._amendments:
            parts = _amend(parts, kept, columns)
        yield from parts

    def amended(self, kept: pl.Series, columns: pl.DataFrame) -> WaitingRows:
        """Hand on the kept rows with some columns replaced or added; what waits on disk is not written again.

        Args:
            kept: For each row, whether it is kept.
            columns: The columns, with a value for each kept row.
        """
        rows = WaitingRows(pl.DataFrame(), self.folder)
        rows._parts, self._parts = self._parts, []
        rows._amendments = [*self._amendments, (kept, columns)]
        rows.height = int(kept.sum())
        return rows

    def kept(self, kept: pl.Series) -> WaitingRows:
        """Hand on some of the rows; what waits on disk is not written again.

        Args:
            kept: For each row, whether it is kept.
        """
        return self.amended(kept, pl.DataFrame())

    def release(self) -> None:
        """Let go of the rows, as if they had been taken."""
        parts, self._parts = self._parts, []
        _close(parts)

    def __del__(self) -> None:
        _close(self._parts)

    def _written(self, part: pl.DataFrame) -> IO[bytes]:
        try:
            file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115  kept open: closing ends it
            part.write_parquet(file, compression="uncompressed", statistics=False)
        except OSError as error:
            what = f"Pulled rows cannot wait in {self.folder} ({error.strerror or error})."
            raise UserError(what, hint="Make the folder writable and make room in it.") from error
        return file


def _read(waiting: list[pl.DataFrame | IO[bytes]], keep: bool) -> Iterator[pl.DataFrame]:
    """Read waiting parts from the last to the first, and close each once it is read, unless it is to be kept."""
    try:
        while waiting:
            part = waiting[-1]
            if isinstance(part, pl.DataFrame):
                rows = part
            else:
                part.seek(0)
                rows = pl.read_parquet(part)  # its columns are copies: one that is kept does not hold the others
            del part
            _close([] if keep else waiting[-1:])
            waiting.pop()
            yield rows
            del rows  # before the next ones are read
    finally:
        _close([] if keep else waiting)


def _together(parts: Iterator[pl.DataFrame]) -> pl.DataFrame:
    """Put parts one below the other; a column that one of them lacks is null there."""
    frames = list(parts)
    same = all(frame.columns == frames[0].columns for frame in frames)
    return pl.concat(frames, how="vertical" if same else "diagonal")


def _amend(parts: Iterator[pl.DataFrame], kept: pl.Series, columns: pl.DataFrame) -> Iterator[pl.DataFrame]:
    begin = begin_kept = 0
    for part in parts:
        mask = kept.slice(begin, part.height)
        begin += part.height
        rows = part if mask.all() else part.filter(mask)
        del part
        rows = rows.with_columns(columns.slice(begin_kept, rows.height))
        begin_kept += rows.height
        yield rows
        del rows


def _close(parts: list[pl.DataFrame | IO[bytes]]) -> None:
    for part in parts:
        if not isinstance(part, pl.DataFrame):
            part.close()
