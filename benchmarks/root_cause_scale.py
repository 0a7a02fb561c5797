"""How long does the search for root causes take on ten million cases, how much memory, and does it grow with the rows only?

    python -m benchmarks.root_cause_scale --rows 10000000 [--linear] [--engine library]

The search is the one that writes the reports; `--engine library` asks the engine for counts that no review uses. Cases of eight
dimensions with planted causes are drawn in a process of their own and handed over as a Parquet file; reading it is not timed.
Columns are as a dimension table leaves them: categories (Polars Enum). The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.complaint_cases import DIMENSIONS, complaint_rows
from benchmarks.engines.count_scan import case_scan
from benchmarks.report_engine import report_case_search

CAUSES = 6
CLEAR_NATS = 40.0
"""Least evidence of planted causes: the benchmark measures time and prints recall beside it."""

ENGINES = {"report": report_case_search, "library": case_scan}
"""The search of the reports, and the library engine for counts, which no review uses."""

SIZES = (100_000, 1_000_000, 10_000_000)
REPEATS = 10_000_000
"""Small sizes are repeated until this many rows are searched, at most ten times; the mean is reported."""


def write(folder: Path, rows: int, seed: int) -> None:
    """Draw the cases, and write them and their truth."""
    cases, planted = complaint_rows(seed, int(1.08 * rows), CAUSES, clear=CLEAR_NATS, most=rows // 200, dtype=np.uint16)
    cases = cases.sample(rows, seed=seed)
    names = {dim: [f"{dim}-{value}" for value in range(count)] for dim, count in DIMENSIONS.items()}
    columns = [pl.Series(dim, names[dim], pl.Enum(names[dim])).gather(cases[dim]) for dim in DIMENSIONS]
    pl.DataFrame([*columns, cases["current"]]).write_parquet(folder / "cases.parquet")
    truth = ["&".join(f"{dim}={dim}-{value}" for dim, value in cause.conditions) for cause in planted]
    (folder / "truth.json").write_text(json.dumps(truth))


def measured(rows: int, seed: int, engine: str) -> dict[str, Any]:
    """Search cases of one size; return CPU and wall seconds, peak memory and what was found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawing = [sys.executable, "-m", "benchmarks.root_cause_scale", "--write", name, "--rows", str(rows), "--seed", str(seed)]
        subprocess.run(drawing, check=True)
        cases = pl.read_parquet(folder / "cases.parquet")
        truth = set(json.loads((folder / "truth.json").read_text()))
    repeats = min(max(REPEATS // rows, 1), 10)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        found = {located.text() for located in ENGINES[engine](cases, list(DIMENSIONS), "current")}
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "engine": engine,
        "rows": len(cases),
        "cpu_s": round(cpu / repeats, 3),
        "wall_s": round(wall / repeats, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "found": len(found & truth),
        "planted": len(truth),
        "wrong": len(found - truth),
    }


def spread(per_row: Sequence[float]) -> float:
    """Return the largest distance from the mean, as a share of it: 0 where time grows with the rows alone."""
    mean = sum(per_row) / len(per_row)
    return max(abs(value - mean) for value in per_row) / mean


def main() -> None:
    """Print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=SIZES[-1])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--linear", action="store_true", help="also measure smaller sizes, down to 100,000 rows")
    parser.add_argument("--engine", choices=list(ENGINES), default="report", help="whose search (default: that of the reports)")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write(options.write, options.rows, options.seed)
        return
    sizes = sorted({*(size for size in SIZES if size < options.rows), options.rows} if options.linear else {options.rows})
    results = [measured(size, options.seed, options.engine) for size in sizes]
    for result in results:
        result["us_a_row"] = round(1e6 * result["cpu_s"] / result["rows"], 3)
    with pl.Config(tbl_hide_dataframe_shape=True, tbl_cols=20, tbl_width_chars=150):
        print(pl.DataFrame(results))
    last = results[-1]
    if options.linear:
        last["linear"] = [{key: result[key] for key in ("rows", "cpu_s", "us_a_row")} for result in results]
        last["spread"] = round(spread([result["us_a_row"] for result in results]), 3)
    print(json.dumps(last))


if __name__ == "__main__":
    main()
