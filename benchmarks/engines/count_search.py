"""The greedy search for root causes in counted cells: the clearest slice, or the whole it belongs to, and then what that leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines.count_cases import Bools, Condition, Floats, Ints, joined
from benchmarks.engines.count_cells import CountedCells, counts_of
from benchmarks.engines.count_evidence import nats_of, tail_nats

UP_NATS = 4.0
"""The rest of a larger slice is ill as well from here on."""

UP_SHARE = 0.4
"""… and about as ill as the part, if its log ratio reaches this share of the part's."""

LOWEST = 0.97
"""Share of the values' median level below which the exposure ratio is not expected to be found."""

FORGOTTEN = 3.0
"""A candidate that misses its price by this many nats after a cause was taken out does not come back."""

FAINT = 0.3
"""Least cases assumed for a slice's baseline when its risk is estimated."""


@dataclass(frozen=True)
class Slice:
    """A conjunction with its current cases less what other causes explain, and its strengthened baseline."""

    conditions: tuple[Condition, ...]
    cases: float
    baseline: float
    exposure: float

    @property
    def expected(self) -> float:
        """Cases in one baseline period."""
        return self.baseline / self.exposure


class CountSearch:
    """The greedy search: what is accepted, what that leaves, and what stands out in it.

    Accepted causes add risk: in a slice of causes j the cases are ρB(1 + Σ aⱼ). Cases are kept by `group`, the set of causes
    they lie in, so that each new look costs as much as there are candidates, not rows.
    """

    def __init__(self, looked: CountedCells, alpha: float) -> None:
        self.looked, self.cases, self.alpha = looked, looked.cases, alpha
        self.price = {order: log(3 * max(count, 1.0) / alpha) for order, count in looked.tested.items()}
        self.ratio = self.cases.total / self.cases.total_before
        self.causes: list[Slice] = []
        self.risks = np.zeros(0)
        self.group = np.zeros(self.cases.total, np.int32)
        self.group_causes: Bools = np.zeros((1, 0), bool)
        self.group_cases = np.array([float(self.cases.total)])
        self.clumps: list[float] = []
        self.measured_clumps: dict[tuple[Condition, ...], float] = {}
        self._list_candidates()

    def _list_candidates(self) -> None:
        """List the cells that would pass at the lowest level possible."""
        widths = self.cases.widths
        columns: list[tuple[NDArray[Any], ...]] = []
        for cuboid, tally in sorted(self.looked.candidates.items(), key=lambda item: (len(item[0]), item[0])):
            codes = self.cases.codes(cuboid, tally.cells)
            lent, exposure = self.looked.borrowed(cuboid, codes)
            coded = np.zeros((len(tally.cells), len(widths)), np.int32)
            coded[:, cuboid] = np.column_stack(codes)
            columns.append((tally.now, tally.before + lent, exposure, np.full(len(coded), self.price[len(cuboid)]), coded))
        columns = columns or [(*(np.zeros(0),) * 4, np.zeros((0, len(widths)), np.int32))]
        self.now, self.baseline, self.exposure, self.prices, self.coded = (
            np.concatenate(part) for part in zip(*columns, strict=True)
        )
        self.overlap = self.now[:, None].copy()
        self.own_clumps = np.ones(len(self.now))
        self.clump_known = np.zeros(len(self.now), bool)
        self._forget(0.0)

    def _forget(self, margin: float) -> None:
        """Forget the candidates that would not pass at the lowest level possible, by a margin in nats."""
        left = self.overlap @ self.natural
        kept = tail_nats(left, self.baseline, LOWEST * self.looked.level / self.exposure) > self.prices - margin
        for name in ("now", "baseline", "exposure", "prices", "coded", "overlap", "own_clumps", "clump_known"):
            setattr(self, name, getattr(self, name)[kept])

    @property
    def natural(self) -> Floats:
        """Group → share of its cases that no cause explains."""
        return 1 / (1 + self.group_causes @ self.risks)

    def clearest(self) -> Slice | None:
        """Return the slice that stands out most in what the accepted causes leave, or None.

        Cases that repeat each other in every dimension come in clumps; evidence is divided by their size, where a cause already
        accepted brought them and for ranking, so that no part of a slice goes before it for the sake of a few clumps.
        """
        if not len(self.now):
            return None
        left = self.overlap @ self.natural
        lumps = self.overlap @ (self.natural * self._lumps(list(range(len(self.causes))))) / np.maximum(left, 1e-9)
        evidence = tail_nats(left, self.baseline, self.ratio / self.exposure) / lumps
        rank = np.where(evidence > self.prices, evidence, 0.0) / self.own_clumps
        while True:
            place = int(np.argmax(rank))
            if rank[place] <= 0:
                return None
            conditions = self._conditions(place)
            if self.clump_known[place]:
                return Slice(conditions, float(left[place]), float(self.baseline[place]), float(self.exposure[place]))
            self._learn_clump(place, conditions)
            rank = np.where(evidence > self.prices, evidence, 0.0) / self.own_clumps

    def _clump(self, conditions: tuple[Condition, ...]) -> float:
        if conditions not in self.measured_clumps:
            self.measured_clumps[conditions] = self.cases.clump(conditions)
        return self.measured_clumps[conditions]

    def _learn_clump(self, place: int, conditions: tuple[Condition, ...]) -> None:
        """Measure the clumps of a slice; until they are measured themselves, its parts are taken to be alike."""
        self.own_clumps[place] = clump = self._clump(conditions)
        self.clump_known[place] = True
        if clump > 1:
            parts = ~self.clump_known
            for dim, code in conditions:
                parts &= self.coded[:, dim] == code
            self.own_clumps[parts] = clump

    def _conditions(self, place: int) -> tuple[Condition, ...]:
        return tuple((int(dim), int(self.coded[place, dim])) for dim in np.flatnonzero(self.coded[place]))

    def whole(self, part: Slice) -> Slice:
        """Return the larger slice of which this one is but a part, or the slice itself.

        It is larger where its rest is ill too, and either about as much as the part, or so much that the part is no more than
        the best of many parts of one evenly ill slice.
        """
        while True:
            rows = self.cases.rows(part.conditions)
            clump = self._clump(part.conditions)
            better: tuple[float, Slice] | None = None
            for conditions in self._larger(part.conditions, rows):
                larger, inside = self._measured(conditions)
                evidence = self._evidence(larger) - self.price[len(conditions)]
                if evidence <= 0 or (better is not None and evidence <= better[0]):
                    continue
                rest, rest_baseline = larger.cases - part.cases, max(larger.expected - part.expected, 0.5)
                if rest <= self.ratio * rest_baseline or nats_of(rest, rest_baseline, self.ratio) <= UP_NATS:
                    continue
                part_ratio, rest_ratio = (part.cases / part.expected / self.ratio, rest / rest_baseline / self.ratio)
                share = part.expected * larger.cases / max(larger.expected, part.expected)
                surprise = part.cases * log(part.cases / share) - (part.cases - share) if part.cases > share else 0.0
                parts = self._parts(inside, conditions, len(part.conditions) - len(conditions))
                if log(rest_ratio) >= UP_SHARE * log(part_ratio) or surprise / clump < log(parts / self.alpha):
                    better = evidence, larger
            if better is None:
                return part
            part = better[1]

    def _larger(self, conditions: tuple[Condition, ...], rows: Ints) -> list[tuple[Condition, ...]]:
        """Return the conjunctions of fewer conditions, and those with a value in place of one that determines it."""
        out = [fewer for count in range(1, len(conditions)) for fewer in combinations(conditions, count)]
        inside = {dim for dim, _ in conditions}
        for condition in conditions:
            for a, b in sorted(self.looked.determines):
                if a == condition[0] and b not in inside and (b, a) not in self.looked.determines:
                    code = int(np.bincount(self.cases.now[b][rows]).argmax())
                    replaced = tuple(sorted([*(c for c in conditions if c != condition), (b, code)]))
                    if code and len(replaced) < 3 and self._has(replaced):
                        out.append(replaced)
        return out

    def _has(self, conditions: tuple[Condition, ...]) -> bool:
        return tuple(dim for dim, _ in conditions) in self.looked.tallies

    def _measured(self, conditions: tuple[Condition, ...]) -> tuple[Slice, Ints]:
        """Return a slice of one or two conditions as it stands now, and its rows."""
        cuboid = tuple(dim for dim, _ in conditions)
        codes = [np.array([code]) for _, code in conditions]
        cell = codes[0] if len(codes) == 1 else codes[0] * self.cases.widths[cuboid[1]] + codes[1]
        before = self.looked.tallies[cuboid].at(cell)[1]
        lent, exposure = self.looked.borrowed(cuboid, codes)
        rows = self.cases.rows(conditions)
        left = float(self.natural[self.group[rows]].sum())
        return Slice(conditions, left, float(before[0] + lent[0]), float(exposure[0])), rows

    def _parts(self, rows: Ints, conditions: tuple[Condition, ...], more: int) -> float:
        """Return how many parts with `more` conditions a slice has."""
        used = {dim for dim, _ in conditions}
        free = [dim for dim in range(len(self.cases.now)) if dim not in used]
        enough = [int(np.count_nonzero(np.bincount(self.cases.now[dim][rows])[1:] >= self.cases.minimum)) for dim in free]
        count = max(sum(enough), 1)
        return count if more <= 1 else count * max(count - 1, 2) / 2

    def _evidence(self, measured: Slice) -> float:
        ratio = np.array([self.ratio / measured.exposure])
        return float(tail_nats(np.array([measured.cases]), np.array([measured.baseline]), ratio)[0])

    def accept(self, cause: Slice) -> None:
        """Take a cause's excess out: split the groups it lies in, and estimate all risks and the exposure ratio again."""
        rows = self.cases.rows(cause.conditions)
        old, part = np.unique(self.group[rows], return_inverse=True)
        known = len(self.group_cases)
        moved = np.bincount(part, minlength=len(old)).astype(np.float64)
        groups = np.concatenate([self.group_causes, self.group_causes[old]])
        self.group_causes = np.column_stack([groups, np.arange(len(groups)) >= known])
        self.group_cases = np.concatenate([self.group_cases, moved])
        self.group_cases[old] -= moved
        self.clumps.append(self._clump(cause.conditions))
        added = self._overlaps(cause.conditions, rows, part, len(old))
        self.overlap = np.hstack([self.overlap, added])
        self.overlap[:, old] -= added
        self.group[rows] = known + part
        self.causes.append(cause)
        self.risks = np.append(self.risks, max(cause.cases / (self.ratio * max(cause.expected, FAINT)) - 1, 0.0))
        self._fit()
        self._forget(FORGOTTEN)

    def _overlaps(self, conditions: tuple[Condition, ...], rows: Ints, part: Ints, parts: int) -> Floats:
        """Return how many of a slice's rows, by part, lie in each candidate."""
        out = np.zeros((len(self.now), parts))
        meets = np.ones(len(out), bool)
        for dim, code in conditions:
            meets &= (self.coded[:, dim] == code) | (self.coded[:, dim] == 0)
        places = np.flatnonzero(meets)
        free = self.coded[places]
        free[:, [dim for dim, _ in conditions]] = 0
        # candidates that are free in the same dimensions are counted at once
        _, which = np.unique((free > 0) @ (1 << np.arange(free.shape[1])), return_inverse=True)
        order = np.argsort(which, kind="stable")
        codes = {dim: self.cases.now[dim][rows] for dim in range(free.shape[1]) if free[:, dim].any()}
        for met in np.split(order, np.cumsum(np.bincount(which))[:-1]):
            dims = np.flatnonzero(free[met[0]]).tolist()
            columns, widths = [codes[dim] for dim in dims] + [part], [*(self.cases.widths[dim] for dim in dims), parts]
            wanted = joined([free[met, dim] for dim in dims] + [np.zeros(len(met), np.int64)], widths)
            if len(dims) > 1 and len(rows) > 20_000:
                widest = int(np.argmax(widths[:-1]))
                present = np.zeros(widths[widest], bool)
                present[free[met, dims[widest]]] = True
                near = np.flatnonzero(present[columns[widest]])
                columns = [column[near] for column in columns]
            out[places[met]] = counts_of(joined(columns, widths), wanted[:, None] + np.arange(parts), prod(widths))
        return out

    def _fit(self) -> None:
        """Estimate the risks and the exposure ratio: each slice's unexplained cases shall be what its baseline lets expect."""
        for _ in range(50):
            before = np.append(self.risks, self.ratio)
            self.ratio = float((self.group_cases * self.natural).sum()) / self.cases.total_before
            for number, cause in enumerate(self.causes):
                inside = self.group_causes[:, number]
                others = 1 + self.group_causes[inside] @ self.risks - self.risks[number]
                target = self.ratio * max(cause.expected, FAINT)
                self.risks[number] = _root(self.group_cases[inside], others, target)
            if np.abs(np.append(self.risks, self.ratio) - before).max() < 1e-5 * (1 + before.max()):
                break

    def prune(self) -> None:
        """Drop the causes that the others explain, the weakest first."""
        while len(self.causes) > 1:
            margins = [self.evidence(k) - self.price[len(cause.conditions)] for k, cause in enumerate(self.causes)]
            weakest = int(np.argmin(margins))
            if margins[weakest] > 0:
                return
            kept = np.arange(len(self.causes)) != weakest
            self.causes = [cause for cause, keep in zip(self.causes, kept, strict=True) if keep]
            self.clumps = [clump for clump, keep in zip(self.clumps, kept, strict=True) if keep]
            self.group_causes, self.risks = self.group_causes[:, kept], self.risks[kept]
            self._fit()

    def own(self, number: int) -> tuple[float, float]:
        """Return the cases of a slice, and those of them that its own cause explains."""
        inside = self.group_causes[:, number]
        cases = self.group_cases[inside]
        return float(cases.sum()), float((cases * self.risks[number] * self.natural[inside]).sum())

    def evidence(self, number: int) -> float:
        """Return what speaks for a cause beside the others, in nats: −ln of its chance, less for the others' clumps."""
        cause, inside = self.causes[number], self.group_causes[:, number]
        cases = self.group_cases[inside]
        left = cases / (1 + self.group_causes[inside] @ self.risks - self.risks[number])
        lumps = self._lumps(list(range(number)))[inside]
        lump = float((left * lumps).sum() / max(left.sum(), 1e-9))
        return self._evidence(Slice(cause.conditions, float(left.sum()), cause.baseline, cause.exposure)) / lump

    def _lumps(self, causes: Sequence[int]) -> Floats:
        """Return for each group how large the clumps are that these causes brought into it."""
        sizes = np.where(self.group_causes[:, causes], np.array([self.clumps[k] for k in causes]), 1.0)
        largest: Floats = sizes.max(axis=1, initial=1.0)
        return largest


def _root(cases: Floats, others: Floats, target: float) -> float:
    """Return the risk a ≥ 0 with Σ cases / (others + a) = target, by Newton's rule (the sum is convex and falls)."""
    risk = 0.0
    for _ in range(60):
        weights = cases / (others + risk)
        gap = float(weights.sum()) - target
        if gap <= 1e-9 * target:
            break
        risk += gap / float((weights / (others + risk)).sum())
    return risk
