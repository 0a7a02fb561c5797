"""Root causes of a period: where observed cases exceed what was to be expected, on the right exposure for each family."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import log
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.analyse.expected import (
    AXES,
    Book,
    Curve,
    build_book,
    curves,
    day_number,
    day_of,
    expected_units,
    local_days,
    observed_cases,
    until,
)
from tasks.analyse.mix import mix_effects
from tasks.analyse.scan import Found, Panel, Pattern, Scan, Weights, likelihood_ratio, ratio_interval, scan
from tasks.model import Cause, Facts, MixEffect, Period
from tasks.shop.load import Shop

ALPHA = 0.05
MAX_CAUSES = 5
PANELS = (("ship",), ("delivery", "transit"), ("fit",), ("function",), ("wear",), ("use",), ("refund",))
"""Families that are searched together: what a parcel suffers under way shows before and after it is signed for."""

AXIS_OF_INTERVAL = {"pay_date": "paid_at", "ship_date": "shipped_at"}
INTERVAL_DIMS = ("sku", "warehouse", "carrier", "line", "platform")
HISTORY_WEEKS = 12
REFERENCE_AGE = {"ship": 14, "delivery": 14, "transit": 7, "fit": 14, "function": 30, "wear": 60, "use": 30, "refund": 30}
"""Age in days at which a family's rate is printed."""


@dataclass
class RootCauses:
    """What was found, what was looked at, and why the strongest of the rest was not named."""

    causes: list[Cause]
    falls: list[Cause]
    tested: int
    expected_false_alarms: float
    strongest_rejected: Cause | None
    rejected_why: str
    mix: list[MixEffect] = field(default_factory=list)
    expected_leaves: dict[str, float] = field(default_factory=dict)
    expected_total: float | None = None


@dataclass
class _Hit:
    """A found slice of one panel and window, before slices of several panels are brought together."""

    family: str
    families: tuple[str, ...]
    weeks: int
    first: int
    last: int
    found: Found
    labels: dict[str, str]
    units: NDArray[np.int64]
    cases: NDArray[np.int64]
    records: list[str]
    leaves: Counter[str]
    days: list[int]
    exposure: float
    exposure_kind: str


def root_causes(facts: Facts, period: Period, shop: Shop, *, partial: str = "", book: Book | None = None) -> RootCauses:
    """Find the slices that exceed what was to be expected in a period, at most five, none where nothing is there.

    Args:
        facts: Coded facts.
        period: The judged period; only what happened before its end counts.
        shop: Says on what a rate rests (orders, reviews or earlier counts) and by what it may be cut.
        partial: Why the period is incomplete; then no cause is named.
        book: The arrays of `facts`, where the caller has them already.
    """
    if partial:
        return RootCauses([], [], 0, 0.0, None, "partial")
    base = shop.identity.base
    if base == "orders" and facts.has("order_line"):
        return _from_orders(facts, period, shop, book)
    return _from_records(facts, period, shop, base)


# ---- Shops with orders ---------------------------------------------------------------------------


def order_dimensions(shop: Shop) -> tuple[list[str], dict[str, frozenset[str]]]:
    """Return the order line's dimensions that are searched, and what each determines."""
    names = [d.name for d in shop.dimensions.dimensions if d.scan and d.domain == "orders"]
    return names, _ancestry(shop)


def _ancestry(shop: Shop) -> dict[str, frozenset[str]]:
    direct = {d.name: {d.parent} if d.parent else set() for d in shop.dimensions.dimensions}
    for d in shop.dimensions.dimensions:
        if d.through:  # looked up by its column, so that column's dimension determines it
            direct.setdefault(d.source_column, set()).add(d.name)
    closed: dict[str, frozenset[str]] = {}
    for name, nearest in direct.items():
        seen: set[str] = set()
        stack = list(nearest)
        while stack:
            parent = stack.pop()
            if parent not in seen:
                seen.add(parent)
                stack += direct.get(parent, set())
        closed[name] = frozenset(seen)
    return closed


def make_book(facts: Facts, period: Period, shop: Shop) -> Book:
    """Return the arrays that judging a period needs."""
    names, _ = order_dimensions(shop)
    return build_book(facts, names, period.zone, period.last_day + timedelta(days=1))


