"""A ledger and an archive that version 0.1 wrote open and verify with today's code."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.model.actions import ActionState
from tasks.model.causes import CauseStatus
from tasks.model.editions import DeliveryState, edition_id
from tasks.model.warnings import WarningAnswer
from tasks.store.archive import Archive
from tasks.store.ledger import Ledger
from tasks.store.plain_values import to_plain
from tasks.store.tables import HEAD

OLD = Path(__file__).parents[2] / "fixtures" / "version-0.1"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the old ledger as the file that version 0.1 left behind."""
    path = tmp_path_factory.mktemp("old") / "ledger.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(gzip.decompress((OLD / "ledger.sql.gz").read_bytes()).decode())
    return path


@pytest.fixture(scope="module")
def ledger(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    path = tmp_path_factory.mktemp("new") / "ledger.sqlite"
    shutil.copy(stored, path)
    with Ledger(f"sqlite:///{path}") as ledger:
        ledger.migrate()
        yield ledger


def rows(stored: Path, query: str) -> list[Any]:
    with sqlite3.connect(stored) as connection:
        return connection.execute(query).fetchall()


def bodies(stored: Path, table: str, key: str) -> dict[str, dict[str, Any]]:
    return {name: json.loads(body) for name, body in rows(stored, f"select {key}, body from {table}")}


def test_it_is_brought_to_the_newest_revision(ledger: Ledger) -> None:
    assert ledger.revision() == HEAD


def test_every_cause_is_what_was_stored(stored: Path, ledger: Ledger) -> None:
    known = ledger.causes()
    old = bodies(stored, "cause", "report || period || cause_id")
    assert len(known) == len(old) == 6
    for one in known:
        was, now = old[f"{one.report}{one.period}{one.cause.cause_id}"], to_plain(one.cause)
        gone = was.keys() - now.keys()
        assert gone == {"facts", "series"}
        assert {name: now[name] for name in was.keys() - gone - {"status"}} == {
            name: was[name] for name in was.keys() - gone - {"status"}
        }
        facts, evidence = dict(was["facts"]), one.cause.evidence
        assert [list(week) for week in evidence.weekly] == facts.pop("weekly", [])
        assert list(evidence.families) == facts.pop("families", [])
        assert to_plain(evidence.change_point) == facts.pop("change_point", None)
        assert [[a.dimension, a.value, a.before, a.after] for a in evidence.arrived] == facts.pop("arrived", [])
        assert [[r.dimension, r.raised, r.compared] for r in evidence.ruled_out] == facts.pop("ruled_out", [])
        assert [list(pair) for pair in evidence.coincides] == facts.pop("coincides", [])
        foretold = evidence.forecast
        assert (foretold and [foretold.period, foretold.mean, foretold.low, foretold.high]) == facts.pop("forecast", None)
        assert (evidence.supplier, evidence.component_supplier) == (
            facts.pop("supplier", None) or "",
            facts.pop("component_supplier", None) or "",
        )
        # written by version 0.1 and read by nobody
        assert facts.keys() <= {"sku", "qty_shipped", "qty_transit", "interval", "comparison", "confirmed_faults"}


def test_what_people_decided_is_known(ledger: Ledger) -> None:
    decided = {one.cause.cause_id: one for one in ledger.causes() if one.decisions}
    assert {name: (one.cause.status, one.decisions[-1].by) for name, one in decided.items()} == {
        "9a3523dbc1e3": (CauseStatus.CONFIRMED, "品控"),
        "38174dff0cc4": (CauseStatus.REJECTED, "客服"),
    }


def test_every_action_and_event_is_what_was_stored(stored: Path, ledger: Ledger) -> None:
    old = bodies(stored, "action", "action_id")
    known = ledger.actions_as_of(None)
    assert len(known) == len(old) == 52
    changing = {"state", "postponed", "owner", "due", "cut_in_actual"}  # folded from the events
    for action, _ in known:
        was, now = old[action.action_id], to_plain(action)
        assert {name: now[name] for name in was.keys() - changing} == {name: was[name] for name in was.keys() - changing}
    assert sum(len(events) for _, events in known) == len(ledger.events()) == len(rows(stored, "select * from action_event"))
    [moved] = [action for action, _ in known if action.action_id == "A-deb7ec557d"]
    assert (moved.state, moved.postponed, moved.due.day) == (ActionState.IN_PROGRESS, 1, 4)


def test_every_warning_is_what_was_stored(stored: Path, ledger: Ledger) -> None:
    old = bodies(stored, "warning", "warning_id")
    known = {kept.warning_id: kept for kept in ledger.warnings()}
    assert known.keys() == old.keys() and len(old) == 19
    for name, kept in known.items():
        assert to_plain(kept.warning) == old[name]
    assert known["W261110-a0780"].answer is WarningAnswer.REAL
    letters = ledger.warning_letters(since=min(kept.opened_at for kept in known.values()))
    assert len(letters) == len(rows(stored, "select * from warning_event where letters != '{}'"))


def test_editions_their_numbers_and_configuration_read_back(stored: Path, ledger: Ledger) -> None:
    editions = ledger.editions()
    assert sorted(edition_id(edition) for edition in editions) == [
        f"{report}/r1/executive.{language}" for report in ("monthly/2026-10", "weekly/2026-W45") for language in ("en", "zh-CN")
    ]
    assert sum(len(ledger.numbers(edition)) for edition in editions) == rows(stored, "select count(*) from number")[0][0]
    assert {len(ledger.config_of(edition)) for edition in editions} == {12}


def test_archived_files_have_the_hashes_of_the_ledger(ledger: Ledger, tmp_path: Path) -> None:
    [edition] = [edition for edition in ledger.editions() if edition_id(edition) == "weekly/2026-W45/r1/executive.en"]
    root = tmp_path / "archive"
    shutil.copytree(OLD / "archive", root)
    archive = Archive(root)
    assert archive.check([edition]) == [] and len(edition.files) == 8
    page = archive.folder(edition) / "report.html"
    page.write_bytes(page.read_bytes() + b" ")
    assert [found.path.rpartition("/")[2] for found in archive.check([edition])] == ["report.html"]


def test_mails_and_pulls_read_back(stored: Path, ledger: Ledger) -> None:
    mails = ledger.deliveries()
    assert len(mails) == 25 and {mail.state for mail in mails} == {DeliveryState.SENT}
    assert len(ledger.pulls()) == len(rows(stored, "select * from pull")) == 22
    assert ledger.last_pulls() and ledger.backfills() == []
