"""Headings that mean the same column."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def likely_name(name: str, columns: Iterable[str]) -> str:
    """Return the column that a name most likely became, or nothing if none is like it."""
    best, found = 0.55, ""
    for column in columns:
        one, other = _words(name), _words(column)
        like = difflib.SequenceMatcher(None, " ".join(one), " ".join(other)).ratio()
        if one and other and (set(one) <= set(other) or set(other) <= set(one)):
            like = max(like, 0.9)
        elif set(one) & set(other):
            like = max(like, 0.6)
        if like > best:
            best, found = like, column
    return found


def _words(name: str) -> list[str]:
    short = {"no": "number", "nr": "number", "num": "number", "qty": "quantity", "dt": "date"}
    return [short.get(word, word) for word in re.findall(r"[^\W_]+", name.lower())]
