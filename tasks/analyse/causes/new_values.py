"""Values that are new things, in a shop without orders: lots, releases, anything that nobody complained about before.

How many complaints a new lot or release is to bring, nobody knows where no orders are: counted against the period before, the first
cases of every new value are an excess. What can be known is whether its complaints are made up like others: a fault shows in a problem
that takes a larger part of them than of the other cases of the same product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from tasks.methods.likelihood import tail_nats
from tasks.methods.panels import Codes, FoundSlice, Panel, Pattern

NEW_BY_NATURE = frozenset({"batch_no", "session_id", "listing_version", "app_version"})
"""Dimensions whose values come and go, so that earlier counts say nothing about later ones."""

PROBLEM = "(problem)"
"""Name under which a panel holds the leaf of each case; it is no dimension that a scan cuts by, and no shop's dimension has such a name."""

LEAST_REFERENCE = 30
"""Cases of the same product (or of all others) without which there is nothing to compare a new value's mix with."""

REPLACING = frozenset({"app_version"})
"""Dimensions of which a new value replaces the one before for the same users, however much is sold."""

LEAST_EXPECTED = 2.0
"""Expected cases without which a problem does not show by how much all have risen."""

MOST = 0.6
"""Part of a problem's cases with a known value that one new value must hold to be what changed."""

LEAST_RATIO, LEAST_RATIO_TO_ALL = 1.5, 2.0
"""A smaller ratio is never named; against all products together it must be larger, because products differ for good."""


Dispersion = Callable[[str, float], float]
"""How much a problem's cases vary beyond chance, given how many are expected in other weeks' stead: variance over chance's variance."""


@dataclass(frozen=True)
class Mixture:
    """A value's cases of one problem among all its cases, and the same of those that it is compared with."""

    pattern: Pattern
    own: int
    size: int
    reference: int
    reference_size: int
    replaces: bool = False  # whether the value replaces others in time, so that what comes and goes with the weeks differs too

    @property
    def common(self) -> float:
        """Cases of the problem in the value if all were made up alike."""
        return self.size * (self.own + self.reference) / (self.size + self.reference_size)

    @property
    def expected(self) -> float:
        """Cases of the problem if the value's cases were made up like the reference's."""
        return self.size * (self.reference + 0.5) / (self.reference_size + 1)

    @property
    def nats(self) -> float:
        """Log-likelihood ratio of two shares against one common share, in nats."""
        pairs = ((self.own, self.size), (self.reference, self.reference_size))
        common = (self.own + self.reference) / (self.size + self.reference_size)
        apart = sum(_log_likelihood(k, n, k / n) for k, n in pairs)
        return apart - sum(_log_likelihood(k, n, common) for k, n in pairs)


def _log_likelihood(successes: int, trials: int, share: float) -> float:
    return float(xlogy(successes, share) + xlogy(trials - successes, 1 - share))


@dataclass(frozen=True)
class Replacement:
    """A new value's cases of one problem, and the earlier cases of it at whatever the value replaced: a release, the lot before."""

    pattern: Pattern
    own: int
    expected: float
    rho: float

    def nats(self, dispersion: float) -> float:
        """Return −ln P of as many cases, were they as frequent as those before, in nats."""
        return tail_nats(self.own, max(self.expected, self.rho), dispersion=dispersion, baseline=True, rho=self.rho)


def risen_with_releases(panel: Panel, *, growth: float, alpha: float, dispersion: Dispersion, min_cases: int) -> list[FoundSlice]:
    """Return the releases that hold most cases of a problem which has become more frequent, the clearest first.

    A release takes the place of the one before for users whom sales hardly move, so all earlier cases of a problem are what it is
    to have at most. Where several problems rise at once this shows what their shares hide.

    Args:
        panel: Cases of some weeks, and those of the weeks before as its units, with their leaves.
        growth: Records that are no cases, now over before: what busier weeks explain.
        alpha: Chance of any false alarm among all values and problems compared here.
        dispersion: Variance over chance's variance by problem.
        min_cases: Least cases of a problem in a value that is named.
    """
    if PROBLEM not in panel.cases or not len(panel.weights):
        return []
    compared: list[Replacement] = []
    rho = float(panel.weights[0]) * max(growth, _common_growth(panel), 1.0)
    earlier = np.bincount(panel.units[PROBLEM] + 1, minlength=len(panel.values[PROBLEM]) + 1)[1:]
    for dim in sorted(REPLACING & set(panel.cases)):
        for code in _new_codes(panel, dim):
            own = panel.cases[dim] == code
            mine: Codes = panel.cases[PROBLEM][own]
            for leaf in np.unique(mine[mine >= 0]):
                n = int((mine == leaf).sum())
                everywhere = int(((panel.cases[PROBLEM] == leaf) & (panel.cases[dim] >= 0)).sum())
                if n >= max(min_cases, MOST * everywhere):
                    pattern = Pattern(tuple(sorted(((dim, int(code)), (PROBLEM, int(leaf))))))
                    compared.append(Replacement(pattern, n, rho * int(earlier[leaf]), rho))
    price = log(max(len(compared), 1) / alpha)
    scored = [
        (one.nats(dispersion(_problem(panel, one.pattern), one.expected)) - price, one)
        for one in compared
        if one.own >= LEAST_RATIO_TO_ALL * one.expected
    ]
    scored.sort(key=lambda pair: (-pair[0], pair[1].pattern.conditions))
    return [
        FoundSlice(one.pattern, one.own, one.expected, score + price, score, one.own - one.expected)
        for score, one in scored
        if score > 0
    ]


