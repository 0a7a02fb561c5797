"""Localisation of an excess over expected counts: which slice, how much, how sure.

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
from numpy.typing import NDArray
from scipy.special import betainc, gammainc
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
class FoundSlice:
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

    found: list[FoundSlice]
    tested: int
    rejected: FoundSlice | None
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


def tail_nats(observed: float, expected: float, *, dispersion: float = 1.0, baseline: bool = False, rho: float = 1.0) -> float:
    """Return how unlikely so high a count is, as −ln P in nats: the Poisson or, against an earlier count, the binomial tail.

    Counts that vary more than by chance are taken for clumps of `dispersion` cases each; the tail is read between whole
    numbers (incomplete gamma and beta functions), so it is exact where the dispersion is 1.
    """
    if observed <= 0:
        return 0.0
    o, e = observed / dispersion, max(expected, 1e-9) / dispersion
    p = betainc(o, e / rho + 1, rho / (1 + rho)) if baseline else gammainc(o, e)
    return -log(p) if p > 0 else likelihood_ratio(o, e, baseline=baseline, rho=rho)


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
    """Find the slices whose counts exceed (or, with `falls`, stay under) what was to be expected.

    Args:
        panel: Exposure and cases.
        alpha: Chance of naming anything when nothing is there (family-wise, over all that is searched here).
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
        return Scan([], 0, None, 0.0, 1.0)
    tested = 0
    found: list[FoundSlice] = []
    rejected: FoundSlice | None = None
    per_case = float(np.median(panel.weights)) if panel.baseline else 1.0  # what one earlier case lets expect
    for _ in range(max_causes):
        totals = _totals(panel, weights)
        scale = _common_level(panel, totals, float(weights.sum()), falls) if panel.common_level else 1.0
        candidates, cells, looked = _candidates(
            panel, weights * scale, {d: (o, e * scale) for d, (o, e) in totals.items()}, min_cases, falls
        )
        tested = max(tested, looked)
        prices = partial(_price, cells, alpha)
        measure = _Measure(dispersion, panel.baseline, scale * per_case, falls)
        best = _best(candidates, prices, measure, min_ratio, partial(focus, weights * scale) if focus else None)
        if best is None:
            break
        if best.score <= 0:
            rejected = best
            break
        if best.pattern.conditions and not falls:
            best = _generalised(panel, weights * scale, best, prices, measure, min_ratio)
        rows = best.pattern.rows(panel.units, panel.unit_days)
        weights[rows] *= best.observed / max(best.expected, 1e-9)
        found.append(FoundSlice(best.pattern, best.observed, best.expected, best.llr, best.score, best.observed - best.expected))
    return Scan(found, tested, rejected, sum(f.excess for f in found), total / expected_total)


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


Totals = dict[str, tuple[Weights, Weights]]
"""Dimension → observed and expected cases of each of its values."""


def _totals(panel: Panel, weights: Weights) -> Totals:
    out: Totals = {}
    for dim, codes in panel.units.items():
        count = len(panel.values[dim])
        seen = panel.cases[dim]
        # the code −1 of an unknown value is counted in a place before all others, and dropped
        expected = np.bincount(codes + 1, weights, count + 1)[1:].astype(np.float64)
        out[dim] = np.bincount(seen + 1, minlength=count + 1)[1:].astype(np.float64), expected
    return out


Focus = Callable[[Weights, Pattern], float]

Candidate = tuple[Pattern, float, float]
"""A pattern, its observed and expected cases."""

Cells = dict[tuple[str, ...], int]
"""Form of a pattern → how many of it could have been named: () a single value, its dimensions for a pair, and days (\"..\",)."""

DAYS = ("..",)


