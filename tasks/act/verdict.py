"""Whether an action worked, in the words of the meeting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, isfinite, isnan, log

from tasks.act.exposure import MINIMUM_BASELINE_WEEKS, Counts, Evidence
from tasks.act.rate_ratio import RateRatio, rate_ratio, relative_change
from tasks.model import Verdict

COHORT_UNITS = 30
"""A weekly cohort smaller than this meets any target by having no units."""

NARROW = log(1.35)
"""Half-width of the interval (log scale) below which «no change» is said with fewer units than planned."""

STRICT_CONFIDENCE = 0.99
"""A second comparison (with units not yet reached, with the trigger window) is held to a stricter interval: it is a second look."""


@dataclass(frozen=True)
class Judgement:
    """A verdict with what it rests on; `needed` units and their day where nothing can be said yet."""

    verdict: Verdict
    ratio: RateRatio | None = None
    control_ratio: float | None = None
    needed: int | None = None
    needed_by: date | None = None
    reason: str = ""


def judge(found: Evidence, *, target: float | None, min_units: int, age_days: int, last_day: date) -> Judgement:
    """Say whether an action worked (domain.md 9.5, 14.3).

    Effective needs both: the interval of the ratio lies below 1, and two consecutive mature weeks meet the target.

    Args:
        found: Counts at equal age.
        target: Largest acceptable event rate, a fraction; none means that no target can be met.
        min_units: Units after cut-in that a verdict needs.
        age_days: Age at which both sides are read.
        last_day: Last day of the period.

    Returns:
        Verdict; reasons are cut_in_unknown, not_measurable, no_units, baseline_short, too_few_units, target_missed,
        control_moved, back_to_level_before, untreated_units.
    """
    if found.missing:
        return Judgement(Verdict.UNDECIDED, reason=found.missing)
    if found.before.n <= 0 or found.baseline_weeks < MINIMUM_BASELINE_WEEKS:
        return Judgement(Verdict.UNDECIDED, reason="baseline_short")
    if found.after.n <= 0:
        return _wait(found, None, min_units, age_days, last_day)
    ratio = _compare(found.after, found.before)
    control = _compare(found.control_after, found.control_before) if found.control_before.n and found.control_after.n else None
    control_point = control.ratio if control and isfinite(control.ratio) else None
    enough = found.after.n >= min_units
    if ratio.low > 1:
        if control and _moved_together(found, ratio, control):
            return Judgement(Verdict.NO_CHANGE, ratio, control_point, reason="control_moved")
        return Judgement(Verdict.WORSE, ratio, control_point)
    if ratio.high < 1:
        if not enough:
            return _wait(found, ratio, min_units, age_days, last_day, control_point)
        if control and control.high < 1 and _moved_together(found, ratio, control):
            return Judgement(Verdict.NO_CHANGE, ratio, control_point, reason="control_moved")
        if _target_met(found, target):
            return Judgement(Verdict.EFFECTIVE, ratio, control_point)
        return Judgement(Verdict.PARTLY, ratio, control_point, reason="target_missed")
    if not enough and not _narrow(ratio):
        return _wait(found, ratio, min_units, age_days, last_day, control_point)
    if found.untreated.n >= COHORT_UNITS and _target_met(found, target):
        later = _compare(found.after, found.untreated, STRICT_CONFIDENCE)
        if later.high < 1 and _compare(found.untreated, found.before).low > 1:
            # The rise came with the trigger and stayed until cut-in in units that nobody had selected for being high.
            return Judgement(Verdict.EFFECTIVE, later, control_point, reason="untreated_units")
    if _fell_back(found):
        # A spike that is over: it may have fallen by itself, so neither the action nor its failure is proven.
        return Judgement(Verdict.UNDECIDED, ratio, control_point, reason="back_to_level_before")
    return Judgement(Verdict.NO_CHANGE, ratio, control_point)


def _compare(first: Counts, second: Counts, confidence: float = 0.95) -> RateRatio:
    return rate_ratio(first.events, first.n, second.events, second.n, confidence=confidence)


def _fell_back(found: Evidence) -> bool:
    if found.trigger.n <= 0:
        return False
    rose = _compare(found.trigger, found.before, STRICT_CONFIDENCE).low > 1
    return rose and _compare(found.after, found.trigger, STRICT_CONFIDENCE).high < 1


def _moved_together(found: Evidence, ratio: RateRatio, control: RateRatio) -> bool:
    counts = (found.after.events, found.before.events)
    against = relative_change(ratio, counts, control, (found.control_after.events, found.control_before.events))
    return isnan(against.ratio) or against.low <= 1 <= against.high


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


def _wait(
    found: Evidence, ratio: RateRatio | None, min_units: int, age_days: int, last_day: date, control: float | None = None
) -> Judgement:
    needed = max(ceil(min_units - found.after.n), 1)
    short = needed - found.waiting
    if short <= 0:
        by: date | None = last_day + timedelta(days=age_days)
    elif found.weekly > 0:
        by = last_day + timedelta(weeks=ceil(short / found.weekly), days=age_days)
    else:
        by = None
    return Judgement(Verdict.UNDECIDED, ratio, control, needed, by, "too_few_units")
