"""From a slice that stands out to a described cause: since when, how much, compared with whom, and what is still unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from tasks.analyse.causes.candidates import OPEN, Candidate, order_panel, units_of
from tasks.analyse.causes.circumstances import arrivals, change_point, ruled_out
from tasks.analyse.causes.comparison_rates import HISTORY_WEEKS, REFERENCE_AGE, ComparisonRates, comparison_rates
from tasks.analyse.causes.forecast import forecast
from tasks.analyse.causes.naming import ancestry, counted_cause
from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import UnitHistory, day_of
from tasks.methods.likelihood import likelihood_ratio
from tasks.methods.panels import Pattern
from tasks.model.causes import Cause, CauseEvidence, CauseKind, Forecast, Trend
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.slices import DaySpan, Slice
from tasks.shop.load import Shop


def order_cause(
    facts: CodedFacts,
    period: Period,
    shop: Shop,
    history: UnitHistory,
    fitted: dict[str, Curve],
    candidate: Candidate,
    more: list[Candidate],
) -> Cause:
    """Describe a slice that stands out as a cause, with everything the data say about it.

    Args:
        facts: Coded facts.
        period: The period under review.
        shop: Configuration.
        history: Arrays up to the period's end.
        fitted: Curves for judging the period.
        candidate: The slice.
        more: The same problem in other families and spans.
    """
    history, fitted = candidate.seen_in(history, fitted)
    weekly = weekly_counts(history, fitted, candidate) if candidate.family in fitted else _weekly_of_hit(candidate)
    since, axis = _since(candidate, weekly)
    rates = comparison_rates(history, fitted, candidate, shop.calendar) if candidate.family in fitted else ComparisonRates()
    batch = _batch(facts, candidate.labels.get("batch_no"))
    slice_ = dict(sorted(candidate.labels.items()))
    if batch.get("sku") is not None:
        slice_ = {"sku": batch["sku"], **slice_}
    pattern = candidate.found.pattern
    if pattern.axis:
        ended = _has_ended(history, fitted, candidate)
        slice_[pattern.axis] = str(DaySpan(day_of(pattern.first), day_of(pattern.last) if ended else None))
        if not ended:  # later units belong to it as well
            candidate = replace(candidate, found=replace(candidate.found, pattern=replace(pattern, last=OPEN)))
    together = _coincidence(history, candidate)
    if together and set(candidate.families) <= {"fit", "use"}:  # goods or listing page: only people can tell which
        since, axis = _first_shipped(history, candidate), "ship_date"
        slice_ = {"sku": _sku_of(history, candidate), "ship_date": str(DaySpan(since))}
    evidence = _evidence(
        candidate, weekly, {*candidate.families, *(family for other in more for family in other.families)}, batch, together, rates
    )
    if candidate.found.observed > candidate.found.expected:
        evidence = _with_circumstances(evidence, period, shop, history, fitted, candidate, since, axis)
    kind = _kind(slice_, candidate, shop)
    return replace(
        _counted(candidate, kind, slice_, period),
        since=since,
        since_axis=axis,
        trend=_trend(weekly),
        rate=rates.own,
        comparison_rate=rates.peers,
        comparison=rates.peers_are,
        age_days=REFERENCE_AGE.get(candidate.family),
        evidence=evidence,
        to_confirm=_questions(kind, slice_),
        money=_money(facts, candidate.records, candidate.found.observed, candidate.found.expected, candidate.weeks),
        stock=batch.get("qty_stock"),
    )


def _evidence(
    candidate: Candidate,
    weekly: Sequence[tuple[str, float, float]],
    families: set[str],
    batch: dict[str, Any],
    together: tuple[tuple[str, str], ...],
    rates: ComparisonRates,
) -> CauseEvidence:
    """Collect what the arrays and the batch table say about a slice."""
    return CauseEvidence(
        weekly=tuple(weekly),
        families=tuple(sorted(families)),
        problem=candidate.problem,
        supplier=batch.get("supplier") or "",
        component_supplier=batch.get("component_supplier") or "",
        coincides=together,
        category_rate=rates.category,
        others_rate=rates.others,
        last_promotion_rate=rates.last_promotion,
    )


def _counted(candidate: Candidate, kind: CauseKind, slice_: Slice, period: Period) -> Cause:
    return counted_cause(
        kind=kind,
        slice_=slice_,
        family=candidate.family,
        leaves=candidate.leaves,
        observed=candidate.found.observed,
        expected=candidate.found.expected,
        llr=candidate.found.llr,
        weeks=candidate.weeks,
        exposure_kind=candidate.exposure_kind,
        exposure=candidate.exposure,
        period=period,
        records=candidate.records,
        days=[day_of(day) for day in candidate.days],
    )


def _batch(facts: CodedFacts, batch_no: str | None) -> dict[str, Any]:
    """Return what the batch table knows about a batch; empty if it has no such batch."""
    if batch_no is None or not facts.has("batch"):
        return {}
    rows = facts["batch"].filter(pl.col("batch_no") == batch_no)
    return {} if rows.is_empty() else rows.row(0, named=True)


def _first_shipped(history: UnitHistory, candidate: Candidate) -> date:
    """Return the day on which shipping of a slice's units began, ignoring a few early ones."""
    shipped = history.days["shipped_at"][candidate.units]
    return day_of(int(np.quantile(shipped[shipped >= 0], 0.02)))


