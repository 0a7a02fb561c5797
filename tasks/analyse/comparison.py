"""What a figure is compared with: earlier periods, the aligned days of last year, the normal range, the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from math import sqrt

import numpy as np

from tasks.model import Figure, Period
from tasks.shop.load import Shop

MINIMUM_HISTORY = 8
"""Earlier mature cohorts that a normal range needs."""

UNTESTED = "untested"
"""Judgement of a figure that is told and not judged."""

NORMAL_Z = 3.0
FAR_OFF = 0.15
"""Share of the target beyond which a miss is no longer slight."""

SLIGHT_Z = 2.0
D2 = 1.128
"""Mean moving range ÷ standard deviation for pairs of a normal variable."""


@dataclass(frozen=True)
class LastYear:
    """The days of last year that a span of days is compared with, and by which rule."""

    days: tuple[date, ...]
    basis: str
    detail: str


@dataclass(frozen=True)
class Normal:
    """The range within which a rate with no change lies, and how far the present one is from its middle."""

    low: float
    high: float
    centre: float
    z: float
    weeks: int


def last_year(first: date, last: date, shop: Shop) -> LastYear:
    """Align each day of a span with a day of last year: by promotion stage, lunar date, or ISO week.

    Args:
        first: First day.
        last: Last day.
        shop: Its calendar says how.

    Returns:
        As many days as the span has (fewer where two fall on one), with the rule that most of them follow.
    """
    aligned = [shop.calendar.last_year(first + timedelta(days=n)) for n in range((last - first).days + 1)]
    basis = Counter(each.basis for each in aligned).most_common(1)[0][0]
    detail = next(each.detail for each in aligned if each.basis == basis)
    return LastYear(tuple(sorted({each.day for each in aligned})), basis, detail)


def cohorts(period: Period, age_days: int, count: int) -> list[Period]:
    """Return the newest periods of the same grain whose units have all reached an age by the period's end, oldest first."""
    newest = period
    limit = period.last_day + timedelta(days=1) - timedelta(days=age_days)
    while newest.last_day + timedelta(days=1) > limit:
        newest = newest.previous()
    found = [newest]
    while len(found) < count:
        found.append(found[-1].previous())
    return found[::-1]


def normal_range(numerators: Sequence[float], exposures: Sequence[float], numerator: float, exposure: float) -> Normal | None:
    """Return the range of a rate without change, widened by what earlier weeks varied beyond chance (Laney 2002, p′ chart).

    Args:
        numerators: Events of earlier cohorts, oldest first.
        exposures: Their exposures.
        numerator: Events of the judged cohort.
        exposure: Its exposure, above 0.

    Returns:
        Range at three standard deviations, or nothing with fewer than eight earlier cohorts or no event in them.
    """
    x, n = np.asarray(numerators, dtype=float), np.asarray(exposures, dtype=float)
    held = n > 0
    x, n = x[held], n[held]
    if len(x) < MINIMUM_HISTORY or x.sum() == 0 or exposure <= 0:
        return None
    centre = float(x.sum() / n.sum())
    variance = centre * (1 - centre) if centre < 1 else 0.0
    if variance == 0:
        return None
    z = (x / n - centre) / np.sqrt(variance / n)
    spread = max(float(np.abs(np.diff(z)).mean()) / D2, 1.0)
    sigma = sqrt(variance / exposure) * spread
    return Normal(
        low=max(centre - NORMAL_Z * sigma, 0.0),
        high=min(centre + NORMAL_Z * sigma, 1.0),
        centre=centre,
        z=(numerator / exposure - centre) / sigma,
        weeks=len(x),
    )


def count_range(earlier: Sequence[float], value: float) -> Normal | None:
    """Return the range of a quantity without change from earlier ones: individuals chart on the mean moving range."""
    x = np.asarray(earlier, dtype=float)
    if len(x) < MINIMUM_HISTORY:
        return None
    centre = float(np.median(x))
    sigma = float(np.abs(np.diff(x)).mean()) / D2
    if sigma == 0:
        return None
    return Normal(max(centre - NORMAL_Z * sigma, 0.0), centre + NORMAL_Z * sigma, centre, (value - centre) / sigma, len(x))


def word(normal: Normal | None, good: str) -> str:
    """Return the judgement: normal, slightly_over, worse, better or insufficient."""
    if normal is None:
        return "insufficient"
    bad = normal.z if good == "down" else -normal.z
    if good == "none":
        return UNTESTED
    if bad > NORMAL_Z:
        return "worse"
    if bad < -NORMAL_Z:
        return "better"
    return "slightly_over" if bad > SLIGHT_Z else "normal"


def share_interval(numerator: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    z = 1.959963985
    p, spread = numerator / n, z * z / n
    middle = (p + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(p * (1 - p) / n + spread / (4 * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def with_target(figure: Figure, shop: Shop) -> Figure:
    """Add target, attainment (met, missed, mixed) and the streak of periods on the wrong side."""
    target = shop.targets.target(figure.code, figure.scope)
    if target is None or figure.value is None:
        return figure

    limit = target.value
    if target.per == "week" and figure.axis_from and figure.axis_to:
        limit *= ((figure.axis_to - figure.axis_from).days + 1) / 7

    def meets(value: float) -> bool:
        return value <= limit if target.op == "<=" else value >= limit

    values = [value for _, value in figure.series if value is not None] or [figure.value]
    streak = 0
    for value in reversed(values):
        if meets(value):
            break
        streak += 1
    recent = [meets(value) for value in values[-6:]]
    now = meets(figure.value)
    turns = sum(first != second for first, second in pairwise(recent))
    attainment = "mixed" if turns >= 3 else "met" if now else "missed"
    # «Slightly over» is said of a target just missed; far beyond it, a value within its normal range is normal and off target.
    far = not now and abs(figure.value - limit) > FAR_OFF * abs(limit)
    judgement = "normal" if figure.judgement == "slightly_over" and far else figure.judgement
    return replace(figure, target=limit, target_op=target.op, attainment=attainment, streak=streak, judgement=judgement)
