"""A cause's slice counted in another week: what came of it since, and what the coming week is to bring."""

from __future__ import annotations

import numpy as np
from scipy.stats import nbinom

from tasks.analyse.causes.candidates import AXIS_OF_INTERVAL, Candidate, order_panel
from tasks.analyse.causes.exposure_panels import app_panel, service_panel
from tasks.analyse.causes.lifecycle import Recount
from tasks.expected.arrivals import AXES, Curve, UnitHistory, day_number, expected_units
from tasks.methods.scan import FoundSlice, Pattern
from tasks.model.causes import Cause, CauseKind
from tasks.model.facts import Facts
from tasks.model.periods import Period

OPEN = 2**31 - 1
"""Last day of an interval that has not ended."""

SURE = 0.9
"""Share of the foretold intervals that should hold what comes."""


def measured(facts: Facts, period: Period, book: UnitHistory, fitted: dict[str, Curve], cause: Cause) -> Recount | None:
    """Count an earlier cause's slice during a period; nothing where it cannot be counted.

    Args:
        facts: Coded facts.
        period: The period counted.
        book: Arrays up to the period's end.
        fitted: Curves for judging the period.
        cause: A cause of orders, devices or conversations.
    """
    first, last = day_number(period.first_day), day_number(period.last_day)
    if cause.kind in (CauseKind.APP, CauseKind.SERVICE):
        made = (app_panel if cause.kind == CauseKind.APP else service_panel)(facts, period.zone, first, last)
        if made is None:
            return None
        panel, describe, _ = made
        conditions = {dim: value for dim, value in cause.slice.items() if dim in panel.values}
        if not conditions or any(value not in panel.values[dim] for dim, value in conditions.items()):
            return None
        pattern = Pattern(tuple((dim, panel.values[dim].index(value)) for dim, value in sorted(conditions.items())))
        observed, expected = float(pattern.rows(panel.cases, {}).sum()), float(panel.weights[pattern.rows(panel.units, {})].sum())
        hit = describe(FoundSlice(pattern, observed, expected, 0.0, 0.0), 1)
        return Recount(observed, expected, frozenset(hit.records))
    families = [family for family in cause.evidence.families if family in fitted]
    pattern_of = _pattern(book, cause.slice)
    if not families or pattern_of is None:
        return None
    panel, _, cases = order_panel(book, [fitted[f] for f in families], first, last, {}, [dim for dim, _ in pattern_of.conditions])
    mine = np.flatnonzero(pattern_of.rows(panel.cases, panel.case_days))
    return Recount(
        float(len(mine)),
        float(panel.weights[pattern_of.rows(panel.units, panel.unit_days)].sum()),
        frozenset(str(book.case_record[f][p]) for f, p in zip(cases.family[mine], cases.position[mine], strict=True)),
    )


def _pattern(book: UnitHistory, slice_: dict[str, str]) -> Pattern | None:
    conditions, axis, first, last = [], "", -1, -1
    for dim, value in sorted(slice_.items()):
        if dim in AXIS_OF_INTERVAL:
            begin, _, end = value.partition("..")
            axis, first = dim, int(np.datetime64(begin, "D").astype(int))
            last = int(np.datetime64(end, "D").astype(int)) if end else OPEN
        elif dim in book.values:
            if value not in book.values[dim]:
                return None
            conditions.append((dim, book.values[dim].index(value)))
    return Pattern(tuple(conditions), axis, first, last) if conditions else None


def forecast(book: UnitHistory, fitted: dict[str, Curve], hit: Candidate) -> tuple[float, float, float] | None:
    """Return the cases a slice is to bring in the week after: mean and the interval that holds nine in ten.

    The slice's own excess over the last two weeks goes on over the units that will be at risk: those known now, raised by
    as much as a week's expectation grew, the week before, between its eve and its end. The count is negative binomial: the
    ratio is itself known from few cases (gamma posterior), and weeks vary beyond Poisson.

    Returns:
        Mean, low, high; nothing where too little is known.
    """
    known = [fitted[family] for family in hit.families if family in fitted]
    pattern = hit.found.pattern
    if not known:
        weekly = hit.found.expected / max(hit.weeks, 1)
        recent = sum(day > hit.last - 7 for day in hit.days)
        return _interval(float(recent), weekly, weekly, 1.2)
    dims = [dim for dim, _ in pattern.conditions]
    two, _, _ = order_panel(book, known, hit.last - 13, hit.last, {}, dims)
    observed = float(pattern.rows(two.cases, two.case_days).sum())
    expected = float(two.weights[pattern.rows(two.units, two.unit_days)].sum())
    this, before = (
        _expected(book, known, pattern, hit.last, known_by=hit.last),
        _expected(book, known, pattern, hit.last, known_by=hit.last - 7),
    )
    coming = _expected(book, known, pattern, hit.last + 7, known_by=hit.last)
    growth = min(this / before, 3.0) if before > 0.2 else 1.0
    return _interval(observed, expected, coming * growth, max(curve.dispersion for curve in known))


def _expected(book: UnitHistory, known: list[Curve], pattern: Pattern, last: int, *, known_by: int) -> float:
    """Return the slice's expected cases in the week that ends with a day, on units whose age had begun by another."""
    total = 0.0
    for curve in known:
        rows, weights = expected_units(book, curve, last - 6, last)
        young = book.days[AXES[curve.family]][rows] <= known_by
        codes = {dim: book.codes[dim][rows] for dim, _ in pattern.conditions}
        days = {axis: book.days[column][rows] for axis, column in AXIS_OF_INTERVAL.items()}
        total += float(weights[pattern.rows(codes, days) & young].sum())
    return total


def _interval(observed: float, expected: float, coming: float, dispersion: float) -> tuple[float, float, float] | None:
    if expected <= 0 or coming <= 0 or observed < 3:
        return None
    # a gamma posterior of the ratio with so many cases behind it, fewer where weeks vary beyond Poisson
    size = (observed + 0.5) / dispersion
    mean = (observed + 0.5) / expected * coming
    spread = nbinom(size, size / (size + mean))
    tail = (1 - SURE) / 2
    return mean, float(spread.ppf(tail)), float(spread.ppf(1 - tail))