def _from_orders(facts: Facts, period: Period, shop: Shop, book: Book | None) -> RootCauses:
    book = until(book, period.last_day + timedelta(days=1)) if book else make_book(facts, period, shop)
    _, parents = order_dimensions(shop)
    fitted = curves(book, period)
    windows = _windows(period)
    panels = len(PANELS) + 2
    alpha = ALPHA / panels / len(windows) ** 0.5
    hits: list[_Hit] = []
    falls: list[_Hit] = []
    rejected: list[_Hit] = []
    tested = 0
    raised = 0.0  # cases of the last week beyond expectation, over all families that exceed theirs
    for families in PANELS:
        known = [fitted[family] for family in families if family in fitted]
        if not known:
            continue
        dispersion = max(curve.dispersion for curve in known)
        looked = 0
        for weeks, first, last in windows:
            panel, rows, cases = _order_panel(book, known, first, last, parents)
            # an expectation from few weeks is itself a count: Var(O−E) = E (1 + span / baseline)
            baseline = max((known[0].baseline_last - known[0].baseline_first + 1) / 7, 1.0)
            result = scan(panel, alpha=alpha, dispersion=dispersion * (1 + weeks / baseline))
            looked = max(looked, result.tested)
            describe = _describer(book, weeks, first, last, panel, rows, cases)
            hits += [describe(found) for found in result.found]
            if result.rejected is not None:
                rejected.append(describe(result.rejected))
            if weeks == windows[0][0]:
                raised += max(panel.n_cases - float(panel.weights.sum()), 0.0)
                down = scan(panel, alpha=alpha, dispersion=dispersion, falls=True, max_causes=2, min_cases=12)
                falls += [describe(found) for found in down.found]
        tested += looked  # the spans look at the same slices
    for build in (_app_panel, _service_panel):
        for weeks, first, last in windows:
            made = build(facts, period.zone, first, last)
            if made is None:
                continue
            panel, describe_over = made
            if weeks == windows[0][0]:
                raised += max(panel.n_cases - float(panel.weights.sum()), 0.0)
            result = scan(panel, alpha=alpha, min_ratio=1.6, dispersion=1.2)
            tested += result.tested
            hits += [describe_over(found, weeks) for found in result.found]
            if result.rejected is not None:
                rejected.append(describe_over(result.rejected, weeks))
    chosen = [(hit, more) for hit, more in _brought_together(hits) if _is_current(book, fitted, hit)]
    causes = _with_contributions([_order_cause(facts, period, shop, book, fitted, hit, more) for hit, more in chosen], raised)
    causes += _clusters(facts, period) + reputation(facts, period, shop)
    causes.sort(key=lambda cause: (-(cause.llr), cause.cause_id))
    down_causes = [_order_cause(facts, period, shop, book, fitted, hit, []) for hit, _ in _brought_together(falls)]
    best = max(rejected, key=lambda hit: hit.found.score, default=None)
    expected_leaves = _expected_leaves(book, fitted, facts, period)
    return RootCauses(
        causes=causes[:MAX_CAUSES],
        falls=[replace(cause, kind="fall") for cause in down_causes[:3]],
        tested=tested,
        expected_false_alarms=ALPHA,
        strongest_rejected=_order_cause(facts, period, shop, book, fitted, best, []) if best else None,
        rejected_why="below_threshold" if best else "nothing_raised",
        mix=mix_effects(book, fitted, facts, period),
        expected_leaves=expected_leaves,
        expected_total=sum(expected_leaves.values()) if expected_leaves else None,
    )


def _windows(period: Period) -> list[tuple[int, int, int]]:
    """Return (weeks, first day, last day) of the spans that are searched: slow problems need several weeks to show."""
    last = day_number(period.last_day)
    if period.grain == "week":
        return [(weeks, last - weeks * 7 + 1, last) for weeks in (1, 2, 4)]
    first = day_number(period.first_day)
    return [(max(round((last - first + 1) / 7), 1), first, last)]


@dataclass
class _Cases:
    """The cases of a panel: family, position in the family's arrays, and unit."""

    family: NDArray[np.str_]
    position: NDArray[np.int64]
    unit: NDArray[np.int64]


def _order_panel(
    book: Book,
    known: list[Curve],
    first: int,
    last: int,
    parents: dict[str, frozenset[str]],
    dims: Iterable[str] | None = None,
) -> tuple[Panel, NDArray[np.int64], _Cases]:
    parts = [expected_units(book, curve, first, last) for curve in known]
    if len(parts) == 1:
        rows, weights = parts[0]
    else:  # one row a unit, with what all its families expect
        dense = np.zeros(book.n)
        for part_rows, part_weights in parts:
            dense[part_rows] += part_weights
        rows = np.flatnonzero(dense)
        weights = dense[rows]
    positions = [observed_cases(book, curve.family, first, last) for curve in known]
    cases = _Cases(
        family=np.concatenate([np.full(len(p), curve.family) for p, curve in zip(positions, known, strict=True)]),
        position=np.concatenate(positions),
        unit=np.concatenate([book.case_unit[curve.family][p] for p, curve in zip(positions, known, strict=True)]),
    )
    wanted = list(book.codes) if dims is None else [dim for dim in dims if dim in book.codes]
    return (
        Panel(
            units={dim: book.codes[dim][rows] for dim in wanted},
            weights=weights,
            cases={dim: book.codes[dim][cases.unit] for dim in wanted},
            values=book.values,
            parents=parents,
            unit_days={axis: book.days[column][rows] for axis, column in AXIS_OF_INTERVAL.items()},
            case_days={axis: book.days[column][cases.unit] for axis, column in AXIS_OF_INTERVAL.items()},
            interval_dims=INTERVAL_DIMS,
        ),
        rows,
        cases,
    )


EXPOSURE_OF_FAMILY = {"ship": "orders_paid", "delivery": "parcels_shipped", "transit": "parcels_signed", "refund": "aftersales"}


def _describer(
    book: Book, weeks: int, first: int, last: int, panel: Panel, rows: NDArray[np.int64], cases: _Cases
) -> Callable[[Found], _Hit]:
    def describe(found: Found) -> _Hit:
        units = rows[found.pattern.rows(panel.units, panel.unit_days)]
        mine = np.flatnonzero(found.pattern.rows(panel.cases, panel.case_days))
        families = Counter(cases.family[mine].tolist())
        pairs = list(zip(cases.family[mine].tolist(), cases.position[mine].tolist(), strict=True))
        family = families.most_common(1)[0][0] if families else str(cases.family[0]) if len(cases.family) else ""
        return _Hit(
            family=family,
            families=tuple(sorted(set(cases.family.tolist()))),
            weeks=weeks,
            first=first,
            last=last,
            found=found,
            labels=found.pattern.labels(panel.values),
            units=units,
            cases=mine,
            records=[str(book.case_record[f][p]) for f, p in pairs],
            leaves=Counter(book.leaves[book.case_leaf[f][p]] for f, p in pairs),
            days=[int(book.case_day[f][p]) for f, p in pairs],
            exposure=float(len(units)),
            exposure_kind=EXPOSURE_OF_FAMILY.get(family, "units_signed"),
        )

    return describe


