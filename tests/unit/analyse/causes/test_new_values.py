"""A shop without orders: a new lot or release is judged by what its complaints are about, not by their coming."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.analyse.causes.new_values import PROBLEM
from tasks.analyse.causes.without_orders import record_scan
from tasks.methods.panels import Panel
from tasks.methods.scan import Scan

LOTS = ["A1", "A2", "B1", "B2"]
SKUS = ["A", "B"]
PROBLEMS = ["late", "broken", "colour"]
USUAL = [4, 3, 3]
"""Of ten complaints of a healthy lot, so many are of each problem."""


def rows(*lots: tuple[str, list[int]]) -> dict[str, list[str]]:
    """Return lot, product and problem of each case: (lot, cases of each problem)."""
    made = [(lot, lot[0], name) for lot, counts in lots for name, n in zip(PROBLEMS, counts, strict=True) for _ in range(n)]
    return {"batch_no": [row[0] for row in made], "sku": [row[1] for row in made], PROBLEM: [row[2] for row in made]}


def scanned(before: dict[str, list[str]], now: dict[str, list[str]]) -> tuple[Panel, Scan]:
    values = {"batch_no": LOTS, "sku": SKUS, PROBLEM: PROBLEMS}

    def codes(held: dict[str, list[str]]) -> dict[str, np.ndarray]:
        return {dim: np.array([values[dim].index(value) for value in held[dim]], np.int32) for dim in values}

    panel = Panel(codes(before), np.ones(len(before["sku"])), codes(now), values, {"batch_no": frozenset({"sku"})}, baseline=True)
    return panel, record_scan(panel, 1.3)


def labels(panel: Panel, result: Scan) -> list[dict[str, str]]:
    return [found.pattern.labels(panel.values) for found in result.found]


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_healthy_new_lot_is_not_named_however_many_complaints_it_brings(times: int) -> None:
    before = rows(("A1", [20, 15, 15]), ("B1", [20, 15, 15]))
    now = rows(("A2", [n * 5 * times for n in USUAL]), ("B1", [20, 15, 15]))
    _, result = scanned(before, now)
    assert [found for found in result.found if any(dim == "batch_no" for dim, _ in found.pattern.conditions)] == []


def test_a_faulty_new_lot_is_named_once_with_its_problem() -> None:
    before = rows(("A1", [20, 15, 15]), ("B1", [20, 15, 15]))
    now = rows(("A2", [6, 30, 5]), ("A1", [8, 6, 6]), ("B1", [20, 15, 15]))
    panel, result = scanned(before, now)
    assert labels(panel, result)[:1] == [{"batch_no": "A2", PROBLEM: "broken"}]
    assert result.found[0].observed == 30 and 9 < result.found[0].expected < 15
    assert len({found.pattern for found in result.found}) == len(result.found)


def test_a_product_that_always_complains_of_one_thing_makes_no_lot_faulty() -> None:
    before = rows(("A1", [4, 40, 6]), ("B1", [40, 4, 6]))
    now = rows(("A2", [4, 40, 6]), ("B2", [40, 4, 6]))
    _, result = scanned(before, now)
    assert result.found == []


def test_a_known_product_is_still_found_by_its_count() -> None:
    before = rows(("A1", [20, 15, 15]), ("B1", [20, 15, 15]))
    now = rows(("A1", [60, 45, 45]), ("B1", [20, 15, 15]))
    panel, result = scanned(before, now)
    assert labels(panel, result) == [{"sku": "A"}]
