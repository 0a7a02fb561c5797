"""An English shop sees no Chinese, on paper, in mail, at the console or in Prefect's artifacts; a Chinese shop no English sentence."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.console.cli import main
from flows.early_warning import early_warning
from flows.redeliver import redeliver
from flows.review import review
from tasks.model.editions import DeliveryState
from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.english_shop import write_english_shop
from tests.makers.homes import inside

HAN = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff01-\uff5e]+")
WEEK, MONTH = "2026-W46", "2026-10"
SPAN = "span.json"
"""Beside the home: when its flows began and ended."""


@pytest.fixture(scope="module")
def english_home(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An English shop with a week and a month reviewed and mailed, and warned of what cannot wait."""
    home = tmp_path_factory.mktemp("english") / "home"
    write_english_shop(home)
    begun = datetime.now(UTC)
    with inside(home):
        early_warning(send=True)
        review(period=WEEK, send=True)
        review(period=MONTH, grain="month", send=True)
    (home.parent / SPAN).write_text(json.dumps([begun.isoformat(), datetime.now(UTC).isoformat()]))
    return home


def seen(text: str) -> str:
    """Return what a reader sees of a page: its text and the words of pictures, not ids and styles."""
    words = re.sub(r"<(style|script)\b.*?</\1>", " ", text, flags=re.S)
    alt = " ".join(re.findall(r'(?:alt|title|aria-label)="([^"]*)"', words))
    return html.unescape(re.sub(r"<[^>]+>", " ", words) + alt)


def outputs(home: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((home / "archive").rglob("*")):
        if path.suffix in (".html", ".txt"):
            yield path.name, seen(path.read_text("utf-8"))
        elif path.suffix == ".pdf":
            yield "name of a file", path.name
    for path in sorted((home / "outbox").glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        yield "headers", " ".join(str(mail[name]) for name in ("From", "To", "Subject"))
        for part in mail.walk():
            if part.get_content_maintype() == "text":
                yield "body", seen(str(part.get_content()))
            elif part.get_filename():
                yield "attachment", str(part.get_filename())


def test_no_page_or_mail_of_an_english_shop_holds_chinese(english_home: Path) -> None:
    shown = list(outputs(english_home))
    assert len(shown) > 20
    found = [(name, HAN.findall(text)[:5]) for name, text in shown if HAN.search(text)]
    assert found == []


@pytest.mark.parametrize("command", ["status", "actions list", "causes list", "warnings list", "channels try desk", "doctor"])
def test_no_line_of_the_console_holds_chinese(english_home: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSALES_HOME", "unused")
    shown = CliRunner().invoke(main, ["--home", str(english_home), *command.split()])
    assert shown.output and not HAN.findall(shown.output)


def test_no_artifact_holds_chinese(english_home: Path) -> None:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        artifacts = client.request("POST", "/artifacts/filter", json={"limit": 200, "sort": "CREATED_DESC"}).json()
    begun, ended = map(datetime.fromisoformat, json.loads((english_home.parent / SPAN).read_text()))
    own = [one for one in artifacts if begun <= datetime.fromisoformat(one["created"]) <= ended]  # other shops share the server
    shown = [str((one["key"], one["description"], one["data"])) for one in own]
    assert shown and not [text for text in shown if HAN.search(text)]


def test_no_page_or_mail_of_a_chinese_shop_holds_an_english_sentence(reviewed_home: Path) -> None:
    sentence = re.compile(r"(?:\b[A-Za-z][a-z']+[ ,]+){3,}[A-Za-z]+")
    shown = list(outputs(reviewed_home))
    assert len(shown) > 4
    assert [(name, sentence.findall(text)[:5]) for name, text in shown if sentence.search(text)] == []


def test_a_refused_warning_is_sent_again_when_asked(english_home: Path) -> None:
    ledger = Stores.open(load_settings(english_home)).ledger
    (mail, *_) = ledger.deliveries(report="early-warning") or ledger.deliveries()
    with ledger.writing() as session:
        from sqlalchemy import update

        from tasks.store.tables import DeliveryRow

        session.execute(update(DeliveryRow).values(state=DeliveryState.FAILED.value))
    with inside(english_home):
        redeliver()
        assert ledger.deliveries(states=[DeliveryState.SENT]) == []
        redeliver(failed=True)
    assert mail.key in {one.key for one in ledger.deliveries(states=[DeliveryState.SENT])}