def _with_circumstances(
    evidence: CauseEvidence,
    period: Period,
    shop: Shop,
    history: UnitHistory,
    fitted: dict[str, Curve],
    candidate: Candidate,
    since: date | None,
    axis: str,
) -> CauseEvidence:
    """Add what data show about an excess: what came with it, what was ruled out, what comes next."""
    began = change_point(evidence.weekly) if axis == "arrival" else None
    foretold = forecast(history, fitted, candidate) if period.grain == "week" else None
    return replace(
        evidence,
        change_point=began,
        arrived=arrivals(history, candidate, began or since),
        ruled_out=ruled_out(history, fitted, candidate, ancestry(shop)),
        # sums differ in their last bits
        forecast=Forecast(period.next().id, *(round(value, 1) for value in foretold)) if foretold is not None else None,
    )


def _sku_of(history: UnitHistory, candidate: Candidate) -> str:
    codes = history.codes["sku"][candidate.units]
    return history.values["sku"][int(np.bincount(codes[codes >= 0]).argmax())]


def _coincidence(history: UnitHistory, candidate: Candidate) -> tuple[tuple[str, str], ...]:
    """Return batch and listing version of a slice defined by one of them, if nearly the same units carry both.

    Data cannot separate two changes that reached the same parcels, so the report names both.
    """
    dims = ("batch_no", "listing_version")
    mine = [dim for dim, _ in candidate.found.pattern.conditions if dim in dims]
    if (
        len(mine) != 1
        or candidate.found.pattern.axis
        or not all(dim in history.codes for dim in dims)
        or not len(candidate.units)
    ):
        return ()
    other = dims[1 - dims.index(mine[0])]
    codes = history.codes[other][candidate.units]
    if not (codes >= 0).any():
        return ()
    value = int(np.bincount(codes[codes >= 0]).argmax())
    both = float((codes == value).sum())
    recent = history.days["shipped_at"] >= int(history.days["shipped_at"][candidate.units].min())
    theirs = float(((history.codes[other] == value) & recent).sum())
    if both < 0.8 * len(candidate.units) or both < 0.6 * theirs:
        return ()
    return tuple(sorted(((mine[0], candidate.labels[mine[0]]), (other, history.values[other][value]))))


def _has_ended(history: UnitHistory, fitted: dict[str, Curve], candidate: Candidate) -> bool:
    """Whether enough later units were at risk for an interval's end to be real and not just the edge of the data."""
    pattern = candidate.found.pattern
    known = [fitted[family] for family in candidate.families if family in fitted]
    dims = [dim for dim, _ in pattern.conditions]
    among = units_of(history, pattern)
    panel, _, _ = order_panel(history, known, candidate.first, candidate.last, {}, dims, among)
    whole = Pattern(pattern.conditions)
    after = whole.rows(panel.units, {}) & (panel.unit_days[pattern.axis] > pattern.last)
    return float(panel.weights[after].sum()) * candidate.found.ratio > 5


def _kind(slice_: Slice, candidate: Candidate, shop: Shop) -> CauseKind:
    if candidate.family in ("app", "service"):
        return CauseKind(candidate.family)
    if "session_id" in slice_:
        return CauseKind.SESSION
    if candidate.family == "ship" and "warehouse" in slice_ and _in_promotion(shop, candidate):
        return CauseKind.PROMOTION
    return CauseKind.SLICE


