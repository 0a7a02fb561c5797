"""Localisation for counts with denominators: which slice's rate has changed against its own earlier rate.

Every slice of up to three conditions is a rival explanation: inside it the odds of a case are multiplied by one common factor (the
ripple effect of Li et al. 2019, here on the odds, so that no rate passes one), outside it nothing has changed. A leaf's count is
negative binomial about that expectation; its variance has three parts: chance, the few earlier cases that the expectation rests on,
and a noise of the leaves of their own. So a wide slice needs leaves that agree, not one large leaf, and a narrow one must leave a
quiet rest. The noise is fitted for every rival anew by maximum likelihood; the one constant that labelled incidents decide is the
price of a condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import gammaln
from scipy.stats import beta, chi2

from benchmarks.engines.located import Located
from tasks.errors import UserError

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

COUNTS = ("value", "cnt", "base_value", "base_cnt")

CONDITION_NATS = 0.5
"""Price of a condition in the ranking, in nats. Of 0 to 3 the best on the 68 shared incidents of RobustSpot, cross-validated by group
of incidents (`benchmarks.rate_scan_price`): 0 puts the truth first in 1 of them less, 1 in 3 less, 3 in 7 less. It parts rivals of
nearly equal evidence; whether a cause is named at all is a matter of `alpha`."""

LOG_ODDS_RATIOS = 0.12 * np.expm1(np.linspace(0.0, 4.05, 41))
"""Logarithms of the common factors on the odds that are tried: from 1 to about 900, denser where small."""

NOISES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2)
"""Standard deviations of a leaf's own noise about the common factor (of its logarithm, nearly) that are tried."""

PRIOR_EVENTS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Earlier cases that the model of the other leaves may be worth beside a leaf's own."""

MIN_CASES = 5
"""A cause with fewer cases (falls: fewer expected) is not named."""

MIN_SHARE = 0.1
"""Nor a further cause that adds less than this part of what the causes before it explain."""

FITTING_ROUNDS = 10
LARGEST_RATE = 0.98


@dataclass(frozen=True)
class RateLeaves:
    """The finest slices: their value codes (−1 where unknown), counts now and before, and what was to be expected.

    `rate` is the usual rate of a leaf and `events` the number of earlier cases that this knowledge is worth.
    """

    codes: dict[str, Codes]
    values: dict[str, list[str]]
    observed: Numbers
    exposure: Numbers
    base: Numbers
    base_exposure: Numbers
    rate: Numbers
    events: Numbers


@dataclass(frozen=True)
class RateSlices:
    """The rivals: their conditions, and a matrix with a row for each and a one for every leaf in it."""

    conditions: list[tuple[tuple[str, str], ...]]
    orders: Numbers
    members: csr_array

    def rows(self, index: int) -> Codes:
        """Return the leaves of a slice."""
        first, last = self.members.indptr[index : index + 2]
        return np.asarray(self.members.indices[first:last], np.int64)


def rate_scan(
    table: pl.DataFrame,
    dims: Sequence[str],
    *,
    alternatives: bool = True,
    falls: bool = False,
    alpha: float = 0.01,
    min_ratio: float = 1.25,
    max_order: int = 3,
    limit: int = 10,
) -> list[Located]:
    """Localise a change of a rate.

    A change that all leaves share has no place: slices that hold every leaf are left out, and whether the whole has moved is asked
    of the total first.

    Args:
        table: One row for each leaf: the dimensions (null where unknown), `value` cases of `cnt` units now, `base_value` cases of
            `base_cnt` units before. Where there are more cases than units, each case counts as a unit.
        dims: The dimensions to search.
        alternatives: Whether the rivals of the first cause follow the causes, each judged as the only one, best first, significant
            or not: for a change that is known to be one. They add nothing to what is explained, so their `excess` is 0. Without
            them the list is minimal, and empty where nothing passes.
        falls: Search for lowered rates in place of raised ones.
        alpha: Chance of naming a cause when there is none: Bonferroni over all slices, one-sided χ² of the likelihood ratio.
        min_ratio: A smaller observed/expected (falls: its inverse) of what is not yet explained is never named a cause.
        max_order: Most conditions of a slice.
        limit: Most entries of the list.

    Returns:
        The causes in the order in which they were found, then the alternatives. A further cause rests on the leaves that no earlier
        one holds: after a part that is worse than the rest, its whole may follow for that rest. So contributions (`excess`) add up
        to what the leaves of all causes have beyond their expectation. `observed`, `expected` and the interval
        (`rate_ratio_interval`) are of the whole slice.

    Raises:
        UserError: If a column is missing, or counts are missing or negative, or there were no units before.
    """
    leaves = _leaves(table, sorted(dims))
    slices = _slices(leaves, max_order, falls)
    if not slices.conditions:
        return []
    causes, gains = _causes(leaves, slices, falls, alpha, min_ratio, limit)
    found = [_located(leaves, slices, index, gain, excess) for index, gain, excess in causes]
    if alternatives:
        named = {index for index, _, _ in causes}
        ranked = np.argsort(CONDITION_NATS * slices.orders - gains, kind="stable")
        rivals = [int(index) for index in ranked if index not in named]
        found += [_located(leaves, slices, index, float(gains[index]), 0.0) for index in rivals[: limit - len(found)]]
    return found


