"""Hand-made shops for the analysis: units paid, shipped and signed on known days, complaints at known rates and ages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CODED_FEEDBACK, CodedFacts, Pull
from tasks.model.tables import TABLES
from tasks.shop.load import Shop

AS_OF = datetime(2026, 11, 24, 4, tzinfo=UTC)

SHIPPED_AFTER, SIGNED_AFTER = 1, 4
"""Days from payment to shipment and to signing."""

AXIS_AFTER = {"paid_at": 0, "shipped_at": SHIPPED_AFTER, "signed_at": SIGNED_AFTER}

GOLDEN = 0.6180339887498949

LAG = {
    # shares of a family's complaints by age in days
    "function": np.array([0.05, 0.1, 0.12, 0.12, 0.11, 0.1, 0.09, 0.08, 0.06, 0.05, 0.04, 0.03, 0.03, 0.02]),
    "transit": np.array([0.5, 0.3, 0.15, 0.05]),
    "fit": np.array([0.1, 0.3, 0.25, 0.15, 0.1, 0.06, 0.04]),
    "ship": np.array([0.0, 0.1, 0.3, 0.3, 0.2, 0.1]),
}

AXIS = {
    "function": "signed_at",
    "transit": "signed_at",
    "fit": "signed_at",
    "ship": "paid_at",
    "refund": "paid_at",
    "wear": "signed_at",
}

LEAF = {
    "function": "PRD.FAULT",
    "transit": "LOG.DAMAGE",
    "fit": "DSC.SIZE",
    "ship": "LOG.SHIP",
    "refund": "REF.SLOW",
    "wear": "PRD.FAULT",
}


@cache
def default_shop() -> Shop:
    """Return the default configuration, read once in a process."""
    return Shop.load()


def noon(day: date) -> datetime:
    """Return noon of a day in Shanghai as aware UTC."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def pay_days(first: date, per_week: list[float], weekdays: int = 7) -> NDArray[np.int32]:
    """Return the day numbers on which units are paid: `per_week` units in each week from `first` on, over its first weekdays."""
    start = (first - date(1970, 1, 1)).days
    parts = []
    for week, n in enumerate(per_week):
        parts.append(start + week * 7 + np.arange(round(n)) * weekdays // max(round(n), 1))
    return np.concatenate(parts).astype(np.int32)


def order_lines(paid: NDArray[np.int32], **dims: Any) -> pl.DataFrame:
    """Return one order line a unit; `dims` are values of all units, or a list with one value each."""
    day = pl.Series("day", paid).cast(pl.Date).cast(UTC_TIME) + timedelta(hours=4)
    frame = pl.DataFrame({"oid": [f"T{n:06d}" for n in range(len(paid))], "day": day}).select(
        "oid",
        qty=pl.lit(1, pl.Int64),
        paid_amount=pl.lit(100.0),
        paid_at=pl.col("day"),
        shipped_at=pl.col("day") + timedelta(days=SHIPPED_AFTER),
        signed_at=pl.col("day") + timedelta(days=SIGNED_AFTER),
    )
    return frame.with_columns(
        *(
            pl.lit(value).alias(name) if isinstance(value, str) else pl.Series(name, value, pl.String)
            for name, value in dims.items()
        )
    )


def arising(chance: NDArray[np.float64], lag: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (unit, age in days) of the cases: every unit's chance is spent in turn and ages walk evenly through the lag curve.

    Without any chance in it, every stretch of units has its expected number of cases to within one.
    """
    spent = np.cumsum(chance)
    unit = np.flatnonzero(np.floor(spent) > np.floor(spent - chance))
    even = (np.arange(len(unit)) * GOLDEN + 0.5) % 1.0
    return unit, np.searchsorted(np.cumsum(lag / lag.sum()), even, side="right").clip(max=len(lag) - 1)


def drawn(chance: NDArray[np.float64], lag: NDArray[np.float64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (unit, age) of cases that arise by chance."""
    rng = np.random.default_rng(seed)
    unit = np.flatnonzero(rng.random(len(chance)) < chance)
    return unit, rng.choice(len(lag), size=len(unit), p=lag / lag.sum())


def complaints(
    lines: pl.DataFrame,
    family: str,
    unit: NDArray[np.int64],
    age: NDArray[np.int64],
    *,
    leaf: str = "",
    prefix: str = "",
    **more: str,
) -> pl.DataFrame:
    """Return counted, linked and coded complaints about the given units at the given ages."""
    mine = lines[unit]
    dims = [name for name in mine.columns if name in TABLES["feedback"].columns or name == "line"]
    return mine.select(
        pl.format(f"{prefix}{family}-{{}}", pl.int_range(pl.len(), dtype=pl.Int64)).alias("record_id"),
        "oid",
        *dims,
        submitted_at=pl.col(AXIS[family]) + pl.duration(days=pl.Series(age)),
        family=pl.lit(family),
        leaf=pl.lit(leaf or LEAF[family]),
        counted=pl.lit(value=True),
        nature=pl.lit("complaint"),
        source=pl.lit("ticket"),
        **{name: pl.lit(value) for name, value in more.items()},
    )


def filled(frame: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    """Add the columns that a frame lacks, empty."""
    return frame.with_columns(pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in frame.columns)


def coded_facts(tables: dict[str, pl.DataFrame], as_of: datetime = AS_OF, pulls: list[Pull] | None = None) -> CodedFacts:
    """Return coded facts of hand-made tables; columns of `feedback` that a test does not care about are empty."""
    feedback = filled(tables.get("feedback", pl.DataFrame(schema=CODED_FEEDBACK)), CODED_FEEDBACK)
    empty = [pl.col(name).cast(kind) for name, kind in CODED_FEEDBACK.items() if feedback.schema[name] == pl.Null]
    return CodedFacts({**tables, "feedback": feedback.with_columns(empty)}, as_of, pulls)


def facts_of(lines: pl.DataFrame | None, *records: pl.DataFrame, **tables: pl.DataFrame) -> CodedFacts:
    """Return facts of order lines, coded records and further tables."""
    schema = {**CODED_FEEDBACK, "line": pl.String}
    feedback = pl.concat([filled(frame, schema) for frame in records], how="diagonal") if records else pl.DataFrame(schema=schema)
    named = {name: filled(frame, TABLES[name].columns) for name, frame in tables.items()}
    if lines is not None:
        named["order_line"] = filled(lines, TABLES["order_line"].columns)
    return coded_facts({"feedback": feedback, **named}, AS_OF)
