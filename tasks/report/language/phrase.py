"""Sentences as pieces: fixed words, registered numbers, dates, and words from data."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

Kind = Literal["word", "number", "date", "datum"]

_ATTRIBUTE = {"number": "data-n", "date": "data-d", "datum": "data-c"}
_KEPT_SIGNS = frozenset("–—‘’“”•…‰′″※€™←↑→↓≈≠≤≥■□▲△▼○●◎★☆√")
_RANGES = (
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0xFF),
    (0x391, 0x3A1),
    (0x3A3, 0x3A9),
    (0x3B1, 0x3C9),
    (0x410, 0x44F),
    (0x2460, 0x24FF),
    (0x3000, 0x303F),
    (0x3041, 0x3096),
    (0x30A0, 0x30FF),
    (0x3400, 0x4DB5),
    (0x4E00, 0x9FA5),
    (0xAC00, 0xD7A3),
    (0xFF01, 0xFF5E),
    (0xFFE0, 0xFFE6),
)
"""Characters that Noto Sans CJK SC has for certain; any other character is replaced in customers' texts and an error in ours."""


def clean(text: str, limit: int = 500) -> str:
    """Return foreign text as one printable line.

    Control and bidirectional marks, emoji and stacked accents are dropped, letters that the font lacks become 〓,
    and words without a break are opened after 40 letters, so that none can leave the page.

    Args:
        text: Anything that was read from a source or a configuration.
        limit: Longest result in characters; a cut text ends in ….
    """
    kept: list[str] = []
    run = 0
    for letter in unicodedata.normalize("NFC", text[: 4 * limit + 200]):
        character = letter
        if letter.isspace():
            character = " "
        elif not _printable(character):
            if unicodedata.category(character)[0] not in "LN":
                continue
            character = "〓"
            if kept and kept[-1] == "〓":
                continue
        if character == " " and (not kept or kept[-1] == " "):
            continue
        run = run + 1 if character.isascii() and character != " " else 0
        if run > 40:
            kept.append(" ")
            run = 1
        kept.append(character)
        if len(kept) > limit:
            break
    result = "".join(kept).strip()
    return result if len(result) < limit else result[: limit - 1].rstrip() + "…"


def _printable(character: str) -> bool:
    code = ord(character)
    return character in _KEPT_SIGNS or any(low <= code <= high for low, high in _RANGES)


@dataclass(frozen=True)
class Piece:
    """A run of text of one kind; `id` names the number that it prints."""

    text: str
    kind: Kind = "word"
    id: str = ""


@dataclass(frozen=True)
class Phrase:
    """A sentence or a part of one; prints as HTML with its numbers marked, and as plain text."""

    pieces: tuple[Piece, ...] = ()

    @property
    def plain(self) -> str:
        """The text without marks."""
        return "".join(piece.text for piece in self.pieces)

    def __str__(self) -> str:
        return self.plain

    def __html__(self) -> str:
        parts: list[Markup] = []
        for piece in self.pieces:
            if piece.kind == "word":
                parts.append(escape(piece.text))
            else:
                parts.append(
                    Markup('<span {}="{}">{}</span>').format(
                        Markup(_ATTRIBUTE[piece.kind]),  # noqa: S704 - one of three fixed names
                        piece.id,
                        piece.text,
                    )
                )
        return "".join(parts)

    def __bool__(self) -> bool:
        return bool(self.pieces)

    def __add__(self, other: Phrase) -> Phrase:
        return Phrase(self.pieces + other.pieces)

    @property
    def numbers(self) -> list[str]:
        """Ids of the numbers printed in this phrase."""
        return [piece.id for piece in self.pieces if piece.kind == "number"]


EMPTY = Phrase()


def word(text: str) -> Phrase:
    """Return fixed words as a phrase."""
    return Phrase((Piece(text),)) if text else EMPTY


def join(phrases: Iterable[Phrase], separator: str) -> Phrase:
    """Join the phrases that are not empty."""
    pieces: list[Piece] = []
    for phrase in phrases:
        if not phrase:
            continue
        if pieces:
            pieces.append(Piece(separator))
        pieces.extend(phrase.pieces)
    return Phrase(tuple(pieces))
