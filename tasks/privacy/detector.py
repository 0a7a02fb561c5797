"""Personal data in a text: where it stands, and the text without it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from tasks.privacy import accounts, contacts, papers, places
from tasks.privacy.personal_kind import PersonalKind, PersonalRule

RULES: tuple[PersonalRule, ...] = (
    *(one for one in contacts.RULES if one.kind is PersonalKind.MAIL),
    *papers.RULES,
    *places.RULES,
    *(one for one in contacts.RULES if one.kind is PersonalKind.PHONE),
    *accounts.RULES,
)
"""In order: numbers with a check digit before phone numbers, which may look like a part of them."""

WIDE = str.maketrans(
    {chr(0xFF10 + digit): str(digit) for digit in range(10)}
    | {chr(code + 0xFEE0): chr(code) for code in (*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1))}
    | {"＠": "@", "．": ".", "－": "-", "＋": "+", "（": "(", "）": ")", "＃": "#", "—": "-", "–": "-", "‑": "-", "−": "-"}
)
"""Full-width forms; each is one character for one, so that places in the text stay the same."""

_DIGEST = re.compile(
    r"(?<![0-9a-z])(?=[0-9-]*[a-f])(?=[a-f-]*[0-9])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-z])"
)
"""Ids of records and hashes of files, as this program writes them: digits among their letters are no numbers."""

_FILLER = "\x00"
SHORT = 200
"""The most characters of a text whose findings are remembered."""


@dataclass(frozen=True, order=True)
class PersonalSpan:
    """Where personal data of a kind stands in a text: characters `start` up to `end`."""

    start: int
    end: int
    kind: PersonalKind


def findings(text: str) -> tuple[PersonalSpan, ...]:
    """Return the personal data in a text, in order, none overlapping another."""
    return _remembered(text) if len(text) <= SHORT else _found(text)


@lru_cache(maxsize=4096)
def _remembered(text: str) -> tuple[PersonalSpan, ...]:
    """Search a short text once: the words of a page are those of its mail and of other readers, codes of a column stand in others."""
    return _found(text)


def _found(text: str) -> tuple[PersonalSpan, ...]:
    searched = text.translate(WIDE)
    digests = [match.span() for match in _DIGEST.finditer(searched)]
    needed: dict[re.Pattern[str], bool] = {}
    found: list[PersonalSpan] = []
    for rule in RULES:
        if rule.needs not in needed:
            needed[rule.needs] = rule.needs.search(searched) is not None
        if not needed[rule.needs]:
            continue
        here = [_span(match) for match in rule.pattern.finditer(searched) if rule.holds is None or rule.holds(match)]
        for start, end in here:
            if any(start < last and first < end for first, last in digests):
                continue
            found.append(PersonalSpan(start, end, rule.kind))
            searched = searched[:start] + _FILLER * (end - start) + searched[end:]
    return tuple(sorted(found))


def _span(match: re.Match[str]) -> tuple[int, int]:
    for name in ("it", "it2"):
        if match.re.groupindex.get(name) and match[name] is not None:
            return match.span(name)
    return match.span()


def masked(
    text: str, mask: Callable[[PersonalKind], str], spared: frozenset[str] = frozenset()
) -> tuple[str, Counter[PersonalKind]]:
    """Replace the personal data in a text.

    Args:
        text: Any text.
        mask: Says what stands in place of a kind.
        spared: Texts that are nobody's secret, as they stand in the shop's own configuration.

    Returns:
        The text, and how often each kind was found.
    """
    counted: Counter[PersonalKind] = Counter()
    pieces: list[str] = []
    at = 0
    for finding in findings(text):
        if text[finding.start : finding.end] in spared:
            continue
        pieces += [text[at : finding.start], mask(finding.kind)]
        at = finding.end
        counted[finding.kind] += 1
    return ("".join([*pieces, text[at:]]) if counted else text), counted


def placeholder(kind: PersonalKind) -> str:
    """Return what stands in a text of the lake in place of a kind."""
    return kind.value


def hidden(text: str) -> str:
    """Return a text of any language with three stars where personal data stood."""
    return masked(text, _stars)[0]


def _stars(_: PersonalKind) -> str:
    return "***"
