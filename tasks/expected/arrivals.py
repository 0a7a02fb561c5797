"""Expected arrivals: what a week would bring if nothing had changed, from exposure and lag curves (docs/method.md, 5).

Every unit carries a hazard of raising a case at each age. The hazard of a lag family is estimated on mature history with
the units at risk at each age (Kaplan and Meier 1958: censored units leave the risk set), times a rate for its product,
times shrunken effects of traffic source, carrier, region and warehouse. Summed over a week's units it is the week's
expectation: promotions, holidays and new products need no further treatment, because their units are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.methods.scan import Codes, Weights, likelihood_ratio
from tasks.model.facts import Facts
from tasks.model.periods import Period

AXES = {
    "ship": "paid_at",
    "delivery": "shipped_at",
    "transit": "signed_at",
    "fit": "signed_at",
    "function": "signed_at",
    "wear": "signed_at",
    "use": "signed_at",
    "refund": "applied_at",
    "safety": "signed_at",
    "return": "signed_at",
}
"""Lag family → the moment from which its age counts."""

MAX_AGE = {
    "ship": 63,
    "delivery": 35,
    "transit": 21,
    "fit": 35,
    "function": 50,
    "wear": 120,
    "use": 50,
    "refund": 60,
    "safety": 90,
    "return": 40,
}
"""Lag family → days after which a unit is no longer at risk of a first case."""

RAKED = ("traffic_source", "carrier", "region", "warehouse", "platform", "buyer_group", "member_level")
"""Dimensions whose lasting differences belong to the expectation, not to a finding."""

RAKED_ROWS = 250_000
BASELINE_WEEKS = 30
GAP_WEEKS = 4
SHRINKAGE = 12.0
"""Prior cases of a value's own effect: an effect that rests on fewer cases is drawn towards 1."""


@dataclass
class UnitHistory:
    """Units and cases as arrays, made once for all families and weeks.

    `codes[dim]` are value codes of the units; `days[axis]` day numbers (days since 1970-01-01 in the business zone, −1
    where the moment is unknown), `scanned` the same before anything is concluded from it;
    `case_unit[family]` the unit of each linked case, `case_day[family]` its arrival.
    """

    n: int
    codes: dict[str, Codes]
    values: dict[str, list[str]]
    days: dict[str, Codes]
    scanned: dict[str, Codes]
    case_unit: dict[str, NDArray[np.int64]]
    case_day: dict[str, Codes]
    case_leaf: dict[str, Codes]
    case_record: dict[str, NDArray[np.str_]]
    leaves: list[str]
    line_of_sku: NDArray[np.int64]
    first_day: int
    end_day: int


def as_of_day(book: UnitHistory, end: date) -> UnitHistory:
    """Return the book as it stood on the morning of a day: later signings, shipments and cases have not happened."""
    last = day_number(end)
    if last >= book.end_day:
        return book
    paid = np.flatnonzero((book.scanned["paid_at"] >= 0) & (book.scanned["paid_at"] < last))
    n = int(paid[-1]) + 1 if len(paid) else 0  # where lines are in order of payment, the later ones need not be touched
    scanned = {axis: column[:n] for axis, column in book.scanned.items()}
    days = _happened(scanned, last)
    kept = {family: (arrived < last) & (book.case_unit[family] < n) for family, arrived in book.case_day.items()}
    return replace(
        book,
        n=n,
        codes={dim: column[:n] for dim, column in book.codes.items()},
        scanned=scanned,
        days=days,
        case_unit={family: book.case_unit[family][keep] for family, keep in kept.items()},
        case_day={family: book.case_day[family][keep] for family, keep in kept.items()},
        case_leaf={family: book.case_leaf[family][keep] for family, keep in kept.items()},
        case_record={family: book.case_record[family][keep] for family, keep in kept.items()},
        end_day=last,
    )


def _happened(scanned: Mapping[str, Codes], last: int) -> dict[str, Codes]:
    """Return the day numbers as known on the morning of day `last`.

    A parcel left at a pick-up point often has no signing scan; two weeks after the usual time it counts as received then.
    """
    days = {axis: np.where(column >= last, -1, column).astype(np.int32) for axis, column in scanned.items()}
    shipped, signed = days["shipped_at"], days["signed_at"]
    known = (shipped >= 0) & (signed >= 0)
    usual = int(np.median(signed[known] - shipped[known])) if known.any() else 3
    unscanned = (signed < 0) & (shipped >= 0) & (shipped + usual + 14 < last)
    signed[unscanned] = shipped[unscanned] + usual
    return days


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def day_of(number: int) -> date:
    """Return the date of a day number."""
    return date(1970, 1, 1) + timedelta(days=number)


