"""The search that writes the root causes of a report, asked about the tables of the benchmark."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.engines.located import Located
from tasks.analyse.causes.without_orders import THIN_PAST_DISPERSION, record_scan, review_weights
from tasks.methods.likelihood import ratio_interval
from tasks.methods.panels import FoundSlice, Panel


def report_search(table: pl.DataFrame, dims: list[str]) -> list[Located]:
    """Search a table as a review of a shop without orders searches its records.

    A table with denominators is one of reviews: each row means `cnt` reviews of which `value` complain, and the past
    (`base_cnt`, `base_value`) says how many had to. Any other table is one of counts: `real` cases now against `predict` in a
    period before. The search knows which dimensions determine which, as a shop's configuration would state.

    Args:
        table: Dimensions and whole-numbered `real`, `predict`, or `value`, `cnt`, `base_value`, `base_cnt`.
        dims: Names of the dimensions.

    Returns:
        The causes that a report would name, at most five, the first one first.
    """
    codes = table.select(pl.col(dim).cast(pl.Enum(table[dim].unique().sort())).to_physical().cast(pl.Int32) for dim in dims)
    if "cnt" in table.columns:
        units, cases = _repeated(codes, table["cnt"]), _repeated(codes, table["value"])
        weights = review_weights(_records(table, dims, ""), _records(table, dims, "base_"), dims)
    else:
        units, cases = _repeated(codes, table["predict"]), _repeated(codes, table["real"])
        weights = np.ones(units.height)
    panel = Panel(
        units={dim: units[dim].to_numpy() for dim in dims},
        weights=weights,
        cases={dim: cases[dim].to_numpy() for dim in dims},
        values={dim: table[dim].unique().sort().to_list() for dim in dims},
        parents=determined(table, dims),
        baseline="cnt" not in table.columns,
    )
    return [_located(found, panel) for found in record_scan(panel, THIN_PAST_DISPERSION).found]


def report_case_search(cases: pl.DataFrame, dims: list[str], current: str) -> list[Located]:
    """Search a list of cases, one a row, those of now against those of the period before.

    Args:
        cases: Dimensions as categories (Enum).
        dims: Names of the dimensions.
        current: Column that is true where a case is of now.

    Returns:
        The causes that a report would name, at most five, the first one first.
    """
    codes = cases.select(pl.col(dims).to_physical().cast(pl.Int32))
    now, before = codes.filter(cases[current]), codes.filter(~cases[current])
    panel = Panel(
        units={dim: before[dim].to_numpy() for dim in dims},
        weights=np.ones(before.height),
        cases={dim: now[dim].to_numpy() for dim in dims},
        values={dim: _categories(cases[dim]) for dim in dims},
        parents=determined(cases, dims),
        baseline=True,
    )
    return [_located(found, panel) for found in record_scan(panel, THIN_PAST_DISPERSION).found]


def determined(table: pl.DataFrame, dims: list[str]) -> dict[str, frozenset[str]]:
    """Return for each dimension those that it determines, as a batch determines its product: one value beside each of its own."""
    found: dict[str, frozenset[str]] = {}
    for dim in dims:
        others = [other for other in dims if 1 < table[other].n_unique() < table[dim].n_unique()]
        beside = table.group_by(dim).agg(pl.col(other).n_unique() for other in others)
        found[dim] = frozenset(other for other in others if beside[other].max() == 1)
    return found


def _categories(values: pl.Series) -> list[str]:
    """Return the names of an Enum's codes."""
    kind = values.dtype
    if not isinstance(kind, pl.Enum):
        raise TypeError(f"{values.name} is {kind}, not an Enum")
    return list(kind.categories)


def _repeated(frame: pl.DataFrame, times: pl.Series) -> pl.DataFrame:
    """Repeat each row by a column of whole numbers."""
    return frame[np.repeat(np.arange(frame.height), times.round().cast(pl.Int64).to_numpy())]


def _records(table: pl.DataFrame, dims: list[str], prefix: str) -> pl.DataFrame:
    """Return one row a review, complaints marked by `is_case`."""
    good = (table[f"{prefix}cnt"] - table[f"{prefix}value"]).clip(lower_bound=0)
    return pl.concat(
        _repeated(table.select(dims), times).with_columns(is_case=pl.lit(bad))
        for times, bad in ((good, False), (table[f"{prefix}value"], True))
    )


def _located(found: FoundSlice, panel: Panel) -> Located:
    low, high = ratio_interval(found.observed, found.expected)
    conditions = tuple(sorted(found.pattern.labels(dict(panel.values)).items()))
    return Located(conditions, found.llr, found.observed, found.expected, found.observed - found.expected, low, high)