def rate_ratio_interval(observed: float, exposure: float, base: float, base_exposure: float) -> tuple[float, float]:
    """Return the exact 95 % interval of the ratio of two Poisson rates, conditional on their total.

    Given O + B cases, O is binomial with odds r·N/M (Przyborowski and Wilenski 1940); its Clopper-Pearson limits are those of r.
    Without earlier exposure nothing is known of the ratio: 0 to infinity.

    Args:
        observed: O, cases now.
        exposure: N, units now.
        base: B, cases before; need not be whole where it is an expectation.
        base_exposure: M, units before.
    """
    if exposure <= 0 or base_exposure <= 0:
        return 0.0, inf
    scale = base_exposure / exposure
    share_low = float(beta.ppf(0.025, observed, base + 1)) if observed > 0 else 0.0
    share_high = float(beta.ppf(0.975, observed + 1, base)) if base > 0 else 1.0
    return scale * share_low / (1 - share_low), scale * share_high / (1 - share_high) if share_high < 1 else inf


def _leaves(table: pl.DataFrame, dims: Sequence[str]) -> RateLeaves:
    """Return the leaves in the order of their values, with their usual rates."""
    missing = [column for column in (*dims, *COUNTS) if column not in table.columns]
    if missing or not dims:
        raise UserError(
            f"The table of rates has no column {', '.join(missing)}." if missing else "There is no dimension to search.",
            hint=f"Give the dimensions and the columns {', '.join(COUNTS)}.",
        )
    counts = table.select(pl.col(COUNTS).cast(pl.Float64).fill_nan(None))
    if counts.null_count().sum_horizontal()[0] or (counts.min_horizontal() < 0).any() or not counts["base_cnt"].sum():
        raise UserError(
            "The table of rates has missing or negative counts, or no units before.",
            hint="Every leaf needs counts of zero or more, and some leaf units before the change.",
        )
    grouped = (
        table.select(pl.col(dims).cast(pl.String), pl.col(COUNTS).cast(pl.Float64))
        .group_by(dims)
        .agg(pl.col(COUNTS).sum())
        .sort(dims)
    )
    values = {dim: grouped[dim].drop_nulls().unique().sort().to_list() for dim in dims}
    codes = {
        dim: grouped[dim].replace_strict({v: n for n, v in enumerate(values[dim])}, default=-1, return_dtype=pl.Int64).to_numpy()
        for dim in dims
    }
    observed, units, base, base_units = (grouped[column].to_numpy() for column in COUNTS)
    exposure, base_exposure = np.maximum(units, observed), np.maximum(base_units, base)
    usual = _usual_rates(codes, base, base_exposure)
    prior = _prior_events(base, base_exposure * usual)
    events = base + prior
    rate = np.minimum(events / (base_exposure + prior / usual), LARGEST_RATE)
    return RateLeaves(codes, values, observed, exposure, base, base_exposure, rate, events)


