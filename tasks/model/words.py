"""Customers' words, counted."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Keyword:
    """A word that significantly more of a group's cases use than expected from others; `leaf` is the problem or the cause's id."""

    word: str
    leaf: str
    cases: int
    expected: float
    z: float
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quote:
    """A customer's typical words that identify nobody; a restricted one is from a safety or dispute case."""

    text: str
    restricted: bool
    record_id: str


@dataclass(frozen=True)
class Theme:
    """What several unclassified records are about: its words, its records, and how many were expected from earlier weeks."""

    words: tuple[str, ...]
    records: int
    expected: float
    grown: bool = False  # tested
    quote: Quote | None = None
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class CustomerWords:
    """Customers' words, counted: words and a quote by cause, growing words by leaf, and themes of the unclassified."""

    cause_words: dict[str, tuple[Keyword, ...]] = field(default_factory=dict)
    cause_quotes: dict[str, Quote] = field(default_factory=dict)
    grown: tuple[Keyword, ...] = ()
    themes: tuple[Theme, ...] = ()
    tested: int = 0
    unclassified: int = 0
