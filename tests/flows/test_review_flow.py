"""One review from its sources to settled mail, and the same command again."""

import json
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from prefect.client.orchestration import get_client

from flows.console.review import answer
from flows.review import review
from tasks.errors import UserError
from tasks.model.editions import DeliveryState
from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.homes import AS_OF, ROOT, WEEK, copied, counted, environment, inside

AGAIN = """
import json, sys
from flows.console.cli import main
try:
    main(["--home", sys.argv[1], "review", "--period", "2026-W45", "--as-of", "2026-11-10T14:00", "--send"])
except SystemExit as end:
    print(json.dumps({"code": end.code, "loaded": [name for name in ("prefect", "great_expectations") if name in sys.modules]}))
"""


def test_a_review_leaves_an_edition_and_settled_mails(reviewed_home: Path) -> None:
    stores = Stores.open(load_settings(reviewed_home))
    editions = stores.ledger.editions(period=WEEK)
    mails = stores.ledger.deliveries(period=WEEK)
    assert [(edition.report, edition.revision, edition.language) for edition in editions] == [("weekly", 1, "zh-CN")]
    assert sorted(mail.recipient for mail in mails) == ["gm@puan.example", "operations@puan.example"]
    assert {mail.state for mail in mails} == {DeliveryState.SENT}
    assert len(list((reviewed_home / "outbox").glob("*.eml"))) == 2
    assert stores.archive.check(editions) == []


def test_every_pull_adds_up(reviewed_home: Path) -> None:
    pulls = Stores.open(load_settings(reviewed_home)).ledger.pulls()
    assert len(pulls) == 22
    assert [pull.channel for pull in pulls if pull.error] == []
    assert [p.channel for p in pulls if p.read != p.new + p.changed + p.unchanged + p.quarantined] == []
    assert sum(pull.quarantined for pull in pulls) > 0


def test_the_operator_sees_the_artifacts(reviewed_home: Path) -> None:
    with get_client(sync_client=True) as client:
        found = {
            artifact["key"]: artifact
            for artifact in client.request("POST", "/artifacts/filter", json={"limit": 100, "offset": 0}).json()
        }
    stem = "review-2026-w45"
    assert {f"{stem}-{name}" for name in ("summary", "causes", "actions", "data", "executive-zh-cn")} <= found.keys()
    assert ".pdf" in found[f"{stem}-executive-zh-cn"]["data"]
    assert len(json.loads(found[f"{stem}-data"]["data"])) >= 14
    assert json.loads(found[f"{stem}-actions"]["data"])


def test_the_same_command_again_is_answered_from_the_ledger(reviewed_home: Path) -> None:
    before = counted(reviewed_home)
    begun = _child_seconds()
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, str(reviewed_home)],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        check=True,
        timeout=60,
    )
    took = _child_seconds() - begun
    assert json.loads(done.stdout.splitlines()[-1]) == {"code": 0, "loaded": []}
    assert counted(reviewed_home) == before
    assert took < 5


def _child_seconds() -> float:
    """CPU seconds of ended child processes: what a quiet machine would take, however busy this one is."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_flow_again_pulls_and_mails_nothing(reviewed_home: Path) -> None:
    before = counted(reviewed_home)
    with inside(reviewed_home):
        said = review(period=WEEK, as_of=AS_OF, send=True)
    assert "2 sent" in said
    assert counted(reviewed_home) == before


def test_a_revision_follows_an_edition_and_is_mailed_once(reviewed_home: Path, tmp_path: Path) -> None:
    home = copied(reviewed_home, tmp_path / "home")
    with inside(home):
        review(period=WEEK, revise=True, send=True)
        review(period=WEEK, send=True)
    after = counted(home)
    assert (after.editions, after.mails, after.files) == (2, 4, 4)


@pytest.mark.parametrize(
    ("period", "as_of", "sentence"),
    [
        ("2026-W60", "", "no period"),
        ("last week", "", "not a period"),
        (WEEK, "2020-01-01T00:00", "Nothing was known"),
        (WEEK, "2099-01-01T00:00", "has not come yet"),
        (WEEK, "yesterday", "not a moment"),
    ],
)
def test_an_impossible_review_is_refused_before_any_work(reviewed_home: Path, period: str, as_of: str, sentence: str) -> None:
    before = counted(reviewed_home)
    with pytest.raises(UserError, match=sentence):
        answer(load_settings(reviewed_home), period, "week", as_of, revise=True, send=False)
    assert counted(reviewed_home) == before


def test_a_schedule_that_fires_twice_makes_one_revision(
    reviewed_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copied(reviewed_home, tmp_path / "home")
    fired = datetime.now(UTC).replace(microsecond=999_999)  # the edition is made in the very second in which it was due
    due = SimpleNamespace(scheduled_start_time=fired, parameters={"period": WEEK, "grain": "week"})
    monkeypatch.setattr("flows.run_context.runtime", SimpleNamespace(flow_run=due))
    with inside(home):
        review(period=WEEK, revise=True, send=True)
        review(period=WEEK, revise=True, send=True)
    after = counted(home)
    assert (after.editions, after.mails, after.files) == (2, 4, 4)
