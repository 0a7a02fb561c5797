"""Text for a terminal, without what a terminal would obey."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]{0,60}[ -/]{0,20}[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


def printable(text: str) -> str:
    """Return a text without control characters, escape sequences and signs that turn the direction of writing."""
    return _CONTROL.sub("", _SEQUENCE.sub("", text))
