"""Localisation of common shifts in a table of measured leaves, `real` against `predict`.

Every slice of every cuboid is screened with sums over leaves alone; the best are fitted robustly, tested against their own parts and
taken greedily. What a cause explains is explained: its leaves only count again where they contradict it. A cause pays for being one
of the many slices of its order, for its shift and its spread (an MDL code), so the search stops by itself.

The ripple effect is Squeeze's (Li et al., ISSRE 2019), the price that of Bayesian scan statistics (Neill 2006); the mixture of
followers and others inside a cause, the test by parts and the shared screening sums are ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, inf, log, sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtrit

from benchmarks.engines.leaf_model import (
    LOG_ASTRAY,
    LOG_FAITHFUL,
    LOG_TAU,
    Shift,
    fitted_shift,
    noise_of,
    null_density,
    prior,
    summed_score,
)
from benchmarks.engines.leaf_table import Conditions, Leaves, Reals, Rows, cuboid_sums, leaves_of, rows_of
from benchmarks.engines.located import Located

LEAST_GAIN = 2.0
"""Nats by which a cause must beat its price."""

NEARLY = 5.0
"""Nats below the least gain down to which a slice is fitted: kin among the causes found may lift it."""

LEAST_DISTANCE = 1.5
"""Standard errors by which a slice's mean must be off to be looked at."""

FAR = 4.0
"""A shift of this many times the noise cannot be misjudged noise."""

KIN = 0.08
"""Spread of the deviations of causes of one cuboid that may be of one origin."""

ALIKE = 0.8
"""If this share of a slice lies in parts that share its shift, the slice is one cause."""

PER_CUBOID = 12
SHORTLIST = 60
ROUNDS = 20
LOOSENESS = 1.5
"""Factor by which the noise of a large slice may be off without its being a cause."""

LARGE_SLICE = 20
LEAST_KEPT = 0.02
WIDEST = 0.5
FEW_SPREAD = 0.05
"""Least spread that is assumed where too few leaves show it."""


@dataclass(frozen=True)
class Found:
    """A slice with its fitted shift."""

    conditions: Conditions
    rows: Rows
    shift: Shift
    score: float
    gain: float
    """Log-likelihood ratio against the explanation without it, prices left out."""
    follows: NDArray[np.bool_]
    """Which of the rows follow the shift."""

    def within(self, other: Conditions) -> bool:
        """Whether this slice is a part of another one."""
        return set(other) <= set(self.conditions)


@dataclass
class ShiftSearch:
    """The state of a search."""

    leaves: Leaves
    noise: Reals
    null: Reals
    """Log density of each leaf under noise alone."""
    loose: Reals
    """Log density of each leaf as one that does not follow the cause it lies in: noise, or anything."""
    density: Reals
    """Log density of each leaf under the causes found."""
    owner: Rows
    """Number of the cause that explains each leaf, −1 where none does."""
    prices: dict[int, float]
    """Order → log number of its slices."""
    found: list[Found]


def leaf_shift(table: pl.DataFrame, dims: list[str]) -> list[Located]:
    """Locate the slices whose leaves share a relative shift.

    Args:
        table: One row a leaf: the dimensions, `real` and `predict`.
        dims: Names of the dimensions.

    Returns:
        The causes, the surest first. Their excesses add up: every leaf counts for the one cause that explains it best. A cause's
        interval is that of its own leaves; where it meets another, observed ÷ expected of the whole slice mixes both.
    """
    leaves = leaves_of(table, dims)
    if not len(leaves.real):
        return []
    everything = np.arange(len(leaves.real))
    noise = noise_of(leaves, everything)
    null = null_density(leaves.deviation, noise)
    search = ShiftSearch(leaves, noise, null, _loose(null), null, np.full(len(null), -1), {}, [])
    replaced: set[Conditions] = set()
    for _ in range(ROUNDS):
        taken = _taken(search)
        if not taken:
            break
        for cause in taken:
            # What was found in parts before the whole could be seen is sought again once the whole is known; only once.
            parts = {part.conditions for part in search.found if part.within(cause.conditions)} - replaced
            replaced |= parts
            search.found = [part for part in search.found if part.conditions not in parts]
        search.found += taken
        _explain(search)
        _renew_noise(search, sum(len(cause.rows) for cause in taken))
        _prune(search)
    return _located(search)


def _loose(null: Reals) -> Reals:
    return np.asarray(np.logaddexp(null, log(0.5)) + LOG_ASTRAY)