def _price(cells: Cells, alpha: float, pattern: Pattern) -> float:
    """Return what a pattern must pay for all that was looked at, in nats.

    The chance of a false alarm is shared equally by single values, pairs, triples and spans of days; among pairs and
    triples by the dimensions crossed (weighted Bonferroni, Holm 1979): where few cells are looked at each of them pays less.
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


SCREENED_ROWS = 60_000
EXACT_PAIRS = 60
"""Pairs are screened on a sample of the exposure rows; so many of the most promising are then summed exactly."""

THIN = 0.1
"""A cell that expects fewer cases cannot reach five by chance in any number of editions, and is not paid for."""


def _candidates(
    panel: Panel, weights: Weights, totals: Totals, min_cases: int, falls: bool
) -> tuple[list[Candidate], Cells, int]:
    """Return all that is worth naming, how many cells of each form could have been (the price of having looked), and how many
    slices had enough cases to be judged."""
    dims = [dim for dim in panel.units if len(panel.values[dim]) > 1]
    observed = {dim: totals[dim][0] for dim in dims}
    expected = {dim: totals[dim][1] for dim in dims}
    out: list[Candidate] = []
    cells: Cells = {(): 0}
    total_o = float(panel.n_cases)
    looked = 0
    for dim in dims:
        cells[()] += int((expected[dim] > THIN).sum())
        size = expected[dim] if falls else observed[dim]
        looked += int((size >= min_cases).sum())
        for value in np.flatnonzero(size >= min_cases):
            o, e = float(observed[dim][value]), float(expected[dim][value])
            if (o < e) if falls else (o > e):
                out.append((Pattern(((dim, int(value)),)), o, e))
    if falls:
        return out, cells, looked
    screened: list[tuple[float, Pattern, float, float]] = []
    step = max(len(weights) // SCREENED_ROWS, 1)
    sample = {dim: panel.units[dim][::step].astype(np.int64) + 1 for dim in dims}  # 0 where unknown
    sample_weights = weights[::step] * step
    for left, right in combinations(dims, 2):
        if left in panel.parents.get(right, ()) or right in panel.parents.get(left, ()):
            continue
        crossed, count = _crossed(panel, sample, sample_weights, left, right, min_cases)
        cells[min(left, right), max(left, right)] = count
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
            pairs.append((pattern, o, e))
    triples = _triples(panel, weights, pairs, dims, min_cases)
    cut, cells[DAYS] = _intervals(panel, weights, out, min_cases)
    return [*out, *pairs, *triples, *cut], cells, looked + len(triples) + len(cut)


def _crossed(
    panel: Panel, units: Mapping[str, NDArray[np.int64]], weights: Weights, left: str, right: str, min_cases: int
) -> tuple[list[tuple[int, int, float, float]], int]:
    """Return (left code, right code, observed, expected) of every pair of values with enough cases, and the number of cells.

    `units` (codes plus one, 0 where unknown) and `weights` are a sample of the panel's: it says which pairs are worth an exact sum.
    """
    width = len(panel.values[right]) + 1
    size = (len(panel.values[left]) + 1) * width
    case_cell = (panel.cases[left].astype(np.int64) + 1) * width + panel.cases[right] + 1
    keys, counts = np.unique(case_cell, return_counts=True)
    known = (counts >= min_cases) & (keys >= width) & (keys % width > 0)
    keys, counts = keys[known], counts[known]
    if not len(keys):
        return [], min(size, int(weights.sum() / THIN))
    cell = units[left] * width + units[right]
    if size <= 4_000_000:
        table = np.bincount(cell, weights, size)
        number = int((table.reshape(-1, width)[1:, 1:] > THIN).sum())
        sums = table[keys]
    else:
        position = np.searchsorted(keys, cell)
        position[position == len(keys)] = 0
        hit = keys[position] == cell
        sums = np.bincount(position[hit], weights[hit], len(keys))
        number = int(weights.sum() / THIN)
    rows = zip(keys.tolist(), counts.tolist(), sums.tolist(), strict=True)
    return [(key // width - 1, key % width - 1, float(count), float(e)) for key, count, e in rows], number


def _triples(panel: Panel, weights: Weights, pairs: list[Candidate], dims: list[str], min_cases: int) -> list[Candidate]:
    """Add a third condition to the pairs that already stand out."""
    best = sorted((p for p in pairs if likelihood_ratio(p[1], p[2]) > 3.5), key=lambda p: -likelihood_ratio(p[1], p[2]))[:8]
    out: list[Candidate] = []
    seen: set[tuple[Condition, ...]] = set()
    for pattern, o, e in best:
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
            for value in np.flatnonzero(counts >= min_cases):
                conditions = tuple(sorted((*pattern.conditions, (dim, int(value)))))
                if (
                    conditions in seen
                    or counts[value] <= 1.15 * sums[value]
                    or counts[value] / max(sums[value], 1e-9) <= 1.1 * o / e
                ):
                    continue
                seen.add(conditions)
                out.append((Pattern(conditions), float(counts[value]), float(sums[value])))
    return out


def _intervals(panel: Panel, weights: Weights, singles: list[Candidate], min_cases: int) -> tuple[list[Candidate], int]:
    """Cut the promising single values by the best interval of days on each axis (a one-dimensional scan by Kadane's rule)."""
    able = [entry for entry in singles if entry[0].conditions[0][0] in panel.interval_dims]
    able.sort(key=lambda entry: -likelihood_ratio(entry[1], entry[2]))
    out: list[Candidate] = []
    spans = 0
    for pattern, _, _ in able[:6]:
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
                out.append((Pattern(pattern.conditions, axis, start + first, start + last), span_o, span_e))
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


@dataclass(frozen=True)
class _Measure:
    """How a count is held against what was to be expected in one search."""

    dispersion: float
    baseline: bool
    rho: float
    falls: bool

    def found(self, pattern: Pattern, observed: float, expected: float, price: float) -> FoundSlice:
        llr = likelihood_ratio(observed, expected, baseline=self.baseline, rho=self.rho) / self.dispersion
        if self.falls:
            return FoundSlice(pattern, observed, expected, llr, llr - price)
        nats = tail_nats(observed, expected, dispersion=self.dispersion, baseline=self.baseline, rho=self.rho)
        return FoundSlice(pattern, observed, expected, llr, nats - price)


FOCUSED = 12
"""So many of the best slices are looked at by kind of case."""


def _best(
    candidates: list[Candidate],
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
            return measure.found(parent, o, e, prices(parent))
    return best


def ratio_interval(observed: float, expected: float, level: float = 0.95) -> tuple[float, float]:
    """Return Garwood's exact Poisson interval of observed/expected."""
    tail = (1 - level) / 2
    low = chi2.ppf(tail, 2 * observed) / 2 if observed > 0 else 0.0
    high = chi2.ppf(1 - tail, 2 * observed + 2) / 2
    return float(low / max(expected, 1e-9)), float(high / max(expected, 1e-9))
