"""Family B: what became of signed units, each cohort read at the same age (docs/method.md, 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median

import polars as pl

from tasks.analyse.figures.comparison import (
    Baseline,
    baseline,
    cohorts,
    judged,
    last_year,
    level_since,
    normal_range,
    share_interval,
    with_target,
)
from tasks.methods.control_charts import Normal
from tasks.model.facts import CodedFacts
from tasks.model.figure_kinds import FIGURES, FigureUnit
from tasks.model.figures import Figure, Judgement
from tasks.model.moments import local_day
from tasks.model.periods import Period
from tasks.shop.load import Shop

KIND = ("line", "traffic_source")
"""What makes orders of one kind: their rates differ lastingly, so their mix moves the rate of the shop."""

KIND_WEIGHT = 200.0
"""Units at the common rate that are added to every kind."""

USUAL_DAILY = 50.0
"""Units of a usual day of the week from which a day without any is a gap in the data, not a quiet day."""


@dataclass(frozen=True)
class UnitLedger:
    """Units and events by the day on which the unit was signed (or paid); `mix` has them by kind of order as well."""

    name: str
    units: pl.DataFrame
    events: pl.DataFrame
    mix: pl.DataFrame | None = None


def quality(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return the quality figures of a shop that knows its orders.

    Every rate is a cohort of signing days at a fixed age: the newest one that is mature, the one before, the aligned
    one of last year, and the normal range from earlier mature ones. Units are order lines.

    Args:
        facts: Coded tables.
        period: The period; later events have not happened.
        shop: Ages, quality reasons, targets.

    Returns:
        Shop-level figures, then the complaint and quality-refund rate of each line.
    """
    if not facts.has("order_line"):
        return []
    ages = shop.targets.ages
    signed = _units(facts, "signed_at", period)
    complaints = _complaints(facts, period)
    refunds = _after_sales(facts, period)
    made: list[Figure] = []

    def add(code: str, age: int, events: pl.DataFrame, *, units: pl.DataFrame = signed, ready: int = 0, scope: str = "",
            axis: str = "signed_at") -> None:  # fmt: skip
        ledger = _ledger(code, units, events, age, scope)
        made.append(_figure(ledger, period, shop, age=age, ready=max(ready, age), scope=scope, axis=axis))

    # A unit with several cases is one complaining unit in the rate and several cases in the count per hundred.
    by_unit = complaints.sort("at").unique("oid", keep="first", maintain_order=True)
    add("complaint_rate_signed", ages.complaint, by_unit)
    add("complaints_per_100", ages.complaint, complaints)
    if facts.has("aftersale"):
        quality_set = pl.col("reason").is_in(shop.targets.quality_reasons)
        refunded = pl.col("refunded_at").is_not_null() & pl.col("type").is_in(["refund_only", "return_refund"])
        after = pl.col("phase") == "after_sign"
        quality_refunds = _once(refunds.filter(after & refunded & quality_set))
        add("quality_refund_rate", ages.quality_refund, quality_refunds)
        add("aftersale_rate", ages.after_sale, refunds.filter(after))
        back = refunds.filter(pl.col("returned_at").is_not_null()).with_columns(at="returned_at", weight=pl.col("qty"))
        pieces = signed.with_columns(n="pieces")
        add("return_rate", ages.returned, back, units=pieces, ready=ages.returned_ready)
        add(
            "refund_only_rate",
            ages.refund_only,
            _once(refunds.filter(after & refunded & (pl.col("type") == "refund_only"))),
        )
        paid = _units(facts, "paid_at", period)
        before = _once(refunds.filter((pl.col("phase") == "before_ship") & pl.col("refunded_at").is_not_null()))
        before = before.with_columns(day="paid_day", begun="paid_at")
        add("preship_refund_rate", ages.before_ship, before, units=paid, axis="paid_at")
    damage = by_leaf(complaints, shop.targets.damage_leaves)
    add("damage_rate", ages.damage, _once(damage))
    for line in sorted(signed["line"].drop_nulls().unique()):
        own = complaints.filter(pl.col("line") == line).sort("at").unique("oid", keep="first", maintain_order=True)
        add("complaint_rate_signed", shop.targets.line_ages.get(line, ages.complaint), own, scope=line)
        if facts.has("aftersale"):
            add("quality_refund_rate", ages.quality_refund, quality_refunds.filter(pl.col("line") == line), scope=line)
    return made


