"""Units before and after an action's cut-in, and the cases on them at equal age."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from tasks.model import Action, Facts, Period
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
"""Cut-in axis → column of order_line that says on which side of the cut-in a unit lies."""

DAILY = ("human_conversations", "active_devices", "conversations", "reviews")
"""Exposures that the exposure table counts by day."""

LASTING = ("batch", "ship_date", "promotion")
"""Axes on which old stock or orders on their way outlive the day of «done»: without a known cut-in nothing can be said."""

BASELINE_WEEKS = 12
MINIMUM_BASELINE_WEEKS = 8

RECORD_DIMENSIONS = ("symptom", "os", "app_version", "source", "queue", "shift", "platform")


@dataclass(frozen=True)
class Counts:
    """Events on some exposure."""

    events: float = 0.0
    n: float = 0.0

    @property
    def rate(self) -> float | None:
        """Events per unit."""
        return self.events / self.n if self.n else None


@dataclass(frozen=True)
class Evidence:
    """All numbers a verdict rests on; every count is at the same age.

    `before` are weeks before the trigger window, `trigger` that window, `untreated` units after it that the action did
    not reach yet, `after` units after cut-in. `cohorts` are whole mature weeks after cut-in in order.
    """

    before: Counts = Counts()
    trigger: Counts = Counts()
    untreated: Counts = Counts()
    after: Counts = Counts()
    control_before: Counts = Counts()
    control_after: Counts = Counts()
    cohorts: tuple[tuple[date, Counts], ...] = ()
    waiting: float = 0.0
    weekly: float = 0.0
    baseline_weeks: int = 0
    cut_in: date | None = None
    missing: str = ""


@dataclass(frozen=True)
class _Plan:
    """Windows of an action as days of the business zone."""

    trigger_from: date
    trigger_to: date
    known_to: date
    before_from: date
    before_to: date
    cut_in: date
    batch: str


def evidence(
    action: Action, facts: Facts, period: Period, shop: Shop, *, done_on: date | None, cut_in_actual: str = ""
) -> Evidence:
    """Count events and exposure before the trigger window and after cut-in, at equal age.

    Units enter the baseline only if their whole age had passed before the trigger window began: a case that helped to
    trigger the action can then not be among the cases it is compared with.

    Args:
        action: Slice, leaf, exposure, age, windows and cut-in axis, all fixed before.
        facts: Coded tables.
        period: The period under review; later events have not happened.
        shop: Configuration.
        done_on: Day on which the action was done.
        cut_in_actual: A day or a batch; empty where unknown.

    Returns:
        The numbers, or `missing` with a code: cut_in_unknown, not_measurable, no_units.
    """
    plan = _plan(action, facts, period, done_on, cut_in_actual)
    if plan is None:
        return Evidence(missing="cut_in_unknown")
    code = _metric_code(action, shop)
    if code == "safety_cases" or not action.exposure:
        return Evidence(missing="not_measurable", cut_in=plan.cut_in)
    units, events = _units(action, facts, period, plan, code)
    if units is None or events is None:
        return Evidence(missing="not_measurable", cut_in=plan.cut_in)
    return _count(units, events, action, period, plan)


def _metric_code(action: Action, shop: Shop) -> str:
    entry = shop.playbook.entry(action.playbook.partition("/")[0])
    if entry:
        return entry.metric.code
    return "replied_3min_share" if action.exposure == "human_conversations" else "complaints"


def _plan(action: Action, facts: Facts, period: Period, done_on: date | None, cut_in_actual: str) -> _Plan | None:
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
    # What came after the period in which the action was proposed cannot have led to it, whatever the window says.
    return _Plan(trigger_from, trigger_to, min(trigger_to, opened.last_day), before_from, before_to, cut_in, batch)


def _age(action: Action) -> int:
    """Return the days over which a unit is watched; a conversation or a day of a device is its own moment."""
    return 1 if action.exposure in DAILY else max(action.age_days, 1)


def _batch_named(text: str, facts: Facts) -> str:
    known = set(facts["batch"]["batch_no"].drop_nulls()) | set(facts["order_line"]["batch_no"].drop_nulls().unique())
    return next((word for word in re.split(r"[\s,;，；（）()]+", text) if word in known), "")


def _leaf(action: Action) -> pl.Expr:
    codes = [code for code in re.split(r"[,+;\s]+", action.leaf) if code]
    exact = pl.col("leaf").is_in(codes)
    nodes = [pl.col("leaf").str.starts_with(f"{code}.") for code in codes if "." not in code]
    return pl.any_horizontal(exact, *nodes) if codes else pl.lit(True)


def _slice(frame: pl.DataFrame, conditions: dict[str, str]) -> pl.DataFrame:
    """Keep the rows of a slice; `not_sku: X` means every other SKU; a dimension that the frame lacks is passed over."""
    for name, value in conditions.items():
        excluded = name.startswith("not_")
        column = name.removeprefix("not_")
        column = "dest_province" if column == "province" and "province" not in frame.columns else column
        if column in frame.columns:
            same = pl.col(column).cast(pl.String).eq_missing(pl.lit(value))
            frame = frame.filter(~same if excluded else same)
    return frame


def _day(column: str, zone: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone(zone).dt.date()


def _counted(facts: Facts, action: Action, period: Period) -> pl.DataFrame:
    frame = facts["feedback"]
    if "counted" not in frame.columns:
        return frame.clear()
    return frame.filter(pl.col("counted") & (pl.col("submitted_at") < period.end) & _leaf(action))


def _units(
    action: Action, facts: Facts, period: Period, plan: _Plan, code: str
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Return units (start, treated, control, n) and events (start, treated, control, n), all by day."""
    conditions = {name: value for name, value in action.slice.items() if name not in SWITCHED.get(action.cut_in_axis, ())}
    if action.exposure in DAILY or code == "replied_3min_share":
        return _daily(action, facts, period, plan, conditions, code)
    if action.exposure == "aftersales" or code == "merchant_liable":
        return _aftersales(action, facts, period, plan, conditions, code)
    return _lines(action, facts, period, plan, conditions, code)


