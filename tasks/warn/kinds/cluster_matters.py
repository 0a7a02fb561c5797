"""Which signals are one matter: of a batch and its product the stronger one; of many products with one problem, all."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np

from tasks.expected.unit_history import UnitHistory
from tasks.warn.kinds.cluster_signals import SLICES, ClusterSignal

ONE_MATTER_DAYS = 14
"""Two problems of one product that began within this many days are one matter."""


def narrowest(signals: list[ClusterSignal], history: UnitHistory) -> list[ClusterSignal]:
    """Keep, of signals that share most of their cases, the strongest."""
    order = {dims: place for place, dims in enumerate(SLICES)}
    ranked = sorted(
        (_with_sku(signal, history) for signal in signals),
        key=lambda signal: (-strength(signal), order.get(tuple(signal.slice), -1), sorted(signal.slice.items()), signal.leaf),
    )
    kept: list[ClusterSignal] = []
    for signal in ranked:
        records = set(signal.records)
        if any(len(records & set(other.records)) >= 0.5 * min(len(records), len(other.records)) for other in kept):
            continue
        if any(_one_matter(signal, other) for other in kept):
            continue
        kept.append(signal)
    return kept


def _one_matter(signal: ClusterSignal, other: ClusterSignal) -> bool:
    """Whether two problems lie in one slice, or in a SKU and its batch, and began together; the stronger names the matter."""
    sku = signal.slice.get("sku")
    together = abs(signal.days[0] - other.days[0]) <= ONE_MATTER_DAYS
    return signal.slice == other.slice or (sku is not None and sku == other.slice.get("sku") and together)


def strength(signal: ClusterSignal) -> float:
    """Return the log-likelihood ratio of the excess, in nats."""
    return signal.observed * log(signal.observed / max(signal.expected, 1e-9)) - (signal.observed - signal.expected)


def _with_sku(signal: ClusterSignal, history: UnitHistory) -> ClusterSignal:
    """Add the SKU to a batch's signal."""
    if tuple(signal.slice) != ("batch_no",):
        return signal
    code = history.values["batch_no"].index(signal.slice["batch_no"])
    sku = int(history.codes["sku"][int(np.argmax(history.codes["batch_no"] == code))])
    return replace(signal, slice={"sku": history.values["sku"][sku], **signal.slice})


def merged_by_problem(signals: list[ClusterSignal], history: UnitHistory, least: int) -> list[tuple[ClusterSignal, int]]:
    """Merge a problem that many products have at once into one signal: of their shared product line, else of the shop."""
    line_of = dict(zip(history.values["sku"], history.line_of_sku.tolist(), strict=True))
    out: list[tuple[ClusterSignal, int]] = []
    by_leaf: dict[str, list[ClusterSignal]] = {}
    for signal in signals:
        by_leaf.setdefault(signal.leaf, []).append(signal)
    for leaf, group in sorted(by_leaf.items()):
        products = sorted({signal.slice["sku"] for signal in group if "sku" in signal.slice})
        if len(products) < least:
            out += [(signal, 1) for signal in group]
            continue
        lines = {line_of[sku] for sku in products}
        place: dict[str, str] = (
            {"line": history.values["line"][lines.pop()]} if len(lines) == 1 and "line" in history.values else {}
        )
        out.append(
            (
                ClusterSignal(
                    slice=place,
                    leaf=leaf,
                    observed=sum(signal.observed for signal in group),
                    expected=sum(signal.expected for signal in group),
                    every_days=max(signal.every_days for signal in group),
                    records=tuple(sorted({record for signal in group for record in signal.records})),
                    days=tuple(sorted(day for signal in group for day in signal.days)),
                ),
                len(products),
            )
        )
    return sorted(out, key=lambda pair: (-pair[0].every_days, -strength(pair[0]), sorted(pair[0].slice.items()), pair[0].leaf))
