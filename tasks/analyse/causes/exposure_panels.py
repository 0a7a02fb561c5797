"""Families measured by device or conversation, not by order: the app by active devices, service by human conversations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.analyse.causes.candidates import Candidate
from tasks.expected.unit_history import day_number, local_days
from tasks.methods.panels import FoundSlice, Panel, Weights
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period

ExposurePanel = tuple[Panel, Callable[[FoundSlice, int], Candidate], float]
"""A panel, what describes a slice of it that was found, and the weeks that its expectation rests on."""


def app_panel(facts: CodedFacts, zone: str, first: int, last: int) -> ExposurePanel | None:
    """Judge app cases by active devices: a release that draws no more complaints than the last one is not a cause."""
    return _exposure_panel(facts, zone, first, last, "app", "active_devices", ("app_version", "os"), ("os",))


def service_panel(facts: CodedFacts, zone: str, first: int, last: int) -> ExposurePanel | None:
    """Judge service cases by human conversations of the queue and shift."""
    dims = ("queue", "shift")
    return _exposure_panel(facts, zone, first, last, "service", "human_conversations", dims, dims)


def _exposure_panel(
    facts: CodedFacts, zone: str, first: int, last: int, family: str, kind: str, dims: tuple[str, ...], own_rate: tuple[str, ...]
) -> ExposurePanel | None:
    exposure = facts["exposure"].filter(pl.col("kind") == kind)
    dims = tuple(d for d in dims if exposure[d].n_unique() > 1)
    if exposure.is_empty() or not dims:
        return None
    exposure = exposure.with_columns(day_no=pl.col("day").cast(pl.Int32))
    cases = (
        facts["feedback"]
        .filter(pl.col("counted") & (pl.col("family") == family))
        .with_columns(day_no=local_days("submitted_at", zone))
    )
    begin, end = first - 7 * 16, first - 7 * 2
    before = pl.col("day_no").is_between(begin, end - 1)
    past_e, past_c = exposure.filter(before), cases.filter(before)
    if past_e.is_empty() or past_c.height < 20:
        return None
    now_e = exposure.filter(pl.col("day_no").is_between(first, last)).group_by(dims).agg(pl.col("n").sum()).sort(dims)
    now_c = cases.filter(pl.col("day_no").is_between(first, last)).sort("day_no", "record_id")
    weights = _usual(now_e, past_e, past_c, [d for d in own_rate if d in dims])
    values: dict[str, list[str]] = {}
    units: dict[str, Any] = {}
    seen_codes: dict[str, Any] = {}
    for dim in dims:
        names = pl.concat([now_e[dim], now_c[dim]]).drop_nulls().unique().sort()
        values[dim] = names.to_list()
        kind_of = pl.Enum(names)
        units[dim] = now_e[dim].cast(kind_of).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
        seen_codes[dim] = now_c[dim].cast(kind_of).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    panel = Panel(units=units, weights=weights, cases=seen_codes, values=values, common_level=False)

    def describe(found: FoundSlice, weeks: int) -> Candidate:
        rows, seen = found.pattern.rows(panel.units, {}), found.pattern.rows(panel.cases, {})
        inside = now_c.filter(pl.Series(seen))
        return Candidate(
            family=family,
            families=(family,),
            weeks=weeks,
            first=first,
            last=last,
            found=found,
            labels={**found.pattern.labels(values), **_shared(units, values, rows)},
            units=np.flatnonzero(rows),
            cases=np.flatnonzero(seen),
            records=inside["record_id"].to_list(),
            leaves=Counter(inside["leaf"].to_list()),
            days=inside["day_no"].to_list(),
            exposure=float(now_e.filter(pl.Series(rows))["n"].sum()),
            exposure_kind=kind,
        )

    known_from = max(begin, int(past_e["day_no"].min()))  # type: ignore[arg-type]
    return panel, describe, (end - known_from) / 7


def _usual(now: pl.DataFrame, past: pl.DataFrame, past_cases: pl.DataFrame, keys: list[str]) -> Weights:
    """Return the expected cases of each exposure row: the rate of the weeks before, times the shrunken effect of `keys`."""
    overall = past_cases.height / float(past["n"].sum())
    weights = now["n"].to_numpy().astype(np.float64) * overall
    if not keys:
        return weights
    seen = past_cases.group_by(keys).len("o")
    due = past.group_by(keys).agg((pl.col("n").sum() * overall).alias("e"))
    level = due.join(seen, on=keys, how="left").with_columns(effect=(pl.col("o").fill_null(0) + 10.0) / (pl.col("e") + 10.0))
    effects = now.join(level, on=keys, how="left", maintain_order="left")["effect"].fill_null(1.0).to_numpy()
    return np.asarray(weights * effects)


def _shared(units: dict[str, Any], values: dict[str, list[str]], rows: NDArray[np.bool_]) -> dict[str, str]:
    """Return the dimensions on which all exposure of a slice has one value, such as a release for only one system."""
    out = {}
    for dim, codes in units.items():
        mine = np.unique(codes[rows])
        if len(mine) == 1 and mine[0] >= 0:
            out[dim] = values[dim][mine[0]]
    return out


def expected_on_exposure(facts: CodedFacts, period: Period, family: str, kind: str) -> dict[str, float]:
    """Return the expected cases by leaf of a family measured by device or conversation, at its rate of the weeks before."""
    first = day_number(period.first_day)
    exposure = facts["exposure"].filter(pl.col("kind") == kind).with_columns(day_no=pl.col("day").cast(pl.Int32))
    before = exposure.filter(pl.col("day_no").is_between(first - 7 * 16, first - 1))["n"].sum()
    now = exposure.filter(pl.col("day_no").is_between(first, day_number(period.last_day)))["n"].sum()
    if not before or not now:
        return {}
    cases = facts["feedback"].filter(pl.col("counted") & (pl.col("family") == family))
    past = cases.with_columns(day_no=local_days("submitted_at", period.zone)).filter(
        pl.col("day_no").is_between(first - 7 * 16, first - 1)
    )
    return {leaf: count * now / before for leaf, count in past["leaf"].value_counts().iter_rows()}
