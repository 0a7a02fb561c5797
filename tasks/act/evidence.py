"""Weekly counts of a slice and its untouched sisters around an action, and the evidence that they sum to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from math import inf, isfinite, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from tasks.methods.noise import DRIFT, Course, Floats, Noise, course, dispersion, drift, moves, ordinary, prior_of_sisters

Integers = NDArray[np.int64]

OWN = -1
"""Group of the slice itself; its untouched sisters are 0 and up."""

HISTORY, BEFORE, TRIGGER, UNTREATED, AFTER, LATER = range(6)
"""What a week of the slice is: earlier than the baseline, baseline, trigger window, not reached yet, verified, watched."""

HISTORY_WEEKS = 52
"""Weeks before the baseline that tell how the counts move and stray when nothing is done."""

MINIMUM_BASELINE_WEEKS = 8
SHRUNKEN_BASELINE_WEEKS = 3
"""A baseline of so many weeks stands where the rates of sister slices complete it."""

LONGEST_WEEKS = 26
"""Weeks after which a verdict is given with what there is, however few."""

POINTS = 12
"""Weeks that a segmented regression needs on each side."""

PARALLEL = 0.01
"""Below this probability the slice did not move with its sisters even before the action: they are no control."""

STEADY = 0.01
"""Below this probability the slice's own rate rose, fell or had a season before the action."""

HALVING = log(2)
POWER = 0.9


@dataclass(frozen=True)
class Counts:
    """Events on some exposure."""

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


@dataclass(frozen=True)
class Windows:
    """Days and sizes that were fixed before anything after the action was seen."""

    before_from: date
    before_to: date
    known_to: date  # last day of what led to the action
    cut_in: date
    last_day: date
    age_days: int
    verify_weeks: int
    min_units: int
    watch_days: int = 56


@dataclass(frozen=True, eq=False)
class Weeks:
    """Weeks of the slice in order; `rate` is what they would follow untouched, up to a factor, `error` its relative variance.

    That is the control's rate in the same week, or the course that the slice itself was on.
    """

    week: Integers
    side: Integers
    events: Floats
    n: Floats
    rate: Floats
    error: Floats

    def only(self, *sides: int) -> Weeks:
        """Return the weeks of some sides."""
        return self.where(np.logical_or.reduce([self.side == side for side in sides]))

    def where(self, kept: NDArray[np.bool_]) -> Weeks:
        """Return the weeks of a mask."""
        return Weeks(*(getattr(self, name)[kept] for name in ("week", "side", "events", "n", "rate", "error")))


@dataclass(frozen=True)
class Evidence:
    """All numbers a verdict rests on; every count is at the same age.

    `before` are weeks before the trigger window, `trigger` that window, `untreated` units after it that the action did
    not reach yet, `after` units after cut-in, `later` those after the verified weeks. `cohorts` are whole mature weeks
    after cut-in in order. A `control_…` is the untouched slices' rate over the same weeks, weighted as the slice's units
    lie in them; its events are as many as its precision is worth. They are empty where there is no control or it did not
    move with the slice before.
    """

    before: Counts = Counts()
    trigger: Counts = Counts()
    untreated: Counts = Counts()
    untreated_recent: Counts = Counts()
    after: Counts = Counts()
    later: Counts = Counts()
    control_before: Counts = Counts()
    control_untreated: Counts = Counts()
    control_after: Counts = Counts()
    control_later: Counts = Counts()
    other_before: Counts = Counts()
    other_after: Counts = Counts()
    cohorts: tuple[tuple[date, Counts], ...] = ()
    waiting: float = 0.0
    weekly: float = 0.0
    baseline_weeks: int = 0
    prior: Counts = Counts()  # what sister slices add to a short baseline
    noise: Noise = field(default_factory=Noise)
    course: Course | None = None  # where the slice was going by itself
    moving: bool = False  # a slope or season shows in that course
    complete: bool = True  # the planned weeks and units are all there
    weeks: Weeks | None = None
    cut_in: date | None = None
    missing: str = ""


