"""Localisation of an excess over expected counts: which slice, how much, how certain.

A spatial-scan likelihood ratio (Kulldorff 1997) over conjunctions of dimension values, searched greedily. Each cause
that is accepted removes its own excess before the next is sought, so contributions add up without double counting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from math import log

import numpy as np

from tasks.methods.likelihood import likelihood_ratio, tail_nats
from tasks.methods.panels import FoundSlice, Panel, Pattern, Weights
from tasks.methods.slice_counts import DAYS, THIN, Cells, SliceCount, Totals, slice_counts, value_totals


@dataclass(frozen=True)
class Scan:
    """The result of a search: what it found, what it examined, and the best of what it rejected."""

    found: list[FoundSlice]
    tested: int
    rejected: FoundSlice | None
    ratio: float


def scan(
    panel: Panel,
    *,
    alpha: float,
    max_causes: int = 5,
    min_cases: int = 5,
    min_ratio: float = 1.5,
    dispersion: float = 1.0,
    falls: bool = False,
    focus: Focus | None = None,
) -> Scan:
    """Find the slices whose counts exceed (or, with `falls`, fall short of) expectation.

    Args:
        panel: Exposure and cases.
        alpha: Chance of any false alarm when nothing is wrong (family-wise, over everything searched here).
        max_causes: At most this many causes.
        min_cases: A slice with fewer observed (falls: expected) cases is never named.
        min_ratio: A smaller observed/expected is never named (falls: its inverse).
        dispersion: Variance over Poisson variance; divides every likelihood ratio.
        falls: Search for falls in place of excesses.
        focus: Gives the evidence of a slice on the kinds of cases that rise most, less the price of having chosen them.
    """
    weights = panel.weights.astype(np.float64, copy=True)
    total, expected_total = panel.n_cases, float(weights.sum())
    if expected_total <= 0 or (total == 0 and not falls):
        return Scan([], 0, None, 1.0)
    if panel.conditional:
        weights *= total / expected_total
    tested = 0
    found: list[FoundSlice] = []
    rejected: FoundSlice | None = None
    per_case = float(np.median(panel.weights)) if panel.baseline else 1.0  # the cases to expect for each earlier case
    for _ in range(max_causes):
        totals = value_totals(panel, weights)
        scale = _common_level(panel, totals, float(weights.sum()), falls) if panel.common_level and not panel.conditional else 1.0
        candidates, cells, looked = slice_counts(
            panel, weights * scale, {d: (o, e * scale) for d, (o, e) in totals.items()}, min_cases, falls
        )
        tested = max(tested, looked)
        prices = partial(_price, cells, alpha)
        measure = _Measure(dispersion, panel.baseline, scale * per_case, falls, total if panel.conditional else 0, panel.lasting)
        best = _best(candidates, prices, measure, min_ratio, partial(focus, weights * scale) if focus else None)
        if best is None:
            break
        if best.score <= 0:
            rejected = best
            break
        if best.pattern.conditions and not falls:
            best = _generalised(panel, weights * scale, best, prices, measure, min_ratio)
        rows = best.pattern.rows(panel.units, panel.unit_days)
        if best.expected <= 0:  # nothing to scale up to its cases: they themselves must go, or it is found again
            panel = panel.without(best.pattern)
        weights[rows] *= best.observed / max(best.expected, 1e-9)
        if panel.conditional:  # the others share out the rest
            weights[~rows] *= max(total - best.observed, 0.0) / max(float(weights[~rows].sum()), 1e-9)
        if best.score <= 0:
            continue  # a part of something wider that may always have been so
        found.append(FoundSlice(best.pattern, best.observed, best.expected, best.llr, best.score, best.observed - best.expected))
    return Scan(found, tested, rejected, total / expected_total)


def _common_level(panel: Panel, totals: Totals, total: float, falls: bool) -> float:
    """Return the ratio of observed to expected that healthy slices share: the weighted median over the values of all dimensions.

    The median does not follow an ill minority. Where an ill slice is the majority of most dimensions it does: then the
    slice is named by its parts. For falls the lowest median of a single dimension counts, so that the healthy do not seem
    to fall beside the ill. A level that the total's own noise explains is 1.
    """
    parts: list[tuple[Weights, Weights]] = []
    for dim, (observed, expected) in totals.items():
        if not 2 <= len(panel.values[dim]) <= 40:
            continue
        values = np.flatnonzero(expected > 8)
        if len(values):
            parts.append((observed[values] / expected[values], expected[values]))
    if not parts:
        return 1.0
    if falls:
        level = min(_weighted_median(ratios, sizes) for ratios, sizes in parts)
    else:
        level = _weighted_median(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
    return level if level > 0 and likelihood_ratio(level * total, total) > COMMON_NATS else 1.0


def _weighted_median(values: Weights, sizes: Weights) -> float:
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(sizes[order])
    return float(values[order[int(np.searchsorted(cumulative, cumulative[-1] / 2))]])


COMMON_NATS = 4.0
"""Evidence below which a common level is put down to chance (0.5 % two-sided)."""


Focus = Callable[[Weights, Pattern], float]


def _price(cells: Cells, alpha: float, pattern: Pattern) -> float:
    """Return the price of a pattern for everything that was searched, in nats.

    The chance of a false alarm is shared equally by single values, pairs, triples and spans of days; among pairs and
    triples by the dimensions crossed (weighted Bonferroni, Holm 1979): where few cells are searched, each of them pays less.
    """
    forms = 4 if len(cells) > 1 else 1
    pairs: Cells = {form: count for form, count in cells.items() if len(form) == 2}
    if pattern.axis:
        count = float(cells[DAYS])
    elif len(pattern.conditions) < 2:
        count = float(cells[()])
    elif len(pattern.conditions) == 2:
        count = float(len(pairs) * pairs.get(_dims(pattern), 1))
    else:
        inside = [pairs.get(two, 1) for two in combinations(_dims(pattern), 2)]
        # cells of three dimensions from those of their pairs; a triple is sought inside every pair
        count = float(len(pairs) * max(len(pairs) // 3, 1)) * float(np.prod(inside)) ** 0.5
    return log(forms * max(count, 1.0) / alpha)


def _dims(pattern: Pattern) -> tuple[str, ...]:
    return tuple(sorted(dim for dim, _ in pattern.conditions))


@dataclass(frozen=True)
class _Measure:
    """How counts are compared with their expectation in one search."""

    dispersion: float
    baseline: bool
    rho: float
    falls: bool
    total: float = 0.0
    lasting: Mapping[str, float] = field(default_factory=dict)

    def found(self, pattern: Pattern, observed: float, expected: float, price: float) -> FoundSlice:
        llr = likelihood_ratio(observed, expected, baseline=self.baseline, rho=self.rho) / self.dispersion
        if self.falls:
            return FoundSlice(pattern, observed, expected, llr, llr - price)
        if self.total:
            usual = max((self.lasting.get(dim, 1.0) for dim, _ in pattern.conditions), default=1.0)
            due = self.total * usual * expected / (usual * expected + self.total - min(expected, self.total))
            llr = likelihood_ratio(observed, expected, total=self.total) / self.dispersion
            nats = tail_nats(observed, due, dispersion=self.dispersion, total=self.total)
            return FoundSlice(pattern, observed, expected, llr, nats - price)
        # an expectation of nearly nothing is not known that well: else a few cases outweigh any number against a whole one
        nats = tail_nats(observed, max(expected, THIN), dispersion=self.dispersion, baseline=self.baseline, rho=self.rho)
        return FoundSlice(pattern, observed, expected, llr, nats - price)


FOCUSED = 12
"""The number of best slices to examine by kind of case."""


def _best(
    candidates: list[SliceCount],
    prices: Callable[[Pattern], float],
    measure: _Measure,
    min_ratio: float,
    focus: Callable[[Pattern], float] | None,
) -> FoundSlice | None:
    able: list[tuple[FoundSlice, float]] = []
    for pattern, o, e in candidates:
        ratio = (e + 0.5) / (o + 0.5) if measure.falls else o / max(e, 1e-9)
        if ratio >= min_ratio:
            able.append((measure.found(pattern, o, e, prices(pattern)), prices(pattern)))
    able.sort(key=lambda pair: -pair[0].score)
    if not able:
        return None
    if focus is None or able[0][0].score > 0:
        return able[0][0]
    sharp = [replace(one, score=max(one.score, focus(one.pattern) - price)) for one, price in able[:FOCUSED]]
    return max(sharp, key=lambda one: one.score)


def _generalised(
    panel: Panel,
    weights: Weights,
    best: FoundSlice,
    prices: Callable[[Pattern], float],
    measure: _Measure,
    min_ratio: float,
) -> FoundSlice:
    """Drop a condition (or the interval) if the rest of the parent is raised too: the whole has the problem, not the part."""
    pattern = best.pattern
    parents: list[Pattern] = []
    if pattern.axis:
        parents.append(Pattern(pattern.conditions))
    if len(pattern.conditions) > 1:
        parents += [
            Pattern(tuple(c for c in pattern.conditions if c != dropped), pattern.axis, pattern.first, pattern.last)
            for dropped in pattern.conditions
        ]
    if measure.total:
        parents += _wider(panel, pattern)
    for parent in parents:
        o = float(parent.rows(panel.cases, panel.case_days).sum())
        e = float(weights[parent.rows(panel.units, panel.unit_days)].sum())
        rest_o, rest_e = o - best.observed, e - best.expected
        if rest_e <= 0 or rest_o < 5:
            continue
        if log(rest_o / rest_e) >= 0.4 * log(best.ratio) and likelihood_ratio(rest_o, rest_e) > 3 and o / e >= min_ratio:
            return measure.found(parent, o, e, prices(parent))
    return best


def _wider(panel: Panel, pattern: Pattern) -> list[Pattern]:
    """Return the patterns that hold the parent of a single condition's value: the product of a batch."""
    if len(pattern.conditions) != 1 or pattern.axis:
        return []
    dim, code = pattern.conditions[0]
    inside = panel.units[dim] == code
    out = []
    for parent in sorted(panel.parents.get(dim, ())):
        if parent in panel.units and len(codes := np.unique(panel.units[parent][inside])) == 1 and codes[0] >= 0:
            out.append(Pattern(((parent, int(codes[0])),)))
    return out
