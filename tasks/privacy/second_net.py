"""The second net: what reaches paper, mail, an artifact or a log is searched once more, and what the first net let through is masked."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any

from tasks.privacy.detector import findings, masked
from tasks.privacy.personal_kind import PersonalKind

MASK = "***"
_SILENT = re.compile(r"(<(style|script|svg|template)\b.*?</\2\s*>|<!--.*?-->|<[^>]*>)", re.DOTALL | re.IGNORECASE)
"""What nobody reads on a page: styles, drawings, comments and tags."""
_READ_IN_TAG = re.compile(r"\b(alt|title|aria-label|content)=\"([^\"]*)\"")
_FIGURE = re.compile(r"[a-z0-9_]+@[^\s]*\.(?:value|previous|change|low|high|target|n)")
"""The id of a printed number: a figure and the place it is of."""
_DRAWN = re.compile(r"(<text\b[^>]*>)([^<]*)(</text>)", re.IGNORECASE)


@dataclass
class SecondNet:
    """Masks personal data in finished texts and counts what it found; each is a gap of the first net.

    spared: Texts of the shop's own configuration: its own desk's number is no secret.
    """

    spared: frozenset[str] = frozenset()
    found: Counter[PersonalKind] = field(default_factory=Counter)

    def words(self, text: str) -> str:
        """Mask plain text."""
        clean, counted = masked(text, _mask, self.spared)
        self.found.update(counted)
        return clean

    def page(self, html: str) -> str:
        """Mask what can be read on a page of HTML: its text, drawn text, and the attributes that are shown or read out."""
        pieces: list[str] = []
        at = 0
        for silent in _SILENT.finditer(html):
            pieces += [self._escaped(html[at : silent.start()]), self._tag(silent[0])]
            at = silent.end()
        return "".join([*pieces, self._escaped(html[at:])])

    def values(self, value: Any) -> Any:
        """Mask the texts inside lists and dictionaries; the very same object comes back if there is nothing to mask."""
        if isinstance(value, str):
            return self._identifier(value) if _FIGURE.fullmatch(value) else self.words(value)
        if isinstance(value, dict):
            fresh = {
                name: self._identifier(item) if name == "id" and isinstance(item, str) else self.values(item)
                for name, item in value.items()
            }
            return value if fresh == value else fresh
        if isinstance(value, list | tuple):
            items = [self.values(item) for item in value]
            return value if items == list(value) else type(value)(items)
        return value

    def json(self, data: bytes) -> bytes:
        """Mask the texts in a JSON document; without a finding its bytes stay as they are."""
        before = json.loads(data)
        after = self.values(before)
        return data if after is before or after == before else json.dumps(after, ensure_ascii=False, indent=1).encode()

    @property
    def report(self) -> str:
        """How much of which kind was masked, for the operator; empty if nothing."""
        return ", ".join(
            f"{kind.name.lower()} {count}" for kind, count in sorted(self.found.items(), key=lambda item: item[0].name)
        )

    def _identifier(self, text: str) -> str:
        """Mask an id of this program, in which an @ stands before a place and names no mailbox."""
        spans = findings(text.replace("@", " "))
        self.found.update(one.kind for one in spans)
        return MASK if spans else text

    def _escaped(self, text: str) -> str:
        if not text.strip():
            return text
        plain = unescape(text)
        clean = self.words(plain)
        return text if clean == plain else escape(clean, quote=False)

    def _tag(self, tag: str) -> str:
        if tag[:4].lower() == "<svg":
            return _DRAWN.sub(lambda match: match[1] + self._escaped(match[2]) + match[3], tag)
        if "=" not in tag or tag[1:2] in "!/" or tag[:6].lower() == "<style":
            return tag
        return _READ_IN_TAG.sub(lambda match: f'{match[1]}="{self._escaped(match[2])}"', tag)


def own_words(texts: Iterable[str]) -> frozenset[str]:
    """Return what looks like personal data in a shop's own configuration: its desk's number, its people's addresses."""
    return frozenset(text[one.start : one.end] for text in texts for one in findings(text))


def _mask(_: PersonalKind) -> str:
    return MASK