def by_leaf(records: pl.DataFrame, leaves: tuple[str, ...]) -> pl.DataFrame:
    """Return the records of some leaves (a code without a dot means its whole node)."""
    nodes = [leaf for leaf in leaves if "." not in leaf]
    match = pl.col("leaf").is_in(list(leaves)) | pl.col("leaf").str.split(".").list.first().is_in(nodes)
    return records.filter(match)


def _once(events: pl.DataFrame) -> pl.DataFrame:
    return events.sort("at").unique("oid", keep="first", maintain_order=True)


def _lines(facts: CodedFacts) -> pl.DataFrame:
    frame = facts["order_line"]
    missing = [name for name in KIND if name not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing) if missing else frame


def _units(facts: CodedFacts, axis: str, period: Period) -> pl.DataFrame:
    """Return units by day of the axis and kind of order: `n` order lines, `pieces` sold."""
    return (
        _lines(facts)
        .lazy()
        .filter(pl.col(axis).is_not_null() & (pl.col(axis) < period.end))
        .group_by(local_day(axis, period.zone).alias("day"), *KIND)
        .agg(n=pl.len().cast(pl.Float64), pieces=pl.col("qty").sum().cast(pl.Float64))
        .collect()
        .cast({pl.Categorical: pl.String})
    )


def _complaints(facts: CodedFacts, period: Period) -> pl.DataFrame:
    """Return the counted complaints on signed units: oid, line, leaf, begun, at, day, weight."""
    records = facts["feedback"].filter(pl.col("counted") & pl.col("oid").is_not_null() & (pl.col("submitted_at") < period.end))
    lines = _lines(facts).select("oid", *KIND, "signed_at").join(records.select("oid").unique(), on="oid", how="semi")
    return (
        records.select("oid", "leaf", at="submitted_at")
        .join(lines.cast({pl.Categorical: pl.String}), on="oid")
        .filter(pl.col("signed_at").is_not_null() & (pl.col("at") >= pl.col("signed_at")))
        .with_columns(day=local_day("signed_at", period.zone), begun="signed_at", weight=pl.lit(1.0))
    )


def _after_sales(facts: CodedFacts, period: Period) -> pl.DataFrame:
    """Return after-sales orders with what had happened before the period's end, and the final internal reason.

    The inspection's word stands above the agent's, the agent's above the buyer's last, that above the first.
    """
    reasons = ("reason_inspection", "reason_agent", "reason_buyer_last", "reason_buyer_first")
    orders = (
        facts["aftersale"]
        .select("aftersale_id", "oid", "qty", "type", "phase", "applied_at", "refunded_at", "returned_at", *reasons)
        .filter(pl.col("applied_at") < period.end)
    )
    lines = _lines(facts).select("oid", *KIND, "signed_at", "paid_at").join(orders.select("oid").unique(), on="oid", how="semi")
    late = (
        facts["return_inspection"].filter(pl.col("inspected_at") >= period.end).select("aftersale_id", pending=pl.lit(value=True))
    )

    def happened(column: str) -> pl.Expr:
        return pl.when(pl.col(column) < period.end).then(pl.col(column)).alias(column)

    return (
        orders.join(lines.cast({pl.Categorical: pl.String}), on="oid")
        .join(late, on="aftersale_id", how="left")
        .with_columns(
            happened("refunded_at"),
            happened("returned_at"),
            inspected=pl.when(pl.col("pending").is_null()).then(pl.col("reason_inspection")),
        )
        .with_columns(
            reason=pl.coalesce("inspected", "reason_agent", "reason_buyer_last", "reason_buyer_first"),
            at=pl.col("applied_at"),
            begun=pl.col("signed_at"),
            day=local_day("signed_at", period.zone),
            paid_day=local_day("paid_at", period.zone),
            weight=pl.lit(1.0),
        )
        .drop("pending", "inspected", *reasons)
    )


