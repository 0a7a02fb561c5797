"""Causes: an excess or a fall against what was to be expected, at one slice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal


class CauseStatus(StrEnum):
    """How sure a cause is: data points at it, reproduced, confirmed by a person, or rejected."""

    SUSPECTED = "suspected"
    REPRODUCED = "reproduced"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Cause:
    """An excess (or fall) against what was to be expected, at one slice.

    `slice` maps dimension to value; `since` is the day of the change on the axis `since_axis`.
    """

    cause_id: str
    kind: str  # slice, session, cluster, safety, app, service, promotion, reputation, fall
    slice: dict[str, str]
    family: str
    leaf: str
    leaves: tuple[tuple[str, int], ...]
    observed: float
    expected: float
    ratio: float
    low: float
    high: float
    contribution: float | None
    llr: float
    window_weeks: int
    exposure_kind: str
    exposure: float
    track: str = "standard"
    since: date | None = None
    since_axis: str = ""
    trend: str = ""  # rising, falling, steady
    rate: float | None = None
    comparison_rate: float | None = None
    comparison: str = ""
    age_days: int | None = None
    facts: tuple[tuple[str, Any], ...] = ()
    to_confirm: tuple[tuple[str, str, str], ...] = ()  # question code, owner role, due
    money: float | None = None
    stock: int | None = None
    first_period: str = ""
    periods: int = 1
    life: Literal["new", "continuing", "recurring", "watched", "recovered"] = (
        "new"  # watched: still raised, no longer beyond chance
    )
    status: CauseStatus = CauseStatus.SUSPECTED
    rows: tuple[str, ...] = ()  # record ids
    days: tuple[date, ...] = ()
    series: tuple[tuple[str, float, float], ...] = ()  # period id, observed, expected; in order of time: the cause's chart