def _usual_rates(codes: dict[str, Codes], base: Numbers, exposure: Numbers) -> Numbers:
    """Return each leaf's rate before as the product of one factor for each of its values, fitted in turn to the margins.

    The main effects only (iterative proportional fitting, Deming and Stephan 1940), each drawn towards one by one case: what is
    known of a leaf without cases of its own. An overall rate in its place would see slices that were always high as raised.
    """
    rate = np.full(len(base), (base.sum() + 0.5) / exposure.sum())
    for _ in range(FITTING_ROUNDS):
        for code in codes.values():
            # Leaves of unknown value share the first place, as a value of their own.
            seen = np.bincount(code + 1, base)
            expected = np.bincount(code + 1, exposure * rate)
            rate = rate * ((seen + 1) / (expected + 1))[code + 1]
    return np.asarray(np.minimum(rate, LARGEST_RATE), np.float64)


def _prior_events(base: Numbers, expected: Numbers) -> float:
    """Return how many cases the main effects are worth beside a leaf's own: the shape of its gamma, by maximum likelihood.

    The empirical Bayes shrinkage of DuMouchel (1999): a leaf follows its own cases where the leaves differ widely.
    """
    mean = np.maximum(expected, 1e-9)
    return max(PRIOR_EVENTS, key=lambda shape: float(_log_density(base, mean, np.full(len(base), shape)).sum()))


def _log_density(count: Numbers, mean: Numbers, shape: Numbers) -> Numbers:
    """Return the negative binomial's log-density of counts, less the term of the counts alone."""
    constant = shape * np.log(shape) + gammaln(count + shape) - gammaln(shape)
    return np.asarray(constant + count * np.log(mean) - (count + shape) * np.log(mean + shape), np.float64)


def _slices(leaves: RateLeaves, max_order: int, falls: bool) -> RateSlices:
    """Return the conjunctions whose rate is raised (falls: lowered), without those that hold every leaf."""
    expected = leaves.exposure * leaves.rate
    conditions: list[tuple[tuple[str, str], ...]] = []
    rows: list[Codes] = []
    for order in range(1, min(max_order, len(leaves.codes)) + 1):
        for chosen in combinations(leaves.codes, order):
            known = np.flatnonzero(np.all([leaves.codes[dim] >= 0 for dim in chosen], axis=0))
            sizes = tuple(len(leaves.values[dim]) for dim in chosen)
            if not len(known):
                continue
            keys = np.ravel_multi_index([leaves.codes[dim][known] for dim in chosen], sizes)
            cells, place = np.unique(keys, return_inverse=True)
            moved = np.bincount(place, leaves.observed[known]) - np.bincount(place, expected[known])
            held = np.bincount(place)
            sorted_rows = known[np.argsort(place, kind="stable")]
            ends = np.cumsum(held)
            for cell in np.flatnonzero((moved < 0 if falls else moved > 0) & (held < len(expected))):
                parts = np.unravel_index(int(cells[cell]), sizes)
                conditions.append(tuple((dim, leaves.values[dim][int(n)]) for dim, n in zip(chosen, parts, strict=True)))
                rows.append(sorted_rows[ends[cell] - held[cell] : ends[cell]])
    starts = np.concatenate([[0], np.cumsum([len(part) for part in rows])]).astype(np.int64)
    columns = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    members = csr_array((np.ones(len(columns)), columns, starts), shape=(len(rows), len(expected)))
    return RateSlices(conditions, np.array([len(c) for c in conditions], np.float64), members)


def _causes(
    leaves: RateLeaves, slices: RateSlices, falls: bool, alpha: float, min_ratio: float, limit: int
) -> tuple[list[tuple[int, float, float]], Numbers]:
    """Return the causes (slice, gain, contribution), and every slice's gain as the only cause.

    The leaves of an accepted cause are explained: a further cause rests on the others, so that no case is explained twice and
    unevenness within one cause is not taken for a second. A sure but immaterial slice is set aside in the same way without being
    named, lest a wider one be blamed for it.
    """
    expected = leaves.exposure * leaves.rate
    raised, usual = (expected, leaves.observed) if falls else (leaves.observed, expected)
    unexplained = np.ones(len(expected), bool)
    causes: list[tuple[int, float, float]] = []
    alone: Numbers | None = None
    for _ in range(limit):
        gains, new = _gains(leaves, slices.members, unexplained, falls)
        alone = gains if alone is None else alone
        sure = chi2.sf(2 * np.maximum(new, 0.0), 1) / 2 * len(new) < alpha
        if not sure.any():
            break
        index = int(np.argmax(np.where(sure, gains - CONDITION_NATS * slices.orders, -inf)))
        rows = slices.rows(index)
        rest = rows[unexplained[rows]]
        more, fewer, named = raised[rest].sum(), usual[rest].sum(), sum(abs(excess) for _, _, excess in causes)
        if more >= max(MIN_CASES, min_ratio * fewer) and more - fewer >= MIN_SHARE * named:
            causes.append((index, float(gains[index]), float(fewer - more if falls else more - fewer)))
        unexplained[rows] = False
    return causes, alone if alone is not None else np.zeros(0)


