"""Files written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TEMPORARY = ".part"
"""Suffix of files being written; any left after a crash are garbage."""


def write_whole(path: Path, data: bytes) -> str:
    """Write a file atomically, so that a crash leaves the old or the new one, and return its SHA-256 in hex.

    Temporary file in the same folder, fsync, rename, fsync of the folder. A file that holds
    these bytes already is left alone.
    """
    digest = hashlib.sha256(data).hexdigest()
    if path.is_file() and path.stat().st_size == len(data) and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
        _sync_folder(path.parent)  # its last writer may have crashed between rename and sync
        return digest
    _make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}{TEMPORARY}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return digest


def _make_folder(folder: Path) -> None:
    """Create a folder and its parents, syncing each entry to disk before it is used."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(exist_ok=True)
        _sync_folder(part.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def keep_private(paths: Iterable[Path]) -> None:
    """Take all rights of other users away from files and folders that are there; those of another owner stay as they are."""
    for path in paths:
        if path.exists() and (mode := path.stat().st_mode) & 0o077:
            with suppress(PermissionError):
                path.chmod(mode & 0o700)


def share_with_group(folder: Path, root: Path) -> None:
    """Let users of the same group read a folder's files, and reach them from the folder above `root`."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o750 if path.is_dir() else 0o640)
    for path in folder.parents:
        if path == root.parent:
            path.chmod(path.stat().st_mode | 0o010)
            break
        path.chmod(0o750)


def only_for_owner() -> None:
    """Make what this process and its children write from now on readable by their user alone."""
    os.umask(0o077)
