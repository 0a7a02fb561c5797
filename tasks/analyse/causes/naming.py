"""What a search for root causes returns, and how a cause is named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tasks.model.causes import Cause
from tasks.model.figures import MixEffect
from tasks.shop.load import Shop

ALPHA = 0.1
"""Bound on the false alarms of an edition by the sum over all that is looked at; slices overlap, so far fewer come (benchmarks.quiet_years)."""

MAX_CAUSES = 5


@dataclass
class RootCauses:
    """What was found, what was looked at, and why the strongest of the rest was not named."""

    causes: list[Cause]
    falls: list[Cause]
    tested: int
    expected_false_alarms: float
    strongest_rejected: Cause | None
    rejected_why: str
    ended: list[Cause] = field(default_factory=list)
    deferred: list[Cause] = field(default_factory=list)
    mix: list[MixEffect] = field(default_factory=list)
    expected_leaves: dict[str, float] = field(default_factory=dict)
    expected_total: float | None = None


def cause_id(slice_: dict[str, str], leaf: str) -> str:
    """Name a trouble by its slice and problem node, so that next week's finding of the same is the same cause."""
    stable = sorted((name, value) for name, value in slice_.items() if ".." not in value)
    return hashlib.sha256(repr((stable, leaf.split(".")[0])).encode()).hexdigest()[:12]


def ancestry(shop: Shop) -> dict[str, frozenset[str]]:
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
