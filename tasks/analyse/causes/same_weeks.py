"""Parts of the same weeks against each other: what can be found before a past is known (docs/method.md, 5).

The observed total is shared out among all units in proportion to the pooled hazard of their ages; a slice with more than its
share, beyond chance, is a candidate (conditional scan: Kulldorff 1997, exact binomial tail). It needs no history: a batch of
this month differs from the batch beside it, or it does not. What one product line suffers and another cannot (only what has a
battery has battery trouble) is no news: the total is shared out within each line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tasks.analyse.causes.candidates import Candidate, CandidateCases, describer, order_panel
from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import AXES, UnitHistory
from tasks.methods.panels import Panel, Weights
from tasks.methods.scan import scan

NEW_BY_NATURE = frozenset({"batch_no", "session_id", "listing_version"})
"""Dimensions whose values are new things; those of all others may differ for good."""

PRODUCTS = frozenset({"sku", "line", "supplier", "component_supplier"})
"""Dimensions of goods, which differ more for good than carriers and places do."""

LASTING_PRODUCTS, LASTING_PLACES = 1.5, 1.2
"""Ratio to the others that a product, and a carrier or place, may have for good: against a mere total only more than that is news."""

PRODUCT_AXIS = "signed_at"
"""Families on this axis are told apart by words and ages only: one fault may be told as any of them."""


@dataclass
class Contrast:
    """What the comparison within the same weeks found, the best of what it rejected, and how many slices it looked at."""

    candidates: list[Candidate] = field(default_factory=list)
    rejected: list[Candidate] = field(default_factory=list)
    compared: int = 0


def contrast(
    history: UnitHistory,
    pooled: dict[str, Curve],
    panels: Iterable[tuple[str, ...]],
    windows: list[tuple[int, int, int]],
    parents: dict[str, frozenset[str]],
    alpha: float,
    dims: Sequence[str] | None = None,
) -> Contrast:
    """Compare the slices of some weeks with each other, family by family and all of a product's families together.

    Args:
        history: The arrays.
        pooled: Curves of the families without a past.
        panels: Families that are searched together.
        windows: (weeks, first day, last day) of the spans.
        parents: Dimension → dimensions that it determines.
        alpha: Chance of any false alarm of one search.
        dims: Dimensions to cut by; default: all of the history.
    """
    made = Contrast()
    together = tuple(family for family in pooled if AXES[family] == PRODUCT_AXIS)
    groups = dict.fromkeys([tuple(family for family in group if family in pooled) for group in (*panels, together)])
    for families in groups:
        if not families:
            continue
        looked = 0
        for weeks, first, last in windows:
            panel, rows, cases = order_panel(history, [pooled[family] for family in families], first, last, parents, dims)
            shares = shared_within_lines(history, panel.weights, rows, cases)
            panel = replace(panel, weights=shares, conditional=True, lasting=lasting_ratios(panel))
            result = scan(panel, alpha=alpha)
            looked = max(looked, result.tested)
            describe = describer(history, weeks, first, last, panel, rows, cases)
            made.candidates += [describe(found) for found in result.found]
            if result.rejected is not None:
                made.rejected.append(describe(result.rejected))
        made.compared += looked
    named = [candidate.labels for candidate in made.candidates]
    made.rejected = [candidate for candidate in made.rejected if candidate.labels not in named]
    return made


def lasting_ratios(panel: Panel) -> dict[str, float]:
    """Return by dimension the ratio to the others that its values may have for good; what is new by nature has none."""
    return {dim: LASTING_PRODUCTS if dim in PRODUCTS else LASTING_PLACES for dim in panel.units if dim not in NEW_BY_NATURE}


def shared_within_lines(history: UnitHistory, weights: Weights, rows: NDArray[np.int64], cases: CandidateCases) -> Weights:
    """Return the weights scaled so that each product line expects the cases that it had.

    Lines of a single product, and products of no known line, are one group: there a product has none of its kind beside it.
    """
    sku = history.codes["sku"]
    skus = len(history.values["sku"])
    sold = np.bincount(sku[rows][sku[rows] >= 0], minlength=skus) > 0
    line = history.line_of_sku
    several = np.bincount(line[sold], minlength=int(line.max(initial=0)) + 1) > 1
    group_of_sku = np.append(np.where(several[line], line + 1, 0), 0)  # the code −1 of an unknown product picks the last place
    of_units, of_cases = group_of_sku[sku[rows]], group_of_sku[sku[cases.unit]]
    groups = int(group_of_sku.max()) + 1
    observed = np.bincount(of_cases, minlength=groups).astype(np.float64)
    expected = np.bincount(of_units, weights, groups)
    return np.asarray(weights * np.divide(observed, expected, out=np.zeros(groups), where=expected > 0)[of_units])
