"""The evidence for an action's effect, from weekly counts of a slice and its untouched sister slices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from math import inf, isfinite, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from tasks.act.week_counts import (
    AFTER,
    BEFORE,
    HISTORY,
    LATER,
    OWN,
    TRIGGER,
    UNTREATED,
    Counts,
    Integers,
    SisterWeeks,
    Weeks,
    WeekTable,
    counts_of,
    sums_at,
    weeks_of,
)
from tasks.methods.noise import DRIFT, Course, Floats, Noise, course, dispersion, drift, moves, ordinary, prior_of_sisters

HISTORY_WEEKS = 52
"""Weeks before the baseline that show how the counts move and vary when nothing is done."""


MINIMUM_BASELINE_WEEKS = 8


SHRUNKEN_BASELINE_WEEKS = 3
"""The shortest baseline, in weeks, that sister slices' rates may complete."""


LONGEST_WEEKS = 26
"""Weeks after which a verdict is given on whatever data there are."""


POINTS = 12
"""Weeks needed on each side for a segmented regression."""


PARALLEL = 0.01
"""Below this probability the slice did not move with its sisters even before the action, so they cannot be its control."""


STEADY = 0.01
"""Below this probability the slice's own rate had a trend or season before the action."""


HALVING = log(2)


POWER = 0.9


@dataclass(frozen=True)
class Windows:
    """Days and sizes fixed before any data after the action were seen."""

    before_from: date
    before_to: date
    known_to: date  # last day of the data that led to the action
    cut_in: date
    last_day: date
    age_days: int
    verify_weeks: int
    min_units: int
    watch_days: int = 56


