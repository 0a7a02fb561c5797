"""What coincides with a cause's place and day, and what does not: the first questions that data alone can answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from scipy.stats import chi2

from tasks.analyse.causes.candidates import Candidate, order_panel, units_of
from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import AXES, UnitHistory, day_number
from tasks.methods.likelihood import likelihood_ratio
from tasks.model.causes import Arrival, RuledOut

Weekly = Sequence[tuple[str, float, float]]
"""(first day of a week, observed, expected) in order of time."""

CHANGE_NATS = 3.0
SPAN_DAYS = 28
ARRIVED = 0.5
"""A value whose share of the slice's units grew at least this much after the change counts as having arrived with it."""


def change_point(weekly: Weekly) -> date | None:
    """Return the week from which the ratio of observed to expected is raised, or None if no change stands out.

    One change of a Poisson rate by maximum likelihood (Akman & Raftery 1986), each week weighted by its expectation.

    Args:
        weekly: First day, observed and expected cases of each week, oldest first.
    """
    observed = np.array([row[1] for row in weekly])
    expected = np.array([max(row[2], 1e-6) for row in weekly])
    best, begun = CHANGE_NATS, None
    whole = likelihood_ratio(float(observed.sum()), float(expected.sum()))
    for k in range(1, len(weekly)):
        o0, e0 = float(observed[:k].sum()), float(expected[:k].sum())
        o1, e1 = float(observed[k:].sum()), float(expected[k:].sum())
        if o1 / e1 <= max(o0 / e0, 1.0):
            continue
        gain = likelihood_ratio(o0, e0) + likelihood_ratio(o1, e1) - whole
        if gain > best:
            best, begun = gain, date.fromisoformat(weekly[k][0])
    return begun


def arrivals(history: UnitHistory, candidate: Candidate, since: date | None) -> tuple[Arrival, ...]:
    """Return the values that appeared in the slice around the day of a change.

    Args:
        history: The arrays.
        candidate: A slice of order lines.
        since: Day of the change.
    """
    if since is None or candidate.family not in AXES or not candidate.found.pattern.conditions:
        return ()
    days = history.days["shipped_at" if candidate.family not in ("ship", "refund") else "paid_at"]
    day = day_number(since)
    held = {dim for dim, _ in candidate.found.pattern.conditions}
    among = units_of(history, candidate.found.pattern)
    days = days[among]
    # cases follow the changed units with a lag, so units are examined from one lag earlier
    before = among[(days >= day - 2 * SPAN_DAYS) & (days < day - SPAN_DAYS // 2)]
    after = among[(days >= day - SPAN_DAYS // 2) & (days < day + SPAN_DAYS // 2)]
    if len(before) < 30 or len(after) < 30:
        return ()
    out: list[Arrival] = []
    for dim, codes in history.codes.items():
        if dim in held or dim == "session_id":
            continue
        count = len(history.values[dim])
        then = np.bincount(codes[before] + 1, minlength=count + 1)[1:] / len(before)
        now = np.bincount(codes[after] + 1, minlength=count + 1)[1:] / len(after)
        value = int((now - then).argmax())
        if now[value] - then[value] >= ARRIVED:
            out.append(Arrival(dim, history.values[dim][value], float(then[value]), float(now[value])))
    return tuple(sorted(out, key=lambda item: (-(item.after - item.before), item.dimension)))[:2]


def ruled_out(
    history: UnitHistory, fitted: dict[str, Curve], candidate: Candidate, parents: dict[str, frozenset[str]], *, most: int = 3
) -> tuple[RuledOut, ...]:
    """Return the dimensions that a cause does not depend on: it is equally raised at all their values.

    Within the slice each value's cases are compared with the slice's own ratio (chi-square of homogeneity). A dimension is
    ruled out where three values or two large ones can be compared, none differs beyond chance, and most are raised themselves.

    Returns:
        Those compared at most values first.
    """
    known = [fitted[family] for family in candidate.families if family in fitted]
    if not known:
        return ()
    pattern = candidate.found.pattern
    held = {dim for dim, _ in pattern.conditions}
    implied = held.union(*(parents.get(dim, frozenset()) for dim in held))
    dims = [
        dim
        for dim, values in history.values.items()
        if dim not in implied and not (parents.get(dim, frozenset()) & held) and 2 <= len(values) <= 60
    ]
    among = units_of(history, pattern)
    panel, _, _ = order_panel(history, known, candidate.first, candidate.last, {}, [*dims, *held], among)
    units, cases = pattern.rows(panel.units, panel.unit_days), pattern.rows(panel.cases, panel.case_days)
    out: list[RuledOut] = []
    for dim in dims:
        count = len(history.values[dim])
        codes = panel.units[dim][units]
        expected = np.bincount(codes[codes >= 0], panel.weights[units][codes >= 0], count)
        seen = panel.cases[dim][cases]
        observed = np.bincount(seen[seen >= 0], minlength=count).astype(float)
        level = observed.sum() / max(expected.sum(), 1e-9)
        enough = expected * level >= 4
        if enough.sum() < 2 or (expected * enough).sum() < 0.7 * expected.sum():
            continue
        due = expected[enough] * level
        statistic = float(((observed[enough] - due) ** 2 / due).sum())
        raised = int((observed[enough] > 1.3 * expected[enough]).sum())
        if chi2.sf(statistic, int(enough.sum()) - 1) > 0.05 and raised >= 0.75 * enough.sum():
            out.append(RuledOut(dim, raised, int(enough.sum())))
    return tuple(sorted(out, key=lambda item: (-item.compared, item.dimension)))[:most]
