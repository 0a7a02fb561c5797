from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.files import write_whole
from tasks.model.editions import Edition
from tasks.store.archive import Archive, Discrepancy

NOW = datetime(2026, 11, 9, tzinfo=UTC)
FILES = {"report.pdf": b"%PDF", "pages/page1.png": b"\x89PNG"}


def edition(files: dict[str, str] | None = None, revision: int = 1) -> Edition:
    return Edition("weekly", "2026-W45", "executive", "zh-CN", revision, NOW, NOW, "final", "0", "0", "0", files or {})


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def test_files_stand_where_a_person_would_look(archive: Archive) -> None:
    hashes = archive.write(edition(), FILES)
    assert (archive.root / "weekly/2026-W45/r1/executive.zh-CN/pages/page1.png").read_bytes() == b"\x89PNG"
    assert list(hashes) == ["pages/page1.png", "report.pdf"]
    assert archive.read(edition(hashes), "report.pdf") == b"%PDF"
    assert archive.check([edition(hashes)]) == []


def test_writing_again_touches_nothing(archive: Archive) -> None:
    archive.write(edition(), FILES)
    path = archive.folder(edition()) / "report.pdf"
    before = path.stat()
    archive.write(edition(), FILES)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_stored_edition_never_changes(archive: Archive) -> None:
    stored = edition(archive.write(edition(), FILES))
    with pytest.raises(UserError, match="other content"):
        archive.write(edition(), {**FILES, "report.pdf": b"other"}, stored=stored)
    assert archive.read(stored, "report.pdf") == b"%PDF"


def test_an_attempt_that_never_reached_the_ledger_is_replaced(archive: Archive) -> None:
    archive.write(edition(), {**FILES, "extra.csv": b"x"})
    hashes = archive.write(edition(), {**FILES, "report.pdf": b"other"})
    assert archive.check([edition(hashes)]) == []


def test_the_check_finds_what_is_missing_changed_and_unknown(archive: Archive) -> None:
    hashes = archive.write(edition(), {**FILES, "numbers.json": b"{}"})
    folder = archive.folder(edition())
    (folder / "report.pdf").unlink()
    (folder / "numbers.json").write_bytes(b"[]")
    archive.write(edition(revision=2), {"report.pdf": b"x"})
    place = "weekly/2026-W45/r1/executive.zh-CN"
    assert archive.check([edition(hashes)]) == [
        Discrepancy("changed", f"{place}/numbers.json"),
        Discrepancy("missing", f"{place}/report.pdf"),
        Discrepancy("unknown", "weekly/2026-W45/r2/executive.zh-CN/report.pdf"),
    ]
    with pytest.raises(UserError, match="is missing from the archive"):
        archive.read(edition(hashes), "report.pdf")
    with pytest.raises(UserError, match="is not the file"):
        archive.read(edition(hashes), "numbers.json")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", ""])
def test_no_file_leaves_its_folder(archive: Archive, name: str) -> None:
    with pytest.raises(ValueError, match="does not lie inside"):
        archive.write(edition(), {name: b"x"})


def test_a_fault_at_any_point_leaves_the_old_file_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the n-th call for n = 1, 2, … until none fails any more."""
    path = tmp_path / "deep" / "folder" / "report.pdf"
    faults = 0
    for fail_at in range(1, 50):
        calls = 0

        def maybe(original: Any, *arguments: Any, limit: int = fail_at) -> Any:
            nonlocal calls
            calls += 1
            if calls == limit:
                raise OSError("injected")
            return original(*arguments)

        with monkeypatch.context() as patched:
            fsync, replace, opened = os.fsync, Path.replace, Path.open
            patched.setattr(os, "fsync", lambda handle: maybe(fsync, handle))  # noqa: B023
            patched.setattr(Path, "replace", lambda self, target: maybe(replace, self, target))  # noqa: B023
            patched.setattr(Path, "open", lambda self, *arguments, **more: maybe(partial(opened, self, **more), *arguments))  # noqa: B023
            try:
                write_whole(path, b"new")
            except OSError:
                faults += 1
        assert not path.exists() or path.read_bytes() == b"new"
        assert list(tmp_path.rglob("*.part")) == []
        if calls < fail_at:
            break
    assert faults >= 3
    assert path.read_bytes() == b"new"


def test_what_a_killed_writer_left_is_swept(archive: Archive) -> None:
    hashes = archive.write(edition(), FILES)
    (archive.folder(edition()) / ".report.pdf.0a1b.part").write_bytes(b"%P")
    assert archive.check([edition(hashes)]) == []
    assert archive.sweep(edition().report, "2026-W01", datetime.now(UTC)) == 0
    assert [archive.sweep(edition().report, edition().period, datetime.now(UTC)) for _ in range(2)] == [1, 0]


def test_what_a_killed_writer_of_another_period_left_is_swept_once_it_is_old(archive: Archive) -> None:
    archive.write(edition(), FILES)
    left = archive.folder(edition()) / ".report.pdf.0a1b.part"
    left.write_bytes(b"%P")
    later = datetime.now(UTC) + timedelta(hours=2)
    assert [archive.sweep(edition().report, "2026-W01", later) for _ in range(2)] == [1, 0]
    assert not left.exists()
