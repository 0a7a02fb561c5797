"""Sparse complaint counts with planted causes: cases of the shape that real complaints have, with the truth beside them.

Eight dimensions, as skewed and as dependent as in a shop: a batch belongs to one SKU, a SKU has its own problems, a region its
own warehouses. Baseline and current period are drawn apart, so both have sampling noise; each cause then adds cases of its own.

    python -m benchmarks.complaint_cases --seeds 1-60 [--exposure 0.9-1.15] [--causes 0]

tells how well the library engine for counts does on them (no review uses it: `python -m benchmarks.root_causes --generate CC` asks
the search of the reports): precision, recall of the causes above 12 nats, CPU seconds a case.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.engines.count_scan import count_scan

DIMENSIONS = {
    "channel": 8,
    "sku": 800,
    "batch": 2400,
    "problem": 40,
    "carrier": 12,
    "warehouse": 15,
    "region": 200,
    "app_ver": 25,
}
"""Dimension → number of values. Each SKU has three batches in a row."""

SKEW = {"sku": 0.9}
"""Exponent of the power law of the values' sizes; .7 for the others."""

DEPENDENCE = {"problem": ("sku", 5, 0.6), "warehouse": ("region", 2, 0.75)}
"""Dimension → the one it leans on, how many neighbouring values each of its values prefers, and with what share."""

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Planted:
    """A planted cause: its conditions, sorted, and its evidence in nats."""

    conditions: tuple[tuple[str, int], ...]
    excess: int
    llr: float


@dataclass(frozen=True)
class ComplaintShop:
    """Chances of the values, and the preferred values of the leaning dimensions."""

    chances: dict[str, NDArray[np.float64]]
    preferred: dict[str, Codes]

    @classmethod
    def drawn(cls, generator: np.random.Generator, dimensions: dict[str, int]) -> ComplaintShop:
        """Draw the sizes of all values."""
        chances = {}
        for dim, count in dimensions.items():
            sizes = generator.permutation(np.arange(1, count + 1) ** -SKEW.get(dim, 0.7))
            chances[dim] = sizes / sizes.sum()
        preferred = {
            dim: generator.integers(0, dimensions[dim], dimensions[parent]).astype(np.int32)
            for dim, (parent, _, _) in DEPENDENCE.items()
            if dim in dimensions and parent in dimensions
        }
        return cls(chances, preferred)

    def cases(self, generator: np.random.Generator, rows: int, dtype: type = np.int32) -> dict[str, Codes]:
        """Draw the dimensions of a number of cases."""
        out: dict[str, Codes] = {}
        for dim, chances in self.chances.items():
            if dim == "batch":
                out[dim] = (out["sku"].astype(np.int64) * 3 + generator.integers(0, 3, rows)).astype(dtype)
            else:
                out[dim] = generator.choice(len(chances), rows, p=chances).astype(dtype)
        for dim, start in self.preferred.items():
            parent, width, share = DEPENDENCE[dim]
            near = (start[out[parent]] + generator.integers(0, width, rows)) % len(self.chances[dim])
            out[dim] = np.where(generator.random(rows) < share, near, out[dim]).astype(dtype)
        return out


def complaint_case(
    seed: int, rows: int = 100_000, causes: int | None = None, exposure: tuple[float, float] = (0.9, 1.15)
) -> tuple[pl.DataFrame, list[Planted]]:
    """Return a table of the dimensions with `real` and `predict` counts, and the causes planted in it.

    Args:
        seed: Same seed, same case.
        rows: Approximate number of cases in both periods together.
        causes: Number of causes; drawn from 1 to 5 where it is not given.
        exposure: Between which the current period's exposure lies, in baseline periods.
    """
    cases, planted = complaint_rows(seed, rows, causes, exposure=exposure)
    table = (
        cases.group_by(list(DIMENSIONS))
        .agg(real=pl.col("current").sum().cast(pl.Int64), predict=(~pl.col("current")).sum().cast(pl.Int64))
        .sort(list(DIMENSIONS))
    )
    return table, planted


