"""Counts of two samples of cases in the cells of up to three dimensions: what a search of causes looks at.

Every dimension and every pair of dimensions is counted once (linear in the rows); a third is looked at only inside the pairs that
stand out. Dimensions that determine each other (a batch its SKU) are found and never crossed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from benchmarks.engines.count_cases import Bools, CaseCodes, Codes, Cuboid, Floats, Ints, joined, possible
from benchmarks.engines.count_evidence import nats

KEPT_NATS = 5.0
"""A cell with less is never near the bar, whatever the level turns out to be."""

PROMISING = 2.0
"""Standard errors above its own values' level from which a pair is searched for a third value."""

SHAPE_CAP = 20.0
"""The most cases that a cell borrows from the expectation of its margins: its own baseline soon outweighs them."""

SAMPLE = 500
VERIFIED = 200_000
"""Rows that suffice to see whether one dimension may determine another, and whether it does."""

TOLERANCE = 0.005
"""Share of rows that may contradict that one dimension determines another (typing errors)."""


@dataclass(frozen=True)
class Tally:
    """Cells of one cuboid, rising, with their current and baseline cases."""

    cells: Ints
    now: Floats
    before: Floats
    shape: float = 0.0

    def at(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return current and baseline cases of given cells, all of which are in the tally."""
        place = np.searchsorted(self.cells, cells)
        return self.now[place], self.before[place]

    def part(self, chosen: Bools) -> Tally:
        """Return some of the cells."""
        return Tally(self.cells[chosen], self.now[chosen], self.before[chosen], self.shape)


@dataclass
class CountedCells:
    """All that was counted.

    Args:
        cases: The cases.
        level: Current over baseline cases of most values: a lower bound of the exposure ratio.
        determines: (a, b) where each value of dimension a has one value of b.
        tallies: Cells with enough cases, of every single dimension and every pair.
        candidates: Cells that stand out, of all orders.
        tested: Order → how many cells could have stood out by chance.
    """

    cases: CaseCodes
    level: float
    determines: set[tuple[int, int]]
    tallies: dict[Cuboid, Tally] = field(default_factory=dict)
    candidates: dict[Cuboid, Tally] = field(default_factory=dict)
    tested: dict[int, float] = field(default_factory=lambda: {1: 0.0, 2: 0.0, 3: 0.0})

    def borrowed(self, cuboid: Cuboid, codes: Sequence[Ints]) -> tuple[Floats, Floats]:
        """Return the cases and the exposure that the margins lend to each cell's own baseline.

        A gamma-Poisson prior (DuMouchel 1999): its mean is what the cell would have if its dimensions were independent (two of
        three: given the third), its shape how well that holds elsewhere in the cuboid. With
        B baseline cases a cell expects (B + shape) / (1 + shape / mean) of them.
        """
        total = self.cases.total_before
        if len(cuboid) == 1:
            return np.zeros(len(codes[0])), np.ones(len(codes[0]))
        margins = [self.tallies[dim,].before[code - 1] for dim, code in zip(cuboid, codes, strict=True)]
        if len(cuboid) == 2:
            shape = self.tallies[cuboid].shape
            return np.full(len(codes[0]), shape), 1 + shape / np.maximum(margins[0] * margins[1] / total, 1e-6)
        # independent given one of the three, whichever lets expect most: a chain of dependences is none of its ends' doing
        mean = np.zeros(len(codes[0]))
        looseness = np.full(len(codes[0]), 1 / SHAPE_CAP)
        pairs: dict[tuple[int, int], Floats] = {}
        for left, right in combinations(range(3), 2):
            tally = self.tallies[cuboid[left], cuboid[right]]
            baseline = tally.at(codes[left] * self.cases.widths[cuboid[right]] + codes[right])[1]
            expected = (baseline + tally.shape) / (1 + tally.shape / np.maximum(margins[left] * margins[right] / total, 1e-9))
            pairs[left, right] = pairs[right, left] = expected
            looseness += 1 / np.maximum(expected + tally.shape, 0.1)
        for given in range(3):
            left, right = (dim for dim in range(3) if dim != given)
            mean = np.maximum(mean, pairs[given, left] * pairs[given, right] / np.maximum(margins[given], 0.5))
        return 1 / looseness, 1 + 1 / looseness / np.maximum(mean, 1e-6)


def counted(cases: CaseCodes, known: bool, level: float | None = None) -> CountedCells:
    """Count all values and pairs, and the threes inside the pairs that stand out.

    Args:
        cases: The cases.
        known: Whether the baseline is a known expectation.
        level: Exposure ratio, where it is known better than from the values' median.
    """
    singles = [_single(cases, dim) for dim in range(len(cases.widths))]
    out = CountedCells(cases, _level(singles, cases) if level is None else level, determined(cases))
    out.tested[1] = cases.values
    for dim, tally in enumerate(singles):
        out.tallies[dim,] = tally
        _keep(out, (dim,), tally)
    threes: dict[Cuboid, list[Tally]] = {}
    for left, right in combinations(range(len(cases.widths)), 2):
        if (left, right) in out.determines or (right, left) in out.determines:
            continue
        for cuboid, tally in _pair(out, (left, right), known):
            threes.setdefault(cuboid, []).append(tally)
    for cuboid, parts in threes.items():
        cells, first = np.unique(np.concatenate([part.cells for part in parts]), return_index=True)
        now, before = (np.concatenate([getattr(part, side) for part in parts])[first] for side in ("now", "before"))
        out.candidates[cuboid] = Tally(cells, now, before)
    return out


def determined(cases: CaseCodes) -> set[tuple[int, int]]:
    """Return the pairs (a, b) of dimensions where a value of a has one value of b, but for few rows."""
    out: set[tuple[int, int]] = set()
    sampled = [_every(codes, SAMPLE) for codes in cases.now]
    for left, right in combinations(range(len(cases.widths)), 2):
        for a, b in ((left, right), (right, left)):
            if cases.widths[a] < cases.widths[b]:
                continue  # fewer values cannot determine more of them
            if _determines(sampled[a], sampled[b], cases.widths[b]) and _determines(
                _every(cases.now[a], VERIFIED), _every(cases.now[b], VERIFIED), cases.widths[b]
            ):
                out.add((a, b))
    return out


def _every(codes: Codes, size: int) -> Codes:
    return codes[:: max(len(codes) // size, 1)]


def _determines(a: Codes, b: Codes, width: int) -> bool:
    """Whether rows that repeat a value of `a` repeat that of `b`."""
    if width < 3:  # a single frequent value is determined by anything
        return False
    known = (a > 0) & (b > 0)
    keys = np.sort(joined([a[known], b[known]], [0, width]))
    values = keys // width
    repeats = len(keys) - _runs(values)
    if not repeats:
        return False
    # where nearly all rows share one value of b, its repetition proves nothing
    alike = float(((np.bincount(b[known]) / len(keys)) ** 2).sum())
    return _runs(keys) - _runs(values) <= TOLERANCE * repeats * (1 - alike)


def _runs(ordered: Ints) -> int:
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + min(len(ordered), 1)


def members(keys: Ints, cells: Ints, size: int) -> tuple[Ints, Ints]:
    """Return the rows that lie in one of the cells, and the place of that cell."""
    if not len(cells):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if size <= _dense(len(keys)):
        places = np.zeros(size, np.int32)
        places[cells] = np.arange(1, len(cells) + 1)
        found = places[keys]
        rows = np.flatnonzero(found)
        return rows, found[rows].astype(np.int64) - 1
    place = np.searchsorted(cells, keys)
    place[place == len(cells)] = 0
    rows = np.flatnonzero(cells[place] == keys)
    return rows, place[rows]


def counts_of(keys: Ints, wanted: Ints, size: int) -> Ints:
    """Return how many of the keys equal each wanted one; all are less than `size`."""
    if size <= _dense(len(keys)):
        return np.bincount(keys, minlength=size)[wanted]
    ordered = np.sort(keys)
    return np.searchsorted(ordered, wanted, "right") - np.searchsorted(ordered, wanted, "left")


def _dense(rows: int) -> int:
    """Return up to how many cells a table of all of them is cheaper than sorting the rows."""
    return max(4 * rows, 20_000)


def _tally(now: Ints, before: Ints, weights: Floats | None, size: int, minimum: float) -> tuple[Tally, int]:
    """Return the cells with enough cases, and how many have at least an eighth of that."""
    if size <= _dense(len(now)):
        counts = np.bincount(now, minlength=size)
        cells = np.flatnonzero(counts >= minimum)
        earlier = np.bincount(before, weights, size)[cells].astype(np.float64)
        return Tally(cells, counts[cells].astype(np.float64), earlier), possible(counts, minimum)
    ordered = np.sort(now)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else np.zeros(0, np.int64)
    counts = np.diff(starts, append=len(ordered))
    enough = counts >= minimum
    cells = ordered[starts[enough]]
    if weights is None:
        earlier = counts_of(before, cells, size).astype(np.float64)
    else:
        rows, places = members(before, cells, size)
        earlier = np.bincount(places, weights[rows], len(cells)).astype(np.float64)
    return Tally(cells, counts[enough].astype(np.float64), earlier), possible(counts, minimum)


def _single(cases: CaseCodes, dim: int) -> Tally:
    width = cases.widths[dim]
    now = np.bincount(cases.now[dim], minlength=width)
    before = np.bincount(cases.before[dim], cases.weights, width)
    return Tally(np.arange(1, width), now[1:].astype(np.float64), before[1:].astype(np.float64))


def _level(singles: Sequence[Tally], cases: CaseCodes) -> float:
    """Return the weighted median of current over baseline of all values, or that of the totals where it is lower."""
    now = np.concatenate([tally.now for tally in singles])
    before = np.concatenate([tally.before for tally in singles])
    overall = cases.total / cases.total_before
    if not before.sum():
        return overall
    ratios = now / np.maximum(before, 1e-9)
    order = np.argsort(ratios, kind="stable")
    sizes = np.cumsum(before[order])
    return min(overall, float(ratios[order][int(np.searchsorted(sizes, sizes[-1] / 2))]))


def _keep(counted: CountedCells, cuboid: Cuboid, tally: Tally) -> None:
    chosen = nats(tally.now, tally.before, counted.level) >= KEPT_NATS
    if chosen.any():
        counted.candidates[cuboid] = tally.part(chosen)


def _pair(counted: CountedCells, pair: Cuboid, known: bool) -> Iterator[tuple[Cuboid, Tally]]:
    """Count a pair of dimensions; yield the outstanding cells of each third dimension inside its promising cells."""
    cases, (left, right) = counted.cases, pair
    size = cases.size(pair)
    now = joined([cases.now[left], cases.now[right]], [0, cases.widths[right]])
    before = joined([cases.before[left], cases.before[right]], [0, cases.widths[right]])
    tally, possible = _tally(now, before, cases.weights, size, cases.minimum)
    codes = cases.codes(pair, tally.cells)
    tally = tally.part((codes[0] > 0) & (codes[1] > 0))
    codes = cases.codes(pair, tally.cells)
    (o_left, b_left), (o_right, b_right) = (counted.tallies[dim,].at(code) for dim, code in zip(pair, codes, strict=True))
    shape = 0.0 if known else _shape(tally.before, b_left * b_right / cases.total_before)
    counted.tallies[pair] = tally = Tally(tally.cells, tally.now, tally.before, shape)
    counted.tested[2] += possible
    _keep(counted, pair, tally)
    level = np.maximum(counted.level, np.maximum(o_left / np.maximum(b_left, 1e-9), o_right / np.maximum(b_right, 1e-9)))
    level = np.minimum(level, 1e6)
    error = np.sqrt(tally.now + level**2 * tally.before)
    promising = tally.now - level * tally.before >= PROMISING * error
    if not promising.any():
        return
    cells = tally.cells[promising]
    rows, places = members(now, cells, size)
    rows_before, places_before = members(before, cells, size)
    thirds = [
        dim
        for dim in range(len(cases.widths))
        if dim not in pair and not any({(dim, inside), (inside, dim)} & counted.determines for inside in pair)
    ]
    if not thirds:
        return
    # the values of all third dimensions are laid end to end, as if of one
    starts = np.cumsum([0, *(cases.widths[dim] for dim in thirds)])
    width = int(starts[-1])
    weights = None if cases.weights is None else np.tile(cases.weights[rows_before], len(thirds))
    inside, possible = _tally(
        _crossed(places * width, [cases.now[dim] for dim in thirds], rows, starts),
        _crossed(places_before * width, [cases.before[dim] for dim in thirds], rows_before, starts),
        weights,
        len(cells) * width,
        cases.minimum,
    )
    counted.tested[3] += possible * float(tally.now.sum()) / len(rows) / 3  # each three has three pairs
    inside = inside.part(nats(inside.now, inside.before, counted.level) >= KEPT_NATS)
    place, value = np.divmod(inside.cells, width)
    which = np.searchsorted(starts, value, "right") - 1
    codes = cases.codes(pair, cells[place])
    for number in np.unique(which):
        third = thirds[number]
        chosen = (which == number) & (value > starts[number])
        by_dim = dict(zip((*pair, third), (*(code[chosen] for code in codes), value[chosen] - starts[number]), strict=True))
        cuboid = tuple(sorted(by_dim))
        keys = joined([by_dim[dim] for dim in cuboid], [cases.widths[dim] for dim in cuboid])
        yield cuboid, Tally(keys, inside.now[chosen], inside.before[chosen])


def _crossed(places: Ints, codes: Sequence[Codes], rows: Ints, starts: Ints) -> Ints:
    return np.concatenate([places + (start + code[rows]) for code, start in zip(codes, starts[:-1], strict=True)])


def _shape(counts: Floats, means: Floats) -> float:
    """Return the shape of the gamma prior by moments: how far counts lie from what independence lets expect."""
    squares = float((means**2).sum())
    extra = float(((counts - means) ** 2 - means).sum()) / squares if squares else 0.0
    return min(1 / extra, SHAPE_CAP) if extra > 0 else SHAPE_CAP
