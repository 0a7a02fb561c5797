"""How far weekly counts stray from expectation: dispersion, drift, slopes and season."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, ndtri, stdtrit

Floats = NDArray[np.float64]

YEAR = 365.25 / 7
"""Weeks of a year."""

SLOPE = 0.009
SEASON = 0.13
"""What a slice's rate may do by itself: standard deviations of its slope by week and of the two parts of its yearly wave (log scale).
They stand for what too short a history cannot show; a history that shows something overrules them."""

DRIFT = 0.003
DRIFT_SPREAD = 0.01
"""Usual variance of log(after ÷ before) among untouched slices, and how far it strays from that."""

INCIDENT = 4.0
"""Weeks of the history at least this many robust deviations off are incidents of their own."""

SEASON_WEEKS = 52
"""Weeks of history needed to separate a yearly season from a slope."""


@dataclass(frozen=True)
class Noise:
    """Noise beyond that of independent Poisson counts, which widens intervals.

    `dispersion` is the variance of weekly counts ÷ that of Poisson counts, with its degrees of freedom; `drift` is the variance
    of log(after ÷ before) among untouched slices beyond chance.
    """

    dispersion: float = 1.0
    freedom: float = inf
    drift: float = 0.0

    def at(self, confidence: float) -> float:
        """Return the dispersion for an interval: wider where it was estimated from few weeks (t instead of normal quantile)."""
        if self.dispersion <= 1.0 or self.freedom == inf:
            return self.dispersion
        upper = (1 + confidence) / 2
        return self.dispersion * float(stdtrit(self.freedom, upper) / ndtri(upper)) ** 2


@dataclass(frozen=True, eq=False)
class Course:
    """The trend of a slice's rate before an action, and how certain it is: slope and yearly wave with their covariance."""

    origin: float
    parts: Floats
    covariance: Floats

    def at(self, week: Floats) -> Floats:
        """Return the predicted rate of some weeks, as a multiple of the level at the origin."""
        return np.asarray(np.exp(_waves(week - self.origin) @ self.parts))

    def variance(self, first: Floats, first_n: Floats, second: Floats, second_n: Floats) -> float:
        """Return the variance of the predicted log ratio between two sides, given by their weeks and units."""
        sides = [n @ _waves(week - self.origin) / n.sum() for week, n in ((first, first_n), (second, second_n))]
        apart = sides[1] - sides[0]
        return float(apart @ self.covariance @ apart)


def _waves(week: Floats) -> Floats:
    angle = 2 * np.pi * week / YEAR
    return np.column_stack([week, np.sin(angle), np.cos(angle)])


def course(week: Floats, observed: Floats, n: Floats) -> Course:
    """Estimate slope and yearly wave from the weeks before an action, drawn towards none (penalised quasi-Poisson regression).

    The penalty is that of normal priors with standard deviations `SLOPE` and `SEASON` (ridge: le Cessie & van Houwelingen 1992),
    so that a short history gives no wild forecast and yet an honest uncertainty.

    Args:
        week: Week numbers.
        observed: Counts.
        n: Exposures, above 0.
    """
    origin = float(week.mean()) if len(week) else 0.0
    prior = np.diag([SLOPE**-2, SEASON**-2, SEASON**-2])
    parts, covariance = np.zeros(3), np.linalg.inv(prior)
    if observed.sum() > 0:
        waves = _waves(week - origin)
        for _ in range(4):
            fitted = n * np.exp(waves @ parts)
            fitted *= observed.sum() / fitted.sum()
            spread, _ = dispersion(observed, fitted, np.zeros_like(n), 2)
            x = waves - fitted @ waves / fitted.sum()
            covariance = np.linalg.inv(x.T @ (fitted[:, None] * x) / spread + prior)
            parts = parts + covariance @ (x.T @ (observed - fitted) / spread - prior @ parts)
    return Course(origin, parts, covariance)


def dispersion(observed: Floats, fitted: Floats, relative_variance: Floats, parameters: int) -> tuple[float, float]:
    """Estimate the dispersion of counts about fitted values, at least 1 (Fletcher 2012: Pearson's statistic mended for small counts).

    Args:
        observed: Counts.
        fitted: Fitted values, above 0.
        relative_variance: Variance of each fitted value ÷ its square, where it was estimated elsewhere.
        parameters: Parameters that were fitted.

    Returns:
        Dispersion and its degrees of freedom; 1 and infinity where too few counts say anything.
    """
    freedom = len(observed) - parameters
    if freedom < 4:
        return 1.0, inf
    pearson = float(np.sum((observed - fitted) ** 2 / (fitted * (1 + fitted * relative_variance)))) / freedom
    skew = float(np.mean((observed - fitted) / fitted))
    return max(pearson / (1 + skew), 1.0), float(freedom)


