"""Panels of units drawn by chance for the localisation scan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from tasks.methods.panels import Panel
from tasks.methods.scan import Scan

SKUS, CARRIERS, REGIONS, DAYS = 12, 4, 5, 28
LINES = 3
VALUES = {
    "line": [f"line-{n}" for n in range(LINES)],
    "sku": [f"sku-{n:02d}" for n in range(SKUS)],
    "batch_no": [f"sku-{n // 2:02d}-{'AB'[n % 2]}" for n in range(SKUS * 2)],
    "carrier": [f"carrier-{n}" for n in range(CARRIERS)],
    "region": [f"region-{n}" for n in range(REGIONS)],
}


PARENTS = {"batch_no": frozenset({"sku", "line"}), "sku": frozenset({"line"})}


def codes_of(batch: NDArray[np.int64], carrier: NDArray[np.int64], region: NDArray[np.int64]) -> dict[str, NDArray[np.int32]]:
    sku = batch // 2
    columns = {"line": sku * LINES // SKUS, "sku": sku, "batch_no": batch, "carrier": carrier, "region": region}
    return {dim: column.astype(np.int32) for dim, column in columns.items()}


def where(codes: dict[str, NDArray[np.int32]], slice_: dict[str, str]) -> NDArray[np.bool_]:
    mask = np.ones(len(codes["sku"]), bool)
    for dim, value in slice_.items():
        mask &= codes[dim] == VALUES[dim].index(value)
    return mask


def slices(result: Scan) -> list[dict[str, str]]:
    return [found.pattern.labels(VALUES) for found in result.found]


def noisy(seed: int, cases: float, *, rate: float = 1.0, baseline: bool = False) -> Panel:
    """Eight thousand random units without any trouble; their cases follow the Poisson law at `rate` times the expectation."""
    rng = np.random.default_rng(seed)
    n = 8_000
    units = codes_of(rng.integers(0, SKUS * 2, n), rng.integers(0, CARRIERS, n), rng.integers(0, REGIONS, n))
    day = rng.integers(0, DAYS, n).astype(np.int32)
    hit = np.repeat(np.arange(n), rng.poisson(rate * cases / n, n))
    now = Panel(
        units, np.full(n, cases / n), {d: c[hit] for d, c in units.items()}, VALUES, PARENTS,
        {"ship_date": day}, {"ship_date": day[hit]}, ("sku", "carrier"),
    )  # fmt: skip
    if not baseline:
        return now
    before = np.repeat(np.arange(n), rng.poisson(cases / n, n))
    return Panel({d: c[before] for d, c in units.items()}, np.ones(len(before)), now.cases, VALUES, PARENTS, baseline=True)


ALPHA = 0.05


def most(panels: int) -> int:
    """Return how many alarms are exceeded once in a thousand times at a true rate of α."""
    return int(binom.ppf(0.999, panels, ALPHA))
