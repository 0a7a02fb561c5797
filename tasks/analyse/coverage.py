"""What each channel delivered, which of its days are missing, and whether the period is complete."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import polars as pl

from tasks.errors import ChannelProblem, UserError
from tasks.model.facts import CodedFacts, Pull
from tasks.model.moments import local_day
from tasks.model.periods import Period
from tasks.model.review import ChannelQuality
from tasks.model.tables import TABLES
from tasks.shop.load import Shop

USUAL_WEEKS = 8
USUAL_DAILY = 8.0
"""A channel with fewer records on a usual day may well have none on some days, so no day is called missing."""

KNOWN_WEEKS = 3
"""From so many weeks on a channel has a habit."""
FEWEST_PROMISED = 5.0
CUT_DAYS = 2
"""Empty days at the period's end that make it a partial one."""


def coverage(facts: CodedFacts, period: Period, shop: Shop) -> list[ChannelQuality]:
    """Return each channel's records of the period, what was read and quarantined, and its missing days.

    Args:
        facts: Tables, pulls and excluded channels.
        period: The period.
        shop: Its channels, in order.

    Returns:
        One entry a declared or pulled channel, in the shop's order, then by name.
    """
    pulls: dict[str, Pull] = {}
    for one in sorted(facts.pulls, key=lambda pull: pull.started_at):
        pulls[one.channel] = one
    declared = {channel.name: channel for channel in shop.channels.channels}
    counts = {
        table: _by_day(facts, table, period)
        for table in sorted({c.table for c in declared.values()} | {p.table for p in pulls.values()})
    }
    language = shop.identity.languages[0]
    made: list[ChannelQuality] = []
    for name in [*declared, *sorted(set(pulls) - set(declared))]:
        pull = pulls.get(name)
        table = declared[name].table if name in declared else pulls[name].table
        own = counts[table].get(name, {})
        expected = declared[name].expected_daily if name in declared else 0.0
        missing = _missing_days(own, period, expected) if TABLES[table].time in TIMED else ()
        records = sum(n for day, n in own.items() if period.first_day <= day <= period.last_day)
        rejected = facts.rejected.get(name, 0)
        made.append(
            ChannelQuality(
                channel=name,
                label=declared[name].label.of(language) if name in declared else "",
                records=records,
                read=records + rejected,
                quarantined=rejected,
                error=pull.error if pull else "",
                hint=pull.hint if pull else "",
                problem=pull.problem if pull else ChannelProblem.OTHER,
                excluded=facts.excluded_channels.get(name, {}),
                missing_days=missing,
                complete_through=_through(pull, own, period, missing),
                usual=(usual := _promised(own, period)),
                lost=_lost(usual, records, missing, period, failed=bool(pull and pull.error) or name in facts.excluded_channels),
            )
        )
    return made


def _lost(usual: float, records: int, missing: tuple[date, ...], period: Period, *, failed: bool) -> float | None:
    """Return how many rows of a period are missing: what a channel that failed has not brought of its usual, or its silent days."""
    if failed:
        return max(usual - records, 0.0) if usual else None
    return usual * len(missing) / period.days


def must_have_data(facts: CodedFacts, period: Period) -> None:
    """Refuse to review a period of which nothing can be known: silence is not good news.

    Raises:
        UserError: If no source has delivered a row yet, or the period lies before the first one.
    """
    if facts.unverified.height:
        return
    times = [facts[name][table.time] for name, table in TABLES.items() if table.time in TIMED and facts.has(name)]
    days = [_local(newest, period.zone) for newest in (time.min() for time in times) if isinstance(newest, date)]
    if not days and not any(facts.has(name) for name in TABLES):
        failed = [f"{pull.channel}: {pull.error}" for pull in sorted(facts.pulls, key=lambda pull: pull.channel) if pull.error]
        raise UserError(
            f"No source has delivered a row; {period} cannot be reviewed. {' '.join(failed[:3])}".strip(),
            hint="`aftersales channels try NAME` shows what a source gives.",
        )
    if days and min(days) > period.last_day:
        raise UserError(
            f"{period} lies before all data: the first row is of {min(days)}.",
            hint="Choose a later period, or add older exports.",
        )