@dataclass(frozen=True)
class Evidence:
    """All numbers a verdict rests on; every count is at the same age.

    `before` are weeks before the trigger window, `trigger` that window, `untreated` units after it that the action did
    not reach yet, `after` units after cut-in, `later` those after the verified weeks. `cohorts` are whole mature weeks
    after cut-in in order. A `control_…` is the untouched slices' rate over the same weeks, weighted as the slice's units
    lie in them; its events are as many as its precision is worth. They are empty where there is no control or it did not
    move with the slice before.
    """

    before: Counts = field(default_factory=Counts)
    trigger: Counts = field(default_factory=Counts)
    untreated: Counts = field(default_factory=Counts)
    untreated_recent: Counts = field(default_factory=Counts)
    after: Counts = field(default_factory=Counts)
    later: Counts = field(default_factory=Counts)
    control_before: Counts = field(default_factory=Counts)
    control_untreated: Counts = field(default_factory=Counts)
    control_after: Counts = field(default_factory=Counts)
    control_later: Counts = field(default_factory=Counts)
    other_before: Counts = field(default_factory=Counts)
    other_after: Counts = field(default_factory=Counts)
    cohorts: tuple[tuple[date, Counts], ...] = ()
    waiting: float = 0.0
    weekly: float = 0.0
    baseline_weeks: int = 0
    prior: Counts = field(default_factory=Counts)  # added by sister slices to a short baseline
    noise: Noise = field(default_factory=Noise)
    course: Course | None = None  # the slice's own course before the action
    moving: bool = False  # that course has a trend or season
    complete: bool = True  # the planned weeks and units are complete
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
    """Combine estimates of how a rate would have moved untouched (logarithm and variance), weighted by precision.

    Returns:
        Movement and its variance; both 0 if there is no estimate.
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
    in_slice = table.group == OWN
    day = table.day
    treated = in_slice & table.treated
    begin = int(day[treated].min()) if treated.any() else windows.cut_in.toordinal()
    side = _sides(table, windows)
    control = SisterWeeks(table, mature)
    before = _before(table, in_slice & mature, side, control)
    weeks_before = len(before.baseline.week)
    short = SHRUNKEN_BASELINE_WEEKS <= weeks_before < MINIMUM_BASELINE_WEEKS
    prior = _prior(table, mature & ~in_slice & (side == BEFORE)) if short else Counts()
    planned = _planned_units(before, counts_of(table, in_slice & mature & (side == BEFORE)), prior, windows, begin)
    enough = max(windows.min_units, planned) if isfinite(planned) else windows.min_units  # waiting cannot repair a thin baseline
    weeks_planned = max(windows.verify_weeks, POINTS) if before.moving else windows.verify_weeks
    end, complete = _window_end(table, treated & mature, begin, weeks_planned, enough, last_mature)
    side[treated & (day > end)] = LATER
    side[treated & (day > end + windows.watch_days)] = LATER + 1
    weeks = weeks_of(table, in_slice & mature, side, control)
    parallel = before.parallel and control.covers(weeks.only(BEFORE, UNTREATED, AFTER))
    if not parallel:
        weeks = _along(weeks, before.course)
    weeks = weeks.where((weeks.side != HISTORY) | np.isin(weeks.week, before.weeks.week))
    near = (day >= windows.before_from.toordinal()) & (day <= windows.before_to.toordinal())
    sisters = _sisters(table, mature & ~in_slice, near, (day >= begin) & (day <= end)) if parallel else None
    return replace(
        _summed(table, mature, side, weeks, control if parallel else None),
        cohorts=_cohorts(weeks.only(AFTER), last_mature),
        waiting=counts_of(table, treated).n - counts_of(table, treated & mature).n,
        weekly=_a_week(table, treated, begin, windows.last_day.toordinal()),
        baseline_weeks=weeks_before,
        prior=prior,
        noise=_noise([weeks.only(HISTORY, BEFORE), weeks.only(AFTER)], sisters),
        course=before.course,
        moving=before.moving,
        complete=complete,
        weeks=weeks,
        cut_in=date.fromordinal(begin),
        missing="" if in_slice.any() else "no_units",
    )


def _sides(table: WeekTable, windows: Windows) -> Integers:
    """Return for each day whether it is before or after the action; units that the action reached count as after."""
    before_from, before_to, known_to = (d.toordinal() for d in (windows.before_from, windows.before_to, windows.known_to))
    day = table.day
    side = np.select([day < before_from, day <= before_to, day <= known_to], [HISTORY, BEFORE, TRIGGER], UNTREATED)
    side[(table.group == OWN) & table.treated] = AFTER
    return side


@dataclass(frozen=True, eq=False)
class _Before:
    """The ordinary weeks before the trigger window, and what they predict for the weeks to come."""

    weeks: Weeks
    course: Course
    parallel: bool  # the untouched sisters moved with the slice
    moving: bool  # the slice's own course has a trend or season
    noise: Noise
    control: SisterWeeks

    @property
    def baseline(self) -> Weeks:
        return self.weeks.only(BEFORE)


def _before(table: WeekTable, in_slice: NDArray[np.bool_], side: Integers, control: SisterWeeks) -> _Before:
    usual = weeks_of(table, in_slice & (side <= BEFORE), side, control)
    usual = usual.where((usual.side == BEFORE) | ordinary(usual.events, usual.n))
    parallel = control.covers(usual) and _moves_along(usual)
    own_course = course(usual.week / 7, usual.events, usual.n)
    if not parallel:
        usual = _along(usual, own_course)
    plain = np.zeros_like(usual.n)
    moving = not parallel and moves(usual.week / 7, usual.events, usual.n, plain, season=True) < STEADY
    return _Before(usual, own_course, parallel, moving, _noise([usual]), control)


def _planned_units(before: _Before, baseline: Counts, prior: Counts, windows: Windows, begin: int) -> float:
    """Return the units after cut-in needed to detect a halving; infinity if the baseline is too thin."""
    weeks = before.baseline
    count = len(weeks.week)
    if not count:
        return inf
    # How precise the estimate of the movement will be where the verified weeks will lie.
    ahead = begin / 7 + np.arange(windows.verify_weeks, dtype=np.float64)
    unsure = before.course.variance(weeks.week / 7, weeks.n, ahead, np.ones_like(ahead))
    worth = before.control.over(weeks).events if before.parallel else 0.0
    spread = before.noise.at(0.95) * (1 + count / windows.verify_weeks)
    unsure = joined((0.0, unsure), (0.0, spread / worth + DRIFT) if worth else None)[1]
    held = Counts(baseline.events + prior.events, baseline.n + prior.n)
    return needed_units(held, before.noise, unsure)


def _summed(table: WeekTable, mature: NDArray[np.bool_], side: Integers, weeks: Weeks, control: SisterWeeks | None) -> Evidence:
    """Return the counts of each side, for the slice and for its control."""
    in_slice = (table.group == OWN) & mature
    untreated = in_slice & (side == UNTREATED)

    def on(which: int) -> Counts:
        return counts_of(table, in_slice & (side == which))

    def control_of(which: int) -> Counts:
        return control.over(weeks.only(which)) if control else Counts()

    def others(which: int) -> Counts:
        chosen = in_slice & (side == which)
        return Counts(float(table.other[chosen].sum()), float(table.n[chosen].sum()))

    return Evidence(
        before=on(BEFORE),
        trigger=on(TRIGGER),
        untreated=on(UNTREATED),
        untreated_recent=counts_of(table, untreated & (table.day >= _later_half(table, untreated))),
        after=on(AFTER),
        later=on(LATER),
        control_before=control_of(BEFORE),
        control_untreated=control_of(UNTREATED),
        control_after=control_of(AFTER),
        control_later=control_of(LATER),
        other_before=others(BEFORE),
        other_after=others(AFTER),
    )


def _cohorts(verified: Weeks, last_mature: int) -> tuple[tuple[date, Counts], ...]:
    """Return the whole mature weeks after cut-in."""
    kept = verified.week + 6 <= last_mature
    return tuple(
        (date.fromordinal(int(week)), Counts(float(events), float(n)))
        for week, events, n in zip(verified.week[kept], verified.events[kept], verified.n[kept], strict=True)
    )


def _a_week(table: WeekTable, treated: NDArray[np.bool_], begin: int, last_day: int) -> float:
    """Return the units that the action reaches per week, averaged over the last four."""
    days = min(last_day - begin + 1, 28)
    return counts_of(table, treated & (table.day > last_day - 28)).n / days * 7 if days > 0 else 0.0


def _later_half(table: WeekTable, kept: NDArray[np.bool_]) -> int:
    """Return the day on which the later half of some units begins."""
    if not kept.any():
        return 0
    order = np.argsort(table.day[kept], kind="stable")
    running = np.cumsum(table.n[kept][order])
    return int(table.day[kept][order][np.searchsorted(running, running[-1] / 2)])


def _along(weeks: Weeks, trend: Course) -> Weeks:
    """Return the weeks with the slice's own course in place of a control."""
    return replace(weeks, rate=trend.at(weeks.week / 7), error=np.zeros_like(weeks.n))


