"""All catalogues say the same things."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from tasks.report.language.language import Language
from tasks.report.language.messages import FOLDER
from tasks.report.language.registry import LANGUAGES
from tasks.shop.load import Shop

REFERENCE = next(iter(LANGUAGES.values())).messages.entries


def _places(pattern: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_language_has_the_same_keys(language: Language) -> None:
    assert set(language.messages.entries) == set(REFERENCE)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_patterns_fill_the_same_places(language: Language) -> None:
    differing = {key for key, pattern in language.messages.entries.items() if _places(pattern) != _places(REFERENCE[key])}
    assert not differing


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_fixed_words_hold_no_word_of_legal_effect_and_no_shouting(language: Language) -> None:
    words = Shop.load().words
    for key, text in language.messages.entries.items():
        assert not words.gate_hits(text), key
        assert not any(sign in text for sign in ("！", "!", "亲，", "赋能", "闭环", "抓手", "建议加强")), key


def test_every_catalogue_belongs_to_a_registered_language() -> None:
    assert {path.name.partition(".")[0] for path in (FOLDER / "messages").iterdir()} == set(LANGUAGES)


def test_templates_never_switch_escaping_off() -> None:
    templates = sorted(FOLDER.rglob("*.j2"))
    assert len(templates) > 15
    for template in templates:
        text = template.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", "") and "autoescape" not in text, template.name


def test_templates_hold_no_number_of_their_own() -> None:
    for template in sorted(FOLDER.rglob("*.html.j2")):
        if template.parent.name == "mail":
            continue
        text = re.sub(r"\{[%{].*?[%}]\}|<[^>]*>", "", template.read_text(encoding="utf-8"), flags=re.S)
        assert not re.search(r"\d", text), template.name
