"""Rates to compare a cause with, all at one age: its own, its peers', and those that playbook targets may name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tasks.analyse.causes.candidates import Candidate, order_panel
from tasks.expected.arrivals import expected_units, observed_cases
from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import AXES, UnitHistory, day_number, day_of
from tasks.methods.panels import Codes, Panel, Pattern
from tasks.shop.calendar_days import Calendar

HISTORY_WEEKS = 12

REFERENCE_AGE = {
    "ship": 14,
    "delivery": 14,
    "transit": 7,
    "fit": 14,
    "function": 30,
    "wear": 60,
    "use": 30,
    "refund": 30,
    "late": 365,
}
"""Age in days at which a family's rate is printed."""

RELEASED = ("batch_no", "listing_version", "session_id", "carrier", "warehouse", "traffic_source", "platform", "sku")
"""When a slice has several dimensions, its peers differ in the first of these and agree in all others."""

ENOUGH = 3.0
"""Expected cases below which a rate is meaningless."""

MOST_RATE = 0.5
"""Cases per unit beyond which a rate is not carried on to an older age."""

LEAST_TIMES = 1.25
"""A slice with a smaller rate against its peers is not raised, whatever its own past would lead to expect."""

LEAST_PRODUCTS = 3
"""Products of a line that a median needs."""


@dataclass(frozen=True)
class ComparisonRates:
    """Cases per unit at a family's reference age; None where unknown."""

    own: float | None = None
    peers: float | None = None
    peers_are: str = ""  # same_sku_other, same_region_other, same_queue_other, all_other
    category: float | None = None  # median of the other products of the same line
    others: float | None = None  # the other values of the slice's leading dimension
    last_promotion: float | None = None  # the slice itself, at the same stage of the promotion before


@dataclass
class _Level:
    """Converts observed/expected ratios into rates: cases per unit up to the families' reference ages."""

    history: UnitHistory
    known: Sequence[Curve]
    per_unit: float = field(init=False)

    def __post_init__(self) -> None:
        self.per_unit = sum(curve.cumulative(REFERENCE_AGE[curve.family]) for curve in self.known)

    def plain(self, rows: NDArray[np.int64], first: int, last: int) -> float:
        """Return the expected cases of units during arrival days `first..last`, without effects."""
        days = self.history.days
        return sum(float(curve.day_weights(days[AXES[curve.family]][rows], first, last).sum()) for curve in self.known)


def comparison_rates(history: UnitHistory, fitted: dict[str, Curve], candidate: Candidate, calendar: Calendar) -> ComparisonRates:
    """Return the rates to compare a slice of order lines with.

    All are observed over expected cases of the last twelve weeks times the families' own cumulative hazard at their
    reference age: equal ages by construction, however young the slice is. A slice that was not raised for most of these weeks
    is compared over the span in which it was found.
    """
    rates = _over(history, fitted, candidate, calendar, candidate.last - HISTORY_WEEKS * 7 + 1)
    return rates if stands_out(rates.own, rates.peers) else _over(history, fitted, candidate, calendar, candidate.first)


def stands_out(own: float | None, peers: float | None) -> bool:
    """Whether a rate is raised against that of its peers, as far as both are known."""
    return own is None or peers is None or own >= LEAST_TIMES * peers


def _over(
    history: UnitHistory, fitted: dict[str, Curve], candidate: Candidate, calendar: Calendar, first: int
) -> ComparisonRates:
    """Return the rates over the arrival days from `first` to the end of the candidate's span."""
    pattern = candidate.found.pattern
    known = [fitted[family] for family in candidate.families if family in fitted]
    if pattern.axis:
        first = max(first, pattern.first)
    dims = dict(pattern.conditions)
    panel, rows, _ = order_panel(history, known, first, candidate.last, {}, {*dims, "sku", "region"})
    units, cases = pattern.rows(panel.units, panel.unit_days), pattern.rows(panel.cases, panel.case_days)
    if not pattern.conditions or not (units.any() or cases.any()):
        return ComparisonRates()
    levels = _Level(history, known)
    weight = float(panel.weights[units].sum())
    plain = levels.plain(rows[units], first, candidate.last)
    level = (weight / plain if plain > 0 else 1.0) * levels.per_unit
    own = float(cases.sum()) / max(weight, 1e-9) * level
    so_far = float(cases.sum()) / max(len(candidate.units), 1)
    if weight <= 0 or (own > MOST_RATE and own > 2 * so_far):
        own = so_far  # its cases come at ages at which the family has hardly any: nothing can be said of an older age
    peer_dim, value, peers_are = _peers(pattern, history.codes["sku"][candidate.units])
    alike_units = panel.units[peer_dim] == value if peer_dim else np.ones(len(units), bool)
    alike_cases = panel.cases[peer_dim] == value if peer_dim else np.ones(len(cases), bool)
    peers = _ratio(panel, ~units & alike_units, ~cases & alike_cases, 2.0)
    others = _others(panel, pattern)
    return ComparisonRates(
        own=own,
        peers=peers * level if peers is not None else None,
        peers_are=peers_are if peers is not None else "",
        category=_rounded(_of_category(levels, _product(panel, units), first, candidate.last)),
        others=_rounded(others * level if others is not None else None),
        last_promotion=_rounded(_of_last_promotion(levels, pattern, candidate, calendar)),
    )


