"""Words and quotes on paper: traceable numbers, no restricted quote in a general edition, nothing where nothing passed."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from tasks.model.review import Review
from tasks.model.words import CustomerWords, Keyword, Quote, Theme
from tasks.report.context import page
from tasks.report.edition import templates
from tasks.report.language.legal_words import Gate
from tasks.report.language.numbers import Numbers
from tasks.report.language.voice import Voice
from tasks.report.sayings import CustomerWordsLines
from tasks.report.sentences import Sentences
from tests.reviews import make_review, make_shop

WORD = Keyword("漏水", "PRD.FAULT", 20, 4.8, 6.1, ("r1", "r2"))
ENGLISH = Keyword("leaking", "PRD.FAULT", 12, 0.4, 5.0, ("r3",))
THEME = Theme(("转换", "插头"), 24, 11.6, grown=True, quote=Quote("出国旅行要不要转换插头", False, "r4"), rows=("r4", "r5"))


def lines(sayings: CustomerWords, language: str = "zh-CN", *, restricted: bool = False) -> tuple[CustomerWordsLines, Review]:
    review = make_review("month")
    review = replace(review, customer_words=sayings)
    shop = make_shop()
    voice = Voice(shop, language, Numbers(language), Gate(shop.words, open_=restricted), review.period)
    return CustomerWordsLines(voice, Sentences(voice, review), restricted=restricted), review


def test_words_that_grew_stand_with_their_cases_and_rows() -> None:
    said, _ = lines(CustomerWords(grown=(WORD,), tested=512))
    section = said.section()
    assert section is not None
    (row,) = section.rows
    assert (row.word.plain, row.current.plain, row.expected.plain, row.judgement.plain) == ("漏水", "20起", "4.8起", "明显增多")
    number = said.voice.numbers[row.current.numbers[0]]
    assert (number.value, number.rows) == (20, "r1,r2")
    assert "512个词" in section.caption.plain
    assert not section.themes and not section.message


def test_a_theme_stands_with_its_number_and_quote() -> None:
    said, _ = lines(CustomerWords(themes=(THEME,), unclassified=80))
    section = said.section()
    assert section is not None and not section.rows
    (theme,) = section.themes
    assert theme.line.plain == "“转换 · 插头”24条，明显增多，按此前26周推算应有12条。"
    assert theme.quote.plain == "“出国旅行要不要转换插头”"
    assert "80条" in section.message.plain
    assert {said.voice.numbers[id_].rows for id_ in theme.line.numbers} == {"r4,r5", ""}


def test_the_words_of_a_cause_stand_with_their_cases() -> None:
    said, review = lines(CustomerWords())
    cause = review.causes[0]
    said.sayings = CustomerWords(cause_words={cause.cause_id: (WORD, ENGLISH)})
    assert said.words_of(cause).plain == "漏水 20起、leaking 12起"
    assert len(said.words_of(cause).numbers) == 2
    assert not said.words_of(review.causes[1])


@pytest.mark.parametrize(
    ("quote_restricted", "edition_restricted", "printed"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_a_restricted_quote_stands_in_restricted_editions_only(
    *, quote_restricted: bool, edition_restricted: bool, printed: bool
) -> None:
    said, review = lines(CustomerWords(), restricted=edition_restricted)
    cause = review.causes[0]
    said.sayings = CustomerWords(cause_quotes={cause.cause_id: Quote("底座摸着麻手", quote_restricted, "r1")})
    assert bool(said.quote_of(cause)) is printed


def test_an_english_edition_leaves_out_what_its_readers_cannot_read() -> None:
    said, review = lines(CustomerWords(grown=(WORD, ENGLISH), themes=(THEME,)), "en")
    section = said.section()
    assert section is not None
    assert [row.word.plain for row in section.rows] == ["leaking"] and not section.themes
    cause = review.causes[0]
    said.sayings = CustomerWords(
        cause_words={cause.cause_id: (WORD, ENGLISH)}, cause_quotes={cause.cause_id: Quote("底座摸着麻手", False, "r1")}
    )
    assert said.words_of(cause).plain == "leaking (12 cases)" and not said.quote_of(cause)


def test_the_page_prints_words_themes_and_quotes_with_registered_numbers() -> None:
    review = make_review("month")
    cause = review.causes[0]
    review = replace(
        review,
        customer_words=CustomerWords(
            {cause.cause_id: (WORD,)}, {cause.cause_id: Quote("底座<b>摸着有点热", False, "r1")}, (WORD,), (THEME,), 512, 80
        ),
    )
    shop = make_shop()
    numbers = Numbers("zh-CN")
    sheet = page(review, Voice(shop, "zh-CN", numbers, Gate(shop.words), review.period))
    html = templates().get_template("monthly.html.j2").render(page=sheet, w=sheet.words, n=numbers.show)
    section = html[html.index("词与主题") :]
    assert "明显增多" in section and "出国旅行要不要转换插头" in section
    assert html.count("高频词") == 1 and "底座&lt;b&gt;摸着有点热" in html
    assert all(unescape(id_) in numbers for id_ in re.findall(r'data-n="([^"]*)"', html))


def test_nothing_is_printed_where_nothing_passed() -> None:
    assert lines(CustomerWords(tested=900, unclassified=40))[0].section() is None
