"""The mail of a warning, its place in the ledger, and the month's grades."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tasks.deliver.message import Letter, build
from tasks.errors import UserError
from tasks.model.causes import Cause
from tasks.model.periods import Period
from tasks.model.warnings import (
    EarlyWarning,
    KeptWarning,
    WarningAnswer,
    WarningEvent,
    WarningEventKind,
    WarningLetter,
    WarningState,
)
from tasks.report.language.legal_words import Gate
from tasks.report.language.numbers import Numbers
from tasks.report.language.voice import Voice
from tasks.report.warning_letter import letter
from tasks.report.warning_text import grade_lines
from tasks.shop.load import Shop
from tasks.store.ledger import Ledger
from tasks.warn.grades import grades
from tasks.warn.kinds.catalogue import kinds, rule_of
from tests.makers.warnings import MOMENT, kept_after

Make = Callable[..., EarlyWarning]
MONTH = Period.parse("2026-11")


def written(
    shop: Shop, warning: EarlyWarning, kind: WarningEventKind = WarningEventKind.OPENED, language: str = "zh-CN", **kept: Any
) -> WarningLetter:
    person = shop.people.person(warning.owner).model_copy(update={"language": language})
    event = WarningEvent("W261109-abcde", 1, MOMENT, kind, to=person.name, observed=warning.observed)
    return letter(
        kept.get("kept", kept_after(warning)),
        warning,
        event,
        person,
        shop,
        wording=kinds()[warning.kind].wording,
        rule=rule_of(warning.kind, shop),
    )


def test_a_cluster_says_what_where_how_many_by_chance_what_to_do_who_and_when(shop: Shop, warning: Make) -> None:
    mail = written(shop, warning(symptom="battery"))
    assert mail.subject.startswith("【预警】FW-03（FW03-2608B批）") and "6起，应有1.2起" in mail.subject
    for part in (
        "约为应有的5倍",
        "全店约每400天才会碰到一次",
        "11月2日",
        "品控主管（品控）",
        "11月10日08:00前答复",
        "W261109-abcde",
    ):
        assert part in mail.text, part
        assert part in re.sub("<[^>]*>", "", mail.html), part
    assert len(mail.text) < 400 and mail.recipient == "quality@shop.example"


def test_english_readers_get_english(shop: Shop, warning: Make) -> None:
    mail = written(shop, warning(), language="en")
    assert mail.subject.startswith("[Warning] FW-03") and mail.name == "Head of quality"
    assert "once in about 400 days" in mail.text
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in mail.text.replace("我的店铺", ""))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("kind", sorted(kinds()))
@pytest.mark.parametrize("event", ["opened", "grew", "escalated"])
def test_every_kind_can_be_told(shop: Shop, warning: Make, kind: str, language: str, event: str) -> None:
    places: dict[str, dict[str, str]] = {
        "deadline": {"deadline": "evidence"},
        "regulator": {"milestone": "regulator_answer"},
        "parcels": {"carrier": "C1"},
        "emotion": {},
    }
    one = warning(kind, slice=places.get(kind, {"sku": "KT-11"}), words=("麻手",), restricted=rule_of(kind, shop).restricted)
    mail = written(shop, one, event, language)
    assert mail.subject and "{" not in mail.text + mail.html and "None" not in mail.text
    assert ("限阅" in mail.text or "ounsel" in mail.text) == one.restricted


def test_words_with_legal_effect_are_replaced_unless_restricted(shop: Shop, warning: Make) -> None:
    assert "爆炸" not in written(shop, warning("words", words=("爆炸",))).text
    assert "爆炸" in written(shop, warning("safety", words=("爆炸",), restricted=True)).text


def test_an_update_says_what_was_told_before_and_an_escalation_who_did_not_answer(shop: Shop, warning: Make) -> None:
    grown = written(shop, warning(observed=9.0), "grew", kept=kept_after(warning()))
    assert grown.subject.startswith("【预警】更新：") and "上次告知时6起，现在9起。" in grown.text
    old = kept_after(warning(answer_by=MOMENT - timedelta(hours=1)), opened=MOMENT - timedelta(days=1))
    passed = written(shop, old.warning, WarningEventKind.ESCALATED, kept=old)
    assert passed.subject.startswith("【预警】升级：") and "未在11月9日07:00前答复" in passed.text


def test_the_mail_is_words_alone_and_the_same_bytes_every_time(shop: Shop, warning: Make) -> None:
    kept = written(shop, warning())

    def built() -> bytes:
        note = Letter("early-warning", "W1", "opened", "zh-CN", 1, MOMENT, kept.subject, kept.text, kept.html)
        return build(note, address=kept.recipient, configured={kept.recipient}, sender="a@b.example", domain="b.example").content

    message = message_from_bytes(built(), policy=policy.default)
    assert built() == built()
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


# ---- The ledger --------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
        ledger.migrate()
        yield ledger


def test_the_ledger_keeps_a_warning_once_and_gives_it_back_as_it_was(ledger: Ledger, warning: Make) -> None:
    kept = kept_after(warning(dues=(MOMENT,), amounts=(1.5,), words=("x",)))
    mail = WarningLetter("a@b.example", "A", "zh-CN", "s", "t", "h")
    told = [(kept, kept.events[0], mail)]
    assert ledger.keep_warnings(told, at=MOMENT) == 1
    assert ledger.keep_warnings(told, at=MOMENT) == 0
    assert ledger.warnings() == [kept]
    assert ledger.warning_letters(since=MOMENT) == [(kept.events[0], mail)]
    assert ledger.warning_letters(since=MOMENT + timedelta(seconds=1)) == []


def test_seen_again_moves_only_forward(ledger: Ledger, warning: Make) -> None:
    kept = kept_after(warning())
    ledger.keep_warnings([(kept, kept.events[0], None)], at=MOMENT)
    for hours in (5, 2):
        ledger.keep_warnings([], seen=["W1"], at=MOMENT + timedelta(hours=hours))
    assert ledger.warnings()[0].last_seen == MOMENT + timedelta(hours=5)


def test_an_answer_is_kept_once_and_may_be_changed(ledger: Ledger, warning: Make) -> None:
    kept = kept_after(warning())
    ledger.keep_warnings([(kept, kept.events[0], None)], at=MOMENT)
    later = MOMENT + timedelta(hours=3)
    for _ in range(2):
        ledger.answer_warning("W1", WarningAnswer.FALSE, at=later, by="品控主管")
    assert [event.kind for event in ledger.warnings()[0].events] == ["opened", "answered"]
    ledger.answer_warning("W1", WarningAnswer.REAL, at=later, by="品控主管", why="拆机见鼓包")
    now = ledger.warnings()[0]
    assert (now.state, now.answer) == (WarningState.ANSWERED, WarningAnswer.REAL)
    assert ledger.warnings(as_of=MOMENT)[0].state is WarningState.OPEN
    assert ledger.warnings(as_of=MOMENT - timedelta(hours=1)) == []
    with pytest.raises(UserError, match="no warning W9"):
        ledger.answer_warning("W9", WarningAnswer.REAL, at=later, by="x")


# ---- Grades ------------------------------------------------------------------------------------


def cause(**changes: Any) -> Cause:
    made = Cause(
        cause_id="c", kind="slice", slice={"sku": "FW-03"}, family="wear", leaf="PRD.FAULT", leaves=(), observed=9, expected=1, ratio=9,
        low=3, high=20, contribution=None, llr=20, window_weeks=1, exposure_kind="units_signed", exposure=100, rows=("r0", "r1", "r2"),
    )  # fmt: skip
    return replace(made, **changes)


def answered(warning: EarlyWarning, answer: WarningAnswer) -> KeptWarning:
    return kept_after(
        warning, WarningEvent("W1", 2, MOMENT + timedelta(hours=1), WarningEventKind.ANSWERED, by="x", answer=answer)
    )


def test_a_month_says_how_many_were_sent_and_how_many_were_real(shop: Shop, warning: Make) -> None:
    kept = [
        answered(warning(), WarningAnswer.REAL),
        answered(warning(), WarningAnswer.FALSE),
        answered(warning(), WarningAnswer.KNOWN),
        kept_after(warning()),  # named by a report
        kept_after(warning(slice={"sku": "X"}, items=("z1", "z2"))),
        kept_after(warning("safety", slice={"sku": "KT-11"}, items=("s",), restricted=True)),
        kept_after(warning("deadline", slice={"deadline": "evidence"}, items=("a",))),
        kept_after(warning(items=("q",)), opened=MOMENT - timedelta(days=20)),  # of October
    ]
    kept = [replace(each, warning_id=f"W{n}") for n, each in enumerate(kept)]
    graded = grades(kept, [("2026-W46", cause()), ("2026-W44", cause(rows=("z1", "z2")))], MONTH, shop)
    assert graded is not None
    assert [each.verdict for each in graded.warnings] == ["real", "false", "known", "named", "silent", "silent"]
    assert (graded.real, graded.reminders, graded.warnings[3].named_in) == (2, 1, "2026-W46")

    voice = Voice(shop, "zh-CN", Numbers("zh-CN"), Gate(shop.words), MONTH)
    lines = [line.plain for line in grade_lines(graded, voice, restricted=False)]
    assert lines[0] == "本月预警：发6，真2。"
    assert "负责人答复属实1项" in lines[1] and "未答复但报告已点名1项" in lines[1] and "未答复2项" in lines[1]
    assert not any("KT-11" in line for line in lines) and any("受限事项" in line for line in lines)
    open_voice = Voice(shop, "zh-CN", Numbers("zh-CN"), Gate(shop.words, open_=True), MONTH)
    assert any("KT-11" in line.plain for line in grade_lines(graded, open_voice, restricted=True))


def test_a_month_without_warnings_says_so_and_a_shop_without_the_watch_says_nothing(shop: Shop, warning: Make) -> None:
    voice = Voice(shop, "zh-CN", Numbers("zh-CN"), Gate(shop.words), MONTH)
    old = kept_after(warning(), opened=MOMENT - timedelta(days=40))
    assert [line.plain for line in grade_lines(grades([old], [], MONTH, shop), voice, restricted=False)] == ["本月没有发出预警。"]
    assert grades([], [], MONTH, shop) is None and grade_lines(None, voice, restricted=False) == []