def _gains(leaves: RateLeaves, members: csr_array, unexplained: NDArray[np.bool_], falls: bool) -> tuple[Numbers, Numbers]:
    """Return how much each slice as a cause raises the log-likelihood of the unexplained leaves (nats), and how much of it is new.

    The noise of the leaves is fitted with every slice: it is small for the one that leaves nothing unexplained. Where a slice stood
    above its leaves' usual rates before (falls: below), only what goes beyond that level is new.
    """
    factors = np.exp(-LOG_ODDS_RATIOS if falls else LOG_ODDS_RATIOS)
    rate = leaves.rate[:, None]
    mean = np.maximum(leaves.exposure[:, None] * rate * factors / (1 - rate + rate * factors), 1e-9)
    stood = np.maximum(_earlier_shift(leaves, members, unexplained) * (-1 if falls else 1), 0.0)
    above = np.clip(np.searchsorted(LOG_ODDS_RATIOS, stood, side="right"), 1, len(factors) - 1)
    part = (stood - LOG_ODDS_RATIOS[above - 1]) / (LOG_ODDS_RATIOS[above] - LOG_ODDS_RATIOS[above - 1])
    every, beyond = np.arange(members.shape[0]), np.arange(len(factors)) >= above[:, None]
    best, new, quiet = np.full(members.shape[0], -inf), np.full(members.shape[0], -inf), -inf
    for noise in NOISES:
        shape = 1 / (1 / leaves.events + noise**2)
        density = _log_density(leaves.observed[:, None], mean, shape[:, None]) * unexplained[:, None]
        nothing = density[:, 0].sum()
        quiet = max(quiet, nothing)
        gain = members @ (density - density[:, :1])
        already = gain[every, above - 1] * (1 - part) + gain[every, above] * part
        best = np.maximum(best, nothing + gain.max(axis=1))
        new = np.maximum(new, nothing + np.where(beyond, gain, -inf).max(axis=1) - already)
    return best - quiet, new - quiet


def _earlier_shift(leaves: RateLeaves, members: csr_array, unexplained: NDArray[np.bool_]) -> Numbers:
    """Return by how much the log-odds of each slice's cases before differ from its leaves' usual rates, drawn towards none.

    Not zero where the leaves are so sparse that their rates are the main effects' and these do not fit the slice.
    """
    units = members @ (leaves.base_exposure * unexplained) + 1
    cases = members @ (leaves.base * unexplained)
    usual = members @ (leaves.base_exposure * leaves.rate * unexplained)
    share, fitted = np.minimum((cases + 1) / units, LARGEST_RATE), np.minimum((usual + 1) / units, LARGEST_RATE)
    return np.asarray(np.log(share / (1 - share)) - np.log(fitted / (1 - fitted)), np.float64)


def _located(leaves: RateLeaves, slices: RateSlices, index: int, gain: float, excess: float) -> Located:
    """Return a slice with its counts."""
    rows = slices.rows(index)
    observed, exposure, base_exposure = (
        float(counts[rows].sum()) for counts in (leaves.observed, leaves.exposure, leaves.base_exposure)
    )
    expected = float((leaves.exposure[rows] * leaves.rate[rows]).sum())
    # The cases before that the expectation is worth: those counted, but for a shift between the slice's leaves.
    base = expected * base_exposure / exposure
    low, high = rate_ratio_interval(observed, exposure, base, base_exposure)
    return Located(slices.conditions[index], gain, observed, expected, excess, low, high)
