"""Events that make before and after incomparable: listed with their day, never named as a cause (docs/method.md, 6)."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from tasks.analyse.figures.comparison import LEVEL_KINDS, last_year
from tasks.model.facts import CodedFacts
from tasks.model.moments import local_day
from tasks.model.periods import Period
from tasks.model.review import Break, BreakKind, ChannelQuality
from tasks.shop.calendar_days import Event
from tasks.shop.load import Shop

WEEKS_SHOWN = 4
"""A change of level is mentioned in reviews for this many weeks."""


def breaks(facts: CodedFacts, period: Period, shop: Shop, channels: list[ChannelQuality] | None = None) -> list[Break]:
    """Return the events that affect this period or the one before, and level changes between this period and last year's.

    Args:
        facts: Coded tables, for the cases a new taxonomy moved.
        period: The period.
        shop: Calendar and taxonomy.
        channels: Coverage, for days that a channel lacks.

    Returns:
        Breaks in order of day; a change that only breaks the comparison with last year has `last_year` in `affects`.
    """
    recent = min(period.previous().first_day, period.first_day - timedelta(weeks=WEEKS_SHOWN - 1))
    a_year_ago = last_year(period.first_day, period.last_day, shop).days[0]
    found = [
        _of_event(event.kind, event.day, event.until, event, facts, period, shop)
        for event in shop.calendar.events_between(period.previous().first_day, period.last_day)
    ]
    for event in shop.calendar.events_between(a_year_ago, period.previous().first_day - timedelta(days=1)):
        if event.kind in LEVEL_KINDS and event.last < period.previous().first_day:
            made = _of_event(event.kind, event.day, event.until, event, facts, period, shop)
            affects = made.affects if event.day >= recent else (*made.affects, "last_year")
            found.append(Break(made.kind, made.on, made.until, made.name, affects, made.slice, made.bridge))
    told = {(one.kind, one.on) for one in found}
    for change in shop.taxonomy.changes:
        if a_year_ago <= change.day <= period.last_day and (BreakKind.TAXONOMY, change.day) not in told:
            affects = () if change.day >= recent else ("last_year",)
            bridge = _bridge(change.bridge, change.day, facts, period, shop)
            found.append(Break(BreakKind.TAXONOMY, change.day, None, change.texts, affects, {}, bridge))
    for promotion in shop.calendar.promotions:
        if promotion.first <= period.last_day and promotion.last >= period.previous().first_day:
            name = promotion.texts or {shop.identity.languages[0]: promotion.id}
            found.append(Break(BreakKind.PROMOTION, promotion.first, promotion.last, name))
    for channel in channels or []:
        if channel.missing_days:
            first, last = channel.missing_days[0], channel.missing_days[-1]
            if not any(one.kind == BreakKind.MISSING_DATA and one.on <= last and (one.until or one.on) >= first for one in found):
                found.append(Break(BreakKind.MISSING_DATA, first, last, {}, (channel.channel,)))
    return sorted(found, key=lambda one: (one.on, one.kind, sorted(one.name.items())))


def _of_event(
    kind: BreakKind, on: date, until: date | None, event: Event, facts: CodedFacts, period: Period, shop: Shop
) -> Break:
    pairs = event.bridge
    return Break(
        kind=kind,
        on=on,
        until=until,
        name=event.texts,
        affects=tuple(event.affects),
        slice=dict(event.slice),
        bridge=_bridge(pairs, on, facts, period, shop) if pairs else (),
    )


def _bridge(
    pairs: list[tuple[str, str]], on: date, facts: CodedFacts, period: Period, shop: Shop
) -> tuple[tuple[str, str, int], ...]:
    """Return the old code, the new code and how many of the period's cases the old taxonomy would have given the old code."""
    records = facts["feedback"]
    since = max(period.first_day, on)
    day = local_day("submitted_at", period.zone)
    cases = records.filter(pl.col("counted") & (day >= since) & (day <= period.last_day))
    counts = dict(cases.group_by("leaf").agg(pl.len()).iter_rows())
    return tuple((old, new, sum(int(counts.get(leaf, 0)) for leaf in shop.taxonomy.leaves_of(new))) for old, new in pairs)
