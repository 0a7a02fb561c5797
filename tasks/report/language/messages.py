"""The message catalogues: every fixed word of a report, by language."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tasks.errors import ConfigurationError

FOLDER = Path(__file__).resolve().parents[3] / "report_templates"


class Catalogue:
    """Fixed words of one language: dotted key → pattern with `{named}` places.

    Args:
        language: Tag of the language, and name of its catalogue.
        entries: Flat map of dotted keys to patterns.
    """

    def __init__(self, language: str, entries: dict[str, str]) -> None:
        self.language = language
        self.entries = entries

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def __getitem__(self, key: str) -> str:
        if key not in self.entries:
            raise ConfigurationError(
                f"The message catalogue {self.language} has no entry {key}.",
                hint=f"Add it to report_templates/messages/{self.language}.yaml.",
            )
        return self.entries[key]

    def get(self, key: str, otherwise: str) -> str:
        """Return an entry, or a given text where there is none."""
        return self.entries.get(key, otherwise)


@lru_cache
def catalogue(language: str) -> Catalogue:
    """Read the catalogue of a language once.

    Raises:
        ConfigurationError: If there is no catalogue in this language.
    """
    path = FOLDER / "messages" / f"{language}.yaml"
    if not path.is_file():
        raise ConfigurationError(
            f"There is no message catalogue in {language!r}.", hint=f"Write report_templates/messages/{language}.yaml."
        )
    return Catalogue(language, dict(_flat(yaml.safe_load(path.read_text(encoding="utf-8")), "")))


def _flat(node: Any, prefix: str) -> list[tuple[str, str]]:
    if isinstance(node, dict):
        return [pair for key, value in node.items() for pair in _flat(value, f"{prefix}.{key}" if prefix else str(key))]
    return [(prefix, str(node))]
