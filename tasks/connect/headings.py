"""What sources call our columns and codes: `headings.yaml`, in Chinese and English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from tasks.traditional import simplified

FILE = Path(__file__).with_name("headings.yaml")
EXACT, PART = 0.9, 0.55
"""How far a heading is trusted that is the known one, and one that only contains it."""
_STEP = 0.005
"""What a known heading loses for each one that comes before it in its list."""
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_PATH = re.compile(r"[\w-]+(\.[\w-]+)+")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class KnownHeadings:
    """Known headings and codes.

    headings: Table → canonical column → headings as plain words, most certain first.
    values: `table.column` → word of a source → our code.
    """

    headings: Mapping[str, Mapping[str, tuple[str, ...]]]
    values: Mapping[str, Mapping[str, str]]

    def score(self, table: str, column: str, heading: str) -> tuple[float, str]:
        """Return how well a heading names a column, 0 to 1, and the known heading that it resembles."""
        found = [
            (share * score, known) for share, name in _readings(heading) for score, known in [self._score(table, column, name)]
        ]
        return max(found)

    def _score(self, table: str, column: str, heading: str) -> tuple[float, str]:
        given = plain(heading)
        best = (0.0, "")
        for place, known in enumerate(self.headings[table].get(column, ())):
            if given == known:
                found = EXACT - _STEP * place
            elif _contains(given, known):
                found = PART - _STEP * place + 0.01 * len(known.split())
            else:
                continue
            best = max(best, (found, known))
        return best

    def known(self, heading: str) -> bool:
        """Return whether a heading names any column of any table."""
        given = plain(heading)
        return any(given in words for columns in self.headings.values() for words in columns.values())

    def code(self, table: str, column: str, value: str) -> str:
        """Return our code for a source's value, or nothing."""
        codes = self.values.get(f"{table}.{column}", {})
        given = plain(value)
        return codes.get(given, given.replace(" ", "_") if given.replace(" ", "_") in codes.values() else "")

    def code_within(self, table: str, column: str, value: str) -> str:
        """Return our code of the longest known word within a source's value, or nothing."""
        given = plain(value)
        found = [word for word in self.values.get(f"{table}.{column}", {}) if given == word or _contains(given, word)]
        return self.values[f"{table}.{column}"][max(found, key=lambda word: (len(word), word))] if found else ""


@lru_cache
def known_headings() -> KnownHeadings:
    """Read the known headings and codes once."""
    data = yaml.safe_load(FILE.read_text("utf-8"))
    headings = {
        table: {column: tuple(plain(word) for word in words) for column, words in columns.items()}
        for table, columns in data["tables"].items()
    }
    values = {
        column: {plain(word): code for code, words in codes.items() for word in words} for column, codes in data["values"].items()
    }
    return KnownHeadings(headings, values)


def plain(text: str) -> str:
    """Return a heading as plain words: lower case, simplified characters, without brackets, signs and repeated spaces:
    `Created_At (UTC)` → `created at`, `訂單編號` → `订单编号`."""
    text = simplified(unicodedata.normalize("NFKC", text))
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    short = _BRACKETS.sub(" ", text)
    words = re.sub(r"[^\w\u4e00-\u9fff]+|_", " ", short if short.strip() else text)
    return " ".join(words.lower().split())


def _readings(heading: str) -> list[tuple[float, str]]:
    """Return a heading, and the ways to read one that is a path into a record, with how far each is trusted: `line_items.id`."""
    parts = heading.split(".")
    if len(parts) < 2 or not _PATH.fullmatch(heading) or any(part.isdecimal() for part in parts):
        return [(1.0, heading)]
    return [(1.0, heading), (0.98, f"{parts[-2].removesuffix('s')} {parts[-1]}"), (0.85, parts[-1])]


def _contains(given: str, known: str) -> bool:
    if _HAN.search(known):
        return len(known) > 1 and known in given
    return len(known) > 2 and f" {known} " in f" {given} "
