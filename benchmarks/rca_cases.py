"""Leaf tables with planted causes, drawn from the published descriptions of the kinds that peers are measured on.

- S and L: the synthetic sets of RiskLoc (Kalander 2022, arXiv 2205.10004, and its issue 12). Leaf values are Weibull with scale 100,
  some are zero; `real` and `predict` are equal until a cause reduces one of them (a fall or a rise, one direction a case) by a share
  drawn per leaf around the cause's severity; the other leaves get noise on one of the two columns.
- B0: the form of the semi-synthetic sets of Squeeze (Li et al. 2019, ISSRE): a full cube of 21,600 leaves with many zeros and a
  forecast error of about 1 %, causes of one layer (1 to 3), each with a shift and a direction of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

DIMENSIONS = "abcdefgh"
SCALE = 100.0
DRAWS = 200


@dataclass(frozen=True)
class Kind:
    """What the cases of one kind have in common; ranges are uniform, both ends included."""

    sizes: tuple[int, ...]
    anomalies: tuple[int, int]
    elements: tuple[int, int]
    orders: tuple[int, int]
    noise: tuple[float, float]
    severity: tuple[float, float]
    deviation: tuple[float, float]
    zeros: tuple[float, float]
    one_direction: bool = True
    noise_in_causes: bool = False


KINDS = {
    "S": Kind((10, 12, 10, 8, 5), (1, 3), (1, 3), (1, 5), (0.0, 0.25), (0.25, 1.0), (0.0, 0.1), (0.0, 0.25)),
    "L": Kind((10, 24, 10, 15), (1, 5), (1, 1), (4, 4), (0.0, 0.1), (0.5, 1.0), (0.0, 0.1), (0.0, 0.25)),
    "B0": Kind((10, 12, 10, 18), (1, 3), (1, 1), (1, 3), (0.008, 0.012), (0.1, 1.0), (0.0, 0.0), (0.3, 0.6), False, True),
}

Cause = tuple[tuple[str, str], ...]


def generated(kind: str, seed: int) -> tuple[pl.DataFrame, list[Cause]]:
    """Draw one case.

    Args:
        kind: `S`, `L` or `B0`.
        seed: The same seed gives the same case.

    Returns:
        The leaf table (`real` and `predict` to six significant digits) and its causes.
    """
    shape = KINDS[kind]
    rng = np.random.default_rng([list(KINDS).index(kind), seed])
    real = SCALE * rng.weibull(rng.uniform(0.5, 1.0), shape.sizes)
    real[rng.random(shape.sizes) < rng.uniform(*shape.zeros)] = 0.0
    predict = real.copy()
    causes, shifts = _causes(rng, shape, real > 0)
    noise = rng.uniform(*shape.noise)
    ill = np.zeros(shape.sizes, bool)
    for cell in causes:
        ill[cell] = True
    noisy = np.ones(shape.sizes, bool) if shape.noise_in_causes else ~ill
    factor = np.where(noisy, 1 + rng.normal(0, noise, shape.sizes), 1)
    on_real = rng.random(shape.sizes) < 0.5
    if not shape.noise_in_causes:
        real, predict = np.where(on_real, real * factor, real), np.where(on_real, predict, predict * factor)
    else:
        real = real * factor
    sound = real.copy(), predict.copy()
    for cell, (severity, deviation, rises) in zip(causes, shifts, strict=True):
        # Where two causes meet, the later one decides the leaf.
        real[cell], predict[cell] = sound[0][cell], sound[1][cell]
        column = predict if rises else real
        column[cell] *= np.maximum(1 - rng.normal(severity, deviation, column[cell].shape), 0)
    columns = {}
    for axis, index in enumerate(np.indices(shape.sizes).reshape(len(shape.sizes), -1)):
        names = np.array([f"{DIMENSIONS[axis]}{n + 1}" for n in range(shape.sizes[axis])])
        columns[DIMENSIONS[axis]] = names[index]
    table = pl.DataFrame(columns | {"real": np.maximum(real, 0).ravel(), "predict": np.maximum(predict, 0).ravel()})
    truth = [_conditions(cell) for cell in causes]
    return table.with_columns(pl.col("real", "predict").round_sig_figs(6)), truth


Cell = tuple[int | slice, ...]
Shift = tuple[float, float, bool]


def _causes(rng: np.random.Generator, shape: Kind, filled: NDArray[np.bool_]) -> tuple[list[Cell], list[Shift]]:
    """Draw anomalies of one cuboid and one shift each; values of different anomalies differ in every dimension."""
    dims = range(len(shape.sizes))
    falls = bool(rng.random() < 0.5)
    same_order = int(rng.integers(shape.orders[0], shape.orders[1] + 1))
    used: set[tuple[int, int]] = set()
    causes: list[Cell] = []
    shifts: list[Shift] = []
    for _ in range(int(rng.integers(shape.anomalies[0], shape.anomalies[1] + 1))):
        order = same_order if shape.noise_in_causes else int(rng.integers(shape.orders[0], shape.orders[1] + 1))
        cuboid = list(combinations(dims, order))[int(rng.integers(len(list(combinations(dims, order)))))]
        rises = bool(rng.random() < 0.5) if not shape.one_direction else not falls
        shift = (rng.uniform(*shape.severity), rng.uniform(*shape.deviation), rises)
        wanted = int(rng.integers(shape.elements[0], shape.elements[1] + 1))
        drawn: list[Cell] = []
        for _ in range(DRAWS):
            values = {dim: int(rng.integers(shape.sizes[dim])) for dim in cuboid}
            cell: Cell = tuple(values.get(dim, slice(None)) for dim in dims)
            if len(drawn) == wanted:
                break
            if used.intersection(values.items()) or cell in drawn or not filled[cell].any():
                continue
            drawn.append(cell)
            causes.append(cell)
            shifts.append(shift)
        used |= {(dim, int(at)) for cell in drawn for dim, at in enumerate(cell) if not isinstance(at, slice)}
    return causes, shifts


def _conditions(cell: Cell) -> Cause:
    return tuple((DIMENSIONS[dim], f"{DIMENSIONS[dim]}{at + 1}") for dim, at in enumerate(cell) if not isinstance(at, slice))
