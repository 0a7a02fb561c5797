"""Whether an action worked, in the words of the meeting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil, isfinite, log

import numpy as np

from tasks.act.noise import SEASON_WEEKS, YEAR
from tasks.act.rate_ratio import RateRatio, rate_ratio
from tasks.act.segmented import step
from tasks.act.series import AFTER, BEFORE, HISTORY, MINIMUM_BASELINE_WEEKS, POINTS, Counts, Evidence, Weeks, needed_units
from tasks.model import Verdict

COHORT_UNITS = 30
"""A weekly cohort smaller than this meets any target by having no units."""

NARROW = log(1.35)
"""Half-width of the interval (log scale) below which «no change» is said with fewer units than planned."""

HALVED = 0.5
"""An interval that lies above it rules out a halving: what is left is called no change."""

STRICT_CONFIDENCE = 0.99
"""A look before the planned weeks are over, or a second comparison, is held to a stricter interval (Haybittle 1971, Peto 1976)."""

FORESEEABLE = timedelta(weeks=52)
"""Days on which something can be judged are not printed beyond this."""


@dataclass(frozen=True)
class Judgement:
    """A verdict with what it rests on; `needed` units and their day where nothing can be said yet.

    `compared` are the counts that those after cut-in are compared with; `method` is exact, control or segmented.
    """

    verdict: Verdict
    ratio: RateRatio | None = None
    control_ratio: float | None = None
    needed: int | None = None
    needed_by: date | None = None
    reason: str = ""
    method: str = ""
    compared: Counts | None = None
    side: tuple[float, float] | None = None


def judge(found: Evidence, *, target: float | None, min_units: int, age_days: int, last_day: date) -> Judgement:
    """Say whether an action worked (domain.md 9.5, 14.3).

    Effective needs both: the interval of the ratio lies below 1, and two consecutive mature weeks meet the target. One
    interval is printed, always of 95 %; before the planned weeks are over, the words need that of 99 %:

    - with a control that moved along before: the ratio of the slice to that of the control, exact and conditional;
    - without one, where slope or season show in the weeks before: the step of a segmented regression, once 12 weeks stand on
      each side, and nothing until then;
    - else the plain exact conditional ratio.

    The first and the last are widened by the dispersion of the weekly counts and the drift among untouched slices.

    Args:
        found: Counts at equal age.
        target: Largest acceptable event rate, a fraction; none means that no target can be met.
        min_units: Units after cut-in that a verdict needs.
        age_days: Age at which both sides are read.
        last_day: Last day of the period.

    Returns:
        Verdict; reasons are cut_in_unknown, not_measurable, no_units, baseline_short, too_few_units, target_missed,
        control_moved, back_to_level_before, untreated_units, moving_before, relapsed.
    """
    if found.missing:
        return Judgement(Verdict.UNDECIDED, reason=found.missing)
    if found.before.n <= 0 or (found.baseline_weeks < MINIMUM_BASELINE_WEEKS and found.prior.n <= 0):
        return Judgement(Verdict.UNDECIDED, reason="baseline_short")
    sides = _Sides.of(found)
    if found.after.n <= 0:
        return _wait(found, sides, None, min_units, age_days, last_day)
    if found.moving and not sides.regressed:
        begun = found.cut_in or last_day
        by = begun + timedelta(weeks=POINTS, days=age_days)
        return Judgement(Verdict.UNDECIDED, needed_by=by if by > last_day else None, reason="moving_before")
    said = _words(found, sides, target, min_units, age_days, last_day)
    return _with_side_effect(said, found)


@dataclass(frozen=True)
class _Sides:
    """What is compared with what, and how."""

    found: Evidence
    raised: bool
    regressed: bool

    @classmethod
    def of(cls, found: Evidence) -> _Sides:
        """Choose the comparison: the baseline, or the units without the change where a rise stood until cut-in.

        Those came after what had led to the action; nobody had selected them for being high.
        """
        plain = cls(found, raised=False, regressed=False)
        held, spread = plain.before, found.noise.at(STRICT_CONFIDENCE)
        recent = found.untreated_recent
        raised = (
            min(found.untreated.n, recent.n) >= COHORT_UNITS
            and held.n > 0
            and _exact(found.untreated, held, STRICT_CONFIDENCE, spread).low > 1
            and _exact(recent, held, 0.95, found.noise.at(0.95)).low > 1
        )
        regressed = found.moving and not raised and _has_points(found.weeks)
        return cls(found, raised, regressed)

    @property
    def before(self) -> Counts:
        """The baseline, completed by sister slices where it is short."""
        before, prior = self.found.before, self.found.prior
        return Counts(before.events + prior.events, before.n + prior.n)

    @property
    def compared(self) -> Counts:
        """What the units after cut-in are compared with."""
        return self.found.untreated if self.raised else self.before

    @property
    def control(self) -> tuple[Counts, Counts] | None:
        """The control over the weeks compared with and over those after cut-in."""
        earlier = self.found.control_untreated if self.raised else self.found.control_before
        later = self.found.control_after
        return (earlier, later) if earlier.events > 0 and later.events > 0 else None

    @property
    def control_ratio(self) -> float | None:
        """How the control moved meanwhile."""
        if self.control is None:
            return None
        earlier, later = (counts.rate or 0.0 for counts in self.control)
        return later / earlier if earlier > 0 else None

    @property
    def method(self) -> str:
        """Name of the comparison that is printed."""
        return "segmented" if self.regressed else "control" if self.control else "exact"

    def ratio(self, confidence: float) -> RateRatio:
        """Return the ratio that is printed."""
        if self.regressed and self.found.after.events > 0 and self.found.weeks is not None:
            return _regressed(self.found.weeks, confidence)
        return self._against(self.found.after, self.compared, self.control, confidence)

    def later(self, confidence: float) -> RateRatio:
        """Return the ratio of the weeks after the verified ones to these."""
        found = self.found
        control = (found.control_after, found.control_later) if found.control_later.events > 0 else None
        return self._against(found.later, found.after, control, confidence)

    def _against(self, first: Counts, second: Counts, control: tuple[Counts, Counts] | None, confidence: float) -> RateRatio:
        noise = self.found.noise
        spread = noise.at(confidence)
        chance = 1 / (first.events + 0.5) + 1 / (second.events + 0.5)
        extra, moved = noise.drift, 1.0
        if control is not None and control[0].rate and control[1].rate:
            extra += spread * sum(1 / counts.events for counts in control)
            moved = control[1].rate / control[0].rate
        return rate_ratio(
            first.events, first.n * moved, second.events, second.n, confidence=confidence, dispersion=spread + extra / chance
        )


def _words(found: Evidence, sides: _Sides, target: float | None, min_units: int, age_days: int, last_day: date) -> Judgement:
    ratio, decisive = sides.ratio(0.95), sides.ratio(0.95 if found.complete else STRICT_CONFIDENCE)
    enough = found.after.n >= min_units

    def say(verdict: Verdict, reason: str = "") -> Judgement:
        return Judgement(verdict, ratio, sides.control_ratio, reason=reason, method=sides.method, compared=sides.compared)

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
        # A spike that is over: it may have fallen by itself, so neither the action nor its failure is proven.
        return say(Verdict.UNDECIDED, "back_to_level_before")
    plain = _exact(found.after, sides.compared, 0.95, found.noise.at(0.95))
    moved = sides.method != "exact" and (plain.high < 1 or plain.low > 1)
    if moved or ratio.low > HALVED:
        return say(Verdict.NO_CHANGE, "control_moved" if moved else "")
    return _wait(found, sides, ratio, min_units, age_days, last_day)


def _exact(first: Counts, second: Counts, confidence: float, spread: float) -> RateRatio:
    return rate_ratio(first.events, first.n, second.events, second.n, confidence=confidence, dispersion=spread)


def _has_points(weeks: Weeks | None) -> bool:
    return weeks is not None and min(len(weeks.only(HISTORY, BEFORE).week), len(weeks.only(AFTER).week)) >= POINTS


def _regressed(weeks: Weeks, confidence: float) -> RateRatio:
    used = weeks.only(HISTORY, BEFORE, AFTER)
    time = (used.week - used.week.min()) / 7
    pairs = int(np.ptp(time) >= SEASON_WEEKS) + int(np.ptp(time) >= 2 * YEAR)
    after = (used.side == AFTER).astype(np.float64)
    return step(time, used.events, used.n, after, cycle=YEAR, pairs=pairs, confidence=confidence).ratio


def _fell_back(found: Evidence) -> bool:
    if found.trigger.n <= 0:
        return False
    spread = found.noise.at(STRICT_CONFIDENCE)
    rose = _exact(found.trigger, found.before, STRICT_CONFIDENCE, spread).low > 1
    return rose and _exact(found.after, found.trigger, STRICT_CONFIDENCE, spread).high < 1


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


def _with_side_effect(said: Judgement, found: Evidence) -> Judgement:
    """Add how often the same units brought other cases, where that rose beyond chance."""
    before, after = found.other_before, found.other_after
    if before.rate is None or after.rate is None or said.ratio is None:
        return said
    rose = _exact(after, before, STRICT_CONFIDENCE, found.noise.at(STRICT_CONFIDENCE)).low > 1
    return replace(said, side=(before.rate, after.rate)) if rose else said


def _wait(found: Evidence, sides: _Sides, ratio: RateRatio | None, min_units: int, age_days: int, last_day: date) -> Judgement:
    """Say how many more units it takes to see a halving, and when they are old enough."""
    control = sides.control
    planned = needed_units(sides.compared, control[0] if control else Counts(), found.noise)
    wanted = max(min_units, planned) if isfinite(planned) else min_units
    needed = ceil(wanted - found.after.n)
    same = {"ratio": ratio, "control_ratio": sides.control_ratio, "method": sides.method, "compared": sides.compared}
    if needed <= 0:
        return Judgement(Verdict.UNDECIDED, reason="too_few_cases", **same)  # type: ignore[arg-type]
    short = needed - found.waiting
    by: date | None = None
    if short <= 0:
        by = last_day + timedelta(days=age_days)
    elif found.weekly > 0 and short / found.weekly <= FORESEEABLE / timedelta(weeks=1):
        by = last_day + timedelta(weeks=ceil(short / found.weekly), days=age_days)
    return Judgement(Verdict.UNDECIDED, needed=needed, needed_by=by, reason="too_few_units", **same)  # type: ignore[arg-type]
