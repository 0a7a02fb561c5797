"""Units and events of a slice and its untouched sisters, by day and by week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.methods.noise import Floats

Integers = NDArray[np.int64]


OWN = -1
"""Index of the slice itself; its untouched sisters are 0 and up."""


HISTORY, BEFORE, TRIGGER, UNTREATED, AFTER, LATER = range(6)
"""What a week of the slice is: earlier than the baseline, baseline, trigger window, not reached yet, verified, watched."""


@dataclass(frozen=True)
class Counts:
    """Events among a number of exposed units."""

    events: float = 0.0
    n: float = 0.0

    @property
    def rate(self) -> float | None:
        """Events per unit."""
        return self.events / self.n if self.n else None


@dataclass(frozen=True, eq=False)
class WeekTable:
    """Units and their events at equal age, by the day on which a unit's age begins (proleptic ordinal).

    `other` counts the same units' cases of other problems.
    """

    day: Integers
    treated: NDArray[np.bool_]
    group: Integers
    n: Floats
    events: Floats
    other: Floats


@dataclass(frozen=True, eq=False)
class Weeks:
    """Weeks of the slice in order; `rate` is their expected course if untouched, up to a factor, `error` its relative variance.

    The course is the control's rate in the same week, or the slice's own earlier course.
    """

    week: Integers
    side: Integers
    events: Floats
    n: Floats
    rate: Floats
    error: Floats

    def only(self, *sides: int) -> Weeks:
        """Return the weeks on the given sides."""
        return self.where(np.logical_or.reduce([self.side == side for side in sides]))

    def where(self, kept: NDArray[np.bool_]) -> Weeks:
        """Return the weeks selected by a mask."""
        return Weeks(*(getattr(self, name)[kept] for name in ("week", "side", "events", "n", "rate", "error")))


class SisterWeeks:
    """The untouched slices together, week by week."""

    def __init__(self, table: WeekTable, mature: NDArray[np.bool_]) -> None:
        kept = mature & (table.group != OWN)
        self.week, place = np.unique(_monday(table.day[kept]), return_inverse=True)
        self.events = sums_at(place, table.events[kept], len(self.week))
        self.n = sums_at(place, table.n[kept], len(self.week))

    def at(self, week: Integers) -> tuple[Floats, Floats]:
        """Return the control's events and units in given weeks; 0 if it has none."""
        if not len(self.week):
            return np.zeros(len(week)), np.zeros(len(week))
        place = np.minimum(np.searchsorted(self.week, week), len(self.week) - 1)
        there = self.week[place] == week
        return np.where(there, self.events[place], 0.0), np.where(there, self.n[place], 0.0)

    def covers(self, weeks: Weeks) -> bool:
        """Whether the control has cases, has units in every week of the slice, and at least as many units in all."""
        events, n = self.at(weeks.week)
        return len(weeks.week) > 0 and bool((n > 0).all()) and events.sum() > 0 and n.sum() >= weeks.n.sum()

    def over(self, weeks: Weeks) -> Counts:
        """Return the control's rate over the slice's weeks, weighted by the slice's units (direct standardisation)."""
        events, n = self.at(weeks.week)
        kept = n > 0
        share = weeks.n[kept] / n[kept]
        expected, variance = float((share * events[kept]).sum()), float((share**2 * events[kept]).sum())
        if expected <= 0:
            return Counts()
        worth = expected**2 / variance
        return Counts(worth, worth / expected * float(weeks.n[kept].sum()))


def sums_at(place: NDArray[np.intp], values: Floats, size: int) -> Floats:
    """Return the sums of values by place."""
    return np.bincount(place, values, size).astype(np.float64)


def _monday(day: Integers) -> Integers:
    return day - (day - 1) % 7


def counts_of(table: WeekTable, kept: NDArray[np.bool_]) -> Counts:
    """Return the events and units of the kept rows."""
    return Counts(float(table.events[kept].sum()), float(table.n[kept].sum()))


def weeks_of(table: WeekTable, kept: NDArray[np.bool_], side: Integers, control: SisterWeeks) -> Weeks:
    """Sum the slice's days to weeks by side; days without units are left out."""
    kept = kept & (table.n > 0)
    key, place = np.unique(_monday(table.day[kept]) * 8 + side[kept], return_inverse=True)
    events = sums_at(place, table.events[kept], len(key))
    n = sums_at(place, table.n[kept], len(key))
    week = key // 8
    events_of, n_of = control.at(week)
    rate = np.where(events_of > 0, events_of, 0.5) / np.maximum(n_of, 1.0)  # a week without a case counts as half a case
    return Weeks(week, key % 8, events, n, rate, 1 / np.maximum(events_of, 0.5))
