"""A name by language: what is read, and what is printed where a language lacks it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tasks.errors import ConfigurationError
from tasks.shop.audiences import Audiences
from tasks.shop.calendar_days import Calendar
from tasks.shop.identity import Identity
from tasks.shop.load import parse_section
from tasks.shop.names import Name, Proper, text_in
from tasks.shop.people import People
from tasks.shop.taxonomy import Family, Lens


def named(texts: dict[str, Any], first: str = "") -> Name:
    return Name.model_validate(texts, context={"first_language": first})


@pytest.mark.parametrize(
    ("texts", "asked", "first", "printed"),
    [
        ({"zh": "物流", "en": "Delivery"}, "zh-CN", "zh-CN", "物流"),
        ({"zh": "物流", "en": "Delivery"}, "en", "zh-CN", "Delivery"),
        ({"zh-CN": "物流", "en": "Delivery"}, "zh-CN", "en", "物流"),
        ({"zh": "物流", "en": "Delivery", "fr": "Livraison"}, "fr", "en", "Livraison"),
        ({"zh": "物流", "en": "Delivery"}, "fr", "en", "Delivery"),
        ({"zh": "物流", "en": "Delivery"}, "fr", "zh-CN", "物流"),
        ({"zh": "物流"}, "en", "en", "物流"),
        ({"zh": "物流", "en": ""}, "en", "en", "物流"),
        ({"pt": "Entrega", "en": "Delivery"}, "pt-BR", "en", "Entrega"),
    ],
)
def test_asked_language_then_the_shops_first_then_any(texts: dict[str, str], asked: str, first: str, printed: str) -> None:
    assert named(texts, first).of(asked) == printed


def test_a_text_without_any_language_is_empty() -> None:
    assert text_in({}, "en", "zh-CN") == ""


@pytest.mark.parametrize(
    "mistake", [{}, {"zh": ""}, {"english": "Delivery"}, {"en": 3}, {"En": "Delivery"}, {"en": "Delivery", "ne_GB": "x"}]
)
def test_what_is_no_name_is_refused(mistake: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        named(mistake)


def test_a_misspelt_key_beside_a_name_is_told_with_its_line() -> None:
    text = "roles:\n  客服:\n    zh: 客服\n    english: Customer service\npeople: []\ndefault_owner: x\n"
    with pytest.raises(ConfigurationError, match=r"people.yaml, line 4: roles.客服.english: Extra inputs are not permitted"):
        parse_section(People, text.encode(), "people.yaml")


def test_names_are_written_back_as_they_were_read() -> None:
    family = {"zh": "物流", "en": "Delivery", "axis": "shipped_at", "exposure": "parcels_shipped"}
    assert Family.model_validate(family).model_dump(exclude_unset=True) == family


def test_a_label_beside_its_chinese_key_is_english_unless_it_says_its_language() -> None:
    lens = Lens.model_validate(
        {"zh": "产品", "en": "Product", "labels": {"其他": "Other", "使用": {"en": "Use", "fr": "Emploi"}}}
    )
    assert [lens.label_of("其他", code) for code in ("zh-CN", "en", "fr")] == ["其他", "Other", "其他"]
    assert [lens.label_of("使用", code) for code in ("zh-CN", "en", "fr")] == ["使用", "Use", "Emploi"]


def test_a_proper_name_is_itself_where_a_language_spells_it_no_other_way() -> None:
    person = Proper.model_validate({"name": "张衡", "name_en": "Zhang Heng"})
    assert [person.title(code) for code in ("zh-CN", "en", "fr")] == ["张衡", "Zhang Heng", "张衡"]
    assert person.spellings == ("张衡", "Zhang Heng")


OLD = {
    Identity: "{name: 朴岸生活, name_en: Puan Living, notes: [{zh-CN: 样本有偏差, en: Biased sample}]}",
    People: "{roles: {qa: {zh: 品控, en: Quality}}, people: [{name: 李陶, name_en: Li Tao, roles: [qa]}], default_owner: 李陶}",
    Audiences: "{audiences: {executive: {name: {zh: 管理层, en: Management}, recipients: [{mail: a@shop.example, language: en}]}}}",
    Calendar: """
        valid_from: 2026-01-01
        years: {}
        promotions: [{id: d11, first: 2026-10-20, last: 2026-11-11, day0: 2026-11-11, zh: 双11}]
        supplier_closed: [{first: 2026-02-10, last: 2026-02-20}]
        events: [{day: 2026-07-01, kind: formula, zh: 更换算法, en: The formula changed}]
        """,
}


@pytest.mark.parametrize(("model", "text"), OLD.items(), ids=lambda each: each.__name__ if isinstance(each, type) else "")
def test_a_configuration_of_an_archived_edition_is_read(model: type[Any], text: str) -> None:
    section = parse_section(model, text.encode(), "archived.yaml", "zh-CN")
    match section:
        case Identity():
            assert (section.title("en"), section.languages, section.notes[0].of("zh-CN")) == (
                "Puan Living",
                ["zh-CN"],
                "样本有偏差",
            )
        case People():
            assert (section.label("Li Tao", "zh-CN"), section.role_label("qa", "en")) == ("李陶", "Quality")
        case Audiences():
            assert section.audiences["executive"].name.of("en") == "Management"
        case Calendar():
            assert section.promotions[0].of("en") == "双11" and section.supplier_closed[0].of("en") == ""
            assert section.events[0].of("en") == "The formula changed"
