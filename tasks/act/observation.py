"""Units before and after an action's cut-in, and the cases on them at equal age."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from tasks.act.evidence import HISTORY_WEEKS, MINIMUM_BASELINE_WEEKS, Evidence, Windows, gather
from tasks.act.week_counts import WeekTable
from tasks.model.actions import Action
from tasks.model.facts import CodedFacts
from tasks.model.moments import local_day
from tasks.model.periods import Period
from tasks.model.slices import Slice
from tasks.shop.load import Shop

SWITCHED = {"batch": ("batch_no",), "pay_date": ("listing_version",), "session": ("session_id",), "release": ("app_version",)}
"""Cut-in axis → dimensions that the cut-in itself replaces: after it, their old value has no units any more."""

AXES = {
    "units_signed": "signed_at",
    "units_in_use": "signed_at",
    "parcels_shipped": "shipped_at",
    "parcels_due": "paid_at",
    "orders_paid": "paid_at",
}
"""Exposure kind → column of order_line at which a unit's age begins."""

CUT_IN_COLUMNS = {
    "ship_date": "shipped_at",
    "batch": "shipped_at",
    "pay_date": "paid_at",
    "session": "paid_at",
    "promotion": "paid_at",
}
"""Cut-in axis → column of order_line that shows whether a unit is before or after the cut-in."""

DAILY = ("human_conversations", "active_devices", "conversations", "reviews")
"""Exposures counted by day in the exposure table."""

LASTING = ("batch", "ship_date", "promotion")
"""Axes on which old stock or orders on their way outlive the day of «done»: without a known cut-in nothing can be said."""

BASELINE_WEEKS = 12
WATCH_DAYS = 56
WEAR_WATCH_DAYS = 90
"""Days after the verified weeks that are watched for a relapse; wear is watched longer (docs/method.md, 9)."""

RECORD_DIMENSIONS = ("symptom", "os", "app_version", "source", "queue", "shift", "platform")


@dataclass(frozen=True)
class _Plan:
    """Windows of an action as days of the business zone."""

    known_to: date
    before_from: date
    before_to: date
    cut_in: date
    batch: str


def evidence(
    action: Action,
    facts: CodedFacts,
    period: Period,
    shop: Shop,
    *,
    done_on: date | None,
    cut_in_actual: str = "",
    min_units: int = 0,
) -> Evidence:
    """Count events and exposure before the trigger window and after cut-in, at equal age.

    Units enter the baseline only if they reached the full age before the trigger window began: a case that helped to
    trigger the action then cannot be among the cases it is compared with.

    Args:
        action: Slice, leaf, exposure, age, windows and cut-in axis, all fixed in advance.
        facts: Coded tables.
        period: Its last day is the last that is known; later events are ignored.
        shop: Configuration.
        done_on: Day on which the action was done.
        cut_in_actual: A day or a batch; empty if unknown.
        min_units: Units after cut-in that were planned.

    Returns:
        The numbers, or `missing` with a code: cut_in_unknown, not_measurable, no_units.
    """
    plan = _plan(action, facts, period, done_on, cut_in_actual)
    if plan is None:
        return Evidence(missing="cut_in_unknown")
    code = _metric_code(action, shop)
    if code == "safety_cases" or not action.exposure:
        return Evidence(missing="not_measurable", cut_in=plan.cut_in)
    found = _units(action, facts, period, plan, code)
    if found is None:
        return Evidence(missing="not_measurable", cut_in=plan.cut_in)
    windows = Windows(
        before_from=plan.before_from,
        before_to=plan.before_to,
        known_to=plan.known_to,
        cut_in=plan.cut_in,
        last_day=period.last_day,
        age_days=_age(action),
        verify_weeks=action.verify_weeks,
        min_units=min_units,
        watch_days=WEAR_WATCH_DAYS if _wears(action, shop) else WATCH_DAYS,
    )
    return gather(_table(*found), windows)


def _wears(action: Action, shop: Shop) -> bool:
    """Whether the problem appears late in a unit's life."""
    leaves = [shop.taxonomy.every_leaf.get(code) for code in re.split(r"[,+;\s]+", action.leaf)]
    symptom = shop.taxonomy.symptoms.get(action.slice.get("symptom", ""))
    families = {leaf.family for leaf in leaves if leaf} if symptom is None else {symptom.family}
    return "wear" in families