def local_days(column: str, zone: str) -> pl.Expr:
    """Return a UTC moment column as int32 day numbers in the business zone, −1 where null."""
    return pl.col(column).dt.convert_time_zone(zone).dt.date().cast(pl.Int32).fill_null(-1)


def build_book(facts: Facts, dims: Iterable[str], zone: str, end: date) -> UnitHistory:
    """Turn the coded order lines and linked cases into arrays; only what happened before `end` counts.

    Args:
        facts: Coded facts.
        dims: Dimensions of the order line to keep.
        zone: Business zone of the day numbers.
        end: First day that is not looked at.
    """
    dims = [dim for dim in dims if dim in facts["order_line"].columns]
    orders = facts["order_line"].select("oid", "paid_at", "shipped_at", "signed_at", *dims)
    last = day_number(end)
    moments = {axis: local_days(axis, zone) for axis in ("paid_at", "shipped_at", "signed_at")}
    applied = facts["aftersale"].filter(pl.col("oid").is_not_null()).group_by("oid").agg(pl.col("applied_at").min())
    frame = orders.join(applied, on="oid", how="left", maintain_order="left").select(
        **moments, applied_at=local_days("applied_at", zone)
    )
    days = {axis: np.array(frame[axis].to_numpy(), dtype=np.int32) for axis in frame.columns}
    scanned = days
    days = _happened(scanned, last)
    codes: dict[str, Codes] = {}
    values: dict[str, list[str]] = {}
    for dim in dims:
        named = orders[dim].cast(pl.String)
        names = named.drop_nulls().unique().sort()
        if names.len() == 0:
            continue
        codes[dim] = np.array(named.cast(pl.Enum(names)).to_physical().cast(pl.Int32).fill_null(-1).to_numpy(), dtype=np.int32)
        values[dim] = names.to_list()
    index = pl.DataFrame({"oid": orders["oid"], "unit": np.arange(orders.height, dtype=np.int64)})
    cases = facts["feedback"].filter(pl.col("counted") & pl.col("oid").is_not_null())
    if "claim_cluster" in cases.columns:
        cases = cases.filter(pl.col("claim_cluster").is_null())
    cases = (
        cases.with_columns(day=local_days("submitted_at", zone))
        .filter((pl.col("day") >= 0) & (pl.col("day") < last))
        .join(index, on="oid", how="inner")
        .sort("day", "record_id")
    )
    leaves = sorted(set(cases["leaf"].drop_nulls().to_list()))
    leaf_code = {leaf: code for code, leaf in enumerate(leaves)}
    case_unit, case_day, case_leaf, case_record = {}, {}, {}, {}
    for family in AXES:
        mine = cases.filter(pl.col("family") == family)
        case_unit[family] = mine["unit"].to_numpy().astype(np.int64)
        case_day[family] = mine["day"].to_numpy().astype(np.int32)
        case_leaf[family] = np.array([leaf_code[leaf] for leaf in mine["leaf"].to_list()], dtype=np.int32)
        case_record[family] = mine["record_id"].to_numpy().astype(np.str_)
    returns = facts["aftersale"].filter((pl.col("phase") == "after_sign") & pl.col("oid").is_not_null())
    returns = (
        returns.with_columns(day=local_days("applied_at", zone))
        .filter((pl.col("day") >= 0) & (pl.col("day") < last))
        .join(index, on="oid", how="inner")
        .sort("day", "aftersale_id")
    )
    case_unit["return"] = returns["unit"].to_numpy().astype(np.int64)
    case_day["return"] = returns["day"].to_numpy().astype(np.int32)
    case_leaf["return"] = np.zeros(returns.height, dtype=np.int32)
    case_record["return"] = returns["aftersale_id"].to_numpy().astype(np.str_)
    paid = days["paid_at"]
    first = int(paid[paid >= 0].min()) if (paid >= 0).any() else last
    return UnitHistory(
        n=orders.height,
        codes=codes,
        values=values,
        days=days,
        scanned=scanned,
        case_unit=case_unit,
        case_day=case_day,
        case_leaf=case_leaf,
        case_record=case_record,
        leaves=leaves,
        line_of_sku=_line_of_sku(codes, values),
        first_day=first,
        end_day=last,
    )


