"""From a slice that stands out to a cause on paper: since when, how much, beside whom, and what people must still find out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from tasks.analyse.causes.candidates import OPEN, Candidate, order_panel
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
    book: UnitHistory,
    fitted: dict[str, Curve],
    hit: Candidate,
    more: list[Candidate],
) -> Cause:
    """Return a slice that stands out as a cause with all that data know of it.

    Args:
        facts: Coded facts.
        period: The period under review.
        shop: Configuration.
        book: Arrays up to the period's end.
        fitted: Curves for judging the period.
        hit: The slice.
        more: The same trouble in other families and spans.
    """
    leaves, records = _joined(hit, more)
    weekly = weekly_counts(book, fitted, hit) if hit.family in fitted else _weekly_of_hit(hit)
    since, axis = _since(hit, weekly)
    rates = comparison_rates(book, fitted, hit, shop.calendar) if hit.family in fitted else ComparisonRates()
    batch = _batch(facts, hit.labels.get("batch_no"))
    slice_ = dict(sorted(hit.labels.items()))
    if batch.get("sku") is not None:
        slice_ = {"sku": batch["sku"], **slice_}
    pattern = hit.found.pattern
    if pattern.axis:
        ended = _has_ended(book, fitted, hit)
        slice_[pattern.axis] = str(DaySpan(day_of(pattern.first), day_of(pattern.last) if ended else None))
        if not ended:  # later units belong to it as well
            hit = replace(hit, found=replace(hit.found, pattern=replace(pattern, last=OPEN)))
    together = _coincidence(book, hit)
    if together and set(hit.families) <= {"fit", "use"}:  # goods or page: which of the two it is, only people can tell
        since, axis = _first_shipped(book, hit), "ship_date"
        slice_ = {"sku": _sku_of(book, hit), "ship_date": str(DaySpan(since))}
    evidence = _evidence(
        weekly, {*hit.families, *(family for other in more for family in other.families)}, batch, together, rates
    )
    if hit.found.observed > hit.found.expected:
        evidence = _with_circumstances(evidence, period, shop, book, fitted, hit, since, axis)
    kind = _kind(slice_, hit, shop)
    return replace(
        _counted(hit, kind, slice_, leaves, records, period),
        since=since,
        since_axis=axis,
        trend=_trend(weekly),
        rate=rates.own,
        comparison_rate=rates.peers,
        comparison=rates.peers_are,
        age_days=REFERENCE_AGE.get(hit.family),
        evidence=evidence,
        to_confirm=_questions(kind, slice_),
        money=_money(facts, records, hit.found.observed, hit.found.expected, hit.weeks),
        stock=batch.get("qty_stock"),
    )


def _evidence(
    weekly: Sequence[tuple[str, float, float]],
    families: set[str],
    batch: dict[str, Any],
    together: tuple[tuple[str, str], ...],
    rates: ComparisonRates,
) -> CauseEvidence:
    """Return what arrays and the batch table say of a slice."""
    return CauseEvidence(
        weekly=tuple(weekly),
        families=tuple(sorted(families)),
        supplier=batch.get("supplier") or "",
        component_supplier=batch.get("component_supplier") or "",
        coincides=together,
        category_rate=rates.category,
        others_rate=rates.others,
        last_promotion_rate=rates.last_promotion,
    )


def _joined(hit: Candidate, more: list[Candidate]) -> tuple[Counter[str], list[str]]:
    """Return leaves and records of a trouble; the same cases are found in other spans and in wider panels as well."""
    leaves = Counter(hit.leaves)
    records = list(hit.records)
    counted = set(hit.families)
    for other in more:
        if counted.isdisjoint(other.families):
            leaves.update(other.leaves)
            records += other.records
            counted.update(other.families)
    return leaves, records


def _counted(hit: Candidate, kind: CauseKind, slice_: Slice, leaves: Counter[str], records: list[str], period: Period) -> Cause:
    return counted_cause(
        kind=kind,
        slice_=slice_,
        family=hit.family,
        leaves=leaves.most_common(4),
        observed=hit.found.observed,
        expected=hit.found.expected,
        llr=hit.found.llr,
        weeks=hit.weeks,
        exposure_kind=hit.exposure_kind,
        exposure=hit.exposure,
        period=period,
        records=records,
        days=[day_of(day) for day in hit.days],
    )


def _batch(facts: CodedFacts, batch_no: str | None) -> dict[str, Any]:
    """Return what the batch table knows of a batch; nothing where it holds none of that number."""
    if batch_no is None or not facts.has("batch"):
        return {}
    rows = facts["batch"].filter(pl.col("batch_no") == batch_no)
    return {} if rows.is_empty() else rows.row(0, named=True)


def _first_shipped(book: UnitHistory, hit: Candidate) -> date:
    """Return the day from which on a slice's units were shipped, a few early ones aside."""
    shipped = book.days["shipped_at"][hit.units]
    return day_of(int(np.quantile(shipped[shipped >= 0], 0.02)))


