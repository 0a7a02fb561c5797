"""A backfill: planned, in order, without mail, resumed; impossible ones are refused before any work."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from pydantic import ValidationError

import flows.backfill
from flows.backfill import BackfillRequest, backfill
from flows.run_context import wanted_period
from tasks.errors import UserError
from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.homes import copied, counted, inside

EMPTY = "audiences:\n  executive:\n    name: {zh: 管理层, en: Management}\n    reports: [weekly, monthly]\n    recipients: []\n"


@pytest.fixture
def home(reviewed_home: Path, tmp_path: Path) -> Path:
    """A home in which one week is reviewed."""
    return copied(reviewed_home, tmp_path / "home")


def test_a_dry_run_changes_nothing(home: Path) -> None:
    before = counted(home)
    with inside(home):
        said = backfill(BackfillRequest(first="2026-W43", last="2026-W45", dry_run=True))
    assert said == "2 to do: 2026-W43, 2026-W44; 1 left as they are."
    assert counted(home) == before


def test_missing_weeks_are_reviewed_in_order_as_of_one_moment_and_nobody_is_mailed(home: Path) -> None:
    before = counted(home)
    with inside(home):
        said = backfill(BackfillRequest(first="2026-W43", last="2026-W45"))
    stores = Stores.open(load_settings(home))
    new = sorted(
        (edition for edition in stores.ledger.editions() if edition.period != "2026-W45"), key=lambda edition: edition.made_at
    )
    assert said == "2 reviewed: 2026-W43, 2026-W44."
    assert [edition.period for edition in new] == ["2026-W43", "2026-W44"]
    assert len({edition.as_of for edition in new}) == 1
    assert counted(home).mails == before.mails
    assert [plan.finished_at is not None for plan in stores.ledger.backfills()] == [True]


def test_a_failed_week_does_not_stop_the_others_and_is_what_failed_means(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    broken = {"2026-W43"}

    @flow(name="stub of a review")
    def stub(period: str, **rest: Any) -> str:
        asked.append(period)
        if period in broken:
            raise UserError("A sentence of a failure.")
        return period

    monkeypatch.setattr(flows.backfill, "review", stub)
    with inside(home):
        with pytest.raises(UserError, match="1 periods failed: 2026-W43"):
            backfill(BackfillRequest(first="2026-W42", last="2026-W44"))
        broken.clear()
        assert backfill(BackfillRequest(first="2026-W42", last="2026-W44", which="failed")) == "1 reviewed: 2026-W43."
    assert asked == ["2026-W42", "2026-W43", "2026-W44", "2026-W43"]
    first = Stores.open(load_settings(home)).ledger.backfills()[0]
    assert "A sentence of a failure" in first.details["2026-W43"]


def test_an_unfinished_plan_is_resumed_at_its_own_moment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 12, 3, tzinfo=UTC)
    ledger = Stores.open(load_settings(home)).ledger
    plan = ledger.plan_backfill(
        span="2026-W42..2026-W44",
        grain="week",
        which="missing",
        send=False,
        periods=["2026-W42", "2026-W43", "2026-W44"],
        as_of=moment,
        now=moment,
    )
    ledger.settle_backfill_period(plan.backfill_id, "2026-W42", "done", now=moment)
    asked: list[tuple[str, str]] = []

    @flow(name="stub of a review")
    def stub(period: str, as_of: str, **rest: Any) -> str:
        asked.append((period, as_of))
        return period

    monkeypatch.setattr(flows.backfill, "review", stub)
    before = counted(home).pulls
    with inside(home):
        backfill(BackfillRequest(first="2026-W42", last="2026-W44"))
    assert asked == [("2026-W43", moment.isoformat()), ("2026-W44", moment.isoformat())]
    assert counted(home).pulls == before


def test_stale_means_that_the_configuration_changed(home: Path) -> None:
    request = BackfillRequest(first="2026-W45", which="stale", dry_run=True)
    with inside(home):
        assert backfill(request).startswith("0 to do")
        (home / "config" / "audiences.yaml").write_text(EMPTY, "utf-8")
        assert backfill(request).startswith("1 to do: 2026-W45")


def test_a_week_that_is_not_over_is_refused_before_any_work(home: Path) -> None:
    before = counted(home)
    with inside(home), pytest.raises(UserError, match="is not over yet"):
        backfill(BackfillRequest(first="2026-W45", last="2027-W20"))
    assert counted(home) == before


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"first": ""}, "not a period"),
        ({"first": "last week"}, "not a period"),
        ({"first": "2026-W60"}, "no period '2026-W60'"),
        ({"first": "2026-13", "grain": "month"}, "no month 2026-13"),
        ({"first": "2026-W45", "last": "2026-W40"}, "2026-W4"),
        ({"first": "2026-W40", "last": "2026-10"}, "2026-"),
        ({"first": "2026-W40", "grain": "month"}, "is a week, but the kind of period says month"),
        ({"first": "2020-W01", "last": "2026-W01"}, "too many for one backfill"),
        ({"first": "2026-W45", "which": "some"}, "missing"),
        ({"first": "2026-W45", "grain": "day"}, "week"),
        ({"first": "2026-W45", "dry_run": "perhaps"}, "boolean"),
        ({"first": "2026-W45", "mail": True}, "not permitted"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_entry_is_told_in_a_sentence(entry: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        BackfillRequest(**entry)


def test_a_run_without_a_period_takes_the_last_one_complete_when_it_was_due() -> None:
    assert wanted_period("2026-W40", "week", "Asia/Shanghai").id == "2026-W40"
    assert wanted_period("", "month", "Asia/Shanghai").end <= datetime.now(UTC)
