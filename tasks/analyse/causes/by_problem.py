"""Single problems of the latest weeks, places against each other: a fault at a place shows in one problem, among all that its family holds.

A conditional scan as in `same_weeks`, over the cases of one leaf: what all places share in a week, a busy one or a bad one, is in both
sides. The expected shares come from the family's curve where it rests on enough cases, with each product's own part of the problem; else
from the ages pooled over the latest weeks. What a place had more of before as well is its usual level and no finding.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tasks.analyse.causes.candidates import Candidate, describer, order_panel
from tasks.analyse.causes.same_weeks import NEW_BY_NATURE, PRODUCTS, Contrast, lasting_ratios, shared_within_lines
from tasks.expected.lag_curves import LEAST_DAYS, SHRINKAGE, Curve
from tasks.expected.pooled_curves import pooled_curves
from tasks.expected.unit_history import UnitHistory
from tasks.methods.likelihood import tail_nats
from tasks.methods.panels import Panel, Weights
from tasks.methods.scan import scan

SOLD_BY = frozenset({"traffic_source", "platform", "session_id"})
"""Dimensions of how goods are sold."""

LEAST_CASES = 8
"""Cases of a problem in the longest window below which its places are not compared."""

ENOUGH_CASES = 60
"""Cases of a family on whose curve its problems' shares are based; of fewer, the ages of the latest weeks say more."""

WHOLE = -1
"""In place of a problem's code: all problems of a family."""

PRIOR = 25.0
"""Weight, in cases, of the family's mixture beside a product's own."""


def contrast_by_problem(
    history: UnitHistory,
    past: dict[str, Curve],
    families: tuple[str, ...],
    windows: list[tuple[int, int, int]],
    parents: dict[str, frozenset[str]],
    alpha: float,
) -> Contrast:
    """Compare places of the same weeks by single problems.

    Args:
        history: The arrays.
        past: Curves of the families with a past.
        families: The families searched.
        windows: (weeks, first day, last day) of the spans.
        parents: Dimension → dimensions that it determines.
        alpha: Chance of any false alarm, over all problems and spans together.
    """
    first, last = min(window[1] for window in windows), windows[0][2]
    problems = [
        (family, int(leaf))
        for family in families
        for leaf in np.flatnonzero(np.bincount(history.case_leaf[family][_arrived(history, family, first, last)]) >= LEAST_CASES)
    ]
    made = Contrast()
    # buyers tell one fault in several words: all problems of a family together, where its places are not compared already
    problems += [(family, WHOLE) for family in families if family in past and sum(name == family for name, _ in problems) > 1]
    if not problems:
        return made
    each = alpha / len(problems) / len(windows) ** 0.5
    for family, leaf in problems:
        if (seen := problem_view(history, past.get(family), family, leaf, last)) is not None:
            _compare(made, "" if leaf == WHOLE else history.leaves[leaf], *seen, windows, parents, each)
    return made


def _compare(
    made: Contrast,
    problem: str,
    view: UnitHistory,
    curve: Curve,
    windows: list[tuple[int, int, int]],
    parents: dict[str, frozenset[str]],
    alpha: float,
) -> None:
    """Add what the places of one problem show over all spans."""
    looked = 0
    for weeks, first, last in windows:
        panel, rows, cases = order_panel(view, [curve], first, last, parents, _places(view))
        panel = replace(panel, weights=shared_within_lines(view, panel.weights, rows, cases))
        usual = lasting_ratios(panel) if curve.same_weeks else {}
        panel = replace(panel, conditional=True, lasting=usual, interval_dims=())
        result = scan(panel, alpha=alpha, dispersion=curve.within)
        looked = max(looked, result.tested)
        describe = describer(view, weeks, first, last, panel, rows, cases)
        for found in result.found:
            candidate = replace(describe(found), view=view, curve=curve, problem=problem)
            if curve.same_weeks or _exceeds_its_past(view, curve, candidate, panel):
                made.candidates.append(candidate)
        if result.rejected is not None:
            made.rejected.append(replace(describe(result.rejected), view=view, curve=curve, problem=problem))
    made.compared += looked


