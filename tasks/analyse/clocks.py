"""Service promises that fell due in a period, kept or not: counted when due, not when closed (docs/method.md, 7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tasks.analyse.observed_moments import records_any, silent_channels
from tasks.errors import ConfigurationError
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import Facts
from tasks.model.moments import local_day
from tasks.model.periods import Period
from tasks.model.review import UnmeasuredClock
from tasks.shop.calendar_days import Calendar, WorkCalendar
from tasks.shop.conditions import holds
from tasks.shop.load import Shop
from tasks.shop.service_levels import Milestone, ServiceHours

SCHEMA: dict[str, Any] = {
    "record_id": pl.String,
    "milestone": pl.String,
    "clock": pl.String,
    "target_minutes": pl.Float64,
    "started_at": UTC_TIME,
    "due_at": UTC_TIME,
    "met_at": UTC_TIME,
    "met": pl.Boolean,
    "severity": pl.String,
    "track": pl.String,
    "queue": pl.String,
    "platform": pl.String,
    "arithmetic": pl.String,
}

LOOK_BACK = timedelta(days=70)
"""No computed clock runs longer: even working days across the longest holiday end within some weeks."""

_KEYS = {"feedback": "record_id", "aftersale": "aftersale_id", "regulator_case": "case_no_hash"}
_BY_CASE = ("time_critical", "legal", "abnormal", "repeat")


def milestones(facts: Facts, shop: Shop, period: Period) -> pl.DataFrame:
    """Return the milestones that fell due in a period, met or not; open ones whose time has run out are not met.

    A milestone is not judged in a channel that never records the moment which meets it (`unmeasured` names those).

    Args:
        facts: Coded facts.
        shop: Service levels and calendar.
        period: Events at or after its end are ignored.

    Returns:
        Columns of `SCHEMA`, sorted by milestone, due time and record; `arithmetic` is filled where a milestone was missed.

    Raises:
        ConfigurationError: If a milestone names a column that its table does not have.
    """
    found = [_judged(milestone, facts, shop, period) for milestone in shop.service_levels.milestones]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *found]).sort("milestone", "due_at", "record_id")


def unmeasured(facts: Facts, shop: Shop, period: Period) -> list[UnmeasuredClock]:
    """Return the milestones that fell due in a period in channels which never record the moment that meets them.

    Args:
        facts: Coded facts.
        shop: Service levels and calendar.
        period: Events at or after its end are ignored.

    Returns:
        In the order of the service levels, each with its channels by name.
    """
    found = []
    for milestone in shop.service_levels.milestones:
        silent = silent_channels(facts[milestone.table], milestone.met, shop.channels if milestone.full else None)
        if silent:
            rows = _due(milestone, facts, shop, period).filter(pl.col("channel").is_in(silent) & pl.col("said").is_null())
            if not rows.is_empty():
                found.append(UnmeasuredClock(milestone.id, tuple(sorted(rows["channel"].unique())), rows.height))
    return found


def due_moment(
    milestone: Milestone, start: datetime, given: datetime | None, calendar: Calendar, hours: ServiceHours, zone: str
) -> datetime | None:
    """Return the moment by which a milestone must be met: a given deadline wins; otherwise the clock runs from its start.

    Args:
        milestone: Clock and target.
        start: Aware start of the clock.
        given: Given deadline, if there is one.
        calendar: Working days, closures and promotion days.
        hours: Hours of the desk.
        zone: Business zone.
    """
    if given is not None:
        return given - timedelta(minutes=milestone.before)
    if milestone.working_days is not None:
        kind: WorkCalendar = "supplier" if milestone.clock == "supplier_workday" else "statutory"
        return calendar.add_working_days(start, milestone.working_days, kind, zone)
    if milestone.target is None:
        return None
    if milestone.clock == "service_hours":
        return calendar.add_service_minutes(start, milestone.target, opens=hours.opens, closes=hours.closes, zone=zone)
    return start + timedelta(minutes=allowed_minutes(milestone, start, calendar, hours, zone))


def allowed_minutes(milestone: Milestone, start: datetime, calendar: Calendar, hours: ServiceHours, zone: str) -> float:
    """Return the minutes that an elapsed clock allows: outside service hours the on-call time, where there is one."""
    outside = milestone.target_outside_hours
    if outside is not None and not calendar.is_open(start, opens=hours.opens, closes=hours.closes, zone=zone):
        return outside
    return milestone.target or 0.0


def arithmetic(
    milestone: Milestone,
    start: datetime,
    due: datetime,
    met: datetime | None,
    given: datetime | None,
    calendar: Calendar,
    hours: ServiceHours,
    zone: str,
) -> str:
    """Return how a due time was computed and by how much it was missed, in figures that need no language."""

    def local(moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"

    if given is not None:
        early = f" − {_length(milestone.before)}" if milestone.before else ""
        rule = f"{local(given)}{early} = {local(due)}"
    elif milestone.working_days is not None:
        first, last = start.astimezone(ZoneInfo(zone)).date(), due.astimezone(ZoneInfo(zone)).date()
        kind: WorkCalendar = "supplier" if milestone.clock == "supplier_workday" else "statutory"
        skipped = (last - first).days + 1 - calendar.working_days(first, last, kind)
        rule = f"{local(start)} + {milestone.working_days} wd (−{skipped} d off) = {local(due)}"
    elif milestone.clock == "service_hours":
        frame = f"{hours.opens // 60:02d}:{hours.opens % 60:02d}–{hours.closes // 60:02d}:{hours.closes % 60:02d}"
        rule = f"{local(start)} + {_length(milestone.target or 0)} [{frame}] = {local(due)}"
    else:
        rule = f"{local(start)} + {_length(allowed_minutes(milestone, start, calendar, hours, zone))} = {local(due)}"
    if met is None:
        return f"{rule}; —"
    late = (met - due).total_seconds() / 60
    if milestone.clock == "service_hours":
        late = calendar.service_minutes(due, met, opens=hours.opens, closes=hours.closes, zone=zone)
    return f"{rule}; {local(met)} (+{_length(late)})"


def _due(milestone: Milestone, facts: Facts, shop: Shop, period: Period) -> pl.DataFrame:
    """Return the rows whose clock ran out in a period, with `due_at`, whether the moment that meets it is recorded or not."""
    rows = _candidates(milestone, facts, shop, period)
    calendar, hours, zone = shop.calendar, shop.service_levels.service_hours, shop.identity.zone
    due = [
        due_moment(milestone, start, given, calendar, hours, zone)
        for start, given in rows.select("started_at", "given").iter_rows()
    ]
    return rows.with_columns(pl.Series("due_at", due, dtype=UTC_TIME)).filter(
        (pl.col("due_at") >= period.start) & (pl.col("due_at") < period.end)
    )


def _judged(milestone: Milestone, facts: Facts, shop: Shop, period: Period) -> pl.DataFrame:
    """Return the rows whose clock ran out in a period, in the channels that record the moment which meets it, met or not."""
    recorded = records_any(facts[milestone.table], milestone.met, shop.channels if milestone.full else None)
    rows = _due(milestone, facts, shop, period).filter(recorded | pl.col("said").is_not_null())
    if rows.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    calendar, hours, zone = shop.calendar, shop.service_levels.service_hours, shop.identity.zone
    in_time = (pl.col("met_at") <= pl.col("due_at")).fill_null(False)
    rows = rows.with_columns(met=pl.coalesce("said", in_time) if milestone.given else in_time)
    told = [
        "" if met else arithmetic(milestone, start, end, at, given, calendar, hours, zone)
        for start, end, at, given, met in rows.select("started_at", "due_at", "met_at", "given", "met").iter_rows()
    ]
    target = milestone.target if milestone.working_days is None else milestone.working_days * 1440.0
    return rows.with_columns(
        milestone=pl.lit(milestone.id),
        clock=pl.lit(milestone.clock),
        target_minutes=pl.lit(target, pl.Float64),
        arithmetic=pl.Series(told, dtype=pl.String),
    ).select([pl.col(name).cast(kind) for name, kind in SCHEMA.items()])


def _candidates(milestone: Milestone, facts: Facts, shop: Shop, period: Period) -> pl.DataFrame:
    table = facts[milestone.table]
    needed = {milestone.start, *milestone.met, *milestone.required} | ({milestone.deadline} if milestone.deadline else set())
    needed |= {column for column in (milestone.given, milestone.deadline_unless) if column}
    if missing := sorted(needed - set(table.columns)):
        raise ConfigurationError(
            f"service_levels.yaml: the milestone {milestone.id} names {missing[0]}, which is not a column of {milestone.table}.",
            hint=f"Use one of {', '.join(c for c in table.columns if c.endswith('_at') or c in needed)}.",
        )
    table = _with_context(table, milestone, facts)
    given = pl.col(milestone.deadline) if milestone.deadline else pl.lit(None, UTC_TIME)
    if milestone.deadline_unless:
        given = pl.when(~pl.col(milestone.deadline_unless).fill_null(False)).then(given)
    # A given deadline may lie far from the start; without one no clock reaches further than the look-back.
    in_reach = (pl.col("started_at") < period.end) & (
        (pl.col("started_at") >= period.start - LOOK_BACK) | ((pl.col("given") >= period.start) & (pl.col("given") < period.end))
    )
    conditions = [holds(milestone.when, shop.taxonomy)]
    for column in milestone.required:
        conditions.append(pl.col(column).fill_null(False) if table.schema[column] == pl.Boolean else pl.col(column).is_not_null())
    if milestone.given and table.schema[milestone.given] == pl.Boolean and milestone.given in milestone.required:
        conditions[-1] = pl.col(milestone.given).is_not_null()
    if milestone.types:
        conditions.append(pl.col("type").is_in(milestone.types))
    if milestone.phases:
        conditions.append(pl.col("phase").is_in(milestone.phases))
    if milestone.valid_from:
        conditions.append(local_day(milestone.start, shop.identity.zone) >= milestone.valid_from)
    times = [pl.when(pl.col(column) < period.end).then(pl.col(column)) for column in milestone.met]
    reached = pl.col("started_at").is_not_null() & in_reach
    reaching = (
        table.lazy()
        .filter(conditions)
        .select(  # lazily, so that only the columns it needs are filtered
            record_id=_KEYS[milestone.table],
            started_at=pl.coalesce(milestone.start, given) if milestone.clock == "platform_deadline" else pl.col(milestone.start),
            given=given,
            met_at=pl.min_horizontal(times) if times else pl.lit(None, UTC_TIME),
            said=pl.col(milestone.given) if milestone.given else pl.lit(None, pl.Boolean),
            severity="severity",
            track="track",
            queue="queue",
            platform="platform",
            channel="channel",
        )
    )
    rows = reaching.filter(reached).collect()
    if milestone.clock == "platform_deadline":
        return rows.filter(pl.col("given").is_not_null())
    # A moment before the clock's start cannot meet it: an agent's note of an earlier contact.
    return rows.with_columns(met_at=pl.when(pl.col("met_at") >= pl.col("started_at")).then(pl.col("met_at")))


def _with_context(table: pl.DataFrame, milestone: Milestone, facts: Facts) -> pl.DataFrame:
    """Add to every table the columns that conditions and results use."""
    if milestone.table == "aftersale" and "platform" in table.columns and table["platform"].null_count():
        platforms = (
            facts["order_line"]
            .select("oid", order_platform="platform")
            .filter(pl.col("oid").is_in(table["oid"].drop_nulls().unique().implode()))
        )
        table = table.join(
            platforms.unique("oid", keep="first", maintain_order=True), on="oid", how="left", maintain_order="left"
        ).with_columns(platform=pl.coalesce("platform", "order_platform"))
    wanted = dict.fromkeys(
        ("severity", "track", "queue", "platform", "leaf", "nature", "source", "impact", "customer_tier", "channel"), pl.String
    )
    lacking = [pl.lit(None, kind).alias(name) for name, kind in wanted.items() if name not in table.columns]
    lacking += [pl.lit(None, pl.Boolean).alias(name) for name in _BY_CASE if name not in table.columns]
    if "unit_price" not in table.columns:
        lacking.append(pl.lit(None, pl.Float64).alias("unit_price"))
    return table.with_columns(lacking)


def _length(minutes: float) -> str:
    whole = round(minutes)
    if whole < 60:
        return f"{whole} min"
    if whole < 48 * 60:
        return f"{whole // 60} h {whole % 60:02d}" if whole % 60 else f"{whole // 60} h"
    return f"{whole // 1440} d {whole % 1440 // 60} h" if whole % 1440 // 60 else f"{whole // 1440} d"
