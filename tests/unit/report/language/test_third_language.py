"""A third language is one module, its catalogue and the shop's names: nothing else knows how many there are."""

from __future__ import annotations

from functools import cached_property

import pytest

from tasks.errors import ConfigurationError
from tasks.report.edition import draft
from tasks.report.language.en import English
from tasks.report.language.messages import Catalogue, catalogue
from tasks.report.language.registry import LANGUAGES, check_languages, language
from tasks.shop.load import Shop
from tests.makers.reviews import make_review, make_shop


class Marked(English):
    """English with a mark at every fixed word, as a skeleton begins."""

    code = "la"

    @cached_property
    def messages(self) -> Catalogue:
        """The English words, each with a mark."""
        english = catalogue("en")
        return Catalogue(self.code, {key: f"‹{text}›" for key, text in english.entries.items()}, english.stems)

    def short_month(self, month: int) -> str:
        """Return the month's number with a mark."""
        return f"mois {month}"


@pytest.fixture
def third(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(LANGUAGES, Marked.code, Marked())
    return Marked.code


def french(shop: Shop) -> Shop:
    """Return the shop with its people and one name in the third language."""
    files = dict(shop.files)
    files["people.yaml"] = files["people.yaml"].replace(
        "供应链: {zh: 供应链,".encode(), "供应链: {zh: 供应链, la: Achats,".encode()
    )
    files["people.yaml"] = files["people.yaml"].replace(b"name_en: Zhang Heng,", b"name_en: Zhang Heng, name_la: M. Zhang,")
    return Shop(files)


def test_a_weekly_page_is_written_in_a_third_language(third: str) -> None:
    written = draft(make_review(), french(make_shop(languages=("zh-CN", "en", third))), "executive", third)
    assert f'lang="{third}"' in written.html
    assert "‹" in written.sheet.head.conclusion.plain and "mois 11" in written.html
    assert "M. Zhang" in written.html and "Zhang Heng" not in written.html
    assert "{" not in written.sheet.head.conclusion.plain


def test_every_number_is_kept_in_every_language(third: str) -> None:
    written = draft(make_review(), make_shop(), "executive", "en")
    assert all(set(number.text) == set(LANGUAGES) >= {"zh-CN", "en", third} for number in written.numbers.all)


def test_a_name_that_the_language_lacks_is_printed_in_the_shops_first_language(third: str) -> None:
    assert make_shop(languages=("en", third)).taxonomy.name("PRD.FAULT", third) == make_shop().taxonomy.name("PRD.FAULT", "en")
    assert make_shop(languages=("zh-CN", third)).taxonomy.name("PRD.FAULT", third) == make_shop().taxonomy.name(
        "PRD.FAULT", "zh-CN"
    )


def test_a_configuration_that_asks_for_a_language_without_reports_is_refused() -> None:
    check_languages(make_shop())
    with pytest.raises(ConfigurationError, match=r"shop.yaml asks for 'la'"):
        check_languages(make_shop(languages=("zh-CN", Marked.code)))
    with pytest.raises(ConfigurationError, match="Reports cannot be written in 'la'"):
        language(Marked.code)
