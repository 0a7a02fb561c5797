"""What does it cost to let Great Expectations count the rules' failures, on this project's Polars engine and on GX's own pandas engine?

    python -m benchmarks.validation --rows 1000000 --rows 10000000

Twenty-two rules of order lines are counted three times over the same rows: by the function that the flow calls, by GX on pandas, and
by one plain Polars query that knows nothing of GX. Each has a process of its own and counts three times where that takes no longer
than five seconds. The least CPU seconds of all its threads are shown, without imports, without making the rows and, for pandas,
without copying them there. All three must count the same.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from expectations.rules import Given, Rule
from expectations.suites import suite
from tasks.model.tables import TABLES
from tasks.validate.gx_count import RESULT_FORMAT, counted_by_gx, expectation, quiet_context
from tasks.validate.quarantine import with_derived

EXPECTATIONS = 22
NOW = datetime(2026, 11, 16, tzinfo=UTC)
SKUS = [f"FW-{n:02d}" for n in range(40)]
CONTENDERS = ("polars engine", "plain polars", "pandas engine")
TIMES_PANDAS, TIMES_PLAIN = 4.0, 2.2
"""Promised: at least so many times less CPU than on pandas, at most so many times that of plain Polars."""


def rules_and_rows(rows: int) -> tuple[list[Rule], pl.LazyFrame]:
    """Return the rules, and order lines of which some break each of them, with what the rules derive first."""
    rules = suite("order_line", Given(NOW, known={"sku": frozenset(SKUS[:38])}))[:EXPECTATIONS]
    chance = np.random.default_rng(5)

    def moments(first: float, last: float, empty: float) -> pl.Series:
        seconds = pl.Series(chance.integers(int(first * 86400), int(last * 86400), rows)).cast(pl.Int64) * 1_000_000
        moment = (pl.Series([NOW]).dt.cast_time_unit("us").cast(pl.Int64)[0] + seconds).cast(pl.Datetime("us", "UTC"))
        return pl.select(pl.when(pl.lit(pl.Series(chance.random(rows) >= empty))).then(pl.lit(moment))).to_series()

    number = pl.Series(np.arange(rows))
    frame = pl.DataFrame(
        {
            "oid": number.cast(pl.String),
            "tid": (number // 2).cast(pl.String),
            "sku": pl.Series(chance.integers(0, len(SKUS), rows)).replace_strict(dict(enumerate(SKUS)), return_dtype=pl.String),
            "qty": chance.integers(0, 5, rows),
            "paid_amount": chance.normal(120, 60, rows),
            "cost_amount": chance.normal(60, 30, rows),
            "paid_at": moments(-60, 0.2, 0.001),
            "shipped_at": moments(-59, 2, 0.1),
            "signed_at": moments(-56, 4, 0.2),
            "cancelled_before_ship": chance.random(rows) < 0.02,
            "traffic_source": pl.Series(chance.integers(0, 3, rows)).replace_strict(
                {0: "shelf", 1: "search", 2: "street"}, return_dtype=pl.String
            ),
            "batch_no": (number % 977).cast(pl.String),
        }
    )
    absent = [pl.lit(None, kind).alias(name) for name, kind in TABLES["order_line"].columns.items() if name not in frame.columns]
    return rules, with_derived(frame.with_columns(absent), rules)


def counted(contender: str, rows: int) -> dict[str, Any]:
    """Count the failures of all rules once; return the counts, CPU and wall seconds, and the memory used at most."""
    rules, wide = rules_and_rows(rows)
    read = sorted(
        {value for rule in rules for key, value in rule.definition.expectation()[1].items() if key.startswith("column")}
    )
    wide = wide.select(read)
    expectation(rules[0])  # Great Expectations is imported before the clock starts
    count = _on_pandas(wide, rules) if contender == "pandas engine" else partial(_on_polars, contender, wide, rules)
    spent: list[tuple[float, float]] = []
    while len(spent) < 3 and sum(wall for _, wall in spent) < 5:  # other programs disturb short counts most
        started, clock = time.process_time(), time.perf_counter()
        counts = count()
        spent.append((time.process_time() - started, time.perf_counter() - clock))
    cpu, wall = min(spent)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"counts": counts, "cpu_s": round(cpu, 2), "wall_s": round(wall, 2), "peak_mb": round(megabytes)}


def _on_polars(contender: str, wide: pl.LazyFrame, rules: list[Rule]) -> dict[str, int]:
    """Count by the function that the flow calls, or by one query."""
    if contender == "polars engine":
        return counted_by_gx(wide, rules)
    query = wide.select(rule.definition.failing().sum().cast(pl.Int64).alias(rule.name) for rule in rules)
    return query.collect(engine="streaming").row(0, named=True)


def _on_pandas(wide: pl.LazyFrame, rules: list[Rule]) -> Callable[[], dict[str, int]]:
    """Copy the rows to pandas, and return the count by GX's own engine."""
    from great_expectations.core.expectation_suite import ExpectationSuite

    asset = quiet_context().data_sources.add_pandas("pull").add_dataframe_asset("frame")
    batch = asset.get_batch(asset.build_batch_request({"dataframe": wide.collect().to_pandas()}))

    def count() -> dict[str, int]:
        wanted = ExpectationSuite(name="rules", expectations=[expectation(rule) for rule in rules])
        results = batch.validate(wanted, result_format=RESULT_FORMAT).results
        return {one.expectation_config.meta["rule"]: int(one.result.get("unexpected_count") or 0) for one in results}

    return count


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the benchmark and print a table and, last, one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help="may be given more than once; default one million")
    parser.add_argument("--hold", action="store_true", help="end with an error where a promise is broken")
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    outcome: dict[str, Any] = {"expectations": EXPECTATIONS}
    broken: list[str] = []
    print(f"{'rows':>12} {'':<14} {'CPU s':>8} {'wall s':>8} {'peak MB':>8}")
    for rows in options.rows or [1_000_000]:
        measured = {}
        for contender in CONTENDERS:
            with ProcessPoolExecutor(1) as pool:
                one = measured[contender] = pool.submit(counted, contender, rows).result()
            print(f"{rows:>12,} {contender:<14} {one['cpu_s']:>8} {one['wall_s']:>8} {one['peak_mb']:>8}", flush=True)
        own, plain, pandas = (measured[name] for name in CONTENDERS)
        if not own["counts"] == plain["counts"] == pandas["counts"]:
            sys.exit(f"The counts differ at {rows} rows: {own['counts']}, {plain['counts']}, {pandas['counts']}.")
        times_pandas, times_plain = pandas["cpu_s"] / own["cpu_s"], own["cpu_s"] / max(plain["cpu_s"], 0.01)
        outcome[str(rows)] = {"pandas_over_own": round(times_pandas, 1), "own_over_plain": round(times_plain, 2)}
        if times_pandas < TIMES_PANDAS or times_plain > TIMES_PLAIN:
            broken.append(f"{rows} rows: {times_pandas:.1f} times less than pandas, {times_plain:.2f} times plain Polars")
    print(json.dumps(outcome))
    if options.hold and broken:
        sys.exit(f"Broken: {'; '.join(broken)}.")


if __name__ == "__main__":
    main()
