"""Processes that append the same rows to the same table of a lake at the same moment, round after round."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import polars as pl

from tasks.model.columns.column import UTC_TIME
from tasks.store.lake import Lake

NOW = datetime(2026, 11, 9, 1, 30, tzinfo=UTC)
ROWS = 100


def products(qty: int = 0) -> pl.DataFrame:
    """Order lines with their ids, and a quantity that tells versions apart."""
    ids = [f"o-{number:03}" for number in range(ROWS)]
    return pl.DataFrame({"oid": ids, "source_id": ids}).with_columns(
        tid=pl.lit("T"), sku=pl.lit("KT-11"), qty=pl.lit(qty, pl.Int64), paid_at=pl.lit(NOW).cast(UTC_TIME)
    )


def _works(folder: Path, rounds: int, worker: int, barrier: Barrier) -> None:
    for number in range(rounds):
        lake = Lake(str(folder / f"lake-{number // 2}"))  # in every second round the table is there already
        barrier.wait(60)
        lake.append(
            "order_line",
            products(number % 2),
            pull_id=f"p-{number}-{worker}",
            channel="orders",
            ingested_at=NOW + timedelta(hours=number % 2, seconds=worker),
        )


def race(folder: Path, rounds: int, workers: int = 2) -> None:
    """Let processes append in every round at once, first to a table that does not exist, then what has changed."""
    together(_works, folder, rounds, workers)


def together(work: Callable[[Path, int, int, Barrier], None], folder: Path, rounds: int, workers: int = 2) -> None:
    """Do work in several processes, which wait for each other at a barrier; each gets folder, rounds, its number and the barrier."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(workers)
    running = [context.Process(target=work, args=(folder, rounds, worker, barrier)) for worker in range(workers)]
    for process in running:
        process.start()
    for process in running:
        process.join(600 + 30 * rounds)
        assert process.exitcode == 0
