"""The quote of a group: the medoid by hand, never a person, never a safety case where others may read."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.analyse.words.lexicon import Lexicon
from tasks.analyse.words.quotes import rarities, representative, tfidf
from tasks.model.words import Quote
from tests.makers.shops import default_shop

LEXICON = Lexicon(default_shop().words, ["陈立新"])


def quote_of(texts: list[str], *, tracks: list[str] | None = None, clusters: list[str | None] | None = None) -> Quote | None:
    records = pl.DataFrame(
        {
            "record_id": [f"r{n}" for n in range(len(texts))],
            "text": texts,
            "track": tracks or ["standard"] * len(texts),
            "claim_cluster": pl.Series(clusters or [None] * len(texts), dtype=pl.String),
        }
    )
    return representative(records, LEXICON)


def test_the_vectors_are_tf_idf_by_hand() -> None:
    uses = pl.DataFrame({"row": [0, 0, 1, 1, 2], "term": ["a", "b", "a", "c", "b"]}, schema={"row": pl.Int32, "term": pl.String})
    weight = np.log(3 / 2) + 1  # both words that count stand in two of three texts
    assert dict(rarities(uses, 3).sort("term").iter_rows()) == pytest.approx({"a": weight, "b": weight, "c": np.log(3) + 1})
    expected = np.array([[1, 1], [1, 0], [0, 1]], dtype=float)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert tfidf(uses, np.arange(3, dtype=np.int32)) == pytest.approx(expected)


def test_the_text_nearest_to_all_others_is_quoted() -> None:
    texts = [
        "电池充不进电，用了一周就这样",
        "电池充不进电，指示灯不亮，没法用",
        "电池充不进电，指示灯不亮，用了一周",
        "颜色跟图片差得太多，像是别的货",
    ]
    assert quote_of(texts) == Quote("电池充不进电，指示灯不亮，用了一周", False, "r2")


def test_equal_texts_give_the_first_record_and_lines_become_one() -> None:
    assert quote_of(["电池充不进电，\n用了一周就这样"] * 3) == Quote("电池充不进电， 用了一周就这样", False, "r0")


@pytest.mark.parametrize(
    "personal",
    [
        "电池充不进电，用了一周，电话[电话]",
        "电池充不进电，用了一周，打19900001234",
        "电池充不进电，用了一周，打199-0000-1234",
        "电池充不进电，用了一周，订单2026110512345",
        "电池充不进电，用了一周，单号SF1234567890123",
        "电池充不进电，用了一周，写给buyer@example.com",
        "电池充不进电，用了一周，看https://shop.example/p",
        "电池充不进电，用了一周，我叫李伟",
        "电池充不进电，用了一周，收件人张晓明",
        "电池充不进电，用了一周，找王师傅",
        "电池充不进电，用了一周，客服小李说的",
        "电池充不进电，用了一周，陈立新答应换的",
        "电池充不进电，用了一周，加微信说",
        "电池充不进电，用了一周，住[地址]",
        "电池充不进电，用了一周，这就是假货",
        "短",
        "电池充不进电，用了一周。" * 12,
    ],
)
def test_a_text_with_a_person_or_a_legal_word_is_never_quoted(personal: str) -> None:
    clean = "电池充不进电，指示灯不亮，用了一周"
    assert quote_of([personal] * 5) is None
    assert quote_of([personal] * 5 + [clean] * 2) == Quote(clean, False, "r5")


def test_safety_and_dispute_cases_are_quoted_only_for_readers_of_restricted_editions() -> None:
    text, other = "电池充不进电，指示灯不亮，用了一周", "电池充不进电，放了一周，还是一格"
    assert quote_of([text] * 4 + [other], tracks=["safety"] * 4 + ["standard"]) == Quote(other, False, "r4")
    assert quote_of([text] * 4, tracks=["safety"] * 4) == Quote(text, True, "r0")
    assert quote_of([text] * 4, tracks=["dispute"] * 4) == Quote(text, True, "r0")
    assert quote_of([text] * 4, clusters=["k1"] * 4) == Quote(text, True, "r0")


def test_no_texts_no_quote() -> None:
    assert quote_of([]) is None
    assert quote_of(["？？？？？？？？？？？？？？"]) is None
