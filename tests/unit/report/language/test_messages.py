"""Every language says the same things, in the same files, and says nothing that nobody prints."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from tasks.errors import ConfigurationError
from tasks.report.language import messages
from tasks.report.language.language import Language
from tasks.report.language.messages import FOLDER
from tasks.report.language.registry import LANGUAGES
from tests.makers.shops import default_shop

ROOT = FOLDER.parent
REFERENCE = next(iter(LANGUAGES.values())).messages.entries


def _places(pattern: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_language_has_the_same_keys(language: Language) -> None:
    assert set(language.messages.entries) == set(REFERENCE)
    assert language.messages.stems == next(iter(LANGUAGES.values())).messages.stems


def test_every_message_is_printed_somewhere() -> None:
    """A message is looked up by its key, or by a key whose beginning is fixed: `f"life.{cause.life}"`."""
    sources = [*(ROOT / "tasks").rglob("*.py"), *FOLDER.rglob("*.j2")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    keys = set(re.findall(r"""["']([a-z_]+(?:\.\w+)+)["']""", text))
    beginnings = (*re.findall(r"""f["']([a-z_]+\.\w*)\{""", text), "this.", "last.")  # Voice.this writes f"{which}.{grain}"
    assert [key for key in REFERENCE if key not in keys and not key.startswith(beginnings)] == []


def test_a_template_prints_its_own_words_and_shared_ones_alone() -> None:
    stems = next(iter(LANGUAGES.values())).messages.stems
    parts = {"figure_table", "problem_table"}
    for template in sorted((FOLDER / "sections").glob("*.j2")):
        stem = template.name.partition(".")[0]
        words = re.findall(r"\bw\['([^']+)'\]", template.read_text(encoding="utf-8"))
        assert [word for word in words if stems[word] not in ({"shared"} if stem in parts else {stem, "shared"})] == [], stem


def test_a_key_in_two_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "messages" / "xx"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("word: {stop: .}\n", encoding="utf-8")
    (folder / "b.yaml").write_text("word: {stop: .}\n", encoding="utf-8")
    monkeypatch.setattr(messages, "FOLDER", tmp_path)
    with pytest.raises(ConfigurationError, match=r"word.stop is defined in both a.yaml and b.yaml"):
        messages.catalogue("xx")


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_patterns_fill_the_same_places(language: Language) -> None:
    differing = {key for key, pattern in language.messages.entries.items() if _places(pattern) != _places(REFERENCE[key])}
    assert not differing


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_fixed_words_hold_no_word_of_legal_effect_and_no_shouting(language: Language) -> None:
    words = default_shop().words
    for key, text in language.messages.entries.items():
        assert not words.gate_hits(text), key
        assert not any(sign in text for sign in ("！", "!", "亲，", "赋能", "闭环", "抓手", "建议加强")), key


def test_every_catalogue_belongs_to_a_registered_language() -> None:
    assert {path.name for path in (FOLDER / "messages").iterdir()} == set(LANGUAGES)


def test_the_page_of_languages_names_every_one() -> None:
    text = (ROOT / "docs" / "languages.md").read_text("utf-8")
    (first,) = re.findall(r"^Reports are written in .*?\.", text, flags=re.M)
    assert sorted(re.findall(r"`([^`]+)`", first)) == sorted(LANGUAGES)


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
