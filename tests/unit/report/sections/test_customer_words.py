"""Words and quotes on paper: traceable numbers, no restricted quote in a general edition, nothing where nothing passed."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tasks.model.words import CustomerWords, Keyword, Quote, Theme
from tasks.report.edition import draft
from tasks.report.sections import customer_words
from tasks.report.sections.section import SectionContext
from tasks.report.sentences.customer_words import cause_quote, cause_words
from tests.makers.reviews import make_context, make_review, make_shop

WORD = Keyword("漏水", "PRD.FAULT", 20, 4.8, 6.1, ("r1", "r2"))
ENGLISH = Keyword("leaking", "PRD.FAULT", 12, 0.4, 5.0, ("r3",))
THEME = Theme(("转换", "插头"), 24, 11.6, grown=True, quote=Quote("出国旅行要不要转换插头", False, "r4"), rows=("r4", "r5"))


def context(words: CustomerWords, language: str = "zh-CN", *, restricted: bool = False) -> SectionContext:
    review = make_review("month", customer_words=words)
    return make_context(review, language, restricted=restricted)


def test_words_that_grew_stand_with_their_cases_and_rows() -> None:
    built_from = context(CustomerWords(grown=(WORD,), tested=512))
    section = customer_words.build(built_from)
    assert section is not None
    (row,) = section.rows
    assert (row.word.plain, row.current.plain, row.expected.plain, row.judgement.plain) == ("漏水", "20起", "4.8起", "明显增多")
    number = built_from.voice.numbers[row.current.numbers[0]]
    assert (number.value, number.rows) == (20, "r1,r2")
    assert "512个词" in section.caption.plain
    assert not section.themes and not section.message


def test_a_theme_stands_with_its_number_and_quote() -> None:
    built_from = context(CustomerWords(themes=(THEME,), unclassified=80))
    section = customer_words.build(built_from)
    assert section is not None and not section.rows
    (theme,) = section.themes
    assert theme.line.plain == "“转换 · 插头”24条，明显增多，按此前26周推算应有12条。"
    assert theme.quote.plain == "“出国旅行要不要转换插头”"
    assert "80条" in section.message.plain
    assert {built_from.voice.numbers[id_].rows for id_ in theme.line.numbers} == {"r4,r5", ""}


def test_the_words_of_a_cause_stand_with_their_cases() -> None:
    first, second, *_ = make_review("month").causes
    built_from = context(CustomerWords(cause_words={first.cause_id: (WORD, ENGLISH)}))
    assert cause_words(built_from, first).plain == "漏水 20起、leaking 12起"
    assert len(cause_words(built_from, first).numbers) == 2
    assert not cause_words(built_from, second)


@pytest.mark.parametrize(
    ("quote_restricted", "edition_restricted", "printed"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_a_restricted_quote_stands_in_restricted_editions_only(
    *, quote_restricted: bool, edition_restricted: bool, printed: bool
) -> None:
    cause = make_review("month").causes[0]
    words = CustomerWords(cause_quotes={cause.cause_id: Quote("底座摸着麻手", quote_restricted, "r1")})
    assert bool(cause_quote(context(words, restricted=edition_restricted), cause)) is printed


def test_an_english_edition_leaves_out_what_its_readers_cannot_read() -> None:
    section = customer_words.build(context(CustomerWords(grown=(WORD, ENGLISH), themes=(THEME,)), "en"))
    assert section is not None
    assert [row.word.plain for row in section.rows] == ["leaking"] and not section.themes
    cause = make_review("month").causes[0]
    words = CustomerWords(
        cause_words={cause.cause_id: (WORD, ENGLISH)}, cause_quotes={cause.cause_id: Quote("底座摸着麻手", False, "r1")}
    )
    assert cause_words(context(words, "en"), cause).plain == "leaking (12 cases)" and not cause_quote(context(words, "en"), cause)


def test_the_page_prints_words_themes_and_quotes_with_registered_numbers() -> None:
    cause = make_review("month").causes[0]
    words = CustomerWords(
        {cause.cause_id: (WORD,)}, {cause.cause_id: Quote("底座<b>摸着有点热", False, "r1")}, (WORD,), (THEME,), 512, 80
    )
    written = draft(make_review("month", customer_words=words), make_shop(), "executive", "zh-CN")
    html, numbers = written.html, written.numbers
    section = html[html.index("词与主题") :]
    assert "明显增多" in section and "出国旅行要不要转换插头" in section
    assert html.count("高频词") == 1 and "底座&lt;b&gt;摸着有点热" in html
    assert all(unescape(id_) in numbers for id_ in re.findall(r'data-n="([^"]*)"', html))


def test_nothing_is_printed_where_nothing_passed() -> None:
    assert customer_words.build(context(CustomerWords(tested=900, unclassified=40))) is None
