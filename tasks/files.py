"""Files written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
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