@dataclass
class Curve:
    """A family's hazard by age, its product effects and its lasting effects, estimated on a baseline.

    `hazard[a]` cases per unit and day at age a days; `effects[dim]` multiplies it by a unit's value.
    """

    family: str
    hazard: Weights
    effects: dict[str, Weights] = field(default_factory=dict)
    baseline_first: int = 0
    baseline_last: int = 0
    cases: int = 0
    dispersion: float = 1.0
    product: Weights | None = None  # of the effects of the units from row `product_from` on, once they are all known
    product_from: int = 0
    kept: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))  # days of the baseline that did not stand out

    def cumulative(self, age: int) -> float:
        """Return the expected cases per unit up to an age of `age` days, product effects aside."""
        return float(self.hazard[: age + 1].sum())

    def day_weights(self, days: Codes, first: int, last: int) -> Weights:
        """Return the expected cases of units with these axis days during arrival days `first..last` (both in), effects aside."""
        steps = np.concatenate(([0.0], np.cumsum(self.hazard)))
        top = len(self.hazard)
        upper = np.clip(last - days + 1, 0, top)
        lower = np.clip(first - days, 0, top)
        out = steps[upper] - steps[lower]
        out[days < 0] = 0.0
        return np.asarray(out)

    def multiplier(self, codes: Mapping[str, Codes], rows: NDArray[np.int64] | slice = slice(None)) -> Weights:
        """Return each unit's product of effects; `rows` ascend."""
        if self.product is not None and not isinstance(rows, slice) and (not len(rows) or rows[0] >= self.product_from):
            return self.product[rows - self.product_from]
        product = np.ones(0)
        for number, (dim, effect) in enumerate(self.effects.items()):
            # the code −1 of an unknown value takes the last place, a one
            factor = np.append(effect, 1.0)[codes[dim][rows]]
            product = factor if number == 0 else product * factor
        return product


def estimate_curve(book: UnitHistory, family: str, until: int, *, weeks: int = BASELINE_WEEKS) -> Curve | None:
    """Estimate a family's curve on the `weeks` weeks of arrivals before day `until`.

    Weeks and products whose own counts stand out of the baseline are left out (a trigger must not become its own
    expectation). Returns nothing where fewer than 4 weeks or 30 cases are known.
    """
    axis = AXES[family]
    first = max(until - weeks * 7, book.first_day)
    if until - first < 28:
        return None
    length = MAX_AGE[family]
    days = book.days[axis]
    sku = book.codes.get("sku")
    if sku is None:
        return None
    skus = len(book.values["sku"])
    low = first - length
    span = until - low
    known = (days >= low) & (days < until)
    # units[sku, axis day]: small enough to weigh every baseline week without touching the order lines again
    units = (
        np.bincount(sku[known].astype(np.int64) * span + (days[known] - low), minlength=skus * span)
        .reshape(skus, span)
        .astype(np.float64)
    )
    unit, arrived = book.case_unit[family], book.case_day[family]
    inside = (arrived >= first) & (arrived < until) & (days[unit] >= low) & (sku[unit] >= 0)
    unit, arrived = unit[inside], arrived[inside]
    if len(unit) < 30:
        return None
    age = np.clip(arrived - days[unit], 0, length - 1)
    week = (arrived - first) // 7
    n_weeks = (until - first + 6) // 7
    keep_week = np.ones(n_weeks, bool)
    keep_cell = np.ones((skus, n_weeks), bool)
    hazard = np.zeros(length)
    effect = np.ones(skus)
    line = book.line_of_sku
    for _ in range(3):
        mask = keep_week[week] & keep_cell[sku[unit], week]
        hazard = _hazard(units, sku[unit][mask], age[mask], effect, keep_week, keep_cell, first, low, until, length)
        plain = _weekly(units, hazard, first, low, n_weeks, until)
        observed = np.zeros((skus, n_weeks))
        np.add.at(observed, (sku[unit], week), 1.0)
        use = keep_cell & keep_week[None, :]
        effect = _shrunken((observed * use).sum(1), (plain * use).sum(1), line)
        expected = plain * effect[:, None]
        keep_week = ~_outliers(observed.sum(0), expected.sum(0), 10.0, 1.25)
        keep_cell = ~_outliers(observed, expected, 7.0, 1.5)
        if keep_week.sum() < 3:
            keep_week[:] = True
    curve = Curve(family, hazard, {"sku": effect}, first, until - 1, int(mask.sum()))
    curve.dispersion = _dispersion(observed[:, keep_week], expected[:, keep_week])
    curve.kept = np.repeat(keep_week, 7)[: until - first]
    _rake(book, curve, until, curve.kept)
    young = np.flatnonzero(days >= until - length)  # every later panel asks for these again
    if len(young):
        curve.product_from = int(young[0])
        curve.product = curve.multiplier(book.codes, slice(curve.product_from, None))
    return curve


