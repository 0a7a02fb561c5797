"""Counts of all values, pairs, triples and day intervals of a panel that are worth testing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import log

import numpy as np
from numpy.typing import NDArray

from tasks.methods.likelihood import likelihood_ratio
from tasks.methods.panels import Condition, Panel, Pattern, Weights

Totals = dict[str, tuple[Weights, Weights]]
"""Dimension → observed and expected cases of each of its values."""


def value_totals(panel: Panel, weights: Weights) -> Totals:
    """Return the observed and expected cases of every value of every dimension."""
    out: Totals = {}
    for dim, codes in panel.units.items():
        count = len(panel.values[dim])
        seen = panel.cases[dim]
        # the code −1 of an unknown value is counted in a place before all others, and dropped
        expected = np.bincount(codes + 1, weights, count + 1)[1:].astype(np.float64)
        out[dim] = np.bincount(seen + 1, minlength=count + 1)[1:].astype(np.float64), expected
    return out


SliceCount = tuple[Pattern, float, float]
"""A pattern, its observed and expected cases."""


Cells = dict[tuple[str, ...], int]
"""Form of a pattern → how many of it could have been named: () a single value, its dimensions for a pair, and days (\"..\",)."""


DAYS = ("..",)


SCREENED_ROWS = 60_000


EXACT_PAIRS = 60
"""Pairs are screened on a sample of the exposure rows; this many of the most promising ones are then summed exactly."""


THIN = 0.1
"""A cell that expects fewer cases cannot reach five by chance in any number of editions, and is not paid for."""


def slice_counts(
    panel: Panel, weights: Weights, totals: Totals, min_cases: int, falls: bool
) -> tuple[list[SliceCount], Cells, int]:
    """Return all candidates, how many cells of each form could have been one (the price of the search), and how many
    slices had enough cases to be judged."""
    dims = [dim for dim in panel.units if len(panel.values[dim]) > 1]
    observed = {dim: totals[dim][0] for dim in dims}
    expected = {dim: totals[dim][1] for dim in dims}
    out: list[SliceCount] = []
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
    pairs: list[SliceCount] = []
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


def _triples(panel: Panel, weights: Weights, pairs: list[SliceCount], dims: list[str], min_cases: int) -> list[SliceCount]:
    """Add a third condition to the pairs that already stand out."""
    best = sorted((p for p in pairs if likelihood_ratio(p[1], p[2]) > 3.5), key=lambda p: -likelihood_ratio(p[1], p[2]))[:8]
    out: list[SliceCount] = []
    seen: set[tuple[Condition, ...]] = set()
    for pattern, o, e in best:
        units, cases = np.flatnonzero(pattern.rows(panel.units, {})), np.flatnonzero(pattern.rows(panel.cases, {}))
        weight = weights[units]
        inside = {dim for dim, _ in pattern.conditions}
        for dim in dims:
            if dim in inside or any(dim in panel.parents.get(d, ()) or d in panel.parents.get(dim, ()) for d in inside):
                continue
            unit, case = panel.units[dim][units], panel.cases[dim][cases]
            count = len(panel.values[dim])
            sums = np.bincount(unit + 1, weight, count + 1)[1:]
            counts = np.bincount(case + 1, minlength=count + 1)[1:]
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


def _intervals(panel: Panel, weights: Weights, singles: list[SliceCount], min_cases: int) -> tuple[list[SliceCount], int]:
    """Cut the promising single values by the best interval of days on each axis (a one-dimensional scan by Kadane's rule)."""
    able = [entry for entry in singles if entry[0].conditions[0][0] in panel.interval_dims]
    able.sort(key=lambda entry: -likelihood_ratio(entry[1], entry[2]))
    out: list[SliceCount] = []
    spans = 0
    for pattern, _, _ in able[:6]:
        units, cases = np.flatnonzero(pattern.rows(panel.units, {})), np.flatnonzero(pattern.rows(panel.cases, {}))
        weight = weights[units]
        for axis in panel.unit_days:
            unit_day, case_day = panel.unit_days[axis][units], panel.case_days[axis][cases]
            known = unit_day >= 0
            if not known.any() or (case_day >= 0).sum() < min_cases:
                continue
            start = int(unit_day[known].min())
            e = np.bincount(unit_day[known] - start, weight[known]).astype(np.float64)
            inside = case_day[(case_day >= start) & (case_day < start + len(e))] - start
            o = np.bincount(inside, minlength=len(e)).astype(float)
            first, last = _best_interval(o, e)
            spans = max(spans, len(e))
            span_o, span_e = float(o[first : last + 1].sum()), float(e[first : last + 1].sum())
            whole = last - first + 1 >= np.count_nonzero(e) - 2
            if span_o >= min_cases and span_o > span_e and not whole:
                out.append((Pattern(pattern.conditions, axis, start + first, start + last), span_o, span_e))
    values = sum(len(panel.values[dim]) for dim in panel.interval_dims if dim in panel.values)
    # begin and end are both free; neighbouring spans are nearly the same, so they count with the logarithm of their length
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
