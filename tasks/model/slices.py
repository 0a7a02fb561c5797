"""Slices: dimension → value, where a value may be a span of days written as `2026-10-12..2026-10-25` or `2026-10-12..`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

Slice = dict[str, str]
"""Dimension → value as text, as ledgers and pages hold it; `DaySpan.parse` reads the values that are spans of days."""

BETWEEN = ".."


@dataclass(frozen=True)
class DaySpan:
    """Days from first to last, both included; without a last day the span is open."""

    first: date
    last: date | None = None

    def __str__(self) -> str:
        return f"{self.first}{BETWEEN}{self.last or ''}"

    @classmethod
    def parse(cls, text: str) -> DaySpan | None:
        """Read a slice's value as a span of days; return None if it is something else.

        Raises:
            ValueError: If one of its days cannot be read.
        """
        first, between, last = text.partition(BETWEEN)
        return cls(date.fromisoformat(first), date.fromisoformat(last) if last else None) if between else None


def lasting(slice_: Slice) -> Slice:
    """Return the part of a slice that stays the same while its cause lasts: spans of days grow from week to week."""
    return {name: value for name, value in slice_.items() if BETWEEN not in value}
