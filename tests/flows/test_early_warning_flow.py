"""The daily watch through Prefect: it tells once, is silent when told, and looks without keeping anything."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

from flows.early_warning import early_warning
from flows.redeliver import redeliver
from tasks.model.editions import DeliveryState
from tasks.model.warnings import WarningAnswer
from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.homes import copied, inside

MORNING = "2026-11-09T08:00"
NEXT = "2026-11-10T08:00"


def subjects(home: Path) -> list[str]:
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted((home / "outbox").glob("*.eml"))]
    return sorted(str(mail["Subject"]) for mail in mails)


def test_warnings_are_told_once_and_passed_on_when_nobody_answers(sample_home: Path, prefect_api: str, tmp_path: Path) -> None:
    home = copied(sample_home, tmp_path / "home")
    stores = Stores.open(load_settings(home))
    with inside(home):
        assert early_warning(as_of=MORNING) == "no mail was sent."
        assert stores.ledger.warnings() == [] and not (home / "outbox").exists()

        early_warning(as_of=MORNING, send=True)
        told = stores.ledger.warnings()
        mails = subjects(home)
        red = [each for each in told if each.warning.slice == {"sku": "KT-11"}]
        assert [(each.warning.kind, each.warning.observed, each.warning.restricted) for each in red] == [("safety", 3.0, True)]
        assert any("KT-11出现3起" in subject for subject in mails) and len(mails) == len(told)
        readers = {
            mail.recipient for mail in stores.ledger.deliveries(report="early-warning") if mail.period == red[0].warning_id
        }
        assert readers == {"quality@puan.example"}

        early_warning(as_of=MORNING, send=True)
        redeliver()
        assert stores.ledger.warnings() == told and subjects(home) == mails
        assert {mail.state for mail in stores.ledger.deliveries(report="early-warning")} == {DeliveryState.SENT}

        answering = copied(home, tmp_path / "answering")
        early_warning(as_of=NEXT, send=True)
    passed = [event for event in stores.ledger.warnings()[told.index(red[0])].events if event.kind == "escalated"]
    assert [event.to for event in passed] == ["郑*"]
    assert [subject for subject in subjects(home) if subject not in mails and "升级" in subject and "KT-11" in subject]

    ledger = Stores.open(load_settings(answering)).ledger
    ledger.answer_warning(red[0].warning_id, WarningAnswer.REAL, at=red[0].opened_at, by="赵*")
    with inside(answering):
        early_warning(as_of=NEXT, send=True)
    assert [event.kind for event in ledger.warnings()[told.index(red[0])].events] == ["opened", "answered"]


def test_no_text_of_a_customer_leaves_the_shop(sample_home: Path, prefect_api: str, tmp_path: Path) -> None:
    home = copied(sample_home, tmp_path / "home")
    with inside(home):
        early_warning(as_of=MORNING, send=True)
    stores = Stores.open(load_settings(home))
    texts = {
        text
        for text in stores.lake.as_of("feedback", stores.ledger.warnings()[0].opened_at)["text"].drop_nulls()
        if len(text) > 8
    }
    for path in (home / "outbox").glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        said = "".join(str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text")
        assert not any(text in said for text in texts)