def needed_units(before: Counts, noise: Noise, unsure: float = 0.0) -> float:
    """Return the units after cut-in with which a halving is found nine times in ten.

    The variance of the log ratio may be (log 2 ÷ (z₀.₉₇₅ + z₀.₉₀))²; the baseline and what is not known of the rate's own
    movement take their part of it, the rest is one over the events that half the rate brings.

    Args:
        before: What is compared with.
        noise: Dispersion of the counts.
        unsure: Variance of the logarithm of how the rate would have moved untouched.

    Returns:
        Units; infinity where the baseline alone is too thin.
    """
    if before.events <= 0 or before.n <= 0:
        return inf
    spread = noise.at(0.95)
    left = (HALVING / float(ndtri(0.975) + ndtri(POWER))) ** 2 - spread / before.events - unsure
    return inf if left <= 0 else spread / left / (before.events / before.n / 2)


def joined(*views: tuple[float, float] | None) -> tuple[float, float]:
    """Join views of how a rate would have moved untouched (logarithm and its variance) by how sure they are.

    Returns:
        Movement and its variance; no movement, and no doubt of it, where there is no view.
    """
    known = [(moved, 1 / max(variance, 1e-9)) for moved, variance in filter(None, views)]
    weight = sum(part for _, part in known)
    return (sum(moved * part for moved, part in known) / weight, 1 / weight) if known else (0.0, 0.0)


