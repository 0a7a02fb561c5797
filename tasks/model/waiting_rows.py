"""Rows of a channel that wait for the next stage: few in memory, many on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import polars as pl

from tasks.errors import UserError

PART = 200_000
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
        self.height = rows.height
        self.folder = folder
        self._parts: list[pl.DataFrame | IO[bytes]] = []
        on_disk = folder is not None and rows.height > FEW
        self._parts.extend((self._written(part) for part in rows.iter_slices(PART)) if on_disk else [rows])

    def look(self) -> pl.DataFrame:
        """Return all rows without taking them.

        Raises:
            RuntimeError: If they were taken already.
        """
        return pl.concat(self.parts(keep=True))

    def take(self) -> pl.DataFrame:
        """Return all rows and release them.

        Raises:
            RuntimeError: If they were taken already.
        """
        return pl.concat(self.parts())

    def parts(self, *, keep: bool = False) -> Iterator[pl.DataFrame]:
        """Yield the rows in parts, at least one, and release each part that was yielded, unless it is to be kept.

        Raises:
            RuntimeError: If they were taken already.
        """
        if not self._parts:
            raise RuntimeError("these rows were handed over already")
        parts = self._parts[::-1]
        self._parts = self._parts if keep else []
        try:
            while parts:
                rows = _read(parts[-1])
                _close([] if keep else parts[-1:])
                parts.pop()
                yield rows
                del rows  # before the next ones are read
        finally:
            _close([] if keep else parts)

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


def _read(part: pl.DataFrame | IO[bytes]) -> pl.DataFrame:
    if isinstance(part, pl.DataFrame):
        return part
    part.seek(0)
    return pl.read_parquet(part)  # copies: of rows that were mapped into memory, one kept column would hold the whole part


def _close(parts: list[pl.DataFrame | IO[bytes]]) -> None:
    for part in parts:
        if not isinstance(part, pl.DataFrame):
            part.close()