def _common_growth(panel: Panel) -> float:
    """Return the ratio to the past of the problem that has risen least: what all have risen by is no problem of a release."""
    size = len(panel.values[PROBLEM]) + 1
    now = np.bincount(panel.cases[PROBLEM] + 1, minlength=size)[1:]
    expected = float(panel.weights[0]) * np.bincount(panel.units[PROBLEM] + 1, minlength=size)[1:]
    known = expected >= LEAST_EXPECTED
    return float((now[known] / expected[known]).min()) if known.sum() > 1 else 1.0


def _problem(panel: Panel, pattern: Pattern) -> str:
    return panel.values[PROBLEM][dict(pattern.conditions)[PROBLEM]]


def without_new_values(panel: Panel, named: list[FoundSlice]) -> Panel:
    """Return a panel of earlier counts, without problems and named cases, in which no new value can be found by its count."""
    left = np.ones(panel.n_cases, bool)
    for one in named:
        left &= ~one.pattern.rows(panel.cases, panel.case_days)
    dims = [dim for dim in panel.cases if dim != PROBLEM]
    cases: dict[str, Codes] = {}
    for dim in dims:
        codes: Codes = panel.cases[dim][left].astype(np.int32)
        cases[dim] = np.where(np.isin(codes, _new_codes(panel, dim)), np.int32(-1), codes)
    return replace(
        panel, cases=cases, units={dim: panel.units[dim] for dim in dims}, values={dim: panel.values[dim] for dim in dims}
    )


def mixtures_of_new_values(panel: Panel, *, alpha: float, dispersion: Dispersion, min_cases: int) -> list[FoundSlice]:
    """Return the new values of whose cases one problem takes a larger part than chance explains, the clearest first.

    Args:
        panel: Cases of the period, and those of the period before as its units, with their leaves.
        alpha: Chance of any false alarm among all values and problems compared here.
        dispersion: Variance over chance's variance by problem; divides the likelihood ratio.
        min_cases: Least cases of a problem in a value that is named.
    """
    if PROBLEM not in panel.cases:
        return []
    compared = [
        mixture
        for dim in panel.cases
        if dim != PROBLEM
        for code in _new_codes(panel, dim)
        for mixture in _mixtures(panel, dim, int(code), min_cases)
    ]
    price = log(max(len(compared), 1) / alpha)
    scored = [(one.nats / dispersion(_problem(panel, one.pattern), one.common if one.replaces else 0.0), one) for one in compared]
    found: list[FoundSlice] = []
    taken = np.zeros(panel.n_cases, bool)
    for nats, one in sorted(scored, key=lambda pair: (-pair[0], pair[1].pattern.conditions)):
        rows = one.pattern.rows(panel.cases, panel.case_days)
        if nats <= price or (rows & taken).sum() > 0.5 * one.own:
            continue  # a lot and the listing that came with it are one finding
        taken |= rows
        found.append(FoundSlice(one.pattern, one.own, one.expected, nats, nats - price, one.own - one.expected))
    return found


def _new_codes(panel: Panel, dim: str) -> NDArray[np.intp]:
    """Return the codes of a dimension that are new: all of one whose values come and go, else those without an earlier case."""
    size = len(panel.values[dim])
    now = np.bincount(panel.cases[dim][panel.cases[dim] >= 0], minlength=size)
    if dim in NEW_BY_NATURE:
        return np.flatnonzero(now)
    before = np.bincount(panel.units[dim][panel.units[dim] >= 0], minlength=size)
    return np.flatnonzero((now > 0) & (before == 0))


def _mixtures(panel: Panel, dim: str, code: int, min_cases: int) -> list[Mixture]:
    """Compare each problem of a value with the other cases of its product, or with all others where those are few."""
    own = panel.cases[dim] == code
    others = ~own, panel.units[dim] != code
    least = LEAST_RATIO
    reference = _of_parent(panel, dim, own, others)
    if reference is None or sum(int(mask.sum()) for mask in reference) < LEAST_REFERENCE:
        reference, least = others, LEAST_RATIO_TO_ALL
    leaves = np.concatenate([panel.cases[PROBLEM][reference[0]], panel.units[PROBLEM][reference[1]]])
    if len(leaves) < LEAST_REFERENCE:
        return []
    mine: Codes = panel.cases[PROBLEM][own]
    made = []
    for leaf in np.unique(mine[mine >= 0]):
        pattern = Pattern(tuple(sorted(((dim, code), (PROBLEM, int(leaf))))))
        one = Mixture(pattern, int((mine == leaf).sum()), len(mine), int((leaves == leaf).sum()), len(leaves), dim in REPLACING)
        if one.own >= min_cases and one.own >= least * one.expected:
            made.append(one)
    return made


def _of_parent(
    panel: Panel, dim: str, own: NDArray[np.bool_], others: tuple[NDArray[np.bool_], NDArray[np.bool_]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Return which of the other cases are of the value's product, if one can be told."""
    for parent in sorted(panel.parents.get(dim, ())):
        if parent not in panel.cases:
            continue
        codes = panel.cases[parent][own]
        codes = codes[codes >= 0]
        if len(codes) and len(set(codes.tolist())) == 1:
            return others[0] & (panel.cases[parent] == codes[0]), others[1] & (panel.units[parent] == codes[0])
    return None