def _rounded(rate: float | None) -> float | None:
    """Round a rate to six digits: sums over the same units in another order differ in their last bits."""
    return float(f"{rate:.6g}") if rate is not None else None


def _ratio(panel: Panel, units: NDArray[np.bool_], cases: NDArray[np.bool_], enough: float = ENOUGH) -> float | None:
    """Return observed over expected cases, or None if too little is expected."""
    expected = float(panel.weights[units].sum())
    return float(cases.sum()) / expected if expected >= enough else None


def _peers(pattern: Pattern, codes: Codes) -> tuple[str, int, str]:
    """Return the dimension and value that a slice's peers share with it, and who they are; `codes` are the SKUs of its units."""
    dims = dict(pattern.conditions)
    if "batch_no" in dims or "listing_version" in dims or (pattern.axis and "sku" in dims):
        return "sku", int(np.bincount(codes[codes >= 0]).argmax()), "same_sku_other"
    if "carrier" in dims and "region" in dims:
        return "region", dims["region"], "same_region_other"
    if "queue" in dims:
        return "queue", dims["queue"], "same_queue_other"
    return "", 0, "all_other"


def _others(panel: Panel, pattern: Pattern) -> float | None:
    """Return observed over expected cases at the other values of the slice's leading dimension, all its other conditions kept."""
    dims = dict(pattern.conditions)
    leading = next(iter(dims), "") if len(dims) == 1 else next((dim for dim in RELEASED if dim in dims), "")
    if not leading:
        return None
    units, cases = panel.units[leading] != dims[leading], panel.cases[leading] != dims[leading]
    units &= panel.units[leading] >= 0
    cases &= panel.cases[leading] >= 0
    for dim, value in dims.items():
        if dim != leading:
            units &= panel.units[dim] == value
            cases &= panel.cases[dim] == value
    return _ratio(panel, units, cases)


def _product(panel: Panel, units: NDArray[np.bool_]) -> int | None:
    """Return the product that nearly all units of a slice are of."""
    codes = panel.units["sku"][units]
    known = codes[codes >= 0]
    if not len(known):
        return None
    counts = np.bincount(known)
    return int(counts.argmax()) if counts.max() >= 0.9 * len(codes) else None


def _of_category(levels: _Level, product: int | None, first: int, last: int) -> float | None:
    """Return the median rate of the other products of the same line, or None if lines are unknown or products too few."""
    history = levels.history
    if product is None or "line" not in history.codes:
        return None
    line = history.line_of_sku
    sku = history.codes["sku"]
    observed = np.zeros(len(line))
    expected = np.zeros(len(line))
    for curve in levels.known:
        days = history.days[AXES[curve.family]]
        near = np.flatnonzero((days >= first - len(curve.hazard)) & (days <= last) & (sku >= 0))
        expected += np.bincount(sku[near], curve.day_weights(days[near], first, last), len(line))
        seen = sku[history.case_unit[curve.family][observed_cases(history, curve.family, first, last)]]
        observed += np.bincount(seen[seen >= 0], minlength=len(line))
    alike = (line == line[product]) & (expected >= ENOUGH)
    alike[product] = False
    if alike.sum() < LEAST_PRODUCTS:
        return None
    return float(np.median(observed[alike] / expected[alike])) * levels.per_unit


def _of_last_promotion(levels: _Level, pattern: Pattern, candidate: Candidate, calendar: Calendar) -> float | None:
    """Return the slice's rate at the same stage of the promotion before, or None outside promotions or if it is unknown."""
    span = calendar.same_stage_before(day_of(candidate.last - 6), day_of(candidate.last))
    history = levels.history
    if span is None or pattern.axis:
        return None
    first, last = (day_number(day) for day in span)
    if first - max(REFERENCE_AGE[curve.family] for curve in levels.known) < history.first_day:
        return None
    observed = 0.0
    plain = 0.0
    for curve in levels.known:
        rows, _ = expected_units(history, curve, first, last)
        codes = {dim: history.codes[dim] for dim, _ in pattern.conditions}
        inside = rows[pattern.rows({dim: code[rows] for dim, code in codes.items()}, {})]
        plain += float(curve.day_weights(history.days[AXES[curve.family]][inside], first, last).sum())
        unit = history.case_unit[curve.family][observed_cases(history, curve.family, first, last)]
        observed += float(pattern.rows({dim: code[unit] for dim, code in codes.items()}, {}).sum())
    return observed / plain * levels.per_unit if plain >= ENOUGH else None