def _table(units: pl.DataFrame, events: pl.DataFrame) -> WeekTable:
    """Join units and events by day, side and sister; sisters are numbered by name."""
    keys = ["start", "treated", "sister"]
    both = units.join(events, on=keys, how="left", nulls_equal=True).filter(pl.col("start").is_not_null()).sort(keys)
    group = pl.col("sister").rank("dense").fill_null(0).cast(pl.Int64) - 1
    both = both.with_columns(group=group, day=pl.col("start").to_physical().cast(pl.Int64) + date(1970, 1, 1).toordinal())
    other = both["other"] if "other" in both.columns else pl.zeros(both.height, eager=True)
    return WeekTable(
        day=both["day"].to_numpy(),
        treated=both["treated"].to_numpy(),
        group=both["group"].to_numpy(),
        n=both["n"].to_numpy(),
        events=both["events"].fill_null(0.0).to_numpy(),
        other=other.fill_null(0.0).to_numpy().astype(np.float64),
    )


def _metric_code(action: Action, shop: Shop) -> str:
    entry = shop.playbook.entry(action.playbook.partition("/")[0])
    if entry:
        return entry.metric.code
    return "replied_3min_share" if action.exposure == "human_conversations" else "complaints"


def _plan(action: Action, facts: CodedFacts, period: Period, done_on: date | None, cut_in_actual: str) -> _Plan | None:
    opened = Period.parse(action.period, period.zone)
    trigger_from = action.trigger_from or opened.first_day
    trigger_to = action.trigger_to or opened.last_day
    before_to = min(action.baseline_to or trigger_from, trigger_from - timedelta(days=_age(action)))
    before_from = action.baseline_from or before_to - timedelta(weeks=BASELINE_WEEKS) + timedelta(days=1)
    before_from = min(before_from, before_to - timedelta(weeks=MINIMUM_BASELINE_WEEKS) + timedelta(days=1))
    batch = _batch_named(cut_in_actual, facts) if action.cut_in_axis == "batch" else ""
    day = re.search(r"\d{4}-\d{2}-\d{2}", cut_in_actual)
    if day:
        cut_in = date.fromisoformat(day[0])
    elif batch:
        cut_in = trigger_to + timedelta(days=1)
    elif done_on and action.cut_in_axis not in LASTING:
        cut_in = done_on + timedelta(days=1)
    else:
        return None
    # Data from after the period in which the action was proposed cannot have led to it, whatever the window says.
    return _Plan(min(trigger_to, opened.last_day), before_from, before_to, cut_in, batch)


def _age(action: Action) -> int:
    """Return the days over which a unit is watched; 0 for a conversation or a device day."""
    return 1 if action.exposure in DAILY else max(action.age_days, 1)


def _batch_named(text: str, facts: CodedFacts) -> str:
    known = set(facts["batch"]["batch_no"].drop_nulls()) | set(facts["order_line"]["batch_no"].drop_nulls().unique())
    return next((word for word in re.split(r"[\s,;，；（）()]+", text) if word in known), "")


def _leaf(action: Action) -> pl.Expr:
    codes = [code for code in re.split(r"[,+;\s]+", action.leaf) if code]
    exact = pl.col("leaf").is_in(codes)
    nodes = [pl.col("leaf").str.starts_with(f"{code}.") for code in codes if "." not in code]
    return pl.any_horizontal(exact, *nodes) if codes else pl.lit(True)


def _slice(frame: pl.DataFrame, conditions: Slice) -> pl.DataFrame:
    """Keep the rows of a slice; `not_sku: X` means every other SKU; a dimension that the frame lacks is ignored."""
    for name, value in conditions.items():
        excluded = name.startswith("not_")
        column = name.removeprefix("not_")
        column = "dest_province" if column == "province" and "province" not in frame.columns else column
        if column in frame.columns:
            same = pl.col(column).cast(pl.String).eq_missing(pl.lit(value))
            frame = frame.filter(~same if excluded else same)
    return frame


def _complaints(facts: CodedFacts, period: Period) -> pl.DataFrame:
    frame = facts["feedback"]
    return frame.filter(pl.col("counted") & (pl.col("submitted_at") < period.end))


def _counted(facts: CodedFacts, action: Action, period: Period) -> pl.DataFrame:
    return _complaints(facts, period).filter(_leaf(action))


