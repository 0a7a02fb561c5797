"""What is written for nobody else cannot be read by anybody else."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.files import keep_private, only_for_owner, write_whole
from tasks.model.editions import Edition, EditionStatus
from tasks.run import Stores
from tasks.settings import Settings
from tasks.store.archive import Archive


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Begin as most machines do, and leave no trace."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """Return the rights on a path."""
    return stat.S_IMODE(path.stat().st_mode)


def edition() -> Edition:
    """Return an edition without content."""
    moment = datetime(2026, 11, 9, tzinfo=UTC)
    return Edition(
        report="weekly", period="2026-W45", audience="executive", language="en", revision=1, as_of=moment, made_at=moment,
        status=EditionStatus.FINAL, code_version="0", config_sha256="0", taxonomy_version="0", headline="",
    )  # fmt: skip


def test_a_process_writes_for_its_user_alone(tmp_path: Path) -> None:
    only_for_owner()
    write_whole(tmp_path / "outbox" / "a.eml", b"x")
    assert (mode(tmp_path / "outbox"), mode(tmp_path / "outbox" / "a.eml")) == (0o700, 0o600)


def test_what_was_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir(mode=0o755)
    (tmp_path / "ledger.sqlite").write_bytes(b"")
    keep_private([tmp_path / "lake", tmp_path / "ledger.sqlite", tmp_path / "missing"])
    assert (mode(tmp_path / "lake"), mode(tmp_path / "ledger.sqlite")) == (0o700, 0o600)


def test_stores_of_an_older_version_are_closed_when_they_are_opened(tmp_path: Path) -> None:
    for name in ("lake", "archive", "outbox", "secrets"):
        (tmp_path / name).mkdir(mode=0o755)
    Stores.open(Settings(home=tmp_path))
    Stores.open(Settings(home=tmp_path))
    assert {name: mode(tmp_path / name) for name in ("lake", "archive", "outbox", "secrets", "ledger.sqlite")} == {
        "lake": 0o700, "archive": 0o700, "outbox": 0o700, "secrets": 0o700, "ledger.sqlite": 0o600,
    }  # fmt: skip


def test_a_shared_archive_can_be_read_by_the_group_and_nothing_else(tmp_path: Path) -> None:
    only_for_owner()
    home = tmp_path / "home"
    home.mkdir()
    archive = Archive(home / "archive", shared=True)
    archive.write(edition(), {"report.html": b"x"})
    file = archive.folder(edition()) / "report.html"
    assert mode(file) == 0o640
    assert {mode(folder) for folder in file.relative_to(home).parents if folder.name for folder in [home / folder]} == {0o750}
    assert mode(home) == 0o710