def _with_contributions(causes: list[Cause], raised: float) -> list[Cause]:
    """Give each cause its share of what the last week brought too much, where that is more than chance; shares add up to at most 1."""
    own = [max(weekly[-1][1] - weekly[-1][2], 0.0) for weekly in (dict(cause.facts)["weekly"] for cause in causes)]
    whole = max(raised, sum(own))
    if whole < 30:
        return causes
    return [replace(cause, contribution=part / whole) for cause, part in zip(causes, own, strict=True)]


def _is_current(book: Book, fitted: dict[str, Curve], hit: _Hit) -> bool:
    """Whether the last week itself is raised: a trouble that has ended is no finding of this period, however large it was."""
    recent = sum(day > hit.last - 7 for day in hit.days)
    if recent < 3:
        return False
    weekly = _weekly(book, fitted, hit, weeks=1) if hit.families[0] in fitted else [("", float(recent), hit.found.expected / max(hit.weeks, 1))]
    _, o, e = weekly[-1]
    return o >= 1.3 * e


def _brought_together(hits: list[_Hit]) -> list[tuple[_Hit, list[_Hit]]]:
    """Join hits of one trouble (same units in other families or windows) under the one with the best score."""
    groups: list[tuple[_Hit, list[_Hit]]] = []
    for hit in sorted(hits, key=lambda h: (-h.found.score, h.family, h.weeks, sorted(h.labels.items()))):
        for lead, more in groups:
            if _same_trouble(lead, hit):
                more.append(hit)
                break
        else:
            groups.append((hit, []))
    return groups


def _same_trouble(lead: _Hit, other: _Hit) -> bool:
    if {lead.family, other.family} & {"app", "service"} and lead.family != other.family:
        return False
    if lead.families == other.families and lead.records and other.records:
        shared = len(set(lead.records) & set(other.records))
        if shared >= 0.5 * min(len(lead.records), len(other.records)):
            return True
    small = min(len(lead.units), len(other.units))
    return small > 0 and len(np.intersect1d(lead.units, other.units, assume_unique=True)) >= 0.5 * small


def _order_cause(
    facts: Facts, period: Period, shop: Shop, book: Book, fitted: dict[str, Curve], hit: _Hit, more: list[_Hit]
) -> Cause:
    found = hit.found
    o, e = found.observed, found.expected
    low, high = ratio_interval(o, e)
    leaves = Counter(hit.leaves)
    records = list(hit.records)
    for other in more:
        if other.families != hit.families:
            leaves.update(other.leaves)
            records += other.records
    weekly = _weekly(book, fitted, hit) if hit.family in fitted else _weekly_of_hit(hit)
    since, axis = _since(hit, weekly)
    rate, comparison_rate, comparison = _rates(book, fitted, hit) if hit.family in fitted else (None, None, "")
    slice_ = dict(sorted(hit.labels.items()))
    stock = None
    known: list[tuple[str, Any]] = [("weekly", tuple(weekly))]
    if "batch_no" in slice_ and facts.has("batch"):
        row = facts["batch"].filter(pl.col("batch_no") == slice_["batch_no"])
        if not row.is_empty():
            stock = row["qty_stock"][0]
            known += [(name, row[name][0]) for name in ("sku", "supplier", "component_supplier", "qty_shipped", "qty_transit")]
            if row["sku"][0] is not None:
                slice_ = {"sku": row["sku"][0], **slice_}
    if found.pattern.axis:
        begin, last_day = day_of(found.pattern.first), day_of(found.pattern.last)
        known.append(("interval", (found.pattern.axis, begin, last_day)))
        slice_[found.pattern.axis] = f"{begin}..{last_day}" if _has_ended(book, fitted, hit) else f"{begin}.."
    together = _coincidence(book, hit)
    if together:
        known.append(("coincides", together))
        if set(hit.families) <= {"fit", "use"}:  # goods or page: which of the two it is, only people can tell
            first_shipped = int(np.quantile(book.days["shipped_at"][hit.units][book.days["shipped_at"][hit.units] >= 0], 0.02))
            slice_ = {"sku": _sku_of(book, hit), "ship_date": f"{day_of(first_shipped)}.."}
            since, axis = day_of(first_shipped), "ship_date"
    if comparison:
        known.append(("comparison", comparison))
    families = sorted({*hit.families, *(f for h in more for f in h.families)})
    known.append(("families", tuple(families)))
    leaf = leaves.most_common(1)[0][0] if leaves else ""
    kind = _kind(slice_, hit, shop, period)
    return Cause(
        cause_id=_cause_id(slice_, leaf),
        kind=kind,
        slice=slice_,
        family=hit.family,
        leaf=leaf,
        leaves=tuple(leaves.most_common(4)),
        observed=o,
        expected=round(e, 2),
        ratio=o / max(e, 1e-9),
        low=low,
        high=high,
        contribution=None,
        llr=round(found.llr, 2),
        window_weeks=hit.weeks,
        exposure_kind=hit.exposure_kind,
        exposure=hit.exposure,
        since=since,
        since_axis=axis,
        trend=_trend(weekly),
        rate=rate,
        comparison_rate=comparison_rate,
        comparison=comparison,
        age_days=REFERENCE_AGE.get(hit.family),
        facts=tuple(known),
        to_confirm=_questions(kind, slice_),
        money=_money(facts, records, o, e, hit.weeks),
        stock=stock,
        first_period=period.id,
        rows=tuple(sorted(records)),
        days=tuple(sorted({day_of(d) for d in hit.days})),
    )


