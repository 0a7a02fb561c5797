"""Comparisons of a figure: earlier periods, the aligned days of last year, the normal range, the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from math import sqrt

from tasks.methods.control_charts import (
    LIMIT_Z,
    MINIMUM_HISTORY,
    Normal,
    laney_p,
    laney_u,
    spread,
    xmr,
)
from tasks.methods.levels import levels, usual
from tasks.model.figure_kinds import FIGURES, Good
from tasks.model.figures import Attainment, Figure, Judgement
from tasks.model.periods import Period
from tasks.model.review import BreakKind
from tasks.shop.calendar_days import Event
from tasks.shop.load import Shop

FAR_OFF = 0.15
"""Share of the target beyond which a miss is no longer slight."""

SLIGHT_Z = 2.0

LEVEL_KINDS = (BreakKind.TAXONOMY, BreakKind.FORMULA, BreakKind.FREIGHT_INSURANCE, BreakKind.RULE, BreakKind.SWITCH)
"""Kinds of events that change the level itself, so that before and after are not comparable."""

COARSE = frozenset({"line", "platform", "market", "shop"})
"""Dimensions of which one value can move the level of the whole shop; an event at one SKU or carrier does not."""


@dataclass(frozen=True)
class LastYear:
    """The days of last year to compare a span of days with, and the rule that chose them."""

    days: tuple[date, ...]
    basis: str
    detail: str


@dataclass(frozen=True)
class Baseline:
    """The earlier periods that a figure may be judged against, as places in a chain of periods.

    `broken` says that its level was changed by rule since the period before; `short` that too few comparable periods are known.
    """

    places: tuple[int, ...]
    broken: bool
    short: bool = False


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


def baseline(chain: Sequence[Period], code: str, scope: str, shop: Shop, *, silent: frozenset[int] = frozenset()) -> Baseline:
    """Choose the periods to judge a period against: no promotions, no broken channels, nothing before a change of rules.

    Weeks of a promotion or of reduced carriers are left out, unless the judged week is one itself. Months hold some of each.

    Args:
        chain: Periods, oldest first; the last one is judged.
        code: The figure.
        scope: Its part of the shop.
        shop: Calendar, and how many periods make a normal range.
        silent: Places of the chain whose data are missing or unknown.

    Returns:
        At most as many of the newest comparable places as the shop's normal range has weeks.
    """
    judged = chain[-1]
    breaks = [
        event.day
        for event in shop.calendar.events
        if event.kind in LEVEL_KINDS and event.day <= judged.last_day and _touches(event, code, scope)
    ]
    since = max(breaks, default=date.min)
    special = judged.grain != "week" or _special(judged, shop)
    places = [
        place
        for place, period in enumerate(chain[:-1])
        if period.first_day >= since
        and place not in silent
        and (special or not _special(period, shop))
        and not _lacks_data(period, code, shop)
    ]
    broken = bool(breaks) and chain[-2 if len(chain) > 1 else -1].first_day < since
    return Baseline(tuple(places[-shop.targets.normal_weeks :]), broken, short=len(places) < MINIMUM_HISTORY)


def _special(period: Period, shop: Shop) -> bool:
    spans = (*shop.calendar.promotions, *shop.calendar.carrier_reduced)
    return any(span.first <= period.last_day and span.last >= period.first_day for span in spans)


def _touches(event: Event, code: str, scope: str) -> bool:
    """Whether an event moves the level of a figure: it names the figure or its table, and covers the shop or a large part."""
    named = code in event.affects or any(table in FIGURES[code].moved_by for table in event.affects)
    line = event.slice.get("line", scope)
    return named and set(event.slice) <= COARSE and (not scope or line == scope)


def _lacks_data(period: Period, code: str, shop: Shop) -> bool:
    lost = shop.calendar.events_between(period.first_day, period.last_day, (BreakKind.MISSING_DATA,))
    return any(table in FIGURES[code].moved_by for event in lost for table in event.affects)


def normal_range(
    numerators: Sequence[float], exposures: Sequence[float], numerator: float, exposure: float, *, share: bool = True
) -> Normal | None:
    """Return the normal range of a rate: p′ or u′ chart on the present level, without the weeks that triggered something.

    Args:
        numerators: Events of earlier comparable cohorts, oldest first.
        exposures: Their exposures.
        numerator: Events of the judged cohort.
        exposure: Its exposure, above 0.
        share: Whether each unit counts at most once (p′); otherwise events per unit (u′).

    Returns:
        The range at three standard deviations, or None with fewer than eight earlier cohorts or no event in them.
    """
    held = [place for place, n in enumerate(exposures) if n > 0]
    events, units = [numerators[place] for place in held], [exposures[place] for place in held]
    first, kept = _present_level(spread(events, units, share=share).tolist() if held else [])
    chart = laney_p if share else laney_u
    made = chart([events[place] for place in kept], [units[place] for place in kept], numerator, exposure)
    return replace(made, level=held[first]) if made else None


def count_range(earlier: Sequence[float], value: float) -> Normal | None:
    """Return the normal range of a time, score or amount: XmR chart on the present level, as in `normal_range`."""
    first, kept = _present_level(earlier)
    made = xmr([earlier[place] for place in kept], value)
    return replace(made, level=first) if made else None


def _present_level(values: Sequence[float]) -> tuple[int, list[int]]:
    """Return the place where the newest known level begins, and the places of its usual periods."""
    found = levels(values)
    if not found:
        return 0, []
    first = found[-1].first
    return first, [first + place for place, one in enumerate(usual(values[first : found[-1].last + 1])) if one]


def level_since(normal: Normal | None, chain: Sequence[Period], used: Baseline) -> date | None:
    """Return the first day of the level that a figure is judged by, if the level changed within its history."""
    return chain[used.places[normal.level]].first_day if normal and normal.level else None


def judged(normal: Normal | None, good: Good, usable: Baseline) -> Judgement:
    """Return the judgement against a range that was formed from a baseline, or why there is none."""
    if usable.broken:
        return Judgement.LEVEL_BREAK
    return Judgement.SHORT_HISTORY if normal is None and usable.short else word(normal, good)


def word(normal: Normal | None, good: Good) -> Judgement:
    """Return the judgement: normal, slightly_over, worse, better or insufficient."""
    if normal is None:
        return Judgement.INSUFFICIENT
    bad = normal.z if good is Good.DOWN else -normal.z
    if good is Good.NONE:
        return Judgement.UNTESTED
    if bad > LIMIT_Z:
        return Judgement.WORSE
    if bad < -LIMIT_Z:
        return Judgement.BETTER
    return Judgement.SLIGHTLY_OVER if bad > SLIGHT_Z else Judgement.NORMAL


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
    attainment = Attainment.MIXED if turns >= 3 else Attainment.MET if now else Attainment.MISSED
    # «Slightly over» means a target just missed; far beyond it, a value within its normal range is normal and off target.
    far = not now and abs(figure.value - limit) > FAR_OFF * abs(limit)
    judgement = Judgement.NORMAL if figure.judgement == Judgement.SLIGHTLY_OVER and far else figure.judgement
    return replace(figure, target=limit, target_op=target.op, attainment=attainment, streak=streak, judgement=judgement)
