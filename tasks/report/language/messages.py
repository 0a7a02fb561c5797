"""The message catalogues: every fixed word of a report, by language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tasks.errors import ConfigurationError

FOLDER = Path(__file__).resolve().parents[3] / "report_templates"


class Catalogue:
    """Fixed words of one language: dotted key → pattern with `{named}` places.

    Args:
        language: Tag of the language, and name of its folder of messages.
        entries: Flat map of dotted keys to patterns.
        stems: Flat map of dotted keys to the file that holds them, by its stem: a section's, `shared`, `mail` …
    """

    def __init__(self, language: str, entries: Mapping[str, str], stems: Mapping[str, str]) -> None:
        self.language = language
        self.entries = entries
        self.stems = stems

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def __getitem__(self, key: str) -> str:
        if key not in self.entries:
            raise ConfigurationError(
                f"The messages in {self.language} have no entry {key}.",
                hint=f"Add it to a file in report_templates/messages/{self.language}.",
            )
        return self.entries[key]

    def get(self, key: str, otherwise: str) -> str:
        """Return an entry, or the given default if there is none."""
        return self.entries.get(key, otherwise)

    def keys_of(self, stem: str) -> list[str]:
        """Return the keys of one file."""
        return [key for key, file in self.stems.items() if file == stem]


@lru_cache
def catalogue(language: str) -> Catalogue:
    """Read the messages of a language once: one file for each section, and some for messages that several sections share.

    Raises:
        ConfigurationError: If there are no messages in this language, or a key is defined in two files.
    """
    files = sorted((FOLDER / "messages" / language).glob("*.yaml"))
    if not files:
        raise ConfigurationError(
            f"There are no messages in {language!r}.", hint=f"Add them under report_templates/messages/{language}."
        )
    entries: dict[str, str] = {}
    stems: dict[str, str] = {}
    for file in files:
        for key, pattern in _flat(yaml.safe_load(file.read_text(encoding="utf-8")), ""):
            if key in entries:
                raise ConfigurationError(
                    f"The message {key} is defined in both {stems[key]}.yaml and {file.name} of {language}.",
                    hint="Remove one of them.",
                )
            entries[key], stems[key] = pattern, file.stem
    return Catalogue(language, entries, stems)


def _flat(node: Any, prefix: str) -> list[tuple[str, str]]:
    if isinstance(node, dict):
        return [pair for key, value in node.items() for pair in _flat(value, f"{prefix}.{key}" if prefix else str(key))]
    return [(prefix, str(node))]