def _taken(search: ShiftSearch) -> list[Found]:
    """Choose the causes of one round: the best first, each clear of the others and of everything still undecided."""
    seen = {cause.conditions for cause in search.found}
    claimed = np.zeros(len(search.null), bool)
    undecided = claimed.copy()
    chosen: list[Found] = []
    fallback: Found | None = None
    for conditions in _screened(search):
        if conditions in seen or any(
            set(conditions) <= set(c.conditions) or set(c.conditions) <= set(conditions) for c in chosen
        ):
            continue
        rows = rows_of(search.leaves, conditions)
        cause = _assessed(search, conditions, rows, search.density, search.owner)
        if cause is None or cause.score <= LEAST_GAIN:
            continue
        if claimed[rows].any():
            claimed[rows] = True
        elif _is_mixed(search, cause):
            undecided[rows] = True
        elif undecided[rows].any():
            undecided[rows] = True
            fallback = fallback or cause
        else:
            claimed[rows] = True
            chosen.append(cause)
    return chosen or ([fallback] if fallback else [])


def _screened(search: ShiftSearch) -> list[Conditions]:
    """Return the slices that may be causes, by a score from sums over the leaves that are not explained yet."""
    leaves = search.leaves
    free = np.flatnonzero(search.owner < 0)
    weights = [np.ones(len(free)), leaves.deviation[free], leaves.deviation[free] ** 2, search.density[free]]
    cuboids = cuboid_sums(leaves, free, weights)
    if not search.prices:
        slices: dict[int, int] = {}
        for cuboid, (_, sums) in cuboids.items():
            slices[len(cuboid)] = slices.get(len(cuboid), 0) + int((sums[0] > 0).sum())
        search.prices = {order: log(max(number, 1)) for order, number in slices.items()}
    ranked: list[tuple[float, Conditions]] = []
    least = (LEAST_DISTANCE * float(search.noise.min())) ** 2
    for cuboid, (cells, sums) in cuboids.items():
        filled = np.flatnonzero(sums[1] ** 2 > least * sums[0])
        score = summed_score(*sums[:, filled]) - search.prices[len(cuboid)]
        best = np.flatnonzero(score > LEAST_GAIN - NEARLY)
        if len(best) > PER_CUBOID:
            best = best[np.argsort(-score[best], kind="stable")[:PER_CUBOID]]
        sizes = [leaves.sizes[dim] for dim in cuboid]
        for at in best:
            codes = np.unravel_index(int(cells[filled[at]]), sizes)
            ranked.append((-float(score[at]), tuple((dim, int(code)) for dim, code in zip(cuboid, codes, strict=True))))
    return [conditions for _, conditions in sorted(ranked)[:SHORTLIST]]


def _assessed(
    search: ShiftSearch, conditions: Conditions, rows: Rows, density: Reals, owner: Rows, without: Found | None = None
) -> Found | None:
    """Fit a slice and score it against what explains its leaves so far; None where its middle leaf is as expected.

    Args:
        search: The state of the search.
        conditions: The slice.
        rows: Its leaves.
        density: Log density of every leaf as explained so far.
        owner: Cause that explains each leaf so far.
        without: The cause among those found that is left out of the explanation.
    """
    deviation, owners = search.leaves.deviation[rows], owner[rows]
    free = owners < 0
    fresh = rows[free] if free.any() else rows
    fresh_deviation = search.leaves.deviation[fresh]
    middle = abs(float(np.median(fresh_deviation)))
    if len(fresh) > LARGE_SLICE and middle < 2.5 * float(search.noise[fresh].mean()) / sqrt(len(fresh)):
        return None
    shift = fitted_shift(fresh_deviation, search.loose[fresh])
    follows = LOG_FAITHFUL + shift.density(deviation) > search.loose[rows]
    gain = np.maximum(LOG_FAITHFUL + shift.density(deviation, predictive=False) - density[rows], LOG_ASTRAY)
    gain[~follows] = np.minimum(gain[~follows], 0)
    total = float(gain[free].sum())
    gained = free & follows
    if gained.sum() >= LARGE_SLICE and abs(shift.mean) < FAR * float(search.noise[rows].mean()):
        total -= _misjudged_noise(deviation[gained], search.noise[rows[gained]], float(density[rows[gained]].sum()))
    for number, cause in enumerate(search.found):
        # Where two causes meet, one of them decides the whole meeting; inside a cause, the part must fit throughout.
        met = float(gain[owners == number].sum()) if not free.all() else 0.0
        if met > 0 or set(cause.conditions) <= set(conditions):
            total += met
    price = float(prior(max(float(follows.sum()), 1.0), shift.mean, shift.spread)) - search.prices[len(conditions)]
    kin = [cause for cause in search.found if cause is not without]
    return Found(conditions, rows, shift, total + price + _kinship(conditions, shift, kin), total, follows)


