"""The scale benchmark measures what it says, and its cases are those that were asked for."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.complaint_cases import DIMENSIONS, complaint_case, complaint_rows
from benchmarks.root_cause_scale import CAUSES, spread, write

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("engine", "floor"), [("report", 3), ("library", CAUSES - 1)])
def test_a_run_ends_with_its_figures(engine: str, floor: int) -> None:
    command = [sys.executable, "-m", "benchmarks.root_cause_scale", "--rows", "100000", "--seed", "2", "--engine", engine]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["rows"] == 100_000 and figures["planted"] == CAUSES
    assert figures["found"] >= floor and figures["wrong"] <= 1
    assert figures["cpu_s"] > 0 and 50 < figures["peak_mb"] < 2_000


def test_as_many_rows_as_asked_for_with_the_names_of_a_dimension_table(tmp_path: Path) -> None:
    write(tmp_path, 20_000, 3)
    cases = pl.read_parquet(tmp_path / "cases.parquet")
    assert cases.height == 20_000 and cases.columns == [*DIMENSIONS, "current"]
    assert all(isinstance(cases.schema[dim], pl.Enum) for dim in DIMENSIONS)
    # a batch is one of three of its SKU
    numbers = [cases[dim].cast(pl.String).str.split("-").list.last().cast(pl.Int32) for dim in ("batch", "sku")]
    assert (numbers[0] // 3 == numbers[1]).all()
    assert len(json.loads((tmp_path / "truth.json").read_text())) == CAUSES


def test_same_seed_same_case() -> None:
    first, second = complaint_case(4, 10_000), complaint_case(4, 10_000)
    assert first[0].equals(second[0]) and first[1] == second[1]
    assert not first[0].equals(complaint_case(5, 10_000)[0])


def test_what_was_planted_stands_there() -> None:
    cases, planted = complaint_rows(6, 40_000, 3, clear=20.0)
    quiet = 2 * np.sqrt(len(cases))
    for cause in planted:
        inside = cases.filter(pl.all_horizontal(pl.col(dim) == value for dim, value in cause.conditions))
        assert cause.llr >= 20
        assert inside["current"].sum() - 1.2 * (~inside["current"]).sum() > cause.excess - quiet


@pytest.mark.parametrize(("per_row", "expected"), [([1.0, 1.0, 1.0], 0.0), ([0.8, 1.0, 1.2], 0.2), ([0.5, 1.5], 0.5)])
def test_spread_is_the_largest_distance_from_the_mean(per_row: list[float], expected: float) -> None:
    assert spread(per_row) == pytest.approx(expected)
