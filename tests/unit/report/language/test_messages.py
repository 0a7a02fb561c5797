"""Both catalogues say the same things."""

from __future__ import annotations

import re
from string import Formatter

from tasks.report.language.messages import FOLDER, catalogue
from tasks.shop.load import Shop


def _places(pattern: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}


def test_both_languages_have_the_same_keys() -> None:
    assert set(catalogue("zh-CN").entries) == set(catalogue("en").entries)


def test_patterns_fill_the_same_places() -> None:
    english = catalogue("en").entries
    differing = {key for key, pattern in catalogue("zh-CN").entries.items() if _places(pattern) != _places(english[key])}
    assert not differing


def test_fixed_words_hold_no_word_of_legal_effect_and_no_shouting() -> None:
    words = Shop.load().words
    for language in ("zh-CN", "en"):
        for key, text in catalogue(language).entries.items():
            assert not words.gate_hits(text), key
            assert not any(sign in text for sign in ("！", "!", "亲，", "赋能", "闭环", "抓手", "建议加强")), key


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
