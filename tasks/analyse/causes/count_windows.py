"""Windows over which the counts of a shop without orders are searched: a small shop's week holds too few cases to tell anything.

What begins slowly or is told by few customers a week shows over several weeks only. The longer windows compare with the weeks
before them, and pay for their number: they overlap, so the chance of a false alarm grows with its square root.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tasks.analyse.causes.candidates import spans
from tasks.expected.unit_history import begun_day, day_number
from tasks.methods.panels import FoundSlice, Panel
from tasks.model.periods import Period

ENOUGH_PAST = 100
"""Earlier cases from which counts are compared with the period before alone; a small shop's go further back."""

PERIODS_BACK = 8
"""The most periods that a small shop's counts are compared with."""

LEAST_PAST = 30
"""Earlier complaints without which reviews or counts have nothing to be compared with."""

LEAST_PAST_DAYS = 14
"""A longer window is compared with no shorter past."""

NOISE_WEEKS, LEAST_NOISE_WEEKS = 16, 5
"""Weeks from which the ups and downs of a problem are measured, and without which they are not."""

LEAST_CALM = 5
"""Records that are no cases without which they do not show how busy the weeks were."""

STILL = 0.4
"""Part of its weekly mean that a finding of a longer window must still have in the last week, or it is over."""


@dataclass(frozen=True)
class CountWindow:
    """Counted cases of the latest weeks, and those before them that they are compared with.

    `cases` and `units` hold the records of the window and of the past of `days` days; `compared` is the word for that past.
    """

    weeks: int
    length: int
    cases: pl.DataFrame
    units: pl.DataFrame
    days: int
    compared: str

    @property
    def is_period(self) -> bool:
        """Whether the window is the period itself."""
        return self.compared != "weeks_before"

    def growth(self, feedback: pl.DataFrame, last: int) -> float:
        """Return how many more records that are no cases came in the window than in its past, day by day; 1 where they are few."""
        first = last - self.length + 1
        calm = feedback.filter(~pl.col("is_case"))
        now, before = _between(calm, first, last).height, _between(calm, first - self.days, first - 1).height
        return now / self.length / (before / self.days) if min(now, before) >= LEAST_CALM else 1.0

    def is_current(self, found: FoundSlice, panel: Panel, last: int) -> bool:
        """Whether a slice still has cases in the last week: what has ended is no finding of this period."""
        if self.weeks == 1 or self.is_period:
            return True
        recent = found.pattern.rows(panel.cases, {}) & (self.cases["day_no"] > last - 7).to_numpy()
        return bool(recent.sum() >= max(1.0, STILL * found.observed / self.weeks))


def count_windows(feedback: pl.DataFrame, period: Period) -> list[CountWindow]:
    """Return the period with as many earlier periods as it takes, and longer windows with the weeks before them.

    Args:
        feedback: Records with `day_no` and `is_case`.
        period: The period under review.
    """
    counted = feedback.filter("is_case")
    last = day_number(period.last_day)
    first = day_number(period.first_day)
    begun = begun_day(feedback.filter(pl.col("day_no").is_between(0, last))["day_no"])
    begun = first if begun is None else begun
    units, days, compared = _earlier_periods(counted, period, begun)
    made = [CountWindow(max(round(period.days / 7), 1), period.days, _between(counted, first, last), units, days, compared)]
    for weeks, first, _ in spans(period)[1:]:
        start = max(begun, first - PERIODS_BACK * 7)
        if first - start < LEAST_PAST_DAYS:
            continue
        units = _between(counted, start, first - 1)
        if units.height >= LEAST_PAST:
            made.append(CountWindow(weeks, weeks * 7, _between(counted, first, last), units, first - start, "weeks_before"))
    return made


def _between(counted: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    return counted.filter(pl.col("day_no").is_between(first, last))


def _earlier_periods(counted: pl.DataFrame, period: Period, begun: int) -> tuple[pl.DataFrame, int, str]:
    """Return the cases to compare with, the days that they span, and the word for these days.

    The period before; where that holds too few cases, as many whole periods before it as give enough, at most `PERIODS_BACK`.
    """
    before = period.previous()
    first, last, periods = day_number(before.first_day), day_number(before.last_day), 1
    while True:
        units = _between(counted, first, last)
        before = before.previous()
        if units.height >= ENOUGH_PAST or periods == PERIODS_BACK or day_number(before.first_day) < begun:
            return units, last - first + 1, "period_before" if periods == 1 else "periods_before"
        first, periods = day_number(before.first_day), periods + 1


def problem_noise(counted: pl.DataFrame, first: int) -> dict[str, float]:
    """Return how much each problem's share of a week's cases varies beyond chance: its variance over a share's variance, at least 1.

    Pearson's chi-square over its degrees of freedom over the weeks before day `first`, without the week that stands out most. A
    problem of many cases shows its own ups and downs; what comes and goes with the weeks is no fault of what is new in them.
    """
    past = counted.filter(pl.col("day_no").is_between(first - 7 * NOISE_WEEKS, first - 1) & pl.col("leaf").is_not_null())
    weeks = past.group_by(w=(pl.col("day_no") - first) // 7).agg(n=pl.len())
    if weeks.height < LEAST_NOISE_WEEKS:
        return {}
    cells = (
        past.select("leaf")
        .unique()
        .join(weeks, how="cross")
        .join(past.group_by("leaf", w=(pl.col("day_no") - first) // 7).agg(o=pl.len()), on=["leaf", "w"], how="left")
        .with_columns(pl.col("o").fill_null(0))
        .with_columns(p=pl.col("o").sum().over("leaf") / pl.col("n").sum().over("leaf"))
        .with_columns(chi=(pl.col("o") - pl.col("n") * pl.col("p")) ** 2 / (pl.col("n") * pl.col("p") * (1 - pl.col("p")) + 1e-9))
    )
    noise = cells.group_by("leaf").agg(phi=(pl.col("chi").sum() - pl.col("chi").max()) / (pl.len() - 2)).sort("leaf")
    return {leaf: max(float(phi), 1.0) for leaf, phi in noise.iter_rows()}
