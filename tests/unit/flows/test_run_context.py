"""How a run begins: what waiting for sources leaves in it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from flows import run_context
from flows.console.init import make_home
from flows.run_context import wait_for_sources
from tasks.model.periods import Period
from tasks.model.rows import PulledRows
from tasks.model.waiting_rows import WaitingRows
from tasks.run import Run, RunKind, Stores
from tasks.settings import load_settings
from tasks.shop.load import Shop

NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run of a home without sources."""
    make_home(tmp_path / "shop")
    settings = load_settings(tmp_path / "shop")
    period = Period.parse("2026-W45", "Asia/Shanghai")
    return Run(Stores.open(settings), Shop.load(settings.home), period, RunKind.MAKE, as_of=NOW, now=NOW, revision=1)


def pulled(error: str) -> list[SimpleNamespace]:
    rows = PulledRows("p", "desk", "feedback", WaitingRows(pl.DataFrame()), error=error)
    return [SimpleNamespace(result=lambda: rows)]


def test_waiting_returns_the_run_at_the_moment_of_its_last_pull(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pulls: list[Run] = []

    def pull(at: Run) -> list[SimpleNamespace]:
        pulls.append(at)
        return pulled("it is late" if len(pulls) == 1 else "")

    monkeypatch.setattr(run_context, "_before", lambda *_: True)
    monkeypatch.setattr(run_context.time, "sleep", lambda _: None)
    monkeypatch.setattr(run_context, "get_run_logger", lambda: SimpleNamespace(info=lambda *_: None))
    ended, _ = wait_for_sources(run, "11:00", pull)  # type: ignore[arg-type]
    assert pulls == [run, ended]
    assert run.now == NOW and ended.now > NOW and ended.as_of == ended.now
    assert not ended.provisional


def test_a_source_that_stays_incomplete_makes_the_run_preliminary(run: Run) -> None:
    ended, rows = wait_for_sources(run, "", lambda at: pulled("it is late"))  # type: ignore[arg-type, return-value]
    assert ended.provisional and [each.channel for each in rows] == ["desk"]


def test_a_preliminary_revision_that_is_finished_later_stays_preliminary(run: Run) -> None:
    ended, _ = wait_for_sources(replace(run, kind=RunKind.FINISH, provisional=True, pulls=False), "", lambda at: [])
    assert ended.provisional