def _sku_of(book: Book, hit: _Hit) -> str:
    codes = book.codes["sku"][hit.units]
    return book.values["sku"][int(np.bincount(codes[codes >= 0]).argmax())]


def _coincidence(book: Book, hit: _Hit) -> tuple[tuple[str, str], ...]:
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


def _has_ended(book: Book, fitted: dict[str, Curve], hit: _Hit) -> bool:
    """Whether so many later units were at risk that the end of an interval is more than the edge of what is known."""
    pattern = hit.found.pattern
    known = [fitted[family] for family in hit.families if family in fitted]
    panel, _, _ = _order_panel(book, known, hit.first, hit.last, {}, [dim for dim, _ in pattern.conditions])
    whole = Pattern(pattern.conditions)
    after = whole.rows(panel.units, {}) & (panel.unit_days[pattern.axis] > pattern.last)
    return float(panel.weights[after].sum()) * hit.found.ratio > 5


def _cause_id(slice_: dict[str, str], leaf: str) -> str:
    """Name a trouble by its slice and problem node, so that next week's finding of the same is the same cause."""
    stable = sorted((name, value) for name, value in slice_.items() if ".." not in value)
    return hashlib.sha256(repr((stable, leaf.split(".")[0])).encode()).hexdigest()[:12]


def _kind(slice_: dict[str, str], hit: _Hit, shop: Shop, period: Period) -> str:
    if hit.family in ("app", "service"):
        return hit.family
    if "session_id" in slice_:
        return "session"
    if hit.family == "ship" and "warehouse" in slice_ and _in_promotion(shop, hit):
        return "promotion"
    return "slice"


def _in_promotion(shop: Shop, hit: _Hit) -> bool:
    days = {day_of(d) for d in hit.days}
    return any(shop.calendar.stage(day) is not None for day in days)


def _weekly(book: Book, fitted: dict[str, Curve], hit: _Hit, weeks: int = HISTORY_WEEKS) -> list[tuple[str, float, float]]:
    """Return (first day of week, observed, expected) of the slice over the last weeks."""
    known = [fitted[family] for family in hit.families if family in fitted]
    pattern = hit.found.pattern
    out = []
    for back in range(weeks - 1, -1, -1):
        last = hit.last - back * 7
        panel, _, _ = _order_panel(book, known, last - 6, last, {}, [dim for dim, _ in pattern.conditions])
        o = float(pattern.rows(panel.cases, panel.case_days).sum()) if panel.n_cases else 0.0
        e = float(panel.weights[pattern.rows(panel.units, panel.unit_days)].sum())
        out.append((day_of(last - 6).isoformat(), o, round(e, 2)))
    return out