def _hazard(
    units: Weights,
    case_sku: NDArray[np.int32],
    age: NDArray[np.int32],
    effect: Weights,
    keep_week: NDArray[np.bool_],
    keep_cell: NDArray[np.bool_],
    first: int,
    low: int,
    until: int,
    length: int,
) -> Weights:
    """Return cases over units at risk by age; a unit is at risk at age a when its day a falls into a kept week."""
    week = (np.arange(first, until) - first) // 7
    kept = np.zeros_like(units)
    kept[:, first - low :] = effect[:, None] * (keep_cell[:, week] & keep_week[week][None, :])
    # units of day d are at risk at age a on day d + a: the correlation of units with kept days, for all ages at once
    size = 2 * units.shape[1]
    spectrum = (np.fft.rfft(units, size).conj() * np.fft.rfft(kept, size)).sum(0)
    at_risk = np.maximum(np.fft.irfft(spectrum, size)[:length], 0.0)
    at_risk[at_risk < 1e-6 * max(float(at_risk.max()), 1.0)] = 0.0
    events = np.bincount(age, minlength=length)[:length].astype(np.float64)
    hazard = np.divide(events, at_risk, out=np.zeros(length), where=at_risk > 0)
    smooth = hazard.copy()
    for a in range(length):
        # Young ages differ from day to day; later ones are too thin to be read singly.
        reach = 0 if a < 5 else 1 if a < 10 else 3 if a < 21 else 7
        span = slice(max(a - reach, 0), min(a + reach + 1, length))
        risk = at_risk[span].sum()
        smooth[a] = events[span].sum() / risk if risk > 0 else 0.0
    thin = at_risk < 0.02 * at_risk.max()
    if thin.any() and not thin.all():
        last = int(np.flatnonzero(~thin)[-1])
        smooth[last + 1 :] = smooth[max(last - 7, 0) : last + 1].mean()  # ages nobody has reached yet
    return smooth


def _line_of_sku(codes: Mapping[str, Codes], values: Mapping[str, list[str]]) -> NDArray[np.int64]:
    """Return the product line's code of each SKU, 0 for all where lines are not known."""
    lines = np.zeros(len(values.get("sku", [])), np.int64)
    if "line" in codes and "sku" in codes:
        known = (codes["sku"] >= 0) & (codes["line"] >= 0)
        lines[codes["sku"][known]] = codes["line"][known]
    return lines


def _shrunken(observed: Weights, expected: Weights, line: NDArray[np.int64]) -> Weights:
    """Return each SKU's effect: its line's own ratio, and the SKU's drawn towards its line (gamma–Poisson, prior of `SHRINKAGE` cases)."""
    line_o, line_e = np.bincount(line, observed), np.bincount(line, expected)
    of_line = ((line_o + 1.0) / (line_e + 1.0))[line]
    return np.asarray(of_line * (observed + SHRINKAGE) / (expected * of_line + SHRINKAGE))


def _weekly(units: Weights, hazard: Weights, first: int, low: int, n_weeks: int, until: int) -> Weights:
    """Return expected cases by (sku, baseline week), effects aside."""
    steps = np.concatenate(([0.0], np.cumsum(hazard)))
    day = np.arange(low, low + units.shape[1])
    kernel = np.zeros((units.shape[1], n_weeks))
    for week in range(n_weeks):
        begin, end = first + week * 7, min(first + week * 7 + 7, until)
        kernel[:, week] = steps[np.clip(end - day, 0, len(hazard))] - steps[np.clip(begin - day, 0, len(hazard))]
    return np.asarray(units @ kernel)


def _outliers(observed: Weights, expected: Weights, nats: float, ratio: float) -> NDArray[np.bool_]:
    safe = np.maximum(expected, 1e-6)
    llr = np.where(observed > 0, observed * np.log(np.maximum(observed, 1e-9) / safe), 0.0) - (observed - safe)
    return np.asarray((llr > nats) & (observed > ratio * safe))


def _dispersion(observed: Weights, expected: Weights) -> float:
    """Return Pearson's chi-square over its degrees of freedom for cells with some expectation, at least 1."""
    enough = expected > 2
    if enough.sum() < 20:
        return 1.0
    residual = np.minimum((observed[enough] - expected[enough]) ** 2 / expected[enough], 9.0)
    return float(np.clip(residual.mean(), 1.0, 2.0))