def _units(action: Action, facts: CodedFacts, period: Period, plan: _Plan, code: str) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Return units (start, treated, sister, n) and events (start, treated, sister, events, perhaps other), all by day.

    `sister` is empty for the slice itself.
    """
    conditions = {name: value for name, value in action.slice.items() if name not in SWITCHED.get(action.cut_in_axis, ())}
    if action.exposure in DAILY or code == "replied_3min_share":
        return _daily(action, facts, period, plan, conditions, code)
    if action.exposure == "aftersales" or code == "merchant_liable":
        return _aftersales(action, facts, period, plan, conditions, code)
    return _lines(action, facts, period, plan, conditions, code)


def _lines(
    action: Action, facts: CodedFacts, period: Period, plan: _Plan, conditions: Slice, code: str
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    axis = AXES.get(action.exposure, "signed_at")
    first = plan.before_from - timedelta(weeks=HISTORY_WEEKS)
    oldest = datetime.combine(first, time(), ZoneInfo(period.zone)).astimezone(UTC)
    every = facts["order_line"].filter((pl.col(axis) >= oldest) & (pl.col(axis) < period.end))
    if every.is_empty():
        return None
    line_conditions = {k: v for k, v in conditions.items() if k in every.columns or k == "province"}
    record_conditions = {k: v for k, v in conditions.items() if k not in line_conditions and k in RECORD_DIMENSIONS}
    if "session_id" in action.slice and "session_id" not in conditions:
        line_conditions |= _kind_of_session(every, action.slice["session_id"])
    inside = _slice(every, line_conditions)
    switch = CUT_IN_COLUMNS.get(action.cut_in_axis, axis)
    reached = local_day(switch, period.zone) >= plan.cut_in
    gone = inside.filter(reached).height < max(action.min_units / 10, 1)
    if "carrier" in line_conditions and action.cut_in_axis == "ship_date" and gone:
        # The remedy was another carrier, so afterwards the same destinations are the ones it was meant to help.
        elsewhere = _slice(every, {k: v for k, v in line_conditions.items() if k != "carrier"}).filter(reached)
        inside = pl.concat([inside.filter(~reached), elsewhere])
    treated = _treated_batches(facts, inside, plan.batch) if plan.batch else None
    after = pl.col("batch_no").is_in(treated) if treated else local_day(switch, period.zone) >= plan.cut_in
    units_inside = inside.with_columns(treated=after.fill_null(False), sister=pl.lit(None, dtype=pl.String))
    control = _control(action, every, inside, line_conditions)
    lines = pl.concat(
        frame.select("oid", "treated", "sister", start=local_day(axis, period.zone), moment=pl.col(axis))
        for frame in (units_inside, control)
        if frame is not None
    )
    keys = ["start", "treated", "sister"]
    units = lines.group_by(keys).agg(n=pl.len().cast(pl.Float64))
    age = pl.duration(days=_age(action))
    happened = _confirmed(facts, period) if code == "confirmed_faults" else None
    records = _complaints(facts, period).filter(pl.col("oid").is_not_null())
    if happened is None or happened.join(lines, on="oid", how="semi").is_empty():
        happened = _slice(records.filter(_leaf(action)), record_conditions).select("oid", at="submitted_at")
    other = records.filter(~_leaf(action)).select("oid", at="submitted_at")
    cases = pl.concat([happened.with_columns(meant=pl.lit(True)), other.with_columns(meant=pl.lit(False))])
    events = (
        cases.join(lines, on="oid", how="inner")
        .filter((pl.col("at") >= pl.col("moment")) & (pl.col("at") < pl.col("moment") + age))
        .group_by(keys)
        .agg(events=pl.col("meant").sum().cast(pl.Float64), other=(~pl.col("meant")).sum().cast(pl.Float64))
    )
    return units, events


def _kind_of_session(lines: pl.DataFrame, session: str) -> dict[str, str]:
    """Return what a live session shares with later ones of its kind."""
    if "traffic_source" not in lines.columns:
        return {}
    sources = lines.filter(pl.col("session_id") == session)["traffic_source"].drop_nulls().unique()
    return {"traffic_source": str(sources[0])} if len(sources) == 1 else {}


def _confirmed(facts: CodedFacts, period: Period) -> pl.DataFrame:
    inspected = facts["return_inspection"].filter(
        pl.col("fault_confirmed").fill_null(False) & (pl.col("inspected_at") < period.end)
    )
    return inspected.join(facts["aftersale"].select("aftersale_id", "oid", "applied_at"), on="aftersale_id").select(
        "oid", at="applied_at"
    )


def _treated_batches(facts: CodedFacts, inside: pl.DataFrame, batch: str) -> list[str]:
    """Return the cut-in batch and those first shipped with it or later."""
    first = (
        inside.filter(pl.col("batch_no").is_not_null())
        .group_by("batch_no")
        .agg(first=pl.coalesce(pl.col("shipped_at"), pl.col("paid_at")).min())
    )
    batches = facts["batch"].select("batch_no", "made_on")
    first = first.cast({"batch_no": pl.String}).join(batches, on="batch_no", how="left")
    row = first.filter(pl.col("batch_no") == batch)
    if row.is_empty():
        return [batch]
    by_made = row["made_on"].item() is not None
    key = "made_on" if by_made else "first"
    return sorted(first.filter(pl.col(key) >= row[key].item())["batch_no"])


def _control(action: Action, every: pl.DataFrame, inside: pl.DataFrame, conditions: Slice) -> pl.DataFrame | None:
    """Return the untouched units, each with its sister slice: the declared control, else the rest of the line."""
    lines: list[str] = inside["line"].drop_nulls().unique().to_list() if "line" in inside.columns else []
    if action.control:
        declared = dict(action.control)
        if declared.get("line") == "same" and len(lines) == 1:
            declared["line"] = lines[0]
        other = _slice(every, declared)
        kinds = [name.removeprefix("not_") for name in declared if name.startswith("not_")]
        kind = kinds[0] if kinds else "sku"
    elif "sku" in conditions and lines:
        rest = {k: v for k, v in conditions.items() if k != "sku"}
        other = _slice(every.filter(pl.col("line").is_in(lines) & (pl.col("sku") != conditions["sku"])), rest)
        kind = "sku"
    else:
        return None
    sister = pl.col(kind).cast(pl.String).fill_null("") if kind in other.columns else pl.lit("")
    return other.join(inside.select("oid"), on="oid", how="anti").with_columns(treated=pl.lit(False), sister=sister)


def _daily(
    action: Action, facts: CodedFacts, period: Period, plan: _Plan, conditions: Slice, code: str
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    table = facts["exposure"].filter(pl.col("day") <= period.last_day)
    kind = action.exposure if action.exposure != "conversations" else "human_conversations"
    kind = "human_conversations" if code == "replied_3min_share" else kind
    table = _slice(table, conditions)
    treated = pl.col("start") >= plan.cut_in

    def by_day(frame: pl.DataFrame) -> pl.DataFrame:
        daily = frame.group_by(start="day").agg(pl.col("n").sum())
        return daily.with_columns(treated=treated, sister=pl.lit(None, dtype=pl.String))

    units = by_day(table.filter(pl.col("kind") == kind))
    if units.is_empty():
        return None
    if code == "replied_3min_share":
        replied = by_day(table.filter(pl.col("kind") == "replied_3min"))
        events = (
            units.join(replied.select("start", replied="n"), on="start", how="left")
            .with_columns(events=pl.max_horizontal(pl.col("n") - pl.col("replied").fill_null(0), pl.lit(0.0)))
            .select("start", "treated", "sister", "events")
        )
        return units, events
    records = _slice(_counted(facts, action, period), conditions)
    events = (
        records.group_by(start=local_day("submitted_at", period.zone))
        .agg(events=pl.len().cast(pl.Float64))
        .with_columns(treated=treated, sister=pl.lit(None, dtype=pl.String))
    )
    return units, events


def _aftersales(
    action: Action, facts: CodedFacts, period: Period, plan: _Plan, conditions: Slice, code: str
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    orders = _slice(facts["aftersale"].filter(pl.col("applied_at") < period.end), conditions)
    if code == "merchant_liable":
        orders = orders.filter(pl.col("platform_involved").fill_null(False) & pl.col("closed_at").is_not_null())
        hit = orders.filter(pl.col("liability") == "merchant")
    else:
        hit = orders.join(_counted(facts, action, period).select("oid").drop_nulls().unique(), on="oid", how="semi")
    if orders.is_empty():
        return None

    def by_day(frame: pl.DataFrame) -> pl.DataFrame:
        daily = frame.group_by(start=local_day("applied_at", period.zone)).agg(n=pl.len().cast(pl.Float64))
        return daily.with_columns(treated=pl.col("start") >= plan.cut_in, sister=pl.lit(None, dtype=pl.String))

    return by_day(orders), by_day(hit).rename({"n": "events"})