def _weekly_of_hit(hit: _Hit) -> list[tuple[str, float, float]]:
    weeks = max(hit.weeks, 1)
    counts = Counter((day - hit.first) // 7 for day in hit.days)
    each = hit.found.expected / weeks
    return [(day_of(hit.first + week * 7).isoformat(), float(counts.get(week, 0)), round(each, 2)) for week in range(weeks)]


def _since(hit: _Hit, weekly: list[tuple[str, float, float]]) -> tuple[date | None, str]:
    if hit.found.pattern.axis:
        return day_of(hit.found.pattern.first), hit.found.pattern.axis
    begun: date | None = None
    for start, o, e in reversed(weekly):
        if o < 3 or o < 1.4 * e or likelihood_ratio(o, e) < 0.7:
            break
        begun = date.fromisoformat(start)
    return begun, "arrival"


def _trend(weekly: list[tuple[str, float, float]]) -> str:
    if len(weekly) < 2:
        return "steady"
    before, now = weekly[-2][1], weekly[-1][1]
    noise = 1.96 * (before + now + 1) ** 0.5
    return "rising" if now - before > noise else "falling" if before - now > noise else "steady"


def _rates(book: Book, fitted: dict[str, Curve], hit: _Hit) -> tuple[float | None, float | None, str]:
    """Return the slice's rate at its reference age, its peers' at the same age, and who the peers are.

    Both are observed/expected over the twelve weeks, times the families' own cumulative hazard at that age: equal ages by
    construction, however young the slice is.
    """
    pattern = hit.found.pattern
    known = [fitted[family] for family in hit.families if family in fitted]
    first = hit.last - HISTORY_WEEKS * 7 + 1
    if pattern.axis:
        first = max(first, pattern.first)
    dims = dict(pattern.conditions)
    panel, rows, _ = _order_panel(book, known, first, hit.last, {}, {*dims, "sku", "region"})
    mine_u, mine_c = pattern.rows(panel.units, panel.unit_days), pattern.rows(panel.cases, panel.case_days)
    if not pattern.conditions or not mine_u.any():
        return None, None, ""
    if "batch_no" in dims or "listing_version" in dims or (pattern.axis and "sku" in dims):
        codes = panel.units["sku"][mine_u]
        peer_dim, value, peers = "sku", int(np.bincount(codes[codes >= 0]).argmax()), "same_sku_other"
    elif "carrier" in dims and "region" in dims:
        peer_dim, value, peers = "region", dims["region"], "same_region_other"
    elif "queue" in dims:
        peer_dim, value, peers = "queue", dims["queue"], "same_queue_other"
    else:
        peer_dim, value, peers = "", 0, "all_other"
    peer_u = ~mine_u & (panel.units[peer_dim] == value if peer_dim else True)
    peer_c = ~mine_c & (panel.cases[peer_dim] == value if peer_dim else True)
    plain = sum(float(c.day_weights(book.days[AXES[c.family]][rows[mine_u]], first, hit.last).sum()) for c in known)
    level = float(panel.weights[mine_u].sum()) / max(plain, 1e-9) * sum(c.cumulative(REFERENCE_AGE[c.family]) for c in known)
    rate = float(mine_c.sum()) / max(float(panel.weights[mine_u].sum()), 1e-9) * level
    if panel.weights[peer_u].sum() < 2:
        return rate, None, ""
    return rate, float(peer_c.sum()) / float(panel.weights[peer_u].sum()) * level, peers


def _questions(kind: str, slice_: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Return what people must still find out: question code, owner role, due."""
    if kind == "app":
        return (("reproduce_on_release", "产品研发", "1d"),)
    if kind == "service":
        return (("staffing_of_shift", "客服", "2d"),)
    if kind == "session":
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


def _money(facts: Facts, records: list[str], observed: float, expected: float, weeks: int) -> float | None:
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


# ---- Devices and conversations -------------------------------------------------------------------


def _app_panel(facts: Facts, zone: str, first: int, last: int) -> tuple[Panel, Callable[[Found, int], _Hit]] | None:
    """Judge app cases by active devices: a release that nobody complains of more than of the last one is no cause."""
    return _exposure_panel(facts, zone, first, last, "app", "active_devices", ("app_version", "os"), ("os",))


def _service_panel(facts: Facts, zone: str, first: int, last: int) -> tuple[Panel, Callable[[Found, int], _Hit]] | None:
    """Judge service cases by human conversations of the queue and shift."""
    dims = ("queue", "shift")
    return _exposure_panel(facts, zone, first, last, "service", "human_conversations", dims, dims)


def _exposure_panel(
    facts: Facts, zone: str, first: int, last: int, family: str, kind: str, dims: tuple[str, ...], own_rate: tuple[str, ...]
) -> tuple[Panel, Callable[[Found, int], _Hit]] | None:
    exposure = facts["exposure"].filter(pl.col("kind") == kind)
    if exposure.is_empty():
        return None
    dims = tuple(d for d in dims if exposure[d].n_unique() > 1)
    if not dims:
        return None
    exposure = exposure.with_columns(day_no=pl.col("day").cast(pl.Int32))
    cases = facts["feedback"].filter(pl.col("counted") & (pl.col("family") == family)).with_columns(day_no=local_days("submitted_at", zone))
    begin, end = first - 7 * 16, first - 7 * 2
    past_e = exposure.filter(pl.col("day_no").is_between(begin, end - 1))
    past_c = cases.filter(pl.col("day_no").is_between(begin, end - 1))
    if past_e.is_empty() or past_c.height < 20:
        return None
    overall = past_c.height / float(past_e["n"].sum())
    now_e = exposure.filter(pl.col("day_no").is_between(first, last)).group_by(dims).agg(pl.col("n").sum()).sort(dims)
    now_c = cases.filter(pl.col("day_no").is_between(first, last)).sort("day_no", "record_id")
    weights = now_e["n"].to_numpy().astype(np.float64) * overall
    if own_rate:
        keys = [d for d in own_rate if d in dims]
        seen = past_c.group_by(keys).len("o")
        due = past_e.group_by(keys).agg((pl.col("n").sum() * overall).alias("e"))
        level = due.join(seen, on=keys, how="left").with_columns(
            effect=(pl.col("o").fill_null(0) + 10.0) / (pl.col("e") + 10.0)
        )
        effects = now_e.join(level, on=keys, how="left", maintain_order="left")["effect"].fill_null(1.0).to_numpy()
        weights = weights * effects
    values: dict[str, list[str]] = {}
    units: dict[str, Any] = {}
    seen_codes: dict[str, Any] = {}
    for dim in dims:
        names = pl.concat([now_e[dim], now_c[dim]]).drop_nulls().unique().sort()
        values[dim] = names.to_list()
        kind_of = pl.Enum(names)
        units[dim] = now_e[dim].cast(kind_of).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
        seen_codes[dim] = now_c[dim].cast(kind_of).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    panel = Panel(units=units, weights=weights, cases=seen_codes, values=values, common_level=False)

    def describe(found: Found, weeks: int) -> _Hit:
        rows = found.pattern.rows(panel.units, {})
        mine = found.pattern.rows(panel.cases, {})
        mine_c = now_c.filter(pl.Series(mine))
        return _Hit(
            family=family,
            families=(family,),
            weeks=weeks,
            first=first,
            last=last,
            found=found,
            labels={**found.pattern.labels(values), **_shared(units, values, rows)},
            units=np.flatnonzero(rows),
            cases=np.flatnonzero(mine),
            records=mine_c["record_id"].to_list(),
            leaves=Counter(mine_c["leaf"].to_list()),
            days=mine_c["day_no"].to_list(),
            exposure=float(now_e.filter(pl.Series(rows))["n"].sum()),
            exposure_kind=kind,
        )

    return panel, describe


def _shared(units: dict[str, Any], values: dict[str, list[str]], rows: NDArray[np.bool_]) -> dict[str, str]:
    """Return the dimensions on which all exposure of a slice has one value: a release that only one system got, say."""
    out = {}
    for dim, codes in units.items():
        mine = np.unique(codes[rows])
        if len(mine) == 1 and mine[0] >= 0:
            out[dim] = values[dim][mine[0]]
    return out


# ---- Clusters and reputation ---------------------------------------------------------------------


def _clusters(facts: Facts, period: Period) -> list[Cause]:
    """Return each suspected cluster of abnormal claims of the period as one finding, however many records it holds."""
    feedback = facts["feedback"]
    if "claim_cluster" not in feedback.columns:
        return []
    rows = feedback.filter(
        pl.col("claim_cluster").is_not_null() & (pl.col("submitted_at") >= period.start) & (pl.col("submitted_at") < period.end)
    )
    out = []
    for (name,), group in sorted(rows.group_by("claim_cluster"), key=lambda item: str(item[0])):
        n = float(group.height)
        slice_ = {"sku": str(group["sku"].mode().sort()[0]), "claim_cluster": str(name)}
        out.append(
            Cause(
                cause_id=_cause_id(slice_, "SPC.ABNORMAL"),
                kind="cluster",
                slice=slice_,
                family="other",
                leaf="SPC.ABNORMAL",
                leaves=(("SPC.ABNORMAL", int(n)),),
                observed=n,
                expected=0.0,
                ratio=n,
                low=n,
                high=n,
                contribution=None,
                llr=0.0,
                window_weeks=1,
                exposure_kind="cases",
                exposure=n,
                track="dispute",
                to_confirm=(("verify_cluster", "法务", "3d"),),
                first_period=period.id,
                rows=tuple(sorted(group["record_id"].to_list())),
                days=tuple(sorted(set(group["submitted_at"].dt.convert_time_zone(period.zone).dt.date().to_list()))),
            )
        )
    return out


def reputation(facts: Facts, period: Period, shop: Shop) -> list[Cause]:
    """Find products that many write about without an order behind it while confirmed faults stay level (domain.md 5.13)."""
    known = facts["feedback"].filter(
        pl.col("oid").is_null() & pl.col("sku").is_not_null() & (pl.col("nature") != "praise") & (pl.col("family") != "app")
    )
    if known.is_empty() or not facts.has("return_inspection"):
        return []
    known = known.with_columns(day_no=local_days("submitted_at", period.zone))
    first, last = day_number(period.first_day), day_number(period.last_day)
    span = last - first + 1
    now = known.filter(pl.col("day_no").is_between(first, last))
    past = known.filter(pl.col("day_no").is_between(first - 84, first - 8))
    if past.is_empty():
        return []
    days_known = min(77, first - 8 - int(known["day_no"].min()) + 1)  # type: ignore[arg-type]
    table = (
        now.group_by("sku").len("o").join(past.group_by("sku").len("b"), on="sku", how="left").with_columns(pl.col("b").fill_null(0))
    )
    out: list[Cause] = []
    for row in table.sort("sku").iter_rows(named=True):
        expected = (row["b"] + 3.0) * span / max(days_known, 1)
        llr = likelihood_ratio(row["o"], expected)
        if row["o"] < 15 or row["o"] < 2 * expected or llr < 14:
            continue
        confirmed_now, confirmed_before = _confirmed(facts, period, row["sku"])
        if confirmed_now > 1.5 * confirmed_before + 3:
            continue
        low, high = ratio_interval(row["o"], expected)
        mine = now.filter(pl.col("sku") == row["sku"])
        leaf = str(mine["leaf"].mode().sort()[0])
        out.append(
            Cause(
                cause_id=_cause_id({"sku": row["sku"]}, "REPUTATION"),
                kind="reputation",
                slice={"sku": row["sku"]},
                family="other",
                leaf=leaf,
                leaves=((leaf, mine.height),),
                observed=float(row["o"]),
                expected=round(expected, 2),
                ratio=row["o"] / expected,
                low=low,
                high=high,
                contribution=None,
                llr=round(llr, 2),
                window_weeks=max(span // 7, 1),
                exposure_kind="contacts",
                exposure=float(row["o"]),
                facts=(("confirmed_faults", (confirmed_now, confirmed_before)),),
                to_confirm=(("trace_post", "电商运营", "1d"),),
                first_period=period.id,
                rows=tuple(sorted(mine["record_id"].to_list())),
                days=tuple(sorted({day_of(d) for d in mine["day_no"].to_list()})),
            )
        )
    return out


def _confirmed(facts: Facts, period: Period, sku: str) -> tuple[float, float]:
    """Return inspection-confirmed faults of a product in the period, and in a span of equal length on average before."""
    linked = facts["return_inspection"].join(facts["aftersale"].select("aftersale_id", "sku"), on="aftersale_id", how="inner")
    linked = linked.filter((pl.col("sku") == sku) & pl.col("fault_confirmed"))
    now = linked.filter((pl.col("inspected_at") >= period.start) & (pl.col("inspected_at") < period.end)).height
    before = linked.filter(
        (pl.col("inspected_at") >= period.start - 8 * (period.end - period.start)) & (pl.col("inspected_at") < period.start)
    ).height
    return float(now), before / 8


# ---- Expected cases by leaf ------------------------------------------------------------------------


def _expected_leaves(book: Book, fitted: dict[str, Curve], facts: Facts, period: Period) -> dict[str, float]:
    """Return the expected counted cases of the period by leaf: a family's expectation split by its baseline leaves."""
    first, last = day_number(period.first_day), day_number(period.last_day)
    out: dict[str, float] = {}
    for family, curve in fitted.items():
        if family == "return":
            continue
        _, weights = expected_units(book, curve, first, last)
        arrived = book.case_day[family]
        past = (arrived >= curve.baseline_first) & (arrived <= curve.baseline_last)
        shares = np.bincount(book.case_leaf[family][past], minlength=len(book.leaves)).astype(float)
        if shares.sum() == 0:
            continue
        for code in np.flatnonzero(shares):
            leaf = book.leaves[code]
            out[leaf] = out.get(leaf, 0.0) + float(weights.sum() * shares[code] / shares.sum())
    for family, kind in (("app", "active_devices"), ("service", "human_conversations")):
        for leaf, expected in _expected_on_exposure(facts, period, family, kind).items():
            out[leaf] = out.get(leaf, 0.0) + expected
    return dict(sorted(out.items()))


def _expected_on_exposure(facts: Facts, period: Period, family: str, kind: str) -> dict[str, float]:
    """Return the expected cases by leaf of a family that is measured by device or conversation, at its rate of the weeks before."""
    first = day_number(period.first_day)
    exposure = facts["exposure"].filter(pl.col("kind") == kind).with_columns(day_no=pl.col("day").cast(pl.Int32))
    before = exposure.filter(pl.col("day_no").is_between(first - 7 * 16, first - 1))["n"].sum()
    now = exposure.filter(pl.col("day_no").is_between(first, day_number(period.last_day)))["n"].sum()
    if not before or not now:
        return {}
    cases = facts["feedback"].filter(pl.col("counted") & (pl.col("family") == family))
    past = cases.with_columns(day_no=local_days("submitted_at", period.zone)).filter(pl.col("day_no").is_between(first - 7 * 16, first - 1))
    return {leaf: count * now / before for leaf, count in past["leaf"].value_counts().iter_rows()}


# ---- Shops without orders --------------------------------------------------------------------------


def _from_records(facts: Facts, period: Period, shop: Shop, base: str) -> RootCauses:
    """Search reviews (complaints among reviews) or plain counts (against the period before)."""
    names = [d.name for d in shop.dimensions.dimensions if d.scan and d.name in facts["feedback"].columns]
    parents = _ancestry(shop)
    feedback = facts["feedback"].with_columns(
        day_no=local_days("submitted_at", period.zone), is_case=pl.col("counted").fill_null(value=False)
    ).sort("record_id")
    first, last = day_number(period.first_day), day_number(period.last_day)
    now = feedback.filter(pl.col("day_no").is_between(first, last))
    if base == "reviews":
        past = feedback.filter(pl.col("day_no").is_between(first - 183, first - 1))
        if past.filter("is_case").height < 30:
            return RootCauses([], [], 0, 0.0, None, "no_history")
        units, weights = now, _review_weights(now, past, names)
    else:
        past = feedback.clear()
        before = period.previous()
        units = feedback.filter(pl.col("day_no").is_between(day_number(before.first_day), day_number(before.last_day)) & pl.col("is_case"))
        if units.height < 30:
            return RootCauses([], [], 0, 0.0, None, "no_history")
        weights = np.full(units.height, period.days / before.days)
    cases = now.filter("is_case")
    values: dict[str, list[str]] = {}
    unit_codes: dict[str, Any] = {}
    case_codes: dict[str, Any] = {}
    for dim in [n for n in names if n != "leaf" or base == "records"]:
        everything = pl.concat([units[dim].cast(pl.String), cases[dim].cast(pl.String)]).drop_nulls().unique().sort()
        if everything.len() < 2:
            continue
        kind_of = pl.Enum(everything)
        values[dim] = everything.to_list()
        unit_codes[dim] = units[dim].cast(pl.String).cast(kind_of).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
        case_codes[dim] = cases[dim].cast(pl.String).cast(kind_of).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    if not values:
        return RootCauses([], [], 0, 0.0, None, "no_dimensions")
    panel = Panel(unit_codes, weights, case_codes, values, parents, baseline=base == "records")
    result = _record_scan(panel, _day_dispersion(feedback, first, base, names))

    def describe(found: Found) -> Cause:
        mine = cases.filter(pl.Series(found.pattern.rows(panel.cases, {})))
        rows = found.pattern.rows(panel.units, {})
        slice_ = dict(sorted(found.pattern.labels(values).items()))
        leaves = Counter(mine["leaf"].to_list())
        leaf = leaves.most_common(1)[0][0] if leaves else ""
        low, high = ratio_interval(found.observed, found.expected)
        n = float(rows.sum())
        return Cause(
            cause_id=_cause_id(slice_, leaf),
            kind="slice",
            slice=slice_,
            family="reviews" if base == "reviews" else "counts",
            leaf=leaf,
            leaves=tuple(leaves.most_common(4)),
            observed=found.observed,
            expected=round(found.expected, 2),
            ratio=found.ratio,
            low=low,
            high=high,
            contribution=None,
            llr=round(found.llr, 2),
            window_weeks=max(round(period.days / 7), 1),
            exposure_kind="reviews" if base == "reviews" else "earlier_cases",
            exposure=n,
            since=None,
            rate=found.observed / n if base == "reviews" and n else None,
            comparison_rate=found.expected / n if base == "reviews" and n else None,
            comparison="own_history" if base == "reviews" else "period_before",
            to_confirm=(("what_changed", _asked(leaf, shop), "5d"),),
            first_period=period.id,
            rows=tuple(sorted(mine["record_id"].to_list())),
            days=tuple(sorted({day_of(d) for d in mine["day_no"].to_list()})),
        )

    return RootCauses(
        causes=[describe(found) for found in result.found],
        falls=[],
        tested=result.tested,
        expected_false_alarms=ALPHA,
        strongest_rejected=describe(result.rejected) if result.rejected else None,
        rejected_why="below_threshold" if result.rejected else "nothing_raised",
        expected_leaves=_leaves_of_past(past, float(weights.sum())) if base == "reviews" else {},
        expected_total=float(weights.sum()) if base == "reviews" else None,
    )


MIN_OWN_RATIO = 1.5
"""A slice of reviews with less than this of what its own past lets expect is not named."""


def _record_scan(panel: Panel, dispersion: float) -> Scan:
    """Scan reviews or counts; a slice of reviews that only just fails by Poisson's law is judged by the binomial one.

    Of reviews a large part may complain, and then a Poisson count leaves far more to chance than a share of so many
    reviews does. The price of the search stays the same.
    """
    weights = panel.weights.copy()
    found: list[Found] = []
    while True:
        result = scan(replace(panel, weights=weights), alpha=ALPHA, min_cases=8, dispersion=dispersion, max_causes=MAX_CAUSES)
        again = result.found
        nearest = result.rejected
        if nearest is not None and not panel.baseline:
            size = float(nearest.pattern.rows(panel.units, panel.unit_days).sum())
            llr = _binomial_ratio(nearest.observed, nearest.expected, size) / dispersion
            exact = replace(nearest, llr=llr, score=nearest.score - nearest.llr + llr)
            again = [*again, exact] if exact.score > 0 else again
            result = replace(result, rejected=None if exact.score > 0 else exact)
        found += again
        passed = nearest is not None and result.rejected is None
        if not passed or len(found) >= MAX_CAUSES:
            # A flood of praise elsewhere lowers what is expected of all: a slice must exceed its own past as well.
            own = {one: float(panel.weights[one.pattern.rows(panel.units, panel.unit_days)].sum()) for one in found}
            raised = [one for one in found if panel.baseline or one.observed >= MIN_OWN_RATIO * own[one]]
            return replace(result, found=raised[:MAX_CAUSES])
        for one in again:
            weights[one.pattern.rows(panel.units, panel.unit_days)] *= one.ratio


def _binomial_ratio(observed: float, expected: float, size: float) -> float:
    """Return the log-likelihood ratio in nats of so many of a number of reviews against an expected share of them."""
    rest, usual = size - observed, size - expected
    if expected <= 0 or usual <= 0:
        return likelihood_ratio(observed, expected)
    return observed * log(observed / expected) + (rest * log(rest / usual) if rest > 0 else 0.0)


def _asked(leaf: str, shop: Shop) -> str:
    """Return the role that answers for a leaf; customer service where none is named."""
    known = shop.taxonomy.every_leaf.get(leaf)
    return known.owner if known and known.owner in shop.people.roles else "客服"


def _leaves_of_past(past: pl.DataFrame, total: float) -> dict[str, float]:
    """Share the complaints to be expected out among the leaves as they stood in the half year before."""
    counts = past.filter("is_case").group_by("leaf").len().sort("leaf")
    return {leaf: total * n / counts["len"].sum() for leaf, n in counts.iter_rows() if leaf}


def _review_weights(now: pl.DataFrame, past: pl.DataFrame, names: list[str]) -> Weights:
    """Return each review's chance of being a complaint by the half year before: overall share times shrunken effects."""
    overall = past.filter("is_case").height / past.height
    weights = np.full(now.height, overall)
    level = np.full(past.height, overall)
    for dim in names:
        if dim in ("leaf",) or dim not in now.columns:
            continue
        seen = past.with_columns(e=pl.Series(level)).group_by(pl.col(dim).cast(pl.String).alias("v")).agg(
            o=pl.col("is_case").sum(), e=pl.col("e").sum()
        ).with_columns(effect=(pl.col("o") + 15.0) / (pl.col("e") + 15.0))
        table = seen.filter(pl.col("v").is_not_null()).select("v", "effect")
        for frame, array in ((now, weights), (past, level)):
            effect = frame.select(v=pl.col(dim).cast(pl.String)).join(table, on="v", how="left", maintain_order="left")["effect"]
            array *= effect.fill_null(1.0).to_numpy()
    return np.asarray(np.minimum(weights, 0.95))


def _day_dispersion(feedback: pl.DataFrame, first: int, base: str, names: Sequence[str] = ()) -> float:
    """Return how much the weeks of single slices vary beyond chance, 1 to 3: reviews and filings come in bursts.

    Pearson's chi-square over degrees of freedom, week by week around the level of the slice and of the week: what all
    reviews share, a trend or a flood of praise, is scaled out of a scan anyway and is not taken for noise.
    """
    past = feedback.filter((pl.col("day_no") < first) & (pl.col("day_no") >= first - 183)).with_columns(w=pl.col("day_no") // 7)
    weeks = past.group_by("w").agg(o=pl.col("is_case").sum(), n=pl.len()).filter(pl.col("n") > 20)
    if weeks.height < 6 or base != "reviews":
        return 1.3
    share = float(weeks["o"].sum()) / float(weeks["n"].sum())
    found = [1.0]
    for dim in names:
        if not 2 <= past[dim].n_unique() <= 60:
            continue
        cells = (
            past.group_by("w", dim)
            .agg(o=pl.col("is_case").sum(), n=pl.len())
            .join(weeks.select("w", week=pl.col("o") / pl.col("n") / share), on="w")
            .with_columns(level=pl.col("o").sum().over(dim) / pl.col("n").sum().over(dim))
            .with_columns(p=(pl.col("level") * pl.col("week")).clip(0.001, 0.95))
            .with_columns(e=pl.col("n") * pl.col("p"))
            .filter(pl.col("e") >= 2)
        )
        free = cells.height - cells["w"].n_unique() - cells[dim].n_unique() + 1
        if free >= 10:
            found.append(float(cells.select(((pl.col("o") - pl.col("e")) ** 2 / (pl.col("e") * (1 - pl.col("p")))).sum()).item()) / free)
    return float(np.clip(max(found), 1.0, 3.0))
