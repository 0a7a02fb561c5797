"""A cause's slice counted again in another period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from tasks.analyse.causes.by_problem import problem_view
from tasks.analyse.causes.candidates import AXIS_OF_INTERVAL, OPEN, order_panel, units_of
from tasks.analyse.causes.exposure_panels import app_panel, service_panel
from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import UnitHistory, day_number
from tasks.methods.panels import FoundSlice, Pattern
from tasks.model.causes import Cause, CauseKind
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.slices import DaySpan, Slice


@dataclass(frozen=True)
class Recount:
    """A slice's observed and expected cases of a period, and their records."""

    observed: float
    expected: float
    records: frozenset[str]


def measured(facts: CodedFacts, period: Period, history: UnitHistory, fitted: dict[str, Curve], cause: Cause) -> Recount | None:
    """Count an earlier cause's slice during a period; return None if it cannot be counted.

    Args:
        facts: Coded facts.
        period: The period counted.
        history: Arrays up to the period's end.
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
        candidate = describe(FoundSlice(pattern, observed, expected, 0.0, 0.0), 1)
        return Recount(observed, expected, frozenset(candidate.records))
    families = [family for family in cause.evidence.families if family in fitted]
    pattern_of = _pattern(history, cause.slice)
    if not families or pattern_of is None:
        return None
    if cause.evidence.problem:
        seen = _of_problem(history, fitted, cause, last)
        if seen is None:
            return None
        history, fitted = seen
        families = list(fitted)
    known, dims = [fitted[family] for family in families], [dim for dim, _ in pattern_of.conditions]
    panel, _, cases = order_panel(history, known, first, last, {}, dims, units_of(history, pattern_of))
    mine = np.flatnonzero(pattern_of.rows(panel.cases, panel.case_days))
    return Recount(
        float(len(mine)),
        float(panel.weights[pattern_of.rows(panel.units, panel.unit_days)].sum()),
        frozenset(str(history.case_record[f][p]) for f, p in zip(cases.family[mine], cases.position[mine], strict=True)),
    )


def _of_problem(
    history: UnitHistory, fitted: dict[str, Curve], cause: Cause, last: int
) -> tuple[UnitHistory, dict[str, Curve]] | None:
    """Return the history and curve of the only problem that a cause counts, or None if no such case is known."""
    curve = fitted.get(cause.family)
    if cause.evidence.problem not in history.leaves or curve is None:
        return None
    past = None if curve.same_weeks else curve
    seen = problem_view(history, past, cause.family, history.leaves.index(cause.evidence.problem), last)
    return None if seen is None else (seen[0], {cause.family: seen[1]})


def _pattern(history: UnitHistory, slice_: Slice) -> Pattern | None:
    conditions, axis, first, last = [], "", -1, -1
    for dim, value in sorted(slice_.items()):
        if dim in AXIS_OF_INTERVAL:
            span = DaySpan.parse(value) or DaySpan(date.fromisoformat(value))
            axis, first = dim, day_number(span.first)
            last = day_number(span.last) if span.last else OPEN
        elif dim in history.values:
            if value not in history.values[dim]:
                return None
            conditions.append((dim, history.values[dim].index(value)))
    return Pattern(tuple(conditions), axis, first, last) if conditions else None