def _misjudged_noise(deviation: Reals, noise: Reals, explained: float) -> float:
    """Return the nats that a large slice gains merely because its noise is not as estimated."""
    scale = float(np.clip(sqrt(float(((deviation / noise) ** 2).mean())), 1 / LOOSENESS, LOOSENESS)) * noise
    normal = float((-0.5 * (deviation / scale) ** 2 - np.log(scale) - 0.5 * LOG_TAU).sum())
    return max(0.0, normal - explained, float(null_density(deviation, scale).sum()) - explained)


def _kinship(conditions: Conditions, shift: Shift, kin: list[Found]) -> float:
    """Return the nats by which the causes already found make another one likelier.

    Causes of a case mostly go one way, are of one order, and those of one cuboid often share a shift.
    """
    if not kin:
        return 0.0
    same_way = sum((cause.shift.mean > 0) == (shift.mean > 0) for cause in kin)
    same_order = sum(len(cause.conditions) == len(conditions) for cause in kin)
    cuboid = [dim for dim, _ in conditions]
    near = sum(
        float(np.exp(-0.5 * ((shift.mean - cause.shift.mean) / KIN) ** 2)) / (KIN * sqrt(2 * np.pi))
        for cause in kin
        if [dim for dim, _ in cause.conditions] == cuboid
    )
    return log(2 * (same_way + 0.5) / (len(kin) + 1)) + log(1 + same_order) + log(1 + near / max(abs(shift.mean), 1e-3))


def _is_mixed(search: ShiftSearch, cause: Found) -> bool:
    """Whether some dimension cuts a slice into parts that explain its leaves better than the slice does."""
    free = search.owner[cause.rows] < 0
    rows, astray = cause.rows[free], ~cause.follows[free]
    if len(rows) < 2:
        return False
    weights = [np.ones(len(rows)), search.leaves.deviation[rows], search.leaves.deviation[rows] ** 2, search.density[rows]]
    whole = [float(weight[~astray].sum()) for weight in weights]
    order = len(cause.conditions)
    base = float(summed_score(*(np.array(w) for w in whole))) - search.prices[order] if whole[0] else -np.inf
    for dim in range(len(search.leaves.dims)):
        if order + 1 not in search.prices or any(dim == used for used, _ in cause.conditions):
            continue
        codes, price = search.leaves.codes[dim][rows], search.prices[order + 1]
        parts = _summed(codes, weights)
        scores = summed_score(*parts) - price
        alike = (scores > 0) & (np.abs(parts[1] / parts[0] - cause.shift.mean) < cause.shift.spread)
        if parts[0][alike].sum() >= ALIKE * len(rows):
            continue
        rest = _summed(codes[astray], [weight[astray] for weight in weights]) if astray.any() else None
        besides = np.maximum(summed_score(*rest) - price, 0).sum() if rest is not None else 0.0
        if np.maximum(scores, 0).sum() > base + besides:
            return True
    return False


def _summed(codes: Rows, weights: Iterable[Reals]) -> Reals:
    sums = np.stack([np.bincount(codes, weight) for weight in weights])
    return np.asarray(sums[:, sums[0] > 0])


