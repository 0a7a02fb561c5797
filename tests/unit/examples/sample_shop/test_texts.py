"""What the sample shop's customers write: varied, repeatable, true to the label, and without anybody's real contact."""

from __future__ import annotations

import re
import time
from typing import Any

import polars as pl
import pytest

from examples.sample_shop.texts import Draw, phrases, write_texts

LINES = ("FW", "AF", "KT", "FN", "CP", "HW", "SM", "BB")


def records(count: int, **fixed: Any) -> pl.DataFrame:
    leaves = sorted(phrases()["leaves"])
    natures = ["complaint"] * 13 + ["question"] * 4 + ["praise"] * 2 + ["suggestion"]
    columns: dict[str, Any] = {
        "source_id": [f"R{number}" for number in range(count)],
        "source": [("ticket", "chat", "review", "form", "store", "mail")[number % 6] for number in range(count)],
        "line": [LINES[number * 7 % 8] for number in range(count)],
        "gold_leaf": [leaves[number * 11 % len(leaves)] for number in range(count)],
        "gold_nature": [natures[number % len(natures)] for number in range(count)],
        "gold_emotion": [1 + number % 5 for number in range(count)],
        "gold_vague": [number % 14 == 0 for number in range(count)],
        "request": [(None, "refund", "exchange")[number % 3] for number in range(count)],
    }
    return pl.DataFrame({**columns, **{name: [value] * count for name, value in fixed.items()}})


def test_twenty_thousand_texts_are_varied_and_fast() -> None:
    frame = records(20_000)
    begin = time.perf_counter()
    told = write_texts(frame, 1)
    assert time.perf_counter() - begin < 8
    assert told["text"].n_unique() > 10_000
    assert told["text"].str.len_chars().min() > 0
    english = told.filter(pl.col("language") == "en").height / told.height
    assert 0.01 < english < 0.03


def test_the_same_seed_and_record_say_the_same_whatever_stands_around() -> None:
    frame = records(400)
    whole = write_texts(frame, 5)
    assert whole.equals(write_texts(frame, 5))
    assert write_texts(frame.reverse(), 5).reverse().equals(whole)
    assert not write_texts(frame, 6)["text"].equals(whole["text"])


def test_no_slot_is_left_open() -> None:
    told = write_texts(records(6_000), 3)["text"]
    assert told.filter(told.str.contains(r"[{}]")).to_list() == []


@pytest.mark.parametrize(
    ("leaf", "symptom", "line", "words"),
    [
        ("LOG.DAMAGE", "", "CP", "碎|裂|磕|瘪|破|坏|断|压|渣|crack|broken|pieces"),
        ("PRD.FAULT", "battery", "FW", "电|充|续航|关机|撑|battery|charge|dead"),
        ("PRD.FAULT", "app", "SM", "闪退|app|软件|登|崩|退"),
        ("PRD.SAFETY", "", "KT", "电|麻|火|烟|烫|焦|shock|spark|hot|鼓包"),
        ("DSC.SIZE", "", "HW", "码|大|小|尺|短|紧|[SMLX]|size|small|公分|勒"),
        ("SVC.SLOW", "", "AF", "客服|人工|回|机器人|没人|排队|answers|waited"),
    ],
)
def test_a_text_says_what_its_label_says(leaf: str, symptom: str, line: str, words: str) -> None:
    frame = records(300, gold_leaf=leaf, gold_symptom=symptom, line=line, gold_nature="complaint", gold_vague=False)
    silent = [text for text in write_texts(frame, 2)["text"].to_list() if not re.search(words, text)]
    assert len(silent) <= 3, silent


def test_a_denial_never_denies_the_label() -> None:
    frame = records(3_000, gold_leaf="LOG.DAMAGE", gold_nature="complaint", gold_vague=False)
    told = write_texts(frame, 4)["text"]
    assert told.filter(told.str.contains("没有破损|东西没碎|不是磕坏|物流没毛病")).to_list() == []
    assert told.filter(told.str.contains("不是色差|没少件|客服态度没问题|不怪客服")).len() > 20


def test_a_second_leaf_is_said_too() -> None:
    frame = records(200, gold_leaf="PRD.SMELL", gold_nature="complaint", gold_vague=False).with_columns(
        pl.lit(["PRD.SMELL", "LOG.LATE"]).alias("gold_leaves")
    )
    told = write_texts(frame, 2).filter(pl.col("language") == "zh")["text"]
    assert told.str.contains("味|刺鼻|闻|冒烟|糊|涂层|臭|冲").mean() > 0.95  # type: ignore[operator]
    assert told.str.contains("到|送|晚|超时").mean() > 0.95  # type: ignore[operator]


def test_contacts_stand_in_about_one_in_a_hundred_and_are_invented() -> None:
    told = write_texts(records(20_000), 1)["text"]
    contact = told.filter(told.str.contains(r"199-?0000-?\d{4}|example\.com|555-01|幸福市"))
    assert 0.005 < contact.len() / told.len() < 0.02
    phones = told.str.extract_all(r"1[3-9]\d[- ]?\d{4}[- ]?\d{4}").explode().drop_nulls()
    assert phones.len() > 20
    assert phones.str.replace_all("-", "").str.starts_with("1990000").all()


def test_draws_spread_over_the_choices() -> None:
    counts = [0] * 7
    for number in range(7_000):
        counts[Draw(1, str(number)).below(7)] += 1
    assert min(counts) > 850