def gather(table: WeekTable, windows: Windows) -> Evidence:
    """Sum units and events over the windows; only units whose whole age has passed count.

    The window after cut-in is the planned weeks, or as long as it takes until there are enough units for what was planned
    and for finding a halving, both known from the baseline: looking at ever more weeks until something shows would find an
    effect where there is none.

    Args:
        table: The slice (group −1) and its sisters by day.
        windows: Days of the windows.
    """
    last_mature = windows.last_day.toordinal() + 1 - windows.age_days
    mature = table.day <= last_mature
    own = table.group == OWN
    before_from, before_to, known_to = (d.toordinal() for d in (windows.before_from, windows.before_to, windows.known_to))
    day = table.day
    treated = own & table.treated
    begin = int(day[treated].min()) if treated.any() else windows.cut_in.toordinal()
    side = np.select([day < before_from, day <= before_to, day <= known_to], [HISTORY, BEFORE, TRIGGER], UNTREATED)
    side[treated] = AFTER
    control = _Control(table, mature)
    usual = _weeks(table, own & mature & (side <= BEFORE), side, control)
    usual = usual.where((usual.side == BEFORE) | ordinary(usual.events, usual.n))
    parallel = control.covers(usual) and _moves_along(usual)
    own_course = course(usual.week / 7, usual.events, usual.n)
    if not parallel:
        usual = _along(usual, own_course)
    noise = _noise([usual])
    plain = np.zeros_like(usual.n)
    moving = not parallel and moves(usual.week / 7, usual.events, usual.n, plain, season=True) < STEADY
    baseline = usual.only(BEFORE)
    before = _sum(table, own & mature & (side == BEFORE))
    weeks_before = len(baseline.week)
    short = SHRUNKEN_BASELINE_WEEKS <= weeks_before < MINIMUM_BASELINE_WEEKS
    prior = _prior(table, mature & ~own & (side == BEFORE)) if short else Counts()
    held = Counts(before.events + prior.events, before.n + prior.n)
    planned = inf
    if weeks_before:
        # How sure the movement will be where the verified weeks are going to lie.
        ahead = begin / 7 + np.arange(windows.verify_weeks, dtype=np.float64)
        unsure = own_course.variance(baseline.week / 7, baseline.n, ahead, np.ones_like(ahead))
        worth = control.over(baseline).events if parallel else 0.0
        spread = noise.at(0.95) * (1 + weeks_before / windows.verify_weeks)
        unsure = joined((0.0, unsure), (0.0, spread / worth + DRIFT) if worth else None)[1]
        planned = needed_units(held, noise, unsure)
    enough = max(windows.min_units, planned) if isfinite(planned) else windows.min_units  # no wait mends a thin baseline
    weeks_planned = max(windows.verify_weeks, POINTS) if moving else windows.verify_weeks
    end, complete = _window_end(table, treated & mature, begin, weeks_planned, enough, last_mature)
    side[treated & (day > end)] = LATER
    side[treated & (day > end + windows.watch_days)] = LATER + 1
    weeks = _weeks(table, own & mature, side, control)
    parallel = parallel and control.covers(weeks.only(BEFORE, UNTREATED, AFTER))
    if not parallel:
        weeks = _along(weeks, own_course)
    weeks = weeks.where((weeks.side != HISTORY) | np.isin(weeks.week, usual.week))
    if parallel:
        near = (day >= before_from) & (day <= before_to)
        sisters = _sisters(table, mature & ~own, near, (day >= begin) & (day <= end))
    else:
        sisters = None
    noise = _noise([weeks.only(HISTORY, BEFORE), weeks.only(AFTER)], sisters)
    untreated = own & mature & (side == UNTREATED)
    recent = untreated & (day >= _later_half(table, untreated))
    verified = weeks.only(AFTER)
    kept = verified.week + 6 <= last_mature
    running = day > windows.last_day.toordinal() - 28
    days = min(windows.last_day.toordinal() - begin + 1, 28)

    def control_of(which: int) -> Counts:
        return control.over(weeks.only(which)) if parallel else Counts()

    def others(which: int) -> Counts:
        chosen = own & mature & (side == which)
        return Counts(float(table.other[chosen].sum()), float(table.n[chosen].sum()))

    return Evidence(
        before=before,
        trigger=_sum(table, own & mature & (side == TRIGGER)),
        untreated=_sum(table, untreated),
        untreated_recent=_sum(table, recent),
        after=_sum(table, own & mature & (side == AFTER)),
        later=_sum(table, own & mature & (side == LATER)),
        control_before=control_of(BEFORE),
        control_untreated=control_of(UNTREATED),
        control_after=control_of(AFTER),
        control_later=control_of(LATER),
        other_before=others(BEFORE),
        other_after=others(AFTER),
        cohorts=tuple(
            (date.fromordinal(int(week)), Counts(float(events), float(n)))
            for week, events, n in zip(verified.week[kept], verified.events[kept], verified.n[kept], strict=True)
        ),
        waiting=_sum(table, treated).n - _sum(table, treated & mature).n,
        weekly=_sum(table, treated & running).n / days * 7 if days > 0 else 0.0,
        baseline_weeks=weeks_before,
        prior=prior,
        noise=noise,
        course=own_course,
        moving=moving,
        complete=complete,
        weeks=weeks,
        cut_in=date.fromordinal(begin),
        missing="" if own.any() else "no_units",
    )


class _Control:
    """The untouched slices together, week by week."""

    def __init__(self, table: WeekTable, mature: NDArray[np.bool_]) -> None:
        kept = mature & (table.group != OWN)
        self.week, place = np.unique(_monday(table.day[kept]), return_inverse=True)
        self.events = _totals(place, table.events[kept], len(self.week))
        self.n = _totals(place, table.n[kept], len(self.week))

    def at(self, week: Integers) -> tuple[Floats, Floats]:
        """Return the control's events and units in some weeks; 0 where it has none."""
        if not len(self.week):
            return np.zeros(len(week)), np.zeros(len(week))
        place = np.minimum(np.searchsorted(self.week, week), len(self.week) - 1)
        there = self.week[place] == week
        return np.where(there, self.events[place], 0.0), np.where(there, self.n[place], 0.0)

    def covers(self, weeks: Weeks) -> bool:
        """Whether the control has cases, and units in every week of the slice, at least as many in all."""
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


def _totals(place: NDArray[np.intp], values: Floats, size: int) -> Floats:
    return np.bincount(place, values, size).astype(np.float64)


def _monday(day: Integers) -> Integers:
    return day - (day - 1) % 7


