"""The archive: the very bytes of each edition, as files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from tasks.errors import UserError
from tasks.files import TEMPORARY, share_with_group, write_whole
from tasks.model.editions import Edition, edition_id


@dataclass(frozen=True)
class Discrepancy:
    """A mismatch between archive and ledger: a file is `missing`, `changed` or `unknown` (it has no row)."""

    kind: str
    path: str


class Archive:
    """Files by edition: `<root>/<report>/<period>/r<revision>/<audience>.<language>/<file>`.

    Args:
        root: Folder; made when first written.
        shared: Whether users of the same group may read it.
    """

    def __init__(self, root: Path, *, shared: bool = False) -> None:
        self.root = Path(root)
        self.shared = shared

    def folder(self, edition: Edition) -> Path:
        """Return the folder of an edition.

        Raises:
            ValueError: If it would lie outside the archive.
        """
        folder = self.root / edition_id(edition)
        if not folder.resolve().is_relative_to(self.root.resolve()):
            raise ValueError(f"the edition {edition_id(edition)} lies outside the archive")
        return folder

    def write(self, edition: Edition, files: Mapping[str, bytes], *, stored: Edition | None = None) -> dict[str, str]:
        """Write the files of an edition, each whole or not at all, and return their SHA-256 by relative path.

        Write the ledger's row afterwards: a row then always has its files.

        Args:
            edition: The edition; its `files` are ignored.
            files: Relative path → bytes.
            stored: The edition in the ledger, if there; its files are never changed. Files of an attempt that
                never reached the ledger are replaced.

        Raises:
            UserError: If a stored edition would change.
        """
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
        if stored is not None and stored.files != hashes:
            raise UserError(
                f"The edition {edition_id(edition)} is already archived with other content.",
                hint="Use --revise to make a new revision.",
            )
        folder = self.folder(edition)
        for name, data in sorted(files.items()):
            write_whole(folder / _inside(name), data)
        for path in self._files(folder):
            if path.relative_to(folder).as_posix() not in hashes:
                path.unlink()
        if self.shared:
            share_with_group(folder, self.root)
        return hashes

    def read(self, edition: Edition, name: str) -> bytes:
        """Return a file of a stored edition.

        Raises:
            UserError: If it is missing or is not the file that was archived.
        """
        path = self.folder(edition) / _inside(name)
        if not path.is_file():
            raise UserError(f"{path} is missing from the archive.", hint="Restore it from a backup; the ledger has its SHA-256.")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != edition.files.get(name):
            raise UserError(f"{path} is not the file that was archived.", hint="Restore it from a backup.")
        return data

    def check(self, editions: Iterable[Edition]) -> list[Discrepancy]:
        """Return rows without a file, changed files, and files without a row, by path."""
        expected = {f"{edition_id(edition)}/{name}": sha for edition in editions for name, sha in edition.files.items()}
        present = {path.relative_to(self.root).as_posix(): path for path in self._files(self.root)}
        found = [Discrepancy("missing", name) for name in expected.keys() - present.keys()]
        found += [Discrepancy("unknown", name) for name in present.keys() - expected.keys()]
        found += [
            Discrepancy("changed", name)
            for name in expected.keys() & present.keys()
            if hashlib.sha256(present[name].read_bytes()).hexdigest() != expected[name]
        ]
        return sorted(found, key=lambda one: (one.path, one.kind))

    def sweep(self, report: str, period: str, now: datetime) -> int:
        """Remove the leftovers of interrupted writes and return how many files there were.

        Those of one report and period whatever their age: the holder of its lease knows that nobody else is writing there. All
        others once they are an hour old: a file is written in seconds.
        """
        own, old = self.root / report / period, (now - timedelta(hours=1)).timestamp()
        swept = 0
        for path in self.root.rglob(f"*{TEMPORARY}") if self.root.is_dir() else ():
            with suppress(FileNotFoundError):  # written to its end, or swept by another process, in the meantime
                if path.is_file() and (path.is_relative_to(own) or path.stat().st_mtime < old):
                    path.unlink()
                    swept += 1
        return swept

    def _files(self, folder: Path) -> list[Path]:
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(TEMPORARY))


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"{name!r} does not lie inside the edition's folder")
    return path
