"""Moments of the sample shop in seconds of its local time, and names looked up by number."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from examples.sample_shop import nouns

Ints = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DAY = 86_400
NEVER = np.int64(2**61)
EPOCH = date(1970, 1, 1)


def local(day: date, hour: float = 0.0) -> int:
    """Return seconds since 1970 in the shop's local time at an hour of a day."""
    return (day - EPOCH).days * DAY + int(hour * 3600)


def local_moment(text: str) -> int:
    """Return local seconds of an ISO text such as `2025-11-10T20:00`."""
    moment = datetime.fromisoformat(text)
    return local(moment.date(), moment.hour + moment.minute / 60)


def utc(seconds: Ints, valid: Bools | None = None) -> pl.Series:
    """Turn local seconds into aware UTC datetimes.

    Args:
        seconds: Local seconds since 1970; NEVER where the thing did not happen.
        valid: Rows that have a value; default: those below NEVER.

    Returns:
        Series of Datetime(us, UTC), null where not valid.
    """
    known = seconds < NEVER if valid is None else valid
    micros = np.where(known, (seconds - nouns.ZONE_OFFSET) * 1_000_000, 0)
    series = pl.Series(micros, dtype=pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return series.set(pl.Series(~known), None) if not known.all() else series


def pick(names: list[str] | tuple[str, ...], index: npt.NDArray[Any], valid: Bools | None = None) -> pl.Series:
    """Look up names by index, null where not valid."""
    position = pl.Series(np.where(valid, index, len(names)) if valid is not None else index, dtype=pl.UInt32)
    return pl.Series([*names, None], dtype=pl.String).gather(position)
