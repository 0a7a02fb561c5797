"""Derive and cross-validate the one constant of `rate_scan` that labelled incidents decide: the price of a condition.

    python -m benchmarks.rate_scan_price [--cases DIR]

DIR holds a set of rates in the form of the shared root-cause cases (`labels.csv` and `<id>.csv.gz`; ids tell the day and the stream).
Every price is tried on all incidents; then each group of incidents is judged by the price that was best on the others. Incidents of
one day or one stream are one group, since they may share a cause. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.engines.rate_scan import COUNTS, rate_scan
from tasks.settings import Settings

PRICES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
RIVALS = 50
RESAMPLES = 2_000
MISSED = 1_000


@dataclass(frozen=True)
class Incident:
    """One incident: its group, its number of causes, and the rank of the first true one at each price."""

    id: str
    group: int
    causes: int
    ranks: NDArray[np.int64]


def incidents_of(folder: Path) -> list[Incident]:
    """Search every incident once and rank its rivals at every price."""
    labels = pl.read_csv(folder / "labels.csv", infer_schema=False).sort("id")
    groups = incident_groups(labels["id"].to_list())
    return [
        Incident(
            row["id"], group, row["set"].count(";") + 1, ranks(table_of(folder / f"{row['id']}.csv.gz"), row["set"].split(";"))
        )
        for row, group in zip(labels.iter_rows(named=True), groups, strict=True)
    ]


def table_of(path: Path) -> pl.DataFrame:
    """Read a table of rates: counts as numbers, dimensions as text."""
    return (
        pl.read_csv(path, infer_schema=False).drop("real", "predict", strict=False).with_columns(pl.col(COUNTS).cast(pl.Float64))
    )


def ranks(table: pl.DataFrame, truth: list[str]) -> NDArray[np.int64]:
    """Return the rank of the first true cause among the rivals for each price."""
    rivals = rate_scan(table, [c for c in table.columns if c not in COUNTS], alpha=0.0, limit=RIVALS)
    llr = np.array([rival.llr for rival in rivals])
    order = np.array([len(rival.conditions) for rival in rivals])
    true = np.array([rival.text() in truth for rival in rivals])
    # At equal evidence the shorter conjunction stands first, as in the scan.
    ranked = [true[np.lexsort((order, price * order - llr))] for price in PRICES]
    return np.array([1 + int(hits.argmax()) if hits.any() else MISSED for hits in ranked])


def incident_groups(ids: list[str]) -> list[int]:
    """Return a group for each incident; a common day or stream joins two."""
    marks = [set(re.findall(r"(?<=_)\d{4}(?=_)|^\d{8}|^\d{4}-\d\d-\d\d|(?<=_)\d{7,}$", name)) for name in ids]
    group = list(range(len(ids)))
    for later in range(len(ids)):
        for earlier in range(later):
            if marks[later] & marks[earlier]:
                group = [group[earlier] if g == group[later] else g for g in group]
    return group


def figures(incidents: list[Incident], found: NDArray[np.int64]) -> dict[str, float]:
    """Return acc@1, 3, 5 and F1@1 of ranks."""
    hits = int((found == 1).sum())
    accuracy = {f"acc_at_{k}": round(float((found <= k).mean()), 3) for k in (1, 3, 5)}
    return accuracy | {"f1_at_1": round(2 * hits / (len(incidents) + sum(i.causes for i in incidents)), 3)}


def cross_validated(incidents: list[Incident]) -> tuple[NDArray[np.int64], list[float]]:
    """Return each incident's rank at the price with the best mean reciprocal rank on the other groups, and the prices chosen."""
    every = np.array([incident.ranks for incident in incidents])
    group = np.array([incident.group for incident in incidents])
    found, chosen = np.zeros(len(incidents), np.int64), []
    for left_out in np.unique(group):
        others = group != left_out
        best = int((1 / every[others]).mean(axis=0).argmax())
        found[~others] = every[~others, best]
        chosen.append(PRICES[best])
    return found, chosen


def intervals(incidents: list[Incident], found: NDArray[np.int64]) -> dict[str, tuple[float, float]]:
    """Return 95 % intervals of the figures, from incident groups drawn with replacement."""
    rng = np.random.default_rng(1)
    group = np.array([incident.group for incident in incidents])
    names = np.unique(group)
    drawn = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([np.flatnonzero(group == name) for name in rng.choice(names, len(names))])
        drawn.append(list(figures([incidents[row] for row in rows], found[rows]).values()))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return {key: (round(float(a), 3), round(float(b), 3)) for key, a, b in zip(figures(incidents, found), low, high, strict=True)}


def main() -> None:
    """Print the figures of every price and the cross-validated ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = Settings().shared or Path(__file__).resolve().parents[2] / "shared"
    parser.add_argument("--cases", type=Path, default=shared / "rca" / "cases" / "RS")
    incidents = incidents_of(parser.parse_args().cases)
    every = np.array([incident.ranks for incident in incidents])
    print(f"{len(incidents)} incidents in {len({i.group for i in incidents})} groups")
    for at, price in enumerate(PRICES):
        mean_rank = float((1 / every[:, at]).mean())
        print(f"price {price:<5} mean reciprocal rank {mean_rank:.3f}  {figures(incidents, every[:, at])}")
    found, chosen = cross_validated(incidents)
    result = {"cross_validated": figures(incidents, found), "intervals": intervals(incidents, found)}
    print(json.dumps(result | {"prices": {str(price): chosen.count(price) for price in PRICES if price in chosen}}))


if __name__ == "__main__":
    main()
