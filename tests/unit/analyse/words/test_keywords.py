"""Words that stand out: the formula against a second implementation, planted words found, silence, and nobody's name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import log, sqrt

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from tasks.analyse.words.customer_words import customer_words
from tasks.analyse.words.keywords import PRIOR_CASES, chance, dispersion, log_odds
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.tables import TABLES
from tasks.model.words import CustomerWords
from tests.makers.shops import coded_facts
from tests.makers.word_corpora import SHOP, compared, corpus

MONTH = Period.parse("2026-10")


def test_log_odds_are_those_of_the_paper() -> None:
    """Monroe, Colaresi and Quinn (2008), equations 16, 20 and 22, written out again for single words."""
    cases = [(8, 60, 0, 2000), (30, 100, 300, 1000), (5, 500, 50, 5000), (99, 100, 10, 100), (1, 7, 2, 9)]
    delta, z = log_odds(*np.array(cases, dtype=float).T)
    for place, (y, n, other, n_other) in enumerate(cases):
        prior_word, prior = PRIOR_CASES * (y + other) / (n + n_other), PRIOR_CASES
        mine = log((y + prior_word) / (n + prior - y - prior_word))
        theirs = log((other + prior_word) / (n_other + prior - other - prior_word))
        assert delta[place] == pytest.approx(mine - theirs, rel=1e-12)
        assert z[place] == pytest.approx((mine - theirs) / sqrt(1 / (y + prior_word) + 1 / (other + prior_word)), rel=1e-12)


def test_a_word_of_nobody_or_of_everybody_tells_nothing() -> None:
    delta, z = log_odds([0, 10], [10, 10], [0, 20], [20, 20])
    assert delta.tolist() == [0, 0] and z.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("y", "n", "other", "n_other"), [(8, 60, 0, 2000), (30, 100, 300, 1000), (3, 50, 4, 100), (0, 50, 4, 100)]
)
def test_chance_is_the_conditional_binomial_test(y: int, n: int, other: int, n_other: int) -> None:
    exact = binomtest(y, y + other, n / (n + n_other), alternative="greater").pvalue
    assert float(chance(y, n, other, n_other)) == pytest.approx(exact, rel=1e-9)


def test_bursts_make_chance_larger() -> None:
    assert float(chance(20, 100, 100, 1000, 2.0)) == pytest.approx(float(chance(10, 100, 50, 1000)), rel=1e-9)


def test_dispersion_is_pearsons() -> None:
    uses = [[4, 9, 2, 7, 12, 1, 5, 8], [3, 3, 4, 2, 3, 5, 2, 3]]
    cases = [100, 120, 90, 110, 130, 80, 100, 110]
    frame = pl.DataFrame([{"week": w, "term": str(t), "n": n} for t, row in enumerate(uses) for w, n in enumerate(row)])
    sizes = pl.DataFrame({"week": range(8), "cases": cases}, schema={"week": pl.Int64, "cases": pl.UInt32})
    by_hand = []
    for row in uses:
        expected = [sum(row) * c / sum(cases) for c in cases]
        by_hand.append(sum((o - e) ** 2 / e for o, e in zip(row, expected, strict=True)))
    assert dispersion(frame, sizes) == pytest.approx(max(sum(by_hand) / len(by_hand) / 7, 1.0))
    assert dispersion(frame, sizes) > 1
    without_zeros = frame.with_columns(n=pl.when(pl.col("week") % 2 == 0).then(40).otherwise(0)).filter(pl.col("n") > 0)
    assert dispersion(without_zeros, sizes) == 3  # weeks without the word count too, and the factor is bounded


def test_a_planted_word_is_found_with_its_cases() -> None:
    now, past = corpus(1, 150), corpus(2, 600)
    marked = [f"{text}，漏水" if place % 8 == 0 else text for place, text in enumerate(now)]
    rare = [f"{text}，漏水" if place % 100 == 0 else text for place, text in enumerate(past)]
    found = compared(marked, rare)
    assert [word.word for word in found] == ["漏水"]
    assert found[0].cases == 19 and found[0].expected == pytest.approx(150 * 6 / 600)
    assert found[0].rows == tuple(f"r{place:05d}" for place in range(0, 150, 8))


def test_an_english_word_is_found() -> None:
    now = [f"The lid is {'leaking' if n % 3 == 0 else 'dented'} near the handle" for n in range(60)]
    past = [f"The lid is {'leaking' if n % 30 == 0 else 'dented'} near the handle" for n in range(300)]
    assert [word.word for word in compared(now, past)] == ["leaking"]


def test_neighbouring_words_are_one_word_where_they_tell_more() -> None:
    now = [f"{text}，不制热" for text in corpus(3, 60)]
    past = [f"{text}，制热" for text in corpus(4, 300)]
    assert [word.word for word in compared(now, past)] == ["不制热"]


def test_a_case_counts_once_however_often_it_says_a_word() -> None:
    now = [f"{text}，漏水，漏水，漏水" if place < 6 else text for place, text in enumerate(corpus(5, 100))]
    assert [(word.word, word.cases) for word in compared(now, corpus(6, 400))] == [("漏水", 6)]


@pytest.mark.parametrize(
    "written",
    ["李伟", "张晓明", "王师傅", "小王", "刘强", "陈立新", "电话19900001234", "199-0000-1234", "订单2026110512345", "SF1234567890123", "maria@shop.example", "假货"],
)  # fmt: skip
def test_no_name_number_or_legal_word_becomes_a_keyword(written: str) -> None:
    now = [f"{text}，{'漏水' if place % 2 else written}" for place, text in enumerate(corpus(7, 80))]
    found = {word.word for word in compared(now, corpus(8, 400), at_most=50)}
    assert found - {"电话", "订单"} == {"漏水"}


def test_a_name_in_english_is_no_keyword() -> None:
    now = [f"Maria said the {'lid' if n % 2 else 'handle'} is leaking, so Maria hung up" for n in range(60)]
    past = [f"somebody said the {'lid' if n % 2 else 'handle'} is dented" for n in range(300)]
    words = {word.word for word in compared(now, past, at_most=50)}
    assert words and not any("maria" in word for word in words)


def test_one_customers_own_word_is_no_keyword() -> None:
    now = [f"{text}，漏水" for text in corpus(9, 60)]
    assert compared(now, corpus(10, 300), customers=["one", "two"] * 30) == ()
    assert compared(now, corpus(10, 300), customers=["one", "two", "three"] * 20)


def _facts(now: list[str], past: list[str], **more: str) -> CodedFacts:
    start = datetime(2026, 10, 5, 4, tzinfo=UTC)
    moments = [start + timedelta(hours=n % 400) for n in range(len(now))]
    moments += [start - timedelta(days=20 + n % 150) for n in range(len(past))]
    given = {"leaf": "PRD.FAULT", "nature": "complaint", **more}
    frame = pl.DataFrame(
        {
            "record_id": [f"r{n:05d}" for n in range(len(moments))],
            "submitted_at": moments,
            "text": [*now, *past],
            "counted": [True] * len(moments),
            "vague": [False] * len(moments),
            **{name: [value] * len(moments) for name, value in given.items()},
        }
    ).with_columns(pl.col("submitted_at").dt.cast_time_unit("us"))
    absent = {name: kind for name, kind in TABLES["feedback"].columns.items() if name not in frame.columns}
    return coded_facts({"feedback": frame.with_columns(pl.lit(None, kind).alias(name) for name, kind in absent.items())}, start)


def test_a_month_says_which_words_grew_in_which_problem_and_a_week_does_not() -> None:
    now = [f"{text}，漏水" if place % 5 == 0 else text for place, text in enumerate(corpus(11, 100))]
    facts = _facts(now, corpus(12, 400))
    said = customer_words(facts, MONTH, SHOP, [])
    assert [(word.leaf, word.word, word.cases) for word in said.grown] == [("PRD.FAULT", "漏水", 20)]
    assert said.tested > 20
    assert customer_words(facts, Period.parse("2026-W41"), SHOP, []).grown == ()


def test_below_thirty_cases_no_word_is_said_to_have_grown() -> None:
    now = [f"{text}，漏水" for text in corpus(13, 29)]
    assert customer_words(_facts(now, corpus(14, 400)), MONTH, SHOP, []).grown == ()
    assert customer_words(_facts([*now, now[0]], corpus(14, 400)), MONTH, SHOP, []).grown


def test_words_of_safety_cases_stay_out_of_the_general_list() -> None:
    now = [f"{text}，漏水" for text in corpus(15, 60)]
    assert customer_words(_facts(now, corpus(16, 400), track="safety"), MONTH, SHOP, []).grown == ()


def test_records_without_texts_say_nothing() -> None:
    facts = _facts(["漏水"] * 60, ["漏水"] * 60)
    silent = coded_facts({"feedback": facts["feedback"].with_columns(text=pl.lit(None, pl.String))}, facts.as_of)
    assert customer_words(silent, MONTH, SHOP, []) == CustomerWords(unclassified=0)
    assert customer_words(coded_facts({}, facts.as_of), MONTH, SHOP, []) == CustomerWords()


def test_the_order_of_the_records_changes_nothing() -> None:
    now = [f"{text}，漏水" if place % 5 == 0 else text for place, text in enumerate(corpus(17, 100))]
    facts = _facts(now, corpus(18, 400))
    turned = coded_facts({"feedback": facts["feedback"].reverse()}, facts.as_of)
    assert customer_words(facts, MONTH, SHOP, []) == customer_words(turned, MONTH, SHOP, [])
