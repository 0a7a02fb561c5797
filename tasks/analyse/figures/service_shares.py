"""Shared by all service figures: events within a period, the share of what was due, and its normal range."""

from __future__ import annotations

from dataclasses import replace

from tasks.analyse.figures.comparison import (
    Baseline,
    judged,
    level_since,
    with_target,
)
from tasks.methods.control_charts import Normal
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Figure, Judgement
from tasks.model.periods import Period
from tasks.shop.load import Shop


def due_share(
    code: str, numerator: float, n: float, shop: Shop, *, method: str, rows: str, scope: str = "",
    before: tuple[float, float] | None = None, always: bool = False, period: Period,
) -> Figure:  # fmt: skip
    """Make a share; with too few cases it has counts but no value, unless every case is reported (`always`)."""
    enough = n > 0 and (n >= shop.identity.minimum_n or always)
    figure = Figure(
        kind=FIGURES[code],
        value=numerator / n if enough else None,
        numerator=numerator,
        n=n,
        previous=before[0] / before[1] if before and before[1] and enough else None,
        judgement=Judgement.UNTESTED if enough else Judgement.INSUFFICIENT,
        axis_from=period.first_day,
        axis_to=period.last_day,
        method=method,
        scope=scope,
        missing="" if enough else ("few_cases" if n else "none_due"),
        rows=rows,
    )
    return with_target(figure, shop)


def in_range(figure: Figure, normal: Normal | None, chain: list[Period], usable: Baseline) -> Figure:
    """Add the normal range and the judgement that follows from it."""
    return replace(
        figure,
        low=normal.low if normal else None,
        high=normal.high if normal else None,
        judgement=judged(normal, figure.good, usable),
        p=normal.p if normal else None,
        level_since=level_since(normal, chain, usable),
    )
