"""Whether an action worked, in the words of the meeting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil, exp, isfinite, log

import numpy as np

from tasks.act.evidence import MINIMUM_BASELINE_WEEKS, POINTS, Evidence, joined, needed_units
from tasks.act.week_counts import AFTER, BEFORE, HISTORY, LATER, UNTREATED, Counts, Weeks
from tasks.methods.noise import SEASON_WEEKS, YEAR, Noise
from tasks.methods.rate_ratio import RateRatio, p_greater, rate_ratio
from tasks.methods.segmented import step
from tasks.model.actions import EffectMethod, Verdict

COHORT_UNITS = 30
"""A weekly cohort smaller than this would meet any target for lack of units."""

NARROW = log(1.35)
"""Half-width of the interval (log scale) below which «no change» is said with fewer units than planned."""

HALVED = 0.5
"""An interval within a halving and a doubling rules both out: the verdict is no change."""

STRICT_CONFIDENCE = 0.99
"""An interim look, or a second comparison, must meet a stricter interval (Haybittle 1971, Peto 1976)."""

FORESEEABLE = timedelta(weeks=52)
"""The day on which a verdict becomes possible is not printed if it is further away than this many days."""


@dataclass(frozen=True)
class JudgedEffect:
    """A verdict and its basis; while undecided, the `needed` units and their day.

    `compared` are the counts that those after cut-in are compared with; `method` is segmented, or the main basis of an
    exact ratio: control, course, or neither (exact).
    """

    verdict: Verdict
    ratio: RateRatio | None = None
    control_ratio: float | None = None
    needed: int | None = None
    needed_by: date | None = None
    reason: str = ""
    method: EffectMethod = EffectMethod.NONE
    compared: Counts | None = None
    side: tuple[float, float] | None = None


def judge(found: Evidence, *, target: float | None, min_units: int, age_days: int, last_day: date) -> JudgedEffect:
    """Judge whether an action worked (docs/method.md, 9 and 11).

    Effective needs both: the interval of the ratio lies below 1, and two consecutive mature weeks meet the target. One
    interval is printed, always 95 %; before the planned weeks are over, the verdict uses 99 %:

    - the exact conditional ratio over how the rate would have moved untouched, as the untouched slices did in the same weeks
      (difference in differences) and as the slice's own earlier course predicts, weighted by precision; widened for what they
      leave uncertain and for the dispersion of the weekly counts;
    - without untouched slices that moved along before, if the slice's course has a clear trend or season and 12 weeks are known
      on each side: the step of a segmented regression.

    Args:
        found: Counts at equal age.
        target: Largest acceptable event rate, a fraction; with None no target can be met.
        min_units: Units after cut-in that a verdict needs.
        age_days: Age at which both sides are read.
        last_day: Last day of the period.

    Returns:
        Verdict; reasons are cut_in_unknown, not_measurable, no_units, baseline_short, too_few_units, target_missed,
        control_moved, back_to_level_before, untreated_units, relapsed, too_few_cases.
    """
    if found.missing:
        return JudgedEffect(Verdict.UNDECIDED, reason=found.missing)
    if found.before.n <= 0 or (found.baseline_weeks < MINIMUM_BASELINE_WEEKS and found.prior.n <= 0):
        return JudgedEffect(Verdict.UNDECIDED, reason="baseline_short")
    sides = RateComparison.of(found)
    if found.after.n <= 0:
        return _wait(found, sides, None, min_units, age_days, last_day)
    effect = _words(found, sides, target, min_units, age_days, last_day)
    return _with_side_effect(effect, found)


@dataclass(frozen=True)
class RateComparison:
    """What is compared with what, and how."""

    found: Evidence
    raised: bool
    regressed: bool

    @classmethod
    def of(cls, found: Evidence) -> RateComparison:
        """Choose the comparison: the baseline, or the units without the change if a rise lasted until cut-in.

        Those came after the data that led to the action, so nobody had selected them for being high.
        """
        held, recent = cls(found, raised=False, regressed=False).before, found.untreated_recent
        raised = (
            min(found.untreated.n, recent.n) >= COHORT_UNITS
            and held.n > 0
            and _is_higher(found.untreated, held, found.noise, STRICT_CONFIDENCE)
            and _is_higher(recent, held, found.noise, 0.95)
        )
        regressed = found.moving and not raised and _has_points(found.weeks)
        return cls(found, raised, regressed)

    @property
    def before(self) -> Counts:
        """The baseline, completed by sister slices if it is short."""
        before, prior = self.found.before, self.found.prior
        return Counts(before.events + prior.events, before.n + prior.n)

    @property
    def compared(self) -> Counts:
        """What the units after cut-in are compared with."""
        return self.found.untreated if self.raised else self.before

    @property
    def control_ratio(self) -> float | None:
        """How the control moved over the same time."""
        moved = self._control(UNTREATED if self.raised else BEFORE, AFTER, 0.95)
        return exp(moved[0]) if moved else None

    @property
    def method(self) -> EffectMethod:
        """Name of the comparison that is printed."""
        if self.regressed:
            return EffectMethod.SEGMENTED
        old = UNTREATED if self.raised else BEFORE
        control, course = self._control(old, AFTER, 0.95), self._course(old, AFTER)
        if control and (course is None or control[1] <= course[1]):
            return EffectMethod.CONTROL
        return EffectMethod.COURSE if course else EffectMethod.EXACT

    def ratio(self, confidence: float) -> RateRatio:
        """Return the ratio that is printed."""
        if self.regressed and self.found.after.events > 0 and self.found.weeks is not None:
            return _regressed(self.found.weeks, confidence)
        side = UNTREATED if self.raised else BEFORE
        return self._against((self.found.after, AFTER), (self.compared, side), confidence)

    def later(self, confidence: float) -> RateRatio:
        """Return the ratio of the weeks after the verified ones to these."""
        return self._against((self.found.later, LATER), (self.found.after, AFTER), confidence)

    def unsure(self) -> float:
        """Return the variance of the log of how the rate would have moved untouched."""
        return self._moved(UNTREATED if self.raised else BEFORE, AFTER, 0.95)[1]

    def _against(self, first: tuple[Counts, int], second: tuple[Counts, int], confidence: float) -> RateRatio:
        (new, new_side), (old, old_side) = first, second
        moved, unsure = self._moved(old_side, new_side, confidence)
        dispersion = self.found.noise.at(confidence) + unsure / (1 / (new.events + 0.5) + 1 / (old.events + 0.5))
        return rate_ratio(new.events, new.n * exp(moved), old.events, old.n, confidence=confidence, dispersion=dispersion)

    def _moved(self, old: int, new: int, confidence: float) -> tuple[float, float]:
        """Return the log of how the rate would have moved untouched between two sides, and its variance."""
        return joined(self._course(old, new), self._control(old, new, confidence))

    def _control(self, old: int, new: int, confidence: float) -> tuple[float, float] | None:
        found = self.found
        rates = {
            BEFORE: found.control_before,
            UNTREATED: found.control_untreated,
            AFTER: found.control_after,
            LATER: found.control_later,
        }
        first, second = rates[old], rates[new]
        if not first.rate or not second.rate:
            return None
        spread = found.noise.at(confidence)
        return log(second.rate / first.rate), spread * (1 / first.events + 1 / second.events) + found.noise.drift

    def _course(self, old: int, new: int) -> tuple[float, float] | None:
        course, weeks = self.found.course, self.found.weeks
        if course is None or weeks is None:
            return None
        first, second = weeks.only(old), weeks.only(new)
        if not first.n.sum() or not second.n.sum():
            return None
        (was, is_now) = (float(side.n @ course.at(side.week / 7) / side.n.sum()) for side in (first, second))
        return log(is_now / was), course.variance(first.week / 7, first.n, second.week / 7, second.n)


def _words(
    found: Evidence, sides: RateComparison, target: float | None, min_units: int, age_days: int, last_day: date
) -> JudgedEffect:
    ratio = sides.ratio(0.95)
    decisive = ratio if found.complete else sides.ratio(STRICT_CONFIDENCE)
    enough = found.after.n >= min_units

    def say(verdict: Verdict, reason: str = "") -> JudgedEffect:
        return JudgedEffect(verdict, ratio, sides.control_ratio, reason=reason, method=sides.method, compared=sides.compared)

    fell_back = not sides.raised and _fell_back(found)
    if decisive.low > 1:
        return say(Verdict.UNDECIDED, "back_to_level_before") if fell_back else say(Verdict.WORSE)
    if decisive.high < 1:
        if not enough:
            return _wait(found, sides, ratio, min_units, age_days, last_day)
        if not _target_met(found, target):
            return say(Verdict.PARTLY, "target_missed")
        if found.complete and found.later.n >= COHORT_UNITS and sides.later(STRICT_CONFIDENCE).low > 1:
            return say(Verdict.RELAPSED, "relapsed")
        return say(Verdict.EFFECTIVE, "untreated_units" if sides.raised else "")
    if not enough and not _narrow(ratio):
        return _wait(found, sides, ratio, min_units, age_days, last_day)
    if fell_back:
        # A spike that is over may have subsided by itself, so neither success nor failure is proven.
        return say(Verdict.UNDECIDED, "back_to_level_before")
    if ratio.low > HALVED and ratio.high < 1 / HALVED:
        after, before = found.after, sides.compared
        moved = any(_is_higher(one, other, found.noise, 0.95) for one, other in ((after, before), (before, after)))
        return say(Verdict.NO_CHANGE, "control_moved" if moved and sides.control_ratio else "")
    return _wait(found, sides, ratio, min_units, age_days, last_day)


def _is_higher(first: Counts, second: Counts, noise: Noise, confidence: float) -> bool:
    """Whether the exact interval of first ÷ second lies above 1."""
    p = p_greater(first.events, first.n, second.events, second.n, dispersion=noise.at(confidence))
    return p < (1 - confidence) / 2


def _has_points(weeks: Weeks | None) -> bool:
    """Whether there are 12 weeks on each side and a year in all: in less, a season looks like a trend."""
    if weeks is None:
        return False
    before, after = weeks.only(HISTORY, BEFORE).week, weeks.only(AFTER).week
    return min(len(before), len(after)) >= POINTS and int(after.max() - before.min()) >= 7 * SEASON_WEEKS


def _regressed(weeks: Weeks, confidence: float) -> RateRatio:
    used = weeks.only(HISTORY, BEFORE, AFTER)
    time = (used.week - used.week.min()) / 7
    pairs = 2 if np.ptp(time) >= 2 * YEAR else 1
    after = (used.side == AFTER).astype(np.float64)
    return step(time, used.events, used.n, after, cycle=YEAR, pairs=pairs, confidence=confidence).ratio


def _fell_back(found: Evidence) -> bool:
    if found.trigger.n <= 0:
        return False
    rose = _is_higher(found.trigger, found.before, found.noise, STRICT_CONFIDENCE)
    return rose and _is_higher(found.trigger, found.after, found.noise, STRICT_CONFIDENCE)


def _target_met(found: Evidence, target: float | None) -> bool:
    """Whether two consecutive mature weeks meet the target: the last two, or any two while the whole meets it too."""
    if target is None:
        return False
    met = [counts.n >= COHORT_UNITS and counts.events <= target * counts.n for _, counts in found.cohorts]
    days = [week for week, _ in found.cohorts]
    pairs = [met[i] and met[i + 1] and days[i + 1] - days[i] == timedelta(weeks=1) for i in range(len(met) - 1)]
    if not pairs:
        return False
    return pairs[-1] or (any(pairs) and found.after.events <= target * found.after.n)


def _narrow(ratio: RateRatio) -> bool:
    return ratio.low > 0 and isfinite(ratio.high) and (log(ratio.high) - log(ratio.low)) / 2 <= NARROW


def _with_side_effect(effect: JudgedEffect, found: Evidence) -> JudgedEffect:
    """Add how often the same units had other cases, if that rose beyond chance."""
    before, after = found.other_before, found.other_after
    if before.rate is None or after.rate is None or effect.ratio is None:
        return effect
    rose = _is_higher(after, before, found.noise, STRICT_CONFIDENCE)
    return replace(effect, side=(before.rate, after.rate)) if rose else effect


def _wait(
    found: Evidence, sides: RateComparison, ratio: RateRatio | None, min_units: int, age_days: int, last_day: date
) -> JudgedEffect:
    """Add how many more units are needed to detect a halving, and when they are old enough."""
    planned = needed_units(sides.compared, found.noise, sides.unsure())
    wanted = max(min_units, planned) if isfinite(planned) else min_units
    needed = ceil(wanted - found.after.n)
    undecided = JudgedEffect(
        Verdict.UNDECIDED, ratio=ratio, control_ratio=sides.control_ratio, method=sides.method, compared=sides.compared
    )
    if needed <= 0:
        return replace(undecided, reason="too_few_cases")
    short = needed - found.waiting
    by: date | None = None
    if short <= 0:
        by = last_day + timedelta(days=age_days)
    elif found.weekly > 0 and short / found.weekly <= FORESEEABLE / timedelta(weeks=1):
        by = last_day + timedelta(weeks=ceil(short / found.weekly), days=age_days)
    return replace(undecided, needed=needed, needed_by=by, reason="too_few_units")