def complaint_rows(
    seed: int,
    rows: int,
    causes: int | None = None,
    *,
    clear: float = 0.0,
    most: int | None = None,
    dtype: type = np.int32,
    exposure: tuple[float, float] = (0.9, 1.15),
) -> tuple[pl.DataFrame, list[Planted]]:
    """Return one row a case with `current` (whether of the current period), and the causes planted.

    Args:
        seed: Same seed, same cases.
        rows: Approximate number of cases.
        causes: Number of causes; drawn from 1 to 5 where it is not given.
        clear: Least likelihood ratio of a planted cause, in nats.
        most: The most cases that a cause adds; by default 3 % of the rows.
        dtype: Whole numbers that hold the codes.
        exposure: Between which the current period's exposure lies, in baseline periods.
    """
    generator = np.random.default_rng(seed)
    shop = ComplaintShop.drawn(generator, DIMENSIONS)
    rho = float(generator.uniform(*exposure))
    before = shop.cases(generator, int(generator.poisson(rows / 2)), dtype)
    now = shop.cases(generator, int(generator.poisson(rows / 2 * rho)), dtype)
    planted: list[Planted] = []
    extra: list[dict[str, Codes]] = []
    wanted = int(generator.integers(1, 6)) if causes is None else causes
    while len(planted) < wanted:
        cause, cases = _planted(generator, before, now, rho, most or 3 * rows // 100)
        if cause.llr >= clear and cause.conditions not in [other.conditions for other in planted]:
            planted.append(cause)
            extra.append(cases)
    current = pl.DataFrame({dim: np.concatenate([now[dim], *(cases[dim] for cases in extra)]) for dim in DIMENSIONS})
    both = [pl.DataFrame(before).with_columns(current=False), current.with_columns(current=True)]
    return pl.concat(both), sorted(planted, key=lambda cause: cause.conditions)


def _planted(
    generator: np.random.Generator, before: dict[str, Codes], now: dict[str, Codes], rho: float, most: int
) -> tuple[Planted, dict[str, Codes]]:
    """Choose a slice in which there are cases, and draw what a raised risk adds to it."""
    order = int(generator.integers(1, 4))
    while True:
        dims = sorted(generator.choice(list(DIMENSIONS), order, replace=False).tolist())
        if not {"sku", "batch"} <= set(dims):
            break
    pool = before if generator.random() < 0.5 else now
    chosen = int(generator.integers(0, len(pool["sku"])))
    conditions = tuple((str(dim), int(pool[dim][chosen])) for dim in dims)
    baseline, natural = int(_mask(before, conditions).sum()), int(_mask(now, conditions).sum())
    ratio = float(np.exp(generator.uniform(log(1.5), log(12))))
    excess = int(min(max(15, round((ratio - 1) * rho * baseline)), most))
    return Planted(conditions, excess, nats(natural + excess, baseline, rho)), _added(generator, now, conditions, excess)


def _added(
    generator: np.random.Generator, now: dict[str, Codes], conditions: tuple[tuple[str, int], ...], excess: int
) -> dict[str, Codes]:
    """Draw the cases that a cause adds: repeats of its slice's own where it has enough, else others moved into the slice.

    Repeats come in clumps, as complaints of one parcel or one live session do; what is moved brings values that its new SKU
    or region does not prefer. A search must cope with both.
    """
    inside = np.flatnonzero(_mask(now, conditions))
    if len(inside) >= ENOUGH:
        rows = generator.choice(inside, excess)
        return {dim: codes[rows] for dim, codes in now.items()}
    rows = generator.integers(0, len(now["sku"]), excess)
    cases = {dim: codes[rows].copy() for dim, codes in now.items()}
    for dim, value in conditions:
        cases[dim][:] = value
        if dim == "sku":
            cases["batch"][:] = value * 3 + generator.integers(0, 3, excess)
        elif dim == "batch":
            cases["sku"][:] = value // 3
    return cases


ENOUGH = 20
"""A slice with at least this many cases gets repeats of its own."""


def _mask(cases: dict[str, Codes], conditions: Sequence[tuple[str, int]]) -> NDArray[np.bool_]:
    mask = np.ones(len(cases["sku"]), bool)
    for dim, value in conditions:
        mask &= cases[dim] == value
    return mask


def nats(observed: float, baseline: float, rho: float) -> float:
    """Return the log-likelihood ratio of a raised count against an earlier one, in nats, not doubled."""
    share, usual = observed / (observed + baseline), rho / (1 + rho)
    earlier = baseline * log((1 - share) / (1 - usual)) if baseline else 0.0
    return observed * log(share / usual) + earlier


CLEAR_NATS = 12.0
"""Below it a cause is beneath what counts alone can show."""


def main() -> None:
    """Search generated cases, print what goes wrong, and one JSON line."""
    from benchmarks.stories import seeds_of  # at the top it would weigh on the memory that root_cause_scale measures

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("1-60"))
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--causes", type=int, help="causes in each case; 1 to 5 where it is not given")
    parser.add_argument("--exposure", default="0.9-1.15", help="the current period's exposure, in baseline periods")
    options = parser.parse_args()
    low, high = map(float, options.exposure.split("-"))
    right = named = clear = clear_named = weak_named = alarmed = 0
    spent = 0.0
    for seed in options.seeds:
        table, planted = complaint_case(seed, options.rows, options.causes, (low, high))
        truth = {"&".join(f"{dim}={value}" for dim, value in cause.conditions): cause.llr for cause in planted}
        started = time.process_time()
        found = {cause.text() for cause in count_scan(table, list(DIMENSIONS))}
        spent += time.process_time() - started
        strong = {cause for cause, llr in truth.items() if llr > CLEAR_NATS}
        right, named, alarmed = right + len(found & set(truth)), named + len(found), alarmed + bool(found - set(truth))
        clear, clear_named = clear + len(strong), clear_named + len(found & strong)
        weak_named += len((found & set(truth)) - strong)
        if found - set(truth) or strong - found:
            print(seed, "wrong:", sorted(found - set(truth)), "missed:", {c: round(truth[c], 1) for c in sorted(strong - found)})
    figures = {
        "cases": len(options.seeds),
        "precision": round(right / named, 4) if named else None,
        "recall_strong": round(clear_named / clear, 4) if clear else None,
        "strong": clear,
        "weak_named": weak_named,
        "cases_with_a_wrong_one": alarmed,
        "cpu_s_per_case": round(spent / len(options.seeds), 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
