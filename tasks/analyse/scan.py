"""Localisation of an excess over expected counts: which slice, how much, how sure.

A spatial-scan likelihood ratio (Kulldorff 1997) over conjunctions of dimension values, searched greedily. Each cause
that is accepted removes its own excess before the next is sought, so contributions add up without double counting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

Codes = NDArray[np.int32]
Weights = NDArray[np.float64]

Condition = tuple[str, int]


@dataclass
class Panel:
    """Exposure rows with expected counts, and the cases observed on them.

    Args:
        units: Dimension → value codes of the exposure rows, int32 `(rows,)`, −1 where unknown.
        weights: Expected cases of each exposure row, `(rows,)`.
        cases: Dimension → value codes of the observed cases, int32 `(cases,)`.
        values: Dimension → names of the codes.
        parents: Dimension → dimensions that it determines (a batch determines its SKU).
        unit_days: Axis → day numbers of the exposure rows (`ship_date`, `pay_date`), −1 where unknown.
        case_days: Axis → day numbers of the cases.
        interval_dims: Dimensions whose values may be cut by an interval of days on an axis.
        baseline: Whether `weights` are earlier counts with their own sampling noise, not known expectations.
        common_level: Whether all may have risen together, so that a slice is judged against the level of the others.
    """

    units: Mapping[str, Codes]
    weights: Weights
    cases: Mapping[str, Codes]
    values: Mapping[str, list[str]]
    parents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unit_days: Mapping[str, Codes] = field(default_factory=dict)
    case_days: Mapping[str, Codes] = field(default_factory=dict)
    interval_dims: tuple[str, ...] = ()
    baseline: bool = False
    common_level: bool = True

    @property
    def n_cases(self) -> int:
        """Number of observed cases."""
        return len(next(iter(self.cases.values()))) if self.cases else 0


@dataclass(frozen=True)
class Pattern:
    """A conjunction of values, and at most one interval of days `first..last` on one axis."""

    conditions: tuple[Condition, ...]
    axis: str = ""
    first: int = -1
    last: int = -1

    def rows(self, codes: Mapping[str, Codes], days: Mapping[str, Codes]) -> NDArray[np.bool_]:
        """Return the mask of the rows that fulfil every condition."""
        mask = np.ones(len(next(iter(codes.values()))), bool)
        for dim, code in self.conditions:
            mask &= codes[dim] == code
        if self.axis:
            day = days[self.axis]
            mask &= (day >= self.first) & (day <= self.last)
        return mask

    def labels(self, values: Mapping[str, list[str]]) -> dict[str, str]:
        """Return dimension → value name."""
        return {dim: values[dim][code] for dim, code in self.conditions}


@dataclass(frozen=True)
class Found:
    """A pattern with its counts; `score` is its likelihood ratio less the price of the search, in nats."""

    pattern: Pattern
    observed: float
    expected: float
    llr: float
    score: float
    excess: float = 0.0

    @property
    def ratio(self) -> float:
        """Observed over expected."""
        return self.observed / max(self.expected, 1e-9)


@dataclass(frozen=True)
class Scan:
    """What a search found, what it looked at, and the best of what it did not accept."""

    found: list[Found]
    tested: int
    rejected: Found | None
    total_excess: float
    ratio: float


def likelihood_ratio(observed: float, expected: float, *, baseline: bool = False, rho: float = 1.0) -> float:
    """Return the log-likelihood ratio of a raised (or lowered) count in nats, not doubled.

    Against a known expectation: O ln(O/E) − (O−E). Against an earlier count B, of which E = ρB was to be expected, that of
    the conditional binomial: O ln(p/p₀) + B ln((1−p)/(1−p₀)) with p = O/(O+B) and p₀ = ρ/(1+ρ).
    """
    if expected <= 0:
        return 0.0
    if baseline:
        before = expected / rho
        share, usual = observed / (observed + before), rho / (1 + rho)
        left = observed * log(share / usual) if observed > 0 else 0.0
        return left + before * log((1 - share) / (1 - usual))
    return (observed * log(observed / expected) if observed > 0 else 0.0) - (observed - expected)


def scan(
    panel: Panel,
    *,
    alpha: float,
    max_causes: int = 5,
    min_cases: int = 5,
    min_ratio: float = 1.5,
    dispersion: float = 1.0,
    falls: bool = False,
) -> Scan:
    """Find the slices whose counts exceed (or, with `falls`, stay under) what was to be expected.

    Args:
        panel: Exposure and cases.
        alpha: Chance of naming anything when nothing is there (family-wise, over all that is searched here).
        max_causes: At most this many causes.
        min_cases: A slice with fewer observed (falls: expected) cases is never named.
        min_ratio: A smaller observed/expected is never named (falls: its inverse).
        dispersion: Variance over Poisson variance; divides every likelihood ratio.
        falls: Search for falls in place of excesses.
    """
    weights = panel.weights.astype(np.float64, copy=True)
    total, expected_total = panel.n_cases, float(weights.sum())
    if expected_total <= 0 or (total == 0 and not falls):
        return Scan([], 0, None, 0.0, 1.0)
    tested = 0
    found: list[Found] = []
    rejected: Found | None = None
    per_case = float(np.median(panel.weights)) if panel.baseline else 1.0  # what one earlier case lets expect
    for _ in range(max_causes):
        scale = _common_level(panel, weights, falls) if panel.common_level else 1.0
        candidates, cells, looked = _candidates(panel, weights * scale, min_cases, falls)
        tested = max(tested, looked)
        prices = {order: log(len(cells) * max(count, 1) / alpha) for order, count in cells.items()}
        measure = partial(likelihood_ratio, baseline=panel.baseline, rho=scale * per_case)
        best = _best(candidates, prices, measure, dispersion, min_ratio, falls)
        if best is None:
            break
        if best.score <= 0:
            rejected = best
            break
        if best.pattern.conditions and not falls:
            best = _generalised(panel, weights * scale, best, prices, measure, dispersion, min_ratio)
        rows = best.pattern.rows(panel.units, panel.unit_days)
        weights[rows] *= best.observed / max(best.expected, 1e-9)
        found.append(Found(best.pattern, best.observed, best.expected, best.llr, best.score, best.observed - best.expected))
    return Scan(found, tested, rejected, sum(f.excess for f in found), total / expected_total)


def _common_level(panel: Panel, weights: Weights, falls: bool) -> float:
    """Return the ratio of observed to expected that healthy slices share: the weighted median over the values of all dimensions.

    The median does not follow an ill minority. Where an ill slice is the majority of most dimensions it does: then the
    slice is named by its parts. For falls the lowest median of a single dimension counts, so that the healthy do not seem
    to fall beside the ill. A level that the total's own noise explains is 1.
    """
    parts: list[tuple[Weights, Weights]] = []
    for dim, codes in panel.units.items():
        count = len(panel.values[dim])
        if not 2 <= count <= 40:
            continue
        expected = np.bincount(codes[codes >= 0], weights[codes >= 0], count)
        observed = np.bincount(panel.cases[dim][panel.cases[dim] >= 0], minlength=count)
        values = np.flatnonzero(expected > 8)
        if len(values):
            parts.append((observed[values] / expected[values], expected[values].astype(np.float64)))
    if not parts:
        return 1.0
    if falls:
        level = min(_weighted_median(ratios, sizes) for ratios, sizes in parts)
    else:
        level = _weighted_median(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
    total = float(weights.sum())
    return level if level > 0 and likelihood_ratio(level * total, total) > COMMON_NATS else 1.0


def _weighted_median(values: Weights, sizes: Weights) -> float:
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(sizes[order])
    return float(values[order[int(np.searchsorted(cumulative, cumulative[-1] / 2))]])


COMMON_NATS = 4.0
"""Evidence below which a common level is put down to chance (0.5 % two-sided)."""


Candidate = tuple[Pattern, float, float, int]
"""A pattern, its observed and expected cases, and the form it has: 1 value, 2 pair, 3 triple, 4 value in an interval of days."""

SCREENED_ROWS = 60_000
EXACT_PAIRS = 60
"""Pairs are screened on a sample of the exposure rows; so many of the most promising are then summed exactly."""

THIN = 0.03
"""A cell that expects fewer cases cannot reach five by chance in any number of editions, and is not paid for."""


def _candidates(panel: Panel, weights: Weights, min_cases: int, falls: bool) -> tuple[list[Candidate], dict[int, int], int]:
    """Return all that is worth naming, how many cells of each form could have been (the price of having looked), and how many
    slices had enough cases to be judged."""
    dims = [dim for dim in panel.units if len(panel.values[dim]) > 1]
    observed: dict[str, Weights] = {}
    expected: dict[str, Weights] = {}
    out: list[Candidate] = []
    cells = dict.fromkeys((1,) if falls else (1, 2, 3, 4), 0)
    total_o = float(panel.n_cases)
    looked = 0
    for dim in dims:
        count = len(panel.values[dim])
        unit, case = panel.units[dim], panel.cases[dim]
        known = unit >= 0
        expected[dim] = np.bincount(unit[known], weights[known], count).astype(np.float64)
        observed[dim] = np.bincount(case[case >= 0], minlength=count).astype(float)
        cells[1] += int((expected[dim] > THIN).sum())
        size = expected[dim] if falls else observed[dim]
        looked += int((size >= min_cases).sum())
        for value in np.flatnonzero(size >= min_cases):
            o, e = float(observed[dim][value]), float(expected[dim][value])
            if (o < e) if falls else (o > e):
                out.append((Pattern(((dim, int(value)),)), o, e, 1))
    if falls:
        return out, cells, looked
    screened: list[tuple[float, Pattern, float, float]] = []
    step = max(len(weights) // SCREENED_ROWS, 1)
    sample = {dim: panel.units[dim][::step] for dim in dims}
    sample_weights = weights[::step] * step
    for left, right in combinations(dims, 2):
        if left in panel.parents.get(right, ()) or right in panel.parents.get(left, ()):
            continue
        crossed, count = _crossed(panel, sample, sample_weights, left, right, min_cases)
        cells[2] += count
        looked += len(crossed)
        for a, b, o, e in crossed:
            ratios = max(observed[left][a] / max(expected[left][a], 1e-9), observed[right][b] / max(expected[right][b], 1e-9))
            llr = likelihood_ratio(o, max(e, THIN))
            if o > 1.1 * e and o / total_o < 0.98 and o / max(e, 1e-9) > ratios and llr > 3:
                screened.append((llr, Pattern(((left, a), (right, b))), o, ratios))
    screened.sort(key=lambda entry: (-entry[0], entry[1].conditions))
    pairs: list[Candidate] = []
    for _, pattern, o, ratios in screened[:EXACT_PAIRS]:
        e = float(weights[pattern.rows(panel.units, {})].sum())
        if o > 1.15 * e and o / max(e, 1e-9) > 1.1 * ratios:
            pairs.append((pattern, o, e, 2))
    triples, cells[3] = _triples(panel, weights, pairs, dims, min_cases)
    cut, cells[4] = _intervals(panel, weights, out, min_cases)
    # A triple is sought only inside the pairs that stand out, so its search costs what all pairs did besides.
    cells[3] = max(cells[3], cells[2] * 3)
    return [*out, *pairs, *triples, *cut], cells, looked + len(triples) + len(cut)


def _crossed(
    panel: Panel, units: Mapping[str, Codes], weights: Weights, left: str, right: str, min_cases: int
) -> tuple[list[tuple[int, int, float, float]], int]:
    """Return (left code, right code, observed, expected) of every pair of values with enough cases, and the number of cells.

    `units` and `weights` are a sample of the panel's: it says which pairs are worth an exact sum.
    """
    width = len(panel.values[right])
    a, b = panel.cases[left], panel.cases[right]
    known = (a >= 0) & (b >= 0)
    keys, counts = np.unique(a[known].astype(np.int64) * width + b[known], return_counts=True)
    keys, counts = keys[counts >= min_cases], counts[counts >= min_cases]
    x, y = units[left], units[right]
    both = (x >= 0) & (y >= 0)
    size = len(panel.values[left]) * width
    if not len(keys):
        return [], min(size, int(weights.sum() / THIN))
    cell = x[both].astype(np.int64) * width + y[both]
    if size <= 4_000_000:
        sums = np.bincount(cell, weights[both], size)
        number = int((sums > THIN).sum())
        sums = sums[keys]
    else:
        position = np.searchsorted(keys, cell)
        position[position == len(keys)] = 0
        hit = keys[position] == cell
        sums = np.bincount(position[hit], weights[both][hit], len(keys))
        number = int(weights.sum() / THIN)
    rows = zip(keys.tolist(), counts.tolist(), sums.tolist(), strict=True)
    return [(key // width, key % width, float(count), float(e)) for key, count, e in rows], number


def _triples(
    panel: Panel, weights: Weights, pairs: list[Candidate], dims: list[str], min_cases: int
) -> tuple[list[Candidate], int]:
    """Add a third condition to the pairs that already stand out."""
    best = sorted((p for p in pairs if likelihood_ratio(p[1], p[2]) > 3.5), key=lambda p: -likelihood_ratio(p[1], p[2]))[:8]
    out: list[Candidate] = []
    looked = 0
    seen: set[tuple[Condition, ...]] = set()
    for pattern, o, e, _ in best:
        units, cases = pattern.rows(panel.units, {}), pattern.rows(panel.cases, {})
        weight = weights[units]
        inside = {dim for dim, _ in pattern.conditions}
        for dim in dims:
            if dim in inside or any(dim in panel.parents.get(d, ()) or d in panel.parents.get(dim, ()) for d in inside):
                continue
            unit, case = panel.units[dim][units], panel.cases[dim][cases]
            count = len(panel.values[dim])
            sums = np.bincount(unit[unit >= 0], weight[unit >= 0], count)
            counts = np.bincount(case[case >= 0], minlength=count)
            looked += int((sums > THIN).sum())
            for value in np.flatnonzero(counts >= min_cases):
                conditions = tuple(sorted((*pattern.conditions, (dim, int(value)))))
                if conditions in seen or counts[value] <= 1.15 * sums[value] or counts[value] / max(sums[value], 1e-9) <= 1.1 * o / e:
                    continue
                seen.add(conditions)
                out.append((Pattern(conditions), float(counts[value]), float(sums[value]), 3))
    return out, looked


def _intervals(panel: Panel, weights: Weights, singles: list[Candidate], min_cases: int) -> tuple[list[Candidate], int]:
    """Cut the promising single values by the best interval of days on each axis (a one-dimensional scan by Kadane's rule)."""
    able = [entry for entry in singles if entry[0].conditions[0][0] in panel.interval_dims]
    able.sort(key=lambda entry: -likelihood_ratio(entry[1], entry[2]))
    out: list[Candidate] = []
    spans = 0
    for pattern, _, _, _ in able[:6]:
        units, cases = pattern.rows(panel.units, {}), pattern.rows(panel.cases, {})
        for axis in panel.unit_days:
            unit_day, case_day = panel.unit_days[axis][units], panel.case_days[axis][cases]
            known = unit_day >= 0
            if not known.any() or (case_day >= 0).sum() < min_cases:
                continue
            start = int(unit_day[known].min())
            e = np.bincount(unit_day[known] - start, weights[units][known]).astype(np.float64)
            inside = case_day[(case_day >= start) & (case_day < start + len(e))] - start
            o = np.bincount(inside, minlength=len(e)).astype(float)
            first, last = _best_interval(o, e)
            spans = max(spans, len(e))
            span_o, span_e = float(o[first : last + 1].sum()), float(e[first : last + 1].sum())
            whole = last - first + 1 >= np.count_nonzero(e) - 2
            if span_o >= min_cases and span_o > span_e and not whole:
                out.append((Pattern(pattern.conditions, axis, start + first, start + last), span_o, span_e, 4))
    values = sum(len(panel.values[dim]) for dim in panel.interval_dims if dim in panel.values)
    # begin and end are both free; neighbouring spans are nearly one, so they count with the logarithm of their length
    return out, int(values * len(panel.unit_days) * max(spans, 1) * max(log(max(spans, 2), 2), 1.0))


def _best_interval(observed: Weights, expected: Weights) -> tuple[int, int]:
    """Return the interval whose likelihood ratio is greatest, by alternating the ratio and a maximum-sum pass."""
    ratio, first, last = 3.0, 0, len(observed) - 1
    for _ in range(6):
        gain = observed * log(ratio) - expected * (ratio - 1)
        best, current, begin = -np.inf, 0.0, 0
        for index, value in enumerate(gain):
            if current <= 0:
                current, begin = 0.0, index
            current += value
            if current > best:
                best, first, last = current, begin, index
        o, e = observed[first : last + 1].sum(), expected[first : last + 1].sum()
        new = max(o / max(e, 1e-9), 1.05)
        if abs(new - ratio) < 0.01:
            break
        ratio = float(min(new, 50.0))
    return first, last


def _best(
    candidates: list[Candidate],
    prices: dict[int, float],
    measure: Callable[[float, float], float],
    dispersion: float,
    min_ratio: float,
    falls: bool,
) -> Found | None:
    best: Found | None = None
    for pattern, o, e, form in candidates:
        ratio = (e + 0.5) / (o + 0.5) if falls else o / max(e, 1e-9)
        if ratio < min_ratio:
            continue
        llr = measure(o, e) / dispersion
        found = Found(pattern, o, e, llr, llr - prices[form])
        if best is None or found.score > best.score + 1e-9:
            best = found
    return best


def _generalised(
    panel: Panel,
    weights: Weights,
    best: Found,
    prices: dict[int, float],
    measure: Callable[[float, float], float],
    dispersion: float,
    min_ratio: float,
) -> Found:
    """Drop a condition (or the interval) where the rest of the parent is raised as well: the whole is ill, not the part."""
    pattern = best.pattern
    parents: list[Pattern] = []
    if pattern.axis:
        parents.append(Pattern(pattern.conditions))
    if len(pattern.conditions) > 1:
        parents += [
            Pattern(tuple(c for c in pattern.conditions if c != dropped), pattern.axis, pattern.first, pattern.last)
            for dropped in pattern.conditions
        ]
    for parent in parents:
        o = float(parent.rows(panel.cases, panel.case_days).sum())
        e = float(weights[parent.rows(panel.units, panel.unit_days)].sum())
        rest_o, rest_e = o - best.observed, e - best.expected
        if rest_e <= 0 or rest_o < 5:
            continue
        if log(rest_o / rest_e) >= 0.4 * log(best.ratio) and likelihood_ratio(rest_o, rest_e) > 3 and o / e >= min_ratio:
            llr = measure(o, e) / dispersion
            return Found(parent, o, e, llr, llr - prices[len(parent.conditions)])
    return best


def ratio_interval(observed: float, expected: float, level: float = 0.95) -> tuple[float, float]:
    """Return Garwood's exact Poisson interval of observed/expected."""
    tail = (1 - level) / 2
    low = chi2.ppf(tail, 2 * observed) / 2 if observed > 0 else 0.0
    high = chi2.ppf(1 - tail, 2 * observed + 2) / 2
    return float(low / max(expected, 1e-9)), float(high / max(expected, 1e-9))
