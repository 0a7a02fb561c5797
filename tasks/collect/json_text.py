"""JSON of strangers: parsed whatever the length of its numbers, and its records told apart from those that are no text."""

from __future__ import annotations

import json
from typing import Any

MAX_DIGITS = 4_000
"""Python refuses to read longer whole numbers, and with them the whole document; they stay text."""
_MARKS = ("\\ud", "\\uD", "\ud800")
_BYTE_MARKS = (b"\\ud", b"\\uD", b"\xed")
"""What the text of a half character begins with: its escape, or the byte that would begin it in UTF-8."""


def parsed(data: bytes | str) -> Any:
    """Parse one JSON document.

    Raises:
        ValueError: If it is not JSON.
        RecursionError: If it is nested too deeply.
    """
    try:
        return json.loads(data)
    except json.JSONDecodeError:
        raise
    except ValueError:  # too long a number; bytes that are not UTF-8 raise again
        return json.loads(data, parse_int=lambda digits: int(digits) if len(digits) <= MAX_DIGITS else digits)


def written(value: Any) -> str:
    """Return a value as JSON of one spelling: names sorted, no spaces, every letter as it is. Signatures are made over it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def may_hold_half_characters(data: bytes | str) -> bool:
    """Tell whether a text may hold half of a character (a cut emoji, `\\ud83d` alone), which no table can store."""
    return any(mark in data for mark in _BYTE_MARKS) if isinstance(data, bytes) else any(mark in data for mark in _MARKS)


def whole_texts(records: list[Any]) -> tuple[list[Any], list[tuple[int, str]]]:
    """Return the records whose texts can be stored, and the number of each other one, from 1, with the reason."""
    good: list[Any] = []
    broken: list[tuple[int, str]] = []
    for number, record in enumerate(records, 1):
        try:
            json.dumps(record, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            broken.append((number, "a text holds half of a character (a cut emoji)"))
        except RecursionError:
            broken.append((number, "it is nested too deeply"))
        else:
            good.append(record)
    return good, broken
