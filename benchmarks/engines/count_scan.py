"""Root causes in sparse complaint counts: which slices of many dimensions have more (or fewer) cases than a baseline lets expect.

A scan over conjunctions of up to three values. A slice is judged by two Poisson counts given their sum, its own baseline
strengthened by its margins; its price is the number of slices that could have stood out by chance (Bonferroni). The clearest slice
is accepted, or the larger one of which it is but a part; its excess is taken out, the exposure ratio estimated again, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.stats import beta

from benchmarks.engines.count_cases import Floats, Ints, cases_of, codes_of
from benchmarks.engines.count_cells import CountedCells, counted
from benchmarks.engines.count_evidence import nats_of
from benchmarks.engines.count_search import CountSearch
from benchmarks.engines.located import Located
from tasks.errors import UserError

ALPHA = 0.05
"""Chance of naming anything where nothing is (family-wise)."""

MAX_CAUSES = 20

MISJUDGED = 0.9
"""Share of the values' median level below which the exposure ratio was taken for too high, and candidates were missed."""

KNOWN = 1000.0
"""A known expectation counts as a baseline observed this many times: its own noise vanishes."""


def count_scan(
    table: pl.DataFrame,
    dims: list[str],
    *,
    known: bool = False,
    falls: bool = False,
    alpha: float = ALPHA,
    max_causes: int = MAX_CAUSES,
) -> list[Located]:
    """Find the slices of a table of counts that explain why `real` exceeds `predict`.

    Args:
        table: The dimensions (whole numbers, text or categories), `real` (observed counts), `predict` (baseline counts).
        dims: Names of the dimensions.
        known: Whether `predict` are known expectations, not earlier counts with noise of their own.
        falls: Search for slices with too few cases instead of too many; their excess is negative.
        alpha: Chance of naming anything where nothing is (family-wise).
        max_causes: At most so many.

    Returns:
        The causes, the clearest first. `expected` and `excess` are in cases; the excesses add up.
    """
    real, predict = (table[name].cast(pl.Float64).to_numpy() for name in ("real", "predict"))
    if not (np.isfinite(real).all() and np.isfinite(predict).all() and (real >= 0).all() and (predict >= 0).all()):
        raise UserError(
            "`real` and `predict` contain values that are not counts.", hint="Fill or drop empty and negative counts."
        )
    if (real != np.round(real)).any() or (falls and (predict != np.round(predict)).any()):
        raise UserError("Counts of cases must be whole numbers.", hint="Give counts; only expectations may have fractions.")
    now = np.repeat(np.arange(len(real)), real.astype(np.int64))
    if known or (predict != np.round(predict)).any():
        before = np.flatnonzero(predict > 0)
        weights = predict[before] * (KNOWN if known else 1.0)
    else:
        before, weights = np.repeat(np.arange(len(real)), predict.astype(np.int64)), None
    return _located(table, dims, now, before, weights, known, falls, alpha, max_causes)


def case_scan(
    cases: pl.DataFrame,
    dims: list[str],
    current: str,
    *,
    falls: bool = False,
    alpha: float = ALPHA,
    max_causes: int = MAX_CAUSES,
) -> list[Located]:
    """Find the slices that have more cases in the current period than in the baseline, from one row a case.

    Args:
        cases: One row a case: the dimensions, and whether it is of the current period.
        dims: Names of the dimensions.
        current: Name of the Boolean column that is true in the current period.
        falls: Search for too few instead of too many.
        alpha: Chance of naming anything where nothing is (family-wise).
        max_causes: At most so many.
    """
    if cases[current].dtype != pl.Boolean or cases[current].null_count():
        raise UserError(f"`{current}` does not give the period of every case.", hint="Give a column of true and false.")
    mask = cases[current].to_numpy()
    return _located(cases, dims, np.flatnonzero(mask), np.flatnonzero(~mask), None, False, falls, alpha, max_causes)


def _located(
    table: pl.DataFrame,
    dims: list[str],
    now: Ints,
    before: Ints,
    weights: Floats | None,
    known: bool,
    falls: bool,
    alpha: float,
    max_causes: int,
) -> list[Located]:
    if falls:
        if weights is not None:
            raise UserError("Falls can only be measured against counts.", hint="Give whole baseline counts.")
        now, before = before, now
    if not len(now) or not len(before) or not dims:
        return []
    cases = cases_of([codes_of(table[dim]) for dim in dims], now, before, weights, known)
    search = _searched(counted(cases, known), alpha, max_causes)
    if search.ratio < MISJUDGED * search.looked.level:  # most of all values were ill: look again from where the healthy are
        search = _searched(counted(cases, known, search.ratio), alpha, max_causes)
    return [
        _result(search, number, table, dims, now, falls)
        for number in sorted(range(len(search.causes)), key=lambda k: (-search.evidence(k), search.causes[k].conditions))
    ]


def _searched(looked: CountedCells, alpha: float, max_causes: int) -> CountSearch:
    """Return the search after it has taken out all causes that it found."""
    search = CountSearch(looked, alpha)
    for _ in range(max_causes):
        best = search.clearest()
        if best is None:
            break
        search.accept(search.whole(best))
    search.prune()
    return search


def _result(search: CountSearch, number: int, table: pl.DataFrame, dims: Sequence[str], now: Ints, falls: bool) -> Located:
    """Return a cause in words and figures."""
    cause = search.causes[number]
    row = int(now[search.cases.rows(cause.conditions)[0]])
    named = tuple(sorted((dims[dim], str(table[dims[dim]][row])) for dim, _ in cause.conditions))
    observed, excess = search.own(number)
    expected = observed - excess
    scale = search.ratio / cause.exposure
    if not falls:
        low, high = _limits(observed, expected / scale, scale)
        return Located(named, nats_of(observed, expected / scale, scale), observed, expected, excess, low, high)
    # Seen from the baseline: what that has too much is what the current period lacks.
    current = float(len(search.cases.earlier(cause.conditions)))
    lacking = excess / search.ratio + cause.expected - current
    usual = (current + lacking) * search.ratio
    low, high = _limits(usual, current, search.ratio)
    llr = nats_of(usual, current, search.ratio)
    return Located(named, llr, current, current + lacking, -lacking, 1 / high, 1 / low if low else np.inf)


def _limits(observed: float, baseline: float, ratio: float) -> tuple[float, float]:
    """Return the exact 95 % interval of observed over expected (Clopper and Pearson 1934, on the share of the current cases)."""
    low = float(beta.ppf(0.025, observed, baseline + 1))
    high = float(beta.ppf(0.975, observed + 1, baseline)) if baseline > 0 else 1.0
    return low / (1 - low) / ratio, high / (1 - high) / ratio if high < 1 else np.inf