def _places(view: UnitHistory) -> list[str]:
    """Return the dimensions by which a single problem is compared: where its units went and what is new, not what they are.

    Sizes are complaints of clothes and gifts of live sessions: by single problems goods and the ways in which they are sold differ
    for good, and a few weeks show such a habit only dimly.
    """
    return [dim for dim in view.codes if dim not in PRODUCTS and dim not in SOLD_BY]


def _arrived(history: UnitHistory, family: str, first: int, last: int) -> NDArray[np.bool_]:
    return (history.case_day[family] >= first) & (history.case_day[family] <= last)


def problem_view(history: UnitHistory, past: Curve | None, family: str, leaf: int, last: int) -> tuple[UnitHistory, Curve] | None:
    """Return the history with the cases of one family and problem only, and how they would be shared out if all places were alike."""
    own = history.case_leaf[family] == leaf if leaf != WHOLE else np.ones(len(history.case_leaf[family]), bool)
    view = replace(
        history,
        case_unit={name: cases[own] if name == family else cases[:0] for name, cases in history.case_unit.items()},
        case_day={name: cases[own] if name == family else cases[:0] for name, cases in history.case_day.items()},
        case_leaf={name: cases[own] if name == family else cases[:0] for name, cases in history.case_leaf.items()},
        case_record={name: cases[own] if name == family else cases[:0] for name, cases in history.case_record.items()},
    )
    curve = _curve_of_problem(history, view, family, leaf, past, last)
    return None if curve is None else (view, curve)


def _curve_of_problem(
    history: UnitHistory, view: UnitHistory, family: str, leaf: int, past: Curve | None, last: int
) -> Curve | None:
    """Return how a problem's cases are shared out among units if all places were alike: its own ages, times the family's effects."""
    ages = pooled_curves(view, [family], last).get(family)
    if ages is None or past is None or past.cases < ENOUGH_CASES:
        return ages
    unit, arrived = history.case_unit[family], history.case_day[family]
    if leaf == WHOLE:
        return _of_past(ages, past, past.effects)
    before = (arrived >= past.baseline_first) & (arrived <= past.baseline_last)
    sku, mine = history.codes["sku"][unit[before]], history.case_leaf[family][before] == leaf
    size = len(history.values["sku"])
    of_all = np.bincount(sku[sku >= 0], minlength=size)
    of_leaf = np.bincount(sku[(sku >= 0) & mine], minlength=size)
    share = (of_leaf.sum() + 1) / (of_all.sum() + 1)
    parts = (of_leaf + PRIOR * share) / (of_all + PRIOR) / share
    return _of_past(ages, past, {**past.effects, "sku": past.effects["sku"] * parts})


def _of_past(ages: Curve, past: Curve, effects: dict[str, Weights]) -> Curve:
    return replace(
        ages,
        effects=effects,
        baseline_first=past.baseline_first,
        baseline_last=past.baseline_last,
        within=past.within,
        same_weeks=False,
    )


def _exceeds_its_past(view: UnitHistory, curve: Curve, candidate: Candidate, panel: Panel) -> bool:
    """Whether a place has more of a problem than its own past leads to expect, not only than the others."""
    found = candidate.found
    dims = [dim for dim, _ in found.pattern.conditions]
    first, last = curve.baseline_first, min(curve.baseline_last, candidate.first - 1)
    if last - first < LEAST_DAYS or NEW_BY_NATURE & set(dims):
        return True
    before, _, _ = order_panel(view, [curve], first, last, {}, dims)
    inside = found.pattern.rows(before.units, before.unit_days)
    observed, total = float(found.pattern.rows(before.cases, before.case_days).sum()), float(before.n_cases)
    expected = float(before.weights[inside].sum()) * total / max(float(before.weights.sum()), 1e-9)
    usual = max((observed + SHRINKAGE) / (expected + SHRINKAGE), 1.0)
    given = partial(tail_nats, found.observed, dispersion=curve.within, total=float(panel.n_cases))
    price = given(found.expected) - found.score
    return given(min(found.expected * usual, float(panel.n_cases))) > price
