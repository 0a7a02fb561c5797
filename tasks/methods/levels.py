"""Levels of a figure: where it changed for good, so that later periods are judged by their own level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from tasks.methods.control_charts import D2, MINIMUM_HISTORY

PENALTY = 3.5
"""Price of a change in squared standard deviations for each ln of the number of periods (Yao 1988 takes 1, for no false change
in the limit). With this price about one series in a hundred without change is split; `test_levels` measures it."""

MOST_TRIGGERS = 0.1
"""Share of periods that may be special ones."""

TRIGGER_Z = 3.0
"""A period further from its level than this is a special one and no part of what is usual."""


@dataclass(frozen=True)
class Level:
    """A stretch of periods without change: first and last place (both in) and mean."""

    first: int
    last: int
    mean: float


def levels(values: Sequence[float], *, shortest: int = MINIMUM_HISTORY) -> list[Level]:
    """Split a series at lasting changes of its level: penalised least squares (PELT, Killick et al. 2012).

    The spread is taken from moving ranges, which a change of level hardly moves, so that large changes are not taken for noise.

    Args:
        values: Values of equal spread, oldest first (rates as distances in units of chance).
        shortest: Periods that a level must have lasted to be one.

    Returns:
        Levels in order of time, at least one unless the series is empty.
    """
    x = np.asarray(values, dtype=float)
    if not len(x):
        return []
    sigma = float(np.abs(np.diff(x)).mean()) / D2 if len(x) > 1 else 0.0
    ends = [len(x)]
    if sigma > 0 and len(x) >= 2 * shortest:
        import ruptures  # loads scipy.signal, for which a command that judges nothing need not wait

        ends = ruptures.Pelt(model="l2", min_size=shortest, jump=1).fit(x / sigma).predict(pen=PENALTY * log(len(x)))
    starts = [0, *ends[:-1]]
    return [Level(first, end - 1, float(x[first:end].mean())) for first, end in zip(starts, ends, strict=True)]


def usual(values: Sequence[float], *, least: int = MINIMUM_HISTORY) -> list[bool]:
    """Return which periods of one level are usual: those that triggered something do not belong in a normal range.

    Triggers are rare. Where more than one period in ten stands out, that is how the figure varies, and none is taken out.

    Args:
        values: Values of equal spread, oldest first.
        least: Periods that must be left; with fewer nothing is taken out.
    """
    x = np.asarray(values, dtype=float)
    sigma = float(np.abs(np.diff(x)).mean()) / D2 if len(x) > 1 else 0.0
    if sigma == 0:
        return [True] * len(x)
    # The median is not affected by the unusual periods to be found.
    kept = np.abs(x - float(np.median(x))) <= TRIGGER_Z * sigma
    if kept.sum() < least or (~kept).sum() > max(MOST_TRIGGERS * len(x), 1):
        kept[:] = True
    return [bool(one) for one in kept]
