"""Sources that have fallen silent against their own habit: no news of them is not good news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

HABIT = timedelta(weeks=8)
"""The time before a source's last row from which its habit is read."""
KNOWN = timedelta(weeks=3)
FEWEST_MISSED = 5.0
"""Rows that a source's own rate must promise for the silence: none of them comes by chance once in 150 times (Poisson)."""


@dataclass(frozen=True)
class Silence:
    """A source's last day with rows, and how many a day it used to bring."""

    since: date
    daily: float


def silence(days: Mapping[date, int], deliveries: Sequence[date], today: date, expected_daily: float = 0.0) -> Silence | None:
    """Return since when a source is silent, or None while it keeps to its habit.

    It may be late by the longest time that lay between two deliveries, and idle by the longest time that lay between two days with rows.

    Args:
        days: Day → rows of that day, as stored.
        deliveries: The days of the pulls that brought rows.
        today: The day of the question, in the channel's zone.
        expected_daily: Rows a day that the channel declares; 0 means none.
    """
    held = sorted(day for day, count in days.items() if count and day <= today)
    if not held:
        return None
    last = held[-1]
    usual = [day for day in held if day > last - HABIT]
    span = (last - usual[0]).days + 1
    daily = max(sum(days[day] for day in usual) / span, expected_daily)
    idle = max((later - earlier for earlier, later in pairwise(usual)), default=timedelta(days=1))
    brought = sorted({day for day in deliveries if day > last - HABIT})
    late = max((later - earlier for earlier, later in pairwise(brought)), default=timedelta(days=7))
    if (last - held[0] < KNOWN and not expected_daily) or today - last <= idle + late:
        return None
    return Silence(last, daily) if daily * (today - last).days >= FEWEST_MISSED else None