def _with_circumstances(
    evidence: CauseEvidence,
    period: Period,
    shop: Shop,
    book: UnitHistory,
    fitted: dict[str, Curve],
    hit: Candidate,
    since: date | None,
    axis: str,
) -> CauseEvidence:
    """Add to an excess what data give without being asked: what came with it, what it is not, what comes next."""
    began = change_point(evidence.weekly) if axis == "arrival" else None
    foretold = forecast(book, fitted, hit) if period.grain == "week" else None
    return replace(
        evidence,
        change_point=began,
        arrived=arrivals(book, hit, began or since),
        ruled_out=ruled_out(book, fitted, hit, ancestry(shop)),
        # sums differ in their last bits
        forecast=Forecast(period.next().id, *(round(value, 1) for value in foretold)) if foretold is not None else None,
    )


def _sku_of(book: UnitHistory, hit: Candidate) -> str:
    codes = book.codes["sku"][hit.units]
    return book.values["sku"][int(np.bincount(codes[codes >= 0]).argmax())]


def _coincidence(book: UnitHistory, hit: Candidate) -> tuple[tuple[str, str], ...]:
    """Return the batch and the listing version of a slice by one of them, where nearly the same units carry both.

    Data cannot tell two changes apart that reached the same parcels; the report then says both.
    """
    dims = ("batch_no", "listing_version")
    mine = [dim for dim, _ in hit.found.pattern.conditions if dim in dims]
    if len(mine) != 1 or hit.found.pattern.axis or not all(dim in book.codes for dim in dims) or not len(hit.units):
        return ()
    other = dims[1 - dims.index(mine[0])]
    codes = book.codes[other][hit.units]
    if not (codes >= 0).any():
        return ()
    value = int(np.bincount(codes[codes >= 0]).argmax())
    both = float((codes == value).sum())
    recent = book.days["shipped_at"] >= int(book.days["shipped_at"][hit.units].min())
    theirs = float(((book.codes[other] == value) & recent).sum())
    if both < 0.8 * len(hit.units) or both < 0.6 * theirs:
        return ()
    return tuple(sorted(((mine[0], hit.labels[mine[0]]), (other, book.values[other][value]))))


def _has_ended(book: UnitHistory, fitted: dict[str, Curve], hit: Candidate) -> bool:
    """Whether so many later units were at risk that the end of an interval is more than the edge of what is known."""
    pattern = hit.found.pattern
    known = [fitted[family] for family in hit.families if family in fitted]
    panel, _, _ = order_panel(book, known, hit.first, hit.last, {}, [dim for dim, _ in pattern.conditions])
    whole = Pattern(pattern.conditions)
    after = whole.rows(panel.units, {}) & (panel.unit_days[pattern.axis] > pattern.last)
    return float(panel.weights[after].sum()) * hit.found.ratio > 5


def _kind(slice_: Slice, hit: Candidate, shop: Shop) -> CauseKind:
    if hit.family in ("app", "service"):
        return CauseKind(hit.family)
    if "session_id" in slice_:
        return CauseKind.SESSION
    if hit.family == "ship" and "warehouse" in slice_ and _in_promotion(shop, hit):
        return CauseKind.PROMOTION
    return CauseKind.SLICE


def _in_promotion(shop: Shop, hit: Candidate) -> bool:
    days = {day_of(d) for d in hit.days}
    return any(shop.calendar.stage(day) is not None for day in days)


def weekly_counts(
    book: UnitHistory, fitted: dict[str, Curve], hit: Candidate, weeks: int = HISTORY_WEEKS
) -> list[tuple[str, float, float]]:
    """Return (first day of week, observed, expected) of the slice over the last weeks."""
    known = [fitted[family] for family in hit.families if family in fitted]
    pattern = hit.found.pattern
    out = []
    for back in range(weeks - 1, -1, -1):
        last = hit.last - back * 7
        panel, _, _ = order_panel(book, known, last - 6, last, {}, [dim for dim, _ in pattern.conditions])
        o = float(pattern.rows(panel.cases, panel.case_days).sum()) if panel.n_cases else 0.0
        e = float(panel.weights[pattern.rows(panel.units, panel.unit_days)].sum())
        out.append((day_of(last - 6).isoformat(), o, round(e, 2)))
    return out


def _weekly_of_hit(hit: Candidate) -> list[tuple[str, float, float]]:
    weeks = max(hit.weeks, 1)
    counts = Counter((day - hit.first) // 7 for day in hit.days)
    each = hit.found.expected / weeks
    return [(day_of(hit.first + week * 7).isoformat(), float(counts.get(week, 0)), round(each, 2)) for week in range(weeks)]


def _since(hit: Candidate, weekly: list[tuple[str, float, float]]) -> tuple[date | None, str]:
    if hit.found.pattern.axis:
        return day_of(hit.found.pattern.first), hit.found.pattern.axis
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
    """Return what people must still find out: question code, owner role, due."""
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
    """Return what the excess costs a week: refunds after signing on its orders that nobody else bears, per case, times excess."""
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