def _in_promotion(shop: Shop, candidate: Candidate) -> bool:
    days = {day_of(d) for d in candidate.days}
    return any(shop.calendar.stage(day) is not None for day in days)


def weekly_counts(
    history: UnitHistory, fitted: dict[str, Curve], candidate: Candidate, weeks: int = HISTORY_WEEKS
) -> list[tuple[str, float, float]]:
    """Return (first day of week, observed, expected) of the slice over the last whole weeks, Monday to Sunday."""
    known = [fitted[family] for family in candidate.families if family in fitted]
    pattern = candidate.found.pattern
    dims, among = [dim for dim, _ in pattern.conditions], units_of(history, pattern)
    out = []
    last_sunday = candidate.last - (day_of(candidate.last).weekday() + 1) % 7
    for back in range(weeks - 1, -1, -1):
        last = last_sunday - back * 7
        panel, _, _ = order_panel(history, known, last - 6, last, {}, dims, among)
        o = float(pattern.rows(panel.cases, panel.case_days).sum()) if panel.n_cases else 0.0
        e = float(panel.weights[pattern.rows(panel.units, panel.unit_days)].sum())
        out.append((day_of(last - 6).isoformat(), o, round(e, 2)))
    return out


def _weekly_of_hit(candidate: Candidate) -> list[tuple[str, float, float]]:
    weeks = max(candidate.weeks, 1)
    counts = Counter((day - candidate.first) // 7 for day in candidate.days)
    each = candidate.found.expected / weeks
    return [(day_of(candidate.first + week * 7).isoformat(), float(counts.get(week, 0)), round(each, 2)) for week in range(weeks)]


def _since(candidate: Candidate, weekly: list[tuple[str, float, float]]) -> tuple[date | None, str]:
    if candidate.found.pattern.axis:
        return day_of(candidate.found.pattern.first), candidate.found.pattern.axis
    begun: date | None = None
    for start, o, e in reversed(weekly):
        if o < 3 or o < 1.4 * e or likelihood_ratio(o, e) < 0.7:
            break
        begun = date.fromisoformat(start)
    return begun, "arrival"


def _trend(weekly: list[tuple[str, float, float]]) -> Trend:
    if len(weekly) < 2:
        return Trend.STEADY
    before, now = weekly[-2][1], weekly[-1][1]
    noise = 1.96 * (before + now + 1) ** 0.5
    return Trend.RISING if now - before > noise else Trend.FALLING if before - now > noise else Trend.STEADY


def _questions(kind: CauseKind, slice_: Slice) -> tuple[tuple[str, str, str], ...]:
    """Return the questions that people must still answer: question code, owner role, due."""
    if kind == CauseKind.APP:
        return (("reproduce_on_release", "产品研发", "1d"),)
    if kind == CauseKind.SERVICE:
        return (("staffing_of_shift", "客服", "2d"),)
    if kind == CauseKind.SESSION:
        return (("promised_against_system", "直播运营", "1d"),)
    if "batch_no" in slice_:
        return (("reproduce_fault", "品控", "5d"), ("supplier_change", "供应链", "2d"))
    if "listing_version" in slice_:
        return (("measure_goods", "品控", "3d"), ("listing_change", "电商运营", "1d"))
    if "carrier" in slice_:
        return (("hub_or_carrier", "仓配", "3d"),)
    if "warehouse" in slice_:
        return (("capacity_of_warehouse", "仓配", "2d"),)
    return (("reproduce_fault", "品控", "5d"),)


def _money(facts: CodedFacts, records: list[str], observed: float, expected: float, weeks: int) -> float | None:
    """Return the weekly cost of the excess: the shop's own cost of refunds after signing, per case, times the excess."""
    if not facts.has("aftersale") or not records or observed <= expected:
        return None
    oids = facts["feedback"].filter(pl.col("record_id").is_in(records))["oid"].drop_nulls().unique()
    if oids.is_empty():
        return None
    rows = facts["aftersale"].filter(
        pl.col("oid").is_in(oids.implode()) & (pl.col("phase") == "after_sign") & pl.col("refunded_at").is_not_null()
    )
    borne = rows.filter(pl.col("liability").fill_null("merchant") != "buyer")["refund_amount"].sum() or 0.0
    return round(float(borne) / oids.len() * (observed - expected) / max(weeks, 1), 0)