def _sum(table: WeekTable, kept: NDArray[np.bool_]) -> Counts:
    return Counts(float(table.events[kept].sum()), float(table.n[kept].sum()))


def _weeks(table: WeekTable, kept: NDArray[np.bool_], side: Integers, control: _Control) -> Weeks:
    """Sum the slice's days to weeks by side; a day without units is none."""
    kept = kept & (table.n > 0)
    key, place = np.unique(_monday(table.day[kept]) * 8 + side[kept], return_inverse=True)
    events = _totals(place, table.events[kept], len(key))
    n = _totals(place, table.n[kept], len(key))
    week = key // 8
    events_of, n_of = control.at(week)
    rate = np.where(events_of > 0, events_of, 0.5) / np.maximum(n_of, 1.0)  # a week without a case is worth half a one
    return Weeks(week, key % 8, events, n, rate, 1 / np.maximum(events_of, 0.5))


def _later_half(table: WeekTable, kept: NDArray[np.bool_]) -> int:
    """Return the day from which on the later half of some units lies."""
    if not kept.any():
        return 0
    order = np.argsort(table.day[kept], kind="stable")
    running = np.cumsum(table.n[kept][order])
    return int(table.day[kept][order][np.searchsorted(running, running[-1] / 2)])


def _along(weeks: Weeks, own: Course) -> Weeks:
    """Return the weeks with the course that the slice was on instead of a control."""
    return replace(weeks, rate=own.at(weeks.week / 7), error=np.zeros_like(weeks.n))


def _moves_along(weeks: Weeks) -> bool:
    """Whether slice and control moved together before the action (test of parallel trends)."""
    return moves(weeks.week / 7, weeks.events, weeks.n * weeks.rate, weeks.error, season=False) >= PARALLEL


def _noise(parts: list[Weeks], sisters: tuple[Floats, Floats, Floats, Floats] | None = None) -> Noise:
    """Return the noise of weekly counts about one level for each part."""
    observed, fitted, error, levels = [], [], [], 0
    for part in parts:
        base = part.n * part.rate
        if part.events.sum() > 0 and len(base) > 1:
            observed.append(part.events)
            fitted.append(base * part.events.sum() / base.sum())
            error.append(part.error)
            levels += 1
    if not observed:
        return Noise()
    spread, freedom = dispersion(np.concatenate(observed), np.concatenate(fitted), np.concatenate(error), levels)
    return Noise(spread, freedom, drift(*sisters, spread) if sisters else 0.0)


def _sisters(
    table: WeekTable, kept: NDArray[np.bool_], before: NDArray[np.bool_], after: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return events and units of every sister before and after."""
    size = int(table.group.max()) + 1

    def total(values: Floats, rows: NDArray[np.bool_]) -> Floats:
        chosen = kept & rows
        return _totals(table.group[chosen], values[chosen], size)

    return total(table.events, before), total(table.n, before), total(table.events, after), total(table.n, after)


def _prior(table: WeekTable, kept: NDArray[np.bool_]) -> Counts:
    """Return what the sisters' rates are worth in events and units."""
    if not kept.any():
        return Counts()
    size = int(table.group.max()) + 1
    events = _totals(table.group[kept], table.events[kept], size)
    fitted = prior_of_sisters(events, _totals(table.group[kept], table.n[kept], size))
    return Counts(*fitted) if fitted else Counts()


def _window_end(
    table: WeekTable, treated: NDArray[np.bool_], begin: int, weeks: int, enough: float, last_mature: int
) -> tuple[int, bool]:
    """Return the last start day that is verified, and whether it is reached."""
    planned = begin + weeks * 7 - 1
    latest = max(begin + LONGEST_WEEKS * 7 - 1, planned)
    order = np.argsort(table.day[treated], kind="stable")
    reached = np.flatnonzero(np.cumsum(table.n[treated][order]) >= enough)
    end = max(planned, int(table.day[treated][order][reached[0]])) if len(reached) else latest
    end = min(end, latest)
    return end, end <= last_mature
