"""The leaves of a measured table, and sums over all their slices."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.errors import UserError

Reals = NDArray[np.float64]
Rows = NDArray[np.int64]

Conditions = tuple[tuple[int, int], ...]
"""Dimension number and code, sorted."""

CUBE = 4
"""A table is summed as a cube if the cube has at most this many cells a leaf."""

CUBE_DIMS = 8
SPARSE_ORDER = 3
"""Greatest order of the slices of a table that is no cube."""


@dataclass(frozen=True)
class Leaves:
    """The informative leaves: those with a real or an expected value above zero."""

    dims: list[str]
    values: list[list[str]]
    """Names of the codes, dimension by dimension, sorted."""
    codes: list[Rows]
    real: Reals
    predict: Reals
    deviation: Reals

    @property
    def sizes(self) -> list[int]:
        """Number of values of each dimension."""
        return [len(names) for names in self.values]


def leaves_of(table: pl.DataFrame, dims: list[str]) -> Leaves:
    """Read a leaf table.

    Args:
        table: Dimensions, `real` and `predict`, one row a leaf.
        dims: Names of the dimensions.

    Raises:
        UserError: If a value is missing or a measure is not finite.
    """
    empty = [name for name in [*dims, "real", "predict"] if table[name].null_count()]
    if empty:
        raise UserError(f"The leaf table has rows without {', '.join(empty)}.", hint="Fill in the values or remove those rows.")
    real, predict = (np.maximum(table[name].cast(pl.Float64).to_numpy(), 0.0) for name in ("real", "predict"))
    if not (np.isfinite(real) & np.isfinite(predict)).all():
        raise UserError("The leaf table has measures that are not finite numbers.", hint="Remove those rows.")
    filled = (real > 0) | (predict > 0)
    values, codes = [], []
    for dim in dims:
        column = table[dim].cast(pl.String)
        names = sorted(column.unique().to_list())
        values.append(names)
        codes.append(column.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)[filled])
    real, predict = real[filled], predict[filled]
    return Leaves(dims, values, codes, real, predict, (predict - real) / np.maximum(predict, real))


def rows_of(leaves: Leaves, conditions: Conditions) -> Rows:
    """Return the numbers of the leaves that fulfil every condition."""
    mask = np.ones(len(leaves.real), bool)
    for dim, code in conditions:
        mask &= leaves.codes[dim] == code
    return np.flatnonzero(mask)


def cuboid_sums(leaves: Leaves, rows: Rows, weights: list[Reals]) -> dict[tuple[int, ...], tuple[Rows, Reals]]:
    """Sum weights over the slices of every cuboid.

    Returns:
        Dimensions of the cuboid → cell numbers (row-major over its dimensions), sums `(weights, cells)`.
    """
    every = tuple(range(len(leaves.dims)))
    size = int(np.prod([float(n) for n in leaves.sizes]))
    if len(every) <= CUBE_DIMS and size <= CUBE * max(len(leaves.real), 1000):
        number = np.ravel_multi_index([leaves.codes[dim][rows] for dim in every], leaves.sizes)
        cube: Reals = np.stack([np.bincount(number, weight, minlength=size) for weight in weights]).astype(float)
        cubes: dict[tuple[int, ...], Reals] = {every: cube.reshape(len(weights), *leaves.sizes)}
        for order in range(len(every) - 1, 0, -1):
            for cuboid in combinations(every, order):
                # The smallest cuboid with one dimension more has the fewest cells to add up.
                larger = min((c for c in cubes if len(c) == order + 1 and set(cuboid) < set(c)), key=lambda c: cubes[c].size)
                axis = 1 + next(at for at, dim in enumerate(larger) if dim not in cuboid)
                cubes[cuboid] = cubes[larger].sum(axis=axis)
        return {
            cuboid: (np.arange(sums[0].size, dtype=np.int64), sums.reshape(len(weights), -1)) for cuboid, sums in cubes.items()
        }
    sparse: dict[tuple[int, ...], tuple[Rows, Reals]] = {}
    for order in range(1, min(SPARSE_ORDER, len(every)) + 1):
        for cuboid in combinations(every, order):
            number = np.ravel_multi_index([leaves.codes[dim][rows] for dim in cuboid], [leaves.sizes[dim] for dim in cuboid])
            cells, at = np.unique(number, return_inverse=True)
            sums = [np.bincount(at, weight, minlength=len(cells)) for weight in weights]
            sparse[cuboid] = (cells.astype(np.int64), np.stack(sums).astype(float))
    return sparse