def _local(moment: date, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date() if isinstance(moment, datetime) else moment


def partial(facts: CodedFacts, period: Period) -> str:
    """Return the days covered by an incomplete period (`2015-03-01..2015-03-19`); an empty text for a whole one.

    A period is incomplete when the review's moment lies before its end, or when every channel of feedback falls silent for its
    last days though cases came every day before.

    Args:
        facts: Tables as of the review's moment.
        period: The period.
    """
    if facts.as_of < period.end:
        last = facts.as_of.astimezone(ZoneInfo(period.zone)).date()
        return f"{period.first_day}..{min(last, period.last_day)}"
    days: dict[date, int] = {}
    for own in _by_day(facts, "feedback", period).values():
        for day, n in own.items():
            days[day] = days.get(day, 0) + n
    known = [day for day in days if day <= period.last_day]
    if not known:
        return ""
    newest = max(known)
    silent = (period.last_day - newest).days
    if newest < period.first_day or silent < CUT_DAYS or _usual(days, newest + timedelta(days=1)) < USUAL_DAILY:
        return ""
    return f"{period.first_day}..{newest}"


TIMED = frozenset({"submitted_at", "applied_at", "paid_at", "day"})
"""Times of tables that bring rows every day; batches and prices do not."""


def _by_day(facts: CodedFacts, table: str, period: Period) -> dict[str, dict[date, int]]:
    """Return channel → day → rows, for the weeks before the period and the period."""
    frame = facts[table]
    time = TABLES[table].time
    if "channel" not in frame.columns:
        return {}
    is_day = frame.schema[time] == pl.Date
    oldest = period.start - timedelta(weeks=USUAL_WEEKS)
    first = period.first_day - timedelta(weeks=USUAL_WEEKS)
    within = pl.col(time).is_between(first, period.last_day) if is_day else (pl.col(time) >= oldest) & (pl.col(time) < period.end)
    day = pl.col(time) if is_day else local_day(time, period.zone)
    rows = frame.lazy().filter(within).group_by("channel", day.alias("on")).agg(n=pl.len()).collect()
    found: dict[str, dict[date, int]] = {}
    for channel, on, n in rows.iter_rows():
        found.setdefault(channel, {})[on] = int(n)
    return found


def _usual(days: dict[date, int], before: date) -> float:
    """Return the median rows of the four weeks before a day."""
    counts = sorted(days.get(before - timedelta(days=n), 0) for n in range(1, 29))
    return (counts[13] + counts[14]) / 2


def _missing_days(own: dict[date, int], period: Period, expected_daily: float) -> tuple[date, ...]:
    """Return the days on which a channel should have brought rows and did not.

    A busy channel has rows every day, by its own habit or as declared. A small one may have none on a day, but not in a whole period
    for which its own weeks promise at least five: that happens by chance once in 150 times.
    """
    earlier = [n for day, n in own.items() if day < period.first_day]
    usual = _usual(own, period.first_day) if earlier else 0.0
    if usual < USUAL_DAILY:
        inside = [n for day, n in own.items() if period.first_day <= day <= period.last_day]
        usual = sorted(inside)[len(inside) // 2] if len(inside) * 2 > period.days else 0.0
    days = [period.first_day + timedelta(days=n) for n in range(period.days)]
    if usual < USUAL_DAILY and expected_daily < 1:
        silent = not any(own.get(day, 0) for day in days) and _promised(own, period) >= FEWEST_PROMISED
        return tuple(days) if silent else ()
    return tuple(day for day in days if own.get(day, 0) == 0)


def _promised(own: dict[date, int], period: Period) -> float:
    """Return how many rows a channel's own weeks promise for the period: their median, from three known weeks on."""
    before = [day for day in own if day < period.first_day]
    weeks = min(USUAL_WEEKS, (period.first_day - min(before)).days // 7) if before else 0
    if weeks < KNOWN_WEEKS:
        return 0.0
    first = period.first_day - timedelta(weeks=weeks)
    counts = [sum(own.get(first + timedelta(days=7 * week + n), 0) for n in range(7)) for week in range(weeks)]
    return median(counts) * period.days / 7


def _through(pull: Pull | None, own: dict[date, int], period: Period, missing: tuple[date, ...]) -> datetime | None:
    """Return the moment through which a channel is complete; if its last days are missing, the end of its last day with rows."""
    stated = pull.complete_through if pull else None
    if not missing or missing[-1] != period.last_day or not own:
        return stated
    last = max(day for day in own if day <= period.last_day)
    end = period.start + timedelta(days=(last - period.first_day).days + 1)
    return min(stated, end) if stated else end
