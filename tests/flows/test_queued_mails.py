"""A queued mail does not stay queued for ever: it is sent, or dropped with the reason, and until then doctor tells it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from flows.console.checks import mail as mail_checks
from flows.console.mails import redeliver_here, settle_mail
from flows.redeliver import redeliver
from flows.review import review
from tasks.deliver.transport import Outcome
from tasks.model.editions import DeliveryState
from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.homes import WEEK, copied, inside

QUEUED, SENT, DROPPED, UNCERTAIN = DeliveryState.QUEUED, DeliveryState.SENT, DeliveryState.DROPPED, DeliveryState.UNCERTAIN


class Away:
    """A mail server that is away, or that leaves it open whether it took a mail."""

    def __init__(self, result: str) -> None:
        self.result = result

    def send(self, _mail: object) -> Outcome:
        """Send nothing."""
        return Outcome(self.result, "away")  # type: ignore[arg-type]


def states(home: Path) -> list[tuple[int, DeliveryState]]:
    """Return revision and state of every mail of the week."""
    return sorted((mail.revision, mail.state) for mail in Stores.open(load_settings(home)).ledger.deliveries(period=WEEK))


@pytest.fixture
def home(reviewed_home: Path, tmp_path: Path) -> Path:
    """A home whose second revision could not be mailed yet."""
    return copied(reviewed_home, tmp_path / "home")


def revised(home: Path, monkeypatch: pytest.MonkeyPatch, result: str) -> None:
    """Make a revision while the mail server is away."""
    with monkeypatch.context() as patched:
        patched.setattr("tasks.deliver.steps.transport_of", lambda _: Away(result))
        review(period=WEEK, revise=True, send=True)


def test_an_edition_revised_without_mail_still_reaches_its_readers(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with inside(home):
        revised(home, monkeypatch, "later")
        review(period=WEEK, revise=True, send=False)
        assert states(home) == [(1, SENT)] * 2 + [(2, QUEUED)] * 2
        finding = mail_checks.deliveries(Stores.open(load_settings(home)))
        assert (finding.level, "2 queued" in finding.text) == ("warn", True)
        said = redeliver()
    assert "2 sent" in said
    assert states(home) == [(1, SENT)] * 2 + [(2, SENT)] * 2


def test_what_a_newer_revision_has_replaced_is_dropped(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with inside(home):
        revised(home, monkeypatch, "later")
        review(period=WEEK, revise=True, send=True)
        said = redeliver()
        again = redeliver()
    assert "2 dropped" in said and "dropped" not in again.replace("2 dropped,", "")
    assert states(home) == [(1, SENT)] * 2 + [(2, DROPPED)] * 2 + [(3, SENT)] * 2
    assert mail_checks.deliveries(Stores.open(load_settings(home))).level == "ok"


def test_a_lost_mail_of_an_earlier_revision_is_sent_as_the_console_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with inside(home):
        revised(home, monkeypatch, "unknown")
        review(period=WEEK, revise=True, send=False)
        lost = next(mail for mail in Stores.open(load_settings(home)).ledger.deliveries(states=[UNCERTAIN]))
        console = Console(record=True)
        settle_mail(load_settings(home), lost.recipient, WEEK, False, "Li", datetime.now(UTC), console)
        assert "redeliver` sends it" in console.export_text()
        redeliver()
        redeliver_here(load_settings(home), WEEK, datetime.now(UTC), Console(quiet=True))
    assert (2, QUEUED) not in states(home)
    assert {mail.state for mail in Stores.open(load_settings(home)).ledger.deliveries() if mail.key == lost.key} == {SENT}