def drift(events_before: Floats, n_before: Floats, events_after: Floats, n_after: Floats, dispersion: float) -> float:
    """Estimate how much untouched slices drift apart: the variance of log(after ÷ before) beyond chance, by moments.

    Given a slice's total, its later count is binomial if all slices move alike; what the squared deviations exceed that by is
    drift (DerSimonian & Laird 1986 for conditional counts). Few cases say little about it: the estimate is shrunk towards the
    usual drift according to its certainty.

    Returns:
        Variance; the usual one with fewer than five slices.
    """
    total = events_before + events_after
    kept = (total > 0) & (n_before > 0) & (n_after > 0)
    if kept.sum() < 5:
        return DRIFT
    total, after, n_before, n_after = total[kept], events_after[kept], n_before[kept], n_after[kept]
    common = after.sum() / max(float((total - after).sum()), 0.5) * n_before.sum() / n_after.sum()
    share = common * n_after / (common * n_after + n_before)
    chance = total * share * (1 - share)
    if chance.min() <= 0:
        return DRIFT
    pearson = float(np.sum((after - total * share) ** 2 / chance))
    freedom, weight = int(kept.sum()) - 1, float(chance.sum())
    found, error = (pearson - dispersion * freedom) / weight, 2 * freedom * (dispersion / weight) ** 2
    return max(0.0, (found / error + DRIFT / DRIFT_SPREAD**2) / (1 / error + 1 / DRIFT_SPREAD**2))


def ordinary(observed: Floats, base: Floats) -> NDArray[np.bool_]:
    """Return which counts are no incidents: not further off the median level than `INCIDENT` robust deviations (Hampel 1974)."""
    if len(observed) < 8 or observed.sum() == 0:
        return np.ones(len(observed), dtype=bool)
    level = max(float(np.median(observed / base)), float(observed.sum() / base.sum()) / 10)
    off = (observed - base * level) / np.sqrt(base * level)
    scale = max(1.0, 1.4826 * float(np.median(np.abs(off - np.median(off)))))
    return np.abs(off) <= INCIDENT * scale


def moves(week: Floats, observed: Floats, base: Floats, relative_variance: Floats, *, season: bool) -> float:
    """Return the probability that counts fit their base this badly by chance: a quasi-score test for slope and season.

    Args:
        week: Week numbers.
        observed: Counts.
        base: What each count is proportional to if nothing moves, above 0.
        relative_variance: Variance of each base ÷ its square.
        season: Test for a yearly wave as well, where the history is long enough to show one.

    Returns:
        A probability (Rao 1948, F for the estimated dispersion; Breslow 1990); 1 where there are too few weeks or cases.
    """
    if len(week) < 6 or observed.sum() < 10:
        return 1.0
    columns = [week - week.mean()]
    if season and np.ptp(week) >= SEASON_WEEKS:
        columns += [np.sin(2 * np.pi * week / YEAR), np.cos(2 * np.pi * week / YEAR)]
    freedom = len(week) - 1 - len(columns)
    fitted = base * observed.sum() / base.sum()
    weight = fitted / (1 + fitted * relative_variance)
    x = np.column_stack(columns)
    x = x - weight @ x / weight.sum()
    score = x.T @ ((observed - fitted) / (1 + fitted * relative_variance))
    gain = float(score @ np.linalg.solve(x.T @ (weight[:, None] * x), score))
    pearson = float(np.sum((observed - fitted) ** 2 / (fitted * (1 + fitted * relative_variance))))
    spread = max((pearson - gain) / freedom, 1.0)
    return float(fdtrc(len(columns), freedom, gain / len(columns) / spread))


def prior_of_sisters(events: Floats, n: Floats) -> tuple[float, float] | None:
    """Fit the gamma distribution of the rates of sister slices, by moments: the shape and rate of a gamma-Poisson model.

    Added to a slice's own events and units they give its shrunken rate (empirical Bayes, Robbins 1956; Marshall 1991).

    Returns:
        Events and units that the sisters are worth, or None with fewer than five sisters or no case.
    """
    kept = n > 0
    events, n = events[kept], n[kept]
    if len(n) < 5 or events.sum() == 0:
        return None
    mean = float(events.sum() / n.sum())
    pearson = float(np.sum((events - mean * n) ** 2 / (mean * n)))
    weight = float(n.sum() - (n**2).sum() / n.sum())
    spread = max((pearson - (len(n) - 1)) / (mean * weight), 0.0) if weight > 0 else 0.0
    shape = 1 / max(spread, 0.02)
    return shape, shape / mean
