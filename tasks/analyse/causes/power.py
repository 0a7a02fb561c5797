"""What a search for causes could have seen: a week in which little could be found must not be called normal."""

from __future__ import annotations

from dataclasses import replace
from math import log

from tasks.methods.likelihood import tail_nats
from tasks.model.causes import CauseSearch, SearchBasis

PLACE = 0.1
"""Part of the complaints at the place that is thought of: one product or region among ten."""

DISPERSION = 1.2
"""Variance over chance's variance of the cases of a place, as usual in shops with a long history."""

BLIND = 0.25
"""Part of all complaints of the span beyond which a fault would have to be before it is seen: then a week without one says little."""

NEAR = -1.5
"""Score, in nats, from which on the best of what was not named is close to a finding."""


def with_power(search: CauseSearch, *, tested: int, cases: float, weeks: int, alpha: float, best: float | None) -> CauseSearch:
    """Add to a search's account how many places it looked at and what it could have seen.

    Args:
        search: What was compared with what.
        tested: Places that had enough cases to be judged.
        cases: All complaints of the longest span searched.
        weeks: Its weeks.
        alpha: Chance of any false alarm of one search.
        best: Score of the best candidate that was not named, in nats; None if there was none.
    """
    expected = cases * PLACE
    price = log(max(4 * tested, 1) / alpha)
    observed = max(expected, 5.0)
    while tail_nats(observed, max(expected, 0.1), dispersion=DISPERSION) < price:
        observed += 1
    visible = observed - expected
    able = search.basis is SearchBasis.HISTORY and tested > 0 and visible <= BLIND * cases
    return replace(search, searched=tested, visible=round(visible), weeks=weeks, able=able, near=best is not None and best > NEAR)
