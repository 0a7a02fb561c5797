"""Evidence focused on the problems that rise: three raised leaves are hard to see among all those of a family."""

from __future__ import annotations

from math import comb, log

import numpy as np
from numpy.typing import NDArray

from tasks.analyse.causes.candidates import CandidateCases
from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import UnitHistory
from tasks.methods.likelihood import tail_nats
from tasks.methods.panels import Panel, Pattern, Weights

PRIOR_CASES = 25.0
"""Weight, in cases, of what products like these complain of beside a slice's own past."""

MOST_LEAVES = 3
LEAST_SHARE = 0.01


class ProblemFocus:
    """How a family's expectation is split among its leaves, estimated on the curves' own baseline.

    Args:
        history: The arrays.
        known: Curves of the families that a panel holds.
    """

    def __init__(self, history: UnitHistory, known: list[Curve]) -> None:
        self._book = history
        skus, leaves = len(history.values["sku"]), len(history.leaves)
        unit, leaf = [], []
        for curve in known:
            arrived = history.case_day[curve.family]
            past = (arrived >= curve.baseline_first) & (arrived <= curve.baseline_last)
            past[past] = curve.kept[arrived[past] - curve.baseline_first]
            unit.append(history.case_unit[curve.family][past])
            leaf.append(history.case_leaf[curve.family][past])
        self._unit, self._leaf = np.concatenate(unit), np.concatenate(leaf)
        sku = history.codes["sku"][self._unit].astype(np.int64)
        counts = np.zeros((skus, leaves))
        np.add.at(counts, (sku[sku >= 0], self._leaf[sku >= 0]), 1.0)
        line = history.line_of_sku
        of_line = np.zeros((int(line.max(initial=0)) + 1, leaves))
        np.add.at(of_line, line, counts)
        overall = counts.sum(0) / max(counts.sum(), 1.0)
        of_line = (of_line + PRIOR_CASES * overall) / (of_line.sum(1, keepdims=True) + PRIOR_CASES)
        self._share = (counts + PRIOR_CASES * of_line[line]) / (counts.sum(1, keepdims=True) + PRIOR_CASES)

    def nats(self, panel: Panel, cases: CandidateCases, dispersion: float, weights: Weights, pattern: Pattern) -> float:
        """Return the evidence of the slice's most raised leaves, one to three, less the price of having chosen them.

        The leaves with the greatest ratios are the best choice of their number (Neill 2012, linear-time subset scanning). Their
        expectation itself rests on a limited number of earlier cases, so they are compared with it as with a count, not a rate.
        """
        rows = pattern.rows(panel.units, panel.unit_days)
        sku = panel.units["sku"][rows]
        by_sku = np.bincount(sku + 1, weights[rows], len(self._share) + 1)[1:]
        expected = float(by_sku.sum())
        if expected <= 0:
            return 0.0
        model = by_sku @ self._share / expected
        own = self._own(pattern, len(model))
        before = own + PRIOR_CASES * model
        share = np.maximum(before / before.sum(), model)
        mine = np.flatnonzero(pattern.rows(panel.cases, panel.case_days))
        leaf = self._leaves(cases, mine)
        observed = np.bincount(leaf, minlength=len(model)).astype(float)
        ratio = np.where((observed >= 2) & (share > 0), observed / np.maximum(share * expected, 1e-9), 0.0)
        order = np.argsort(-ratio, kind="stable")[:MOST_LEAVES]
        choices = max(int((share >= LEAST_SHARE).sum()), MOST_LEAVES)
        best, o, e, b = 0.0, 0.0, 0.0, 0.0
        for number, code in enumerate(order, 1):
            if ratio[code] <= 1:
                break
            o, e, b = o + observed[code], e + share[code] * expected, b + before[code]
            found = tail_nats(o, e, dispersion=dispersion, baseline=True, rho=e / b)
            best = max(best, found - log(comb(choices, number) * MOST_LEAVES))
        return best

    def _own(self, pattern: Pattern, leaves: int) -> NDArray[np.float64]:
        inside = np.ones(len(self._unit), bool)
        for dim, code in pattern.conditions:
            inside &= self._book.codes[dim][self._unit] == code
        return np.bincount(self._leaf[inside], minlength=leaves).astype(np.float64)

    def _leaves(self, cases: CandidateCases, mine: NDArray[np.int64]) -> NDArray[np.int32]:
        out = np.empty(len(mine), np.int32)
        for family in np.unique(cases.family[mine]):
            own = cases.family[mine] == family
            out[own] = self._book.case_leaf[str(family)][cases.position[mine][own]]
        return out
