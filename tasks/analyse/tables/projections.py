"""Projections for recently signed units: young cohorts extrapolated to the age at which all are compared, 「预计」."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.stats import nbinom

from tasks.methods.panels import Weights
from tasks.model.facts import CodedFacts
from tasks.model.figures import Projection
from tasks.model.moments import local_day
from tasks.model.periods import Period
from tasks.shop.load import Shop

HISTORY_WEEKS = 26
SURE = 0.9
"""Share of the projected intervals that should hold the final rate."""

REACHED = 0.15
"""A cohort expected to have shown less than this by now is too young to say anything."""


def projections(facts: CodedFacts, period: Period, shop: Shop) -> list[Projection]:
    """Project the complaint rate of each signing week that is still too young to be compared.

    Chain ladder on single days of age: the development is estimated with the units at risk at each age (Kaplan & Meier
    1958), so young cohorts take part where they can; a cohort's own level is shrunk towards the common one by as much as mature
    cohorts differ among themselves (Bühlmann credibility, as Bornhuetter & Ferguson 1972 do with a given prior). What is
    still to come is negative binomial, so intervals widen the younger a cohort is.

    Args:
        facts: Coded tables; only what happened before the period's end counts.
        period: A week or month under review.
        shop: Says at which age in days the rate is compared.

    Returns:
        Signing weeks, oldest first; empty if signings are unknown or history is too short.
    """
    if not facts.has("order_line") or shop.base != "orders":
        return []
    age = shop.targets.ages.complaint
    end = period.last_day + timedelta(days=1)
    monday = end - timedelta(days=end.weekday())
    weeks = HISTORY_WEEKS + age // 7 + 1
    first = monday - timedelta(weeks=weeks)
    units, events = _triangle(facts, period, first, end, age)
    if events.sum() < 30 or units[: 7 * 8].sum() == 0:
        return []
    days = np.arange(len(units))
    reached = np.minimum(len(units) - days, age)  # whole days of age that units signed on each day have reached
    at_risk = np.array([units[reached > a].sum() for a in range(age)])
    cases = np.array([events[reached > a, a].sum() for a in range(age)])
    hazard = np.divide(cases, at_risk, out=np.zeros(age), where=at_risk > 0)
    developed = np.concatenate(([0.0], np.cumsum(hazard)))
    due, seen = units * developed[reached], np.array([events[d, : reached[d]].sum() for d in range(len(units))])
    weight = _credibility(due, seen, reached >= age)
    out = []
    for begin in range(0, len(units) - 6, 7):
        span = slice(begin, begin + 7)
        so_far, expected = float(seen[span].sum()), float(due[span].sum())
        left = float((units[span] * (developed[age] - developed[reached[span]])).sum())
        if reached[span].min() >= age or so_far < shop.identity.minimum_n or expected < REACHED * (expected + left):
            continue
        size = so_far + weight
        low, mean, high = _coming(size, size / (expected + weight) * left)
        n = float(units[span].sum())
        out.append(
            Projection(
                first_day=first + timedelta(days=begin),
                last_day=first + timedelta(days=begin + 6),
                age_days=age,
                units=n,
                so_far=so_far,
                reached=expected / (expected + left),
                rate=(so_far + mean) / n,
                low=(so_far + low) / n,
                high=(so_far + high) / n,
                usual=float(developed[age]),
            )
        )
    return out


def _coming(size: float, mean: float) -> tuple[float, float, float]:
    """Return low end, mean and high end of the cases still to come: negative binomial, for the cohort's own level is not known."""
    coming = nbinom(size, size / (size + mean))
    tail = (1 - SURE) / 2
    return float(coming.ppf(tail)), mean, float(coming.ppf(1 - tail))


def _triangle(facts: CodedFacts, period: Period, first: date, end: date, age: int) -> tuple[Weights, Weights]:
    """Return units by signing day, and complaining units by signing day and age in days."""

    length = (end - first).days
    signed = pl.col("signed_at").is_not_null() & (pl.col("signed_at") < period.end)
    since = pl.col("signed") >= first
    lines = facts["order_line"].lazy().select("oid", "signed_at").filter(signed)
    lines = lines.select("oid", signed=local_day("signed_at", period.zone)).filter(since)
    position = (pl.col("signed") - first).dt.total_days()
    units = np.zeros(length)
    for index, n in lines.group_by("signed").len().select(position, "len").collect().iter_rows():
        units[index] = n
    records = facts["feedback"].filter(pl.col("counted") & pl.col("oid").is_not_null() & (pl.col("submitted_at") < period.end))
    linked = (
        records.select("oid", arrived=local_day("submitted_at", period.zone))
        .join(lines.filter(pl.col("oid").is_in(records["oid"].unique().implode())).collect(), on="oid")
        .with_columns(a=(pl.col("arrived") - pl.col("signed")).dt.total_days(), at=position)
        .filter((pl.col("a") >= 0) & (pl.col("a") < age))
        .group_by("oid", "at")
        .agg(pl.col("a").min())
    )
    events = np.zeros((length, age))
    for at, a, n in linked.group_by("at", "a").len().iter_rows():
        events[at, a] = n
    return units, events


def _credibility(due: Weights, seen: Weights, mature: np.typing.NDArray[np.bool_]) -> float:
    """Return the prior's weight in cases: the inverse of the variance of mature weeks' ratios beyond what counts explain."""
    whole = [slice(b, b + 7) for b in range(0, len(due) - 6, 7) if mature[b : b + 7].all() and due[b : b + 7].sum() >= 5]
    if len(whole) < 6:
        return 100.0
    expected = np.array([due[span].sum() for span in whole])
    observed = np.array([seen[span].sum() for span in whole])
    # method of moments: Var(O/E) = τ² + 1/E
    variance = float((((observed / expected - 1) ** 2) - 1 / expected).mean())
    return 1 / max(variance, 1e-4)