def _ledger(code: str, units: pl.DataFrame, events: pl.DataFrame, age: int, scope: str) -> UnitLedger:
    if scope:
        units = units.filter(pl.col("line") == scope)
    within = events.filter(
        pl.col("begun").is_not_null()
        & (pl.col("at") >= pl.col("begun"))
        & (pl.col("at") < pl.col("begun") + pl.duration(days=age))
    )
    mix = pl.concat(
        [
            units.group_by("day", *KIND).agg(pl.col("n").sum(), events=pl.lit(0.0)),
            within.group_by("day", *KIND).agg(n=pl.lit(0.0), events=pl.col("weight").cast(pl.Float64).sum()),
        ]
    )
    days = mix.group_by("day").agg(pl.col("n", "events").sum())
    return UnitLedger(
        code, days.filter(pl.col("n") > 0).select("day", "n"), days.filter(pl.col("events") > 0).select("day", "events"), mix
    )


def _figure(ledger: UnitLedger, period: Period, shop: Shop, *, age: int, ready: int, scope: str, axis: str) -> Figure:
    kind = FIGURES[ledger.name]
    steps = shop.targets.normal_weeks if period.grain == "week" else 12
    # Twice as far back as the range needs, because promotions and breaks are left out of it.
    chain = cohorts(period, ready, 2 * steps + 1)
    units = dict(ledger.units.iter_rows())
    events = dict(ledger.events.iter_rows())

    def total(days: list[date]) -> tuple[float, float]:
        return sum(events.get(day, 0.0) for day in days), sum(units.get(day, 0.0) for day in days)

    first_known = min(units, default=period.last_day)
    counts = [total(_days(cohort)) if cohort.first_day >= first_known else (0.0, 0.0) for cohort in chain]
    numerator, n = counts[-1]
    newest = chain[-1]
    aligned = last_year(newest.first_day, newest.last_day, shop)
    past_numerator, past_n = total(list(aligned.days)) if aligned.days[0] >= first_known else (0.0, 0.0)
    enough = numerator >= shop.identity.minimum_n
    usable = baseline(chain, ledger.name, scope, shop, silent=_silent(chain, units))
    normal = _range(ledger, chain, usable, counts) if n and enough and not usable.broken else None
    scale = 100.0 if kind.unit is FigureUnit.PER_100 else 1.0
    missing = "" if n and enough else "no_units" if not n else "few_cases"
    low, high = (normal.low * scale, normal.high * scale) if normal else (None, None)
    previous_n = counts[-2][1] if len(counts) > 1 else 0.0
    where = f" and line = {scope}" if scope else ""
    interval = share_interval(numerator, n) if n and kind.unit is FigureUnit.SHARE and numerator <= n else None
    figure = Figure(
        kind=kind,
        value=numerator / n * scale if n and enough else None,
        numerator=numerator,
        n=n,
        low=low,
        high=high,
        previous=counts[-2][0] / previous_n * scale if previous_n and enough else None,
        last_year=past_numerator / past_n * scale if past_n and enough else None,
        last_year_basis=aligned.basis if past_n else "",
        judgement=judged(normal, kind.good, usable) if enough else Judgement.INSUFFICIENT,
        p=normal.p if normal else None,
        level_since=level_since(normal, chain, usable),
        axis_from=newest.first_day,
        axis_to=newest.last_day,
        age_days=age,
        method="cohort_at_age",
        scope=scope,
        missing=missing,
        series=tuple(
            (str(c.first_day), x / m * scale if m else None)
            for c, (x, m) in zip(chain[-steps - 1 :], counts[-steps - 1 :], strict=True)
        ),
        note=f"wilson {interval[0]:.4f}..{interval[1]:.4f}" if interval else "",
        rows=f"{axis} in {newest.first_day}..{newest.last_day}{where}; event within {age} d",
    )
    return with_target(figure, shop)


def _range(ledger: UnitLedger, chain: list[Period], usable: Baseline, counts: list[tuple[float, float]]) -> Normal | None:
    """Return the normal range of the newest cohort's rate: by kind of order if the mix is known, else over all units."""
    earlier, (numerator, n) = [counts[place] for place in usable.places], counts[-1]
    events = [x for x, _ in earlier]
    if ledger.mix is None:
        share = FIGURES[ledger.name].unit is FigureUnit.SHARE
        return normal_range(events, [m for _, m in earlier], numerator, n, share=share)
    due = _expected_of_mix(ledger.mix, chain, usable.places)
    normal = normal_range(events, [due[place] for place in usable.places], numerator, due[-1], share=False)
    return replace(normal, low=normal.low * due[-1] / n, high=normal.high * due[-1] / n) if normal else None


