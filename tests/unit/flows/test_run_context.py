"""How a run begins: what waiting for sources leaves in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from flows import run_context
from flows.console.init import make_home
from flows.run_context import pull_turn, pulled_when_complete
from tasks.model.periods import Period
from tasks.model.rows import PulledRows
from tasks.model.waiting_rows import WaitingRows
from tasks.run import PULL_LEASE, Run, RunKind, Stores
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
    with pulled_when_complete(run, "11:00", pull) as (ended, _):  # type: ignore[arg-type]
        pass
    assert pulls == [run, ended]
    assert run.now == NOW and ended.now > NOW and ended.as_of == ended.now
    assert not ended.provisional


def test_a_source_that_stays_incomplete_makes_the_run_preliminary(run: Run) -> None:
    with pulled_when_complete(run, "", lambda at: pulled("it is late")) as (ended, rows):  # type: ignore[arg-type, return-value]
        pass
    assert ended.provisional and [each.channel for each in rows] == ["desk"]


def test_a_preliminary_revision_that_is_finished_later_stays_preliminary(run: Run) -> None:
    finishing = replace(run, kind=RunKind.FINISH, provisional=True, pulls=False)
    with pulled_when_complete(finishing, "", lambda at: []) as (ended, _):
        pass
    assert ended.provisional


@pytest.fixture
def one_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs that pull have a channel."""
    monkeypatch.setattr(Run, "channels", property(lambda run: ["desk"] if run.pulls else []))


@pytest.mark.usefixtures("one_channel")
def test_one_process_of_a_home_pulls_at_a_time_and_the_second_pulls_at_the_moment_of_its_turn(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[str] = []
    second = replace(run, progress=stages.append)
    first = pull_turn(run)
    first.__enter__()
    monkeypatch.setattr(run_context.time, "sleep", lambda _: first.__exit__(None, None, None))
    monkeypatch.setattr(run_context, "get_run_logger", lambda: SimpleNamespace(info=lambda *_: None))
    with pull_turn(second) as turn:
        assert stages == ["wait for another pull"]
        assert turn.now > NOW and turn.as_of == turn.now
        assert [lease.name for lease in run.stores.ledger.leases(turn.now)] == [PULL_LEASE]
    assert run.stores.ledger.leases(turn.now) == []


@pytest.mark.usefixtures("one_channel")
def test_a_moment_asked_for_by_name_stays_while_a_run_waits_for_its_turn(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pull_turn(run)
    first.__enter__()
    monkeypatch.setattr(run_context.time, "sleep", lambda _: first.__exit__(None, None, None))
    monkeypatch.setattr(run_context, "get_run_logger", lambda: SimpleNamespace(info=lambda *_: None))
    with pull_turn(replace(run, as_of=NOW - timedelta(days=1))) as turn:
        assert turn.now > NOW and turn.as_of == NOW - timedelta(days=1)


@pytest.mark.usefixtures("one_channel")
def test_a_run_that_only_reads_waits_for_nobody(run: Run) -> None:
    with pull_turn(run), pull_turn(replace(run, pulls=False)) as reading:
        assert reading.now == NOW
