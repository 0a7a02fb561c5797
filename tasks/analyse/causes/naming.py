"""How causes are named, and which dimensions determine which."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date

from tasks.methods.likelihood import ratio_interval
from tasks.model.causes import Cause, CauseKind
from tasks.model.periods import Period
from tasks.model.slices import Slice, lasting
from tasks.shop.load import Shop

ALPHA = 0.1
"""Bound on the false alarms of an edition by the sum over all that is looked at; slices overlap, so far fewer come (benchmarks.quiet_years)."""

MAX_CAUSES = 5


def cause_id(slice_: Slice, leaf: str) -> str:
    """Make a cause's id from its slice and problem node, so that next week's finding of the same is the same cause."""
    stable = sorted(lasting(slice_).items())
    return hashlib.sha256(repr((stable, leaf.split(".")[0])).encode()).hexdigest()[:12]


def counted_cause(
    *,
    kind: CauseKind,
    slice_: Slice,
    family: str,
    leaves: Mapping[str, int],
    observed: float,
    expected: float,
    llr: float,
    weeks: int,
    exposure_kind: str,
    exposure: float,
    period: Period,
    records: Iterable[str],
    days: Iterable[date],
    node: str = "",
) -> Cause:
    """Make a cause with its name, counts and interval; callers add everything else with `replace`.

    Args:
        kind: Kind of cause.
        slice_: Dimension → value.
        family: Lag family, or what takes its place where there are no orders.
        leaves: Leaf → cases; they add up to the observed ones.
        observed: Cases of the span.
        expected: Expected cases.
        llr: Evidence in nats.
        weeks: Weeks of the span.
        exposure_kind: What the cases are measured against.
        exposure: How much of it.
        period: The period under review.
        records: Ids of the cases.
        days: Days on which they arrived.
        node: What names the cause in place of its leading leaf.
    """
    low, high = ratio_interval(observed, expected)
    ordered = sorted(leaves.items(), key=lambda pair: (-pair[1], pair[0]))
    leaf = ordered[0][0] if ordered else ""
    return Cause(
        cause_id=cause_id(slice_, node or leaf),
        kind=kind,
        slice=slice_,
        family=family,
        leaf=leaf,
        leaves=tuple(ordered),
        observed=observed,
        expected=round(expected, 2),
        ratio=observed / max(expected, 1e-9),
        low=low,
        high=high,
        contribution=None,
        llr=round(llr, 2),
        window_weeks=weeks,
        exposure_kind=exposure_kind,
        exposure=exposure,
        first_period=period.id,
        rows=tuple(sorted(records)),
        days=tuple(sorted(set(days))),
    )


def ancestry(shop: Shop) -> dict[str, frozenset[str]]:
    """Return dimension → the dimensions that it determines: a batch its SKU and line."""
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