def _moves_along(weeks: Weeks) -> bool:
    """Whether the slice and its control moved together before the action (test of parallel trends)."""
    return moves(weeks.week / 7, weeks.events, weeks.n * weeks.rate, weeks.error, season=False) >= PARALLEL


def _noise(parts: list[Weeks], sisters: tuple[Floats, Floats, Floats, Floats] | None = None) -> Noise:
    """Return the noise of weekly counts around one level per part."""
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
        return sums_at(table.group[chosen], values[chosen], size)

    return total(table.events, before), total(table.n, before), total(table.events, after), total(table.n, after)


def _prior(table: WeekTable, kept: NDArray[np.bool_]) -> Counts:
    """Return the prior that the sisters' rates give, as events and units."""
    if not kept.any():
        return Counts()
    size = int(table.group.max()) + 1
    events = sums_at(table.group[kept], table.events[kept], size)
    fitted = prior_of_sisters(events, sums_at(table.group[kept], table.n[kept], size))
    return Counts(*fitted) if fitted else Counts()


def _window_end(
    table: WeekTable, treated: NDArray[np.bool_], begin: int, weeks: int, enough: float, last_mature: int
) -> tuple[int, bool]:
    """Return the last start day to be verified, and whether the data reach it."""
    planned = begin + weeks * 7 - 1
    latest = max(begin + LONGEST_WEEKS * 7 - 1, planned)
    order = np.argsort(table.day[treated], kind="stable")
    reached = np.flatnonzero(np.cumsum(table.n[treated][order]) >= enough)
    end = max(planned, int(table.day[treated][order][reached[0]])) if len(reached) else latest
    end = min(end, latest)
    return end, end <= last_mature
