"""Customers' words, counted."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Keyword:
    """A word that more of a group's cases use than others let expect, tested; `leaf` is the problem or the cause's id."""

    word: str
    leaf: str
    cases: int
    expected: float
    z: float
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quote:
    """A customer's typical words that point to nobody; a restricted one is of a safety or dispute case."""

    text: str
    restricted: bool
    record_id: str


@dataclass(frozen=True)
class Theme:
    """What several unclassified records are about: its words, its records, and how many the weeks before let expect."""

    words: tuple[str, ...]
    records: int
    expected: float
    grown: bool = False  # tested
    quote: Quote | None = None
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class CustomerWords:
    """What customers say, counted: words and a quote by cause, words that grew by leaf, and themes of the unclassified."""

    cause_words: dict[str, tuple[Keyword, ...]] = field(default_factory=dict)
    cause_quotes: dict[str, Quote] = field(default_factory=dict)
    grown: tuple[Keyword, ...] = ()
    themes: tuple[Theme, ...] = ()
    tested: int = 0
    unclassified: int = 0