def _explanation(search: ShiftSearch, without: int | None = None) -> tuple[Reals, Rows]:
    """Return the log density and the owner of every leaf under the causes found, one of them left out if wished."""
    leaves = search.leaves
    density, owner = search.null.copy(), np.full(len(search.null), -1)
    kept, spread, last = np.ones(len(density)), np.zeros(len(density)), owner.copy()
    for number, cause in enumerate(search.found):
        if number == without:
            continue
        explained = LOG_FAITHFUL + cause.shift.density(leaves.deviation[cause.rows])
        before, owned = density[cause.rows], owner[cause.rows] >= 0
        takes = np.where(owned, explained > before, explained > search.loose[cause.rows])
        density[cause.rows] = np.maximum(explained, np.where(owned, before, before + LOG_ASTRAY))
        owner[cause.rows[takes]], last[cause.rows] = number, number
        left = max(1 - abs(cause.shift.mean), LEAST_KEPT)
        kept[cause.rows] *= left if cause.shift.mean > 0 else 1 / left
        spread[cause.rows] = np.hypot(spread[cause.rows], cause.shift.spread / left)
    met = np.flatnonzero(last >= 0)
    if len(met):
        # Causes that meet may multiply, and the noise of small leaves goes on inside a cause.
        expected = leaves.predict[met] * kept[met]
        deviation = (expected - leaves.real[met]) / np.maximum(expected, leaves.real[met])
        around = null_density(deviation, np.hypot(search.noise[met], np.minimum(spread[met], WIDEST)))
        density[met] = np.maximum(density[met], LOG_FAITHFUL + around)
        late = met[(owner[met] < 0) & (LOG_FAITHFUL + around > search.loose[met])]
        owner[late] = last[late]
    return density, owner


def _explain(search: ShiftSearch) -> None:
    search.density, search.owner = _explanation(search)


def _renew_noise(search: ShiftSearch, changed: int) -> None:
    """Estimate the noise again without the leaves of causes, once these are many enough to have mattered."""
    free = np.flatnonzero(search.owner < 0)
    if changed * 200 > len(search.null) and len(free) > LARGE_SLICE:
        search.noise = noise_of(search.leaves, free)
        search.null = null_density(search.leaves.deviation, search.noise)
        search.loose = _loose(search.null)
        _explain(search)


def _prune(search: ShiftSearch) -> None:
    """Refit every cause given the others, and drop the worst that no longer pays until all do."""
    while True:
        covers = np.zeros(len(search.null), np.int64)
        for cause in search.found:
            covers[cause.rows] += 1
        for number, cause in enumerate(search.found):
            alone = covers[cause.rows].max() == 1
            density, owner = (search.null, np.full(len(covers), -1)) if alone else _explanation(search, without=number)
            again = _assessed(search, cause.conditions, cause.rows, density, owner, without=cause)
            search.found[number] = again or Found(cause.conditions, cause.rows, cause.shift, -np.inf, 0.0, cause.follows)
        worst = min(search.found, key=lambda cause: (cause.score, cause.conditions), default=None)
        if worst is None or worst.score >= LEAST_GAIN:
            break
        search.found.remove(worst)
    _explain(search)


def _located(search: ShiftSearch) -> list[Located]:
    """Say what was found in the words of the table."""
    leaves = search.leaves
    located = []
    for number, cause in enumerate(search.found):
        real, predict = leaves.real[cause.rows], leaves.predict[cause.rows]
        owned = search.owner == number
        rows = owned if owned.any() else cause.rows
        low, high = _ratio_interval(leaves.real[rows], leaves.predict[rows], cause.shift, float(search.noise[cause.rows].mean()))
        conditions = tuple(sorted((leaves.dims[dim], leaves.values[dim][code]) for dim, code in cause.conditions))
        excess = float(leaves.real[owned].sum() - leaves.predict[owned].sum())
        located.append(Located(conditions, cause.gain, float(real.sum()), float(predict.sum()), excess, low, high))
    return sorted(located, key=lambda cause: (-cause.llr, cause.conditions))


def _ratio_interval(real: Reals, predict: Reals, shift: Shift, noise: float) -> tuple[float, float]:
    """Return the 95 % interval of observed over expected, from the spread of the leaves around the common shift.

    The smaller column is a share of the larger one; its standard error is that of a mean weighted by the larger column, and the
    interval is one of its logarithm, so that it stays above zero.
    """
    falls = shift.mean > 0
    larger, smaller = (predict, real) if falls else (real, predict)
    share = float(smaller.sum() / larger.sum())
    known = shift.weight >= 3
    error = (
        (shift.spread if known else max(shift.spread, noise, FEW_SPREAD)) * sqrt(float((larger**2).sum())) / float(larger.sum())
    )
    wide = error * (float(stdtrit(shift.weight - 1, 0.975)) if known else 1.96)
    if not share:
        return (0.0, wide) if falls else (1 / wide, inf)
    # Beyond a factor of twenty either way a ratio is unknown, whatever its formula.
    factor = exp(min(wide / share, 3.0))
    low, high = share / factor, share * factor
    return (low, high) if falls else (1 / high, 1 / low)