def _lines(
    action: Action, facts: Facts, period: Period, plan: _Plan, conditions: dict[str, str], code: str
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    axis = AXES.get(action.exposure, "signed_at")
    oldest = datetime.combine(plan.before_from, time(), ZoneInfo(period.zone)).astimezone(UTC)
    every = facts["order_line"].filter((pl.col(axis) >= oldest) & (pl.col(axis) < period.end))
    if every.is_empty():
        return None, None
    line_conditions = {k: v for k, v in conditions.items() if k in every.columns or k == "province"}
    record_conditions = {k: v for k, v in conditions.items() if k not in line_conditions and k in RECORD_DIMENSIONS}
    if "session_id" in action.slice and "session_id" not in conditions:
        line_conditions |= _kind_of_session(every, action.slice["session_id"])
    inside = _slice(every, line_conditions).with_columns(control=pl.lit(False))
    switch = CUT_IN_COLUMNS.get(action.cut_in_axis, axis)
    reached = _day(switch, period.zone) >= plan.cut_in
    gone = inside.filter(reached).height < max(action.min_units / 10, 1)
    if "carrier" in line_conditions and action.cut_in_axis == "ship_date" and gone:
        # The remedy was another carrier: after it, the same destinations are what it was to help.
        elsewhere = _slice(every, {k: v for k, v in line_conditions.items() if k != "carrier"}).filter(reached)
        inside = pl.concat([inside.filter(~reached), elsewhere.with_columns(control=pl.lit(False))])
    control = _control(action, every, inside, line_conditions)
    lines = pl.concat([inside, control]) if control is not None else inside
    columns = ["oid", axis, switch, "batch_no", "control"]
    lines = lines.select(list(dict.fromkeys(columns)))
    treated = _treated_batches(facts, inside, plan.batch) if plan.batch else None
    after = pl.col("batch_no").is_in(treated) if treated else _day(switch, period.zone) >= plan.cut_in
    # The control has no cut-in of its own: it is split on the day on which the slice's first treated unit was sent.
    first_sent = lines.filter(~pl.col("control") & after).select(_day(switch, period.zone).min()).item()
    lines = lines.with_columns(
        start=_day(axis, period.zone),
        moment=pl.col(axis),
        treated=pl.when(pl.col("control"))
        .then(_day(switch, period.zone) >= ((first_sent if treated else None) or plan.cut_in))
        .otherwise(after)
        .fill_null(False),
    ).select("oid", "start", "moment", "treated", "control")
    units = lines.group_by("start", "treated", "control").agg(n=pl.len().cast(pl.Float64))
    age = pl.duration(days=_age(action))
    happened = _confirmed(facts, period) if code == "confirmed_faults" else None
    if happened is None or happened.join(lines, on="oid", how="semi").is_empty():
        records = _slice(_counted(facts, action, period), record_conditions)
        happened = records.filter(pl.col("oid").is_not_null()).select("oid", at="submitted_at")
    events = (
        happened.join(lines, on="oid", how="inner")
        .filter((pl.col("at") >= pl.col("moment")) & (pl.col("at") < pl.col("moment") + age))
        .group_by("start", "treated", "control")
        .agg(n=pl.len().cast(pl.Float64))
    )
    return units, events


def _kind_of_session(lines: pl.DataFrame, session: str) -> dict[str, str]:
    """Return what a live session has in common with the next ones of its kind."""
    if "traffic_source" not in lines.columns:
        return {}
    sources = lines.filter(pl.col("session_id") == session)["traffic_source"].drop_nulls().unique()
    return {"traffic_source": str(sources[0])} if len(sources) == 1 else {}


def _confirmed(facts: Facts, period: Period) -> pl.DataFrame:
    inspected = facts["return_inspection"].filter(
        pl.col("fault_confirmed").fill_null(False) & (pl.col("inspected_at") < period.end)
    )
    return inspected.join(facts["aftersale"].select("aftersale_id", "oid", "applied_at"), on="aftersale_id").select(
        "oid", at="applied_at"
    )


def _treated_batches(facts: Facts, inside: pl.DataFrame, batch: str) -> list[str]:
    """Return the batch cut in and those that were first shipped with it or later."""
    first = (
        inside.filter(pl.col("batch_no").is_not_null())
        .group_by("batch_no")
        .agg(first=pl.coalesce(pl.col("shipped_at"), pl.col("paid_at")).min())
    )
    made = facts["batch"].select("batch_no", "made_on")
    first = first.join(made, on="batch_no", how="left")
    row = first.filter(pl.col("batch_no") == batch)
    if row.is_empty():
        return [batch]
    by_made = row["made_on"].item() is not None
    key = "made_on" if by_made else "first"
    return sorted(first.filter(pl.col(key) >= row[key].item())["batch_no"])


def _control(action: Action, every: pl.DataFrame, inside: pl.DataFrame, conditions: dict[str, str]) -> pl.DataFrame | None:
    """Return the untouched units: the declared control, else the rest of the slice's product line."""
    if action.control:
        declared = dict(action.control)
        if declared.get("line") == "same":
            own: list[str] = inside["line"].drop_nulls().unique().to_list() if "line" in inside.columns else []
            declared = {**declared, "line": own[0]} if len(own) == 1 else declared
        other = _slice(every, declared)
    elif "sku" in conditions and "line" in every.columns:
        lines = inside["line"].drop_nulls().unique().to_list()
        rest = {k: v for k, v in conditions.items() if k != "sku"}
        other = _slice(every.filter(pl.col("line").is_in(lines) & (pl.col("sku") != conditions["sku"])), rest)
    else:
        return None
    return other.join(inside.select("oid"), on="oid", how="anti").with_columns(control=pl.lit(True))


def _daily(
    action: Action, facts: Facts, period: Period, plan: _Plan, conditions: dict[str, str], code: str
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    table = facts["exposure"].filter(pl.col("day") <= period.last_day)
    kind = action.exposure if action.exposure != "conversations" else "human_conversations"
    kind = "human_conversations" if code == "replied_3min_share" else kind
    table = _slice(table, conditions)
    treated = pl.col("start") >= plan.cut_in

    def by_day(frame: pl.DataFrame) -> pl.DataFrame:
        daily = frame.group_by(start="day").agg(pl.col("n").sum())
        return daily.with_columns(treated=treated, control=pl.lit(False))

    units = by_day(table.filter(pl.col("kind") == kind))
    if units.is_empty():
        return None, None
    if code == "replied_3min_share":
        replied = by_day(table.filter(pl.col("kind") == "replied_3min"))
        events = (
            units.join(replied.select("start", replied="n"), on="start", how="left")
            .with_columns(n=pl.max_horizontal(pl.col("n") - pl.col("replied").fill_null(0), pl.lit(0.0)))
            .select("start", "treated", "control", "n")
        )
        return units, events
    records = _slice(_counted(facts, action, period), conditions)
    events = (
        records.group_by(start=_day("submitted_at", period.zone))
        .agg(n=pl.len().cast(pl.Float64))
        .with_columns(treated=treated, control=pl.lit(False))
    )
    return units, events


def _aftersales(
    action: Action, facts: Facts, period: Period, plan: _Plan, conditions: dict[str, str], code: str
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    orders = _slice(facts["aftersale"].filter(pl.col("applied_at") < period.end), conditions)
    if code == "merchant_liable":
        orders = orders.filter(pl.col("platform_involved").fill_null(False) & pl.col("closed_at").is_not_null())
        hit = orders.filter(pl.col("liability") == "merchant")
    else:
        hit = orders.join(_counted(facts, action, period).select("oid").drop_nulls().unique(), on="oid", how="semi")
    if orders.is_empty():
        return None, None

    def by_day(frame: pl.DataFrame) -> pl.DataFrame:
        daily = frame.group_by(start=_day("applied_at", period.zone)).agg(n=pl.len().cast(pl.Float64))
        return daily.with_columns(treated=pl.col("start") >= plan.cut_in, control=pl.lit(False))

    return by_day(orders), by_day(hit)


def _count(units: pl.DataFrame, events: pl.DataFrame, action: Action, period: Period, plan: _Plan) -> Evidence:
    """Sum units and events over the windows; only units whose whole age has passed count."""
    both = (
        units.join(events.rename({"n": "events"}), on=["start", "treated", "control"], how="left")
        .with_columns(pl.col("events").fill_null(0.0))
        .sort("start")
    )
    last_mature = period.last_day + timedelta(days=1) - timedelta(days=_age(action))
    own = both.filter(~pl.col("control"))
    mature = own.filter(pl.col("start") <= last_mature)
    before = mature.filter(pl.col("start").is_between(plan.before_from, plan.before_to) & ~pl.col("treated"))
    trigger = mature.filter(pl.col("start").is_between(plan.before_to + timedelta(days=1), plan.trigger_to) & ~pl.col("treated"))
    untreated = mature.filter((pl.col("start") > plan.known_to) & ~pl.col("treated"))
    treated = mature.filter(pl.col("treated"))
    all_treated = own.filter(pl.col("treated"))
    begin = all_treated["start"].min() or plan.cut_in
    assert isinstance(begin, date)
    end = _window_end(treated, begin, action)
    treated = treated.filter(pl.col("start") <= end)
    control = both.filter(pl.col("control") & (pl.col("start") <= last_mature))
    control_before = control.filter(pl.col("start").is_between(plan.before_from, plan.before_to) & ~pl.col("treated"))
    control_after = control.filter(pl.col("start").is_between(begin, end) & pl.col("treated"))
    weeks = (
        treated.with_columns(week=pl.col("start").dt.truncate("1w"))
        .filter(pl.col("week") + pl.duration(days=6) <= last_mature)
        .group_by("week")
        .agg(pl.col("events").sum(), pl.col("n").sum())
        .sort("week")
    )
    recent = all_treated.filter(pl.col("start") > period.last_day - timedelta(weeks=4))
    recent_days = min((period.last_day - begin).days + 1, 28)
    return Evidence(
        before=_sum(before),
        trigger=_sum(trigger),
        untreated=_sum(untreated),
        after=_sum(treated),
        control_before=_sum(control_before),
        control_after=_sum(control_after),
        cohorts=tuple((row["week"], Counts(row["events"], row["n"])) for row in weeks.iter_rows(named=True)),
        waiting=_sum(all_treated).n - _sum(mature.filter(pl.col("treated"))).n,
        weekly=_sum(recent).n / recent_days * 7 if recent_days > 0 else 0.0,
        baseline_weeks=before["start"].dt.truncate("1w").n_unique() if len(before) else 0,
        cut_in=begin,
        missing="" if len(own) else "no_units",
    )


def _sum(frame: pl.DataFrame) -> Counts:
    return Counts(float(frame["events"].sum()), float(frame["n"].sum()))


def _window_end(treated: pl.DataFrame, begin: date, action: Action) -> date:
    """Return the last start day that is verified: the planned weeks, or longer until there are enough units.

    A verdict that looked again at ever more weeks would find an effect by looking often enough.
    """
    end = begin + timedelta(weeks=action.verify_weeks) - timedelta(days=1)
    reached = treated.sort("start").with_columns(total=pl.col("n").cum_sum()).filter(pl.col("total") >= action.min_units)
    enough = reached["start"].first() if len(reached) else None
    return max(end, enough) if isinstance(enough, date) else date.max