def _rake(book: UnitHistory, curve: Curve, until: int, kept: NDArray[np.bool_]) -> None:
    """Add shrunken effects of the coarse dimensions, one after the other, on the kept days of the same baseline."""
    days = book.days[AXES[curve.family]]
    first, length = curve.baseline_first, len(curve.hazard)
    # what a unit of each axis day was expected to bring on the kept days
    table = np.convolve(kept.astype(np.float64), curve.hazard[::-1])
    offset = days - (first - length + 1)
    inside = (offset >= 0) & (offset < len(table)) & (days >= 0)
    rows = np.flatnonzero(inside)
    rows = rows[:: max(len(rows) // RAKED_ROWS, 1)]  # every k-th unit tells a coarse dimension's expectation as well as all do
    base = table[offset[rows]]
    weight = base * curve.multiplier(book.codes, rows)
    unit, arrived = book.case_unit[curve.family], book.case_day[curve.family]
    seen_then = (arrived >= first) & (arrived < until)
    seen_then[seen_then] = kept[arrived[seen_then] - first]
    unit = unit[seen_then]
    for dim in RAKED:
        if dim not in book.codes or len(book.values[dim]) < 2:
            continue
        code = book.codes[dim]
        count = len(book.values[dim])
        mine = code[rows]
        expected = np.bincount(mine[mine >= 0], weight[mine >= 0], count)
        seen = code[unit]
        observed = np.bincount(seen[seen >= 0], minlength=count).astype(np.float64)
        scale = observed.sum() / max(expected.sum(), 1e-9)
        effect = (observed + SHRINKAGE * 2) / (expected * scale + SHRINKAGE * 2)
        curve.effects[dim] = effect
        weight = weight * np.where(mine >= 0, effect[mine], 1.0)


def expected_units(book: UnitHistory, curve: Curve, first: int, last: int) -> tuple[NDArray[np.int64], Weights]:
    """Return the units at risk during arrival days `first..last` and their expected cases.

    Returns:
        Row numbers `(k,)` and expected cases `(k,)`, both over units with a positive expectation.
    """
    days = book.days[AXES[curve.family]]
    near = np.flatnonzero((days >= first - MAX_AGE[curve.family]) & (days <= last))
    base = curve.day_weights(days[near], first, last)
    rows = near[base > 0]
    return rows, base[base > 0] * curve.multiplier(book.codes, rows)


def observed_cases(book: UnitHistory, family: str, first: int, last: int) -> NDArray[np.int64]:
    """Return positions (into the family's case arrays) of the cases that arrived on days `first..last`."""
    arrived = book.case_day[family]
    axis = book.days[AXES[family]][book.case_unit[family]]
    inside = (arrived >= first) & (arrived <= last) & (axis >= 0) & (arrived - axis < MAX_AGE[family])
    return np.flatnonzero(inside)


def curves(book: UnitHistory, period: Period) -> dict[str, Curve]:
    """Estimate every family's curve for judging a period: arrivals up to four weeks before it begins.

    The gap keeps a problem that has begun lately out of its own expectation.
    """
    start = day_number(period.first_day)
    for gap in (GAP_WEEKS, 2, 1):
        if start - gap * 7 - book.first_day >= 28:
            break
    out: dict[str, Curve] = {}
    for family in AXES:
        curve = estimate_curve(book, family, start - gap * 7)
        if curve is not None:
            out[family] = curve
    return out


def expected_by(
    book: UnitHistory, curve: Curve, dim: str, first: int, last: int, *, without: NDArray[np.int64] | None = None
) -> tuple[Weights, Weights]:
    """Return observed and expected cases by value of a dimension during arrival days `first..last`, some SKUs left out."""
    rows, weights = expected_units(book, curve, first, last)
    units = book.case_unit[curve.family][observed_cases(book, curve.family, first, last)]
    if without is not None and len(without):
        keep = ~np.isin(book.codes["sku"][rows], without)
        rows, weights = rows[keep], weights[keep]
        units = units[~np.isin(book.codes["sku"][units], without)]
    code = book.codes[dim][rows]
    count = len(book.values[dim])
    expected = np.bincount(code[code >= 0], weights[code >= 0], count).astype(np.float64)
    seen = book.codes[dim][units]
    return np.bincount(seen[seen >= 0], minlength=count).astype(np.float64), expected


def excess_nats(observed: float, expected: float) -> float:
    """Return the likelihood ratio of an excess, zero for a fall."""
    return likelihood_ratio(observed, expected) if observed > expected else 0.0