def _expected_of_mix(mix: pl.DataFrame, chain: list[Period], usual: tuple[int, ...]) -> list[float]:
    """Return the events to expect of each cohort's mix of orders at the usual rate of each kind (direct standardisation).

    A talent room that sells more moves the shop's rate without any change of quality (docs/method.md, 5): a cohort is judged
    by its events over those expected of its own mix. Kinds with few orders are shrunk towards the common rate.
    """
    days = [(day, place) for place, cohort in enumerate(chain) for day in _days(cohort)]
    places = pl.DataFrame(days, schema={"day": pl.Date, "place": pl.Int64}, orient="row")
    # in one order, because sums differ in their last bits
    cells = mix.join(places, on="day").group_by("place", *KIND).agg(pl.col("n", "events").sum()).sort("place", *KIND)
    known = cells.filter(pl.col("place").is_in(usual))
    common = float(known["events"].sum()) / max(float(known["n"].sum()), 1.0)
    rates = known.group_by(*KIND).agg(rate=(pl.col("events").sum() + KIND_WEIGHT * common) / (pl.col("n").sum() + KIND_WEIGHT))
    due = (
        cells.join(rates, on=KIND, how="left", nulls_equal=True, maintain_order="left")
        .group_by("place", maintain_order=True)
        .agg(due=(pl.col("n") * pl.col("rate").fill_null(common)).sum())
    )
    found = dict(due.iter_rows())
    return [float(found.get(place, 0.0)) for place in range(len(chain))]


def _silent(chain: list[Period], units: dict[date, float]) -> frozenset[int]:
    """Return the places of incomplete cohorts: before the first unit, or with an empty day where many units are
    usual on that day of the week."""
    first = min(units, default=chain[-1].last_day)
    known = [day for cohort in chain if cohort.first_day >= first for day in _days(cohort)]
    busy = {
        weekday
        for weekday in range(7)
        if (daily := [units.get(day, 0.0) for day in known if day.weekday() == weekday]) and median(daily) >= USUAL_DAILY
    }
    return frozenset(
        place
        for place, cohort in enumerate(chain)
        if cohort.first_day < first or any(day.weekday() in busy and not units.get(day) for day in _days(cohort))
    )


def _days(cohort: Period) -> list[date]:
    return [cohort.first_day + timedelta(days=n) for n in range(cohort.days)]


def review_shares(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return the share of complaints among reviews, for a shop that knows no orders.

    Args:
        facts: Coded tables.
        period: The period, by arrival of the review.
        shop: Its channels say which ones are the base of rates.

    Returns:
        One figure with Wilson interval in `note` and normal range from earlier periods.
    """
    base = [channel.name for channel in shop.channels.channels if channel.base]
    records = facts["feedback"]
    is_base = pl.col("channel").is_in(base) if base and "channel" in records.columns else pl.col("source") == "review"
    return _share_of_arrivals("complaint_share_reviews", records.filter(is_base), pl.col("counted"), period, shop)


def negative_share(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return the share of negative among rated reviews by arrival; its denominator moves with invitations to review."""
    rated = facts["feedback"].filter((pl.col("source") == "review") & pl.col("rating").is_not_null())
    if rated.is_empty():
        return []
    bad = pl.col("rating") <= shop.identity.negative_max_rating
    return _share_of_arrivals("negative_rate", rated, bad, period, shop)


def _share_of_arrivals(code: str, records: pl.DataFrame, hit: pl.Expr, period: Period, shop: Shop) -> list[Figure]:
    daily = (
        records.filter(pl.col("submitted_at") < period.end)
        .group_by(day=local_day("submitted_at", period.zone))
        .agg(events=hit.cast(pl.Float64).sum(), n=pl.len().cast(pl.Float64))
    )
    ledger = UnitLedger(code, daily.select("day", "n"), daily.select("day", "events"))
    figure = _figure(ledger, period, shop, age=0, ready=0, scope="", axis="submitted_at")
    rows = f"submitted_at in {period.first_day}..{period.last_day}"
    return [replace(figure, age_days=None, method="share_of_arrivals", rows=rows)]
