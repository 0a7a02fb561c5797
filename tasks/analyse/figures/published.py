"""The platforms' published figures about the shop: printed as published, never recomputed (docs/method.md, 3: D08p, D17)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from tasks.analyse.figures.comparison import cohorts, count_range, word
from tasks.methods.control_charts import Normal
from tasks.model.facts import CodedFacts
from tasks.model.figure_kinds import Good, published_kind
from tasks.model.figures import Attainment, Figure, Judgement
from tasks.model.periods import Period
from tasks.shop.load import Shop

LATE = timedelta(days=2)
"""Platforms publish a day late; a value published later than this after the period's end belongs to the next one."""


def published(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return the newest published value of each metric and platform, with its distance to the warning line.

    Args:
        facts: Tables as of the review's moment.
        period: The period.
        shop: Configuration.

    Returns:
        Figures by metric and platform; where the formula changed since the value before, there is no comparison, and the
        judgement is `level_break`; a value past its warning line is `worse` whatever it was before. `low` is the warning line;
        `note` holds warning line, distance, penalty line, formula.
    """
    latest = min(facts.as_of, period.end + LATE)
    metrics = (
        facts["platform_metric"].filter(pl.col("as_published_at") <= latest).sort("as_published_at", "shop", nulls_last=True)
    )
    if metrics.is_empty():
        return []
    return [
        _figure(rows, str(platform), str(code), period, shop)
        for (code, platform), rows in sorted(
            metrics.group_by("metric_code", "platform", maintain_order=True), key=lambda pair: str(pair[0])
        )
    ]


def _figure(rows: pl.DataFrame, platform: str, code: str, period: Period, shop: Shop) -> Figure:
    now = rows.row(-1, named=True)
    chain = cohorts(period, 0, min(shop.targets.normal_weeks, 13))
    series: list[tuple[str, float | None]] = []
    previous: float | None = None
    broken = False
    for span in chain:
        known = rows.filter(pl.col("as_published_at") <= span.end + LATE)
        last = known.row(-1, named=True) if known.height else None
        same = last is not None and last["formula_version"] == now["formula_version"]
        series.append((str(span.first_day), last["value"] if last and same else None))
        if span.id == period.previous().id and last is not None:
            broken = not same
            previous = last["value"] if same else None
    warn, bad = now["warn_line"], now["bad_line"]
    rising = warn is None or bad is None or bad <= warn
    kind = published_kind(code, Good.UP if rising else Good.DOWN)
    distance = None if warn is None else (now["value"] - warn if rising else warn - now["value"])
    normal = _moved(rows, now)
    judgement = Judgement.INSUFFICIENT if distance is None else Judgement.NORMAL
    if normal is not None:
        judgement = word(normal, kind.good)
    if broken or (distance is not None and distance < 0):
        judgement, normal = (Judgement.LEVEL_BREAK if broken else Judgement.WORSE), None
    note = [
        f"{name}={_plain(value)}" for name, value in (("warn", warn), ("distance", distance), ("bad", bad)) if value is not None
    ]
    return Figure(
        kind=kind,
        value=now["value"],
        previous=previous,
        low=warn if rising else None,
        high=None if rising else warn,
        target=warn,
        target_op="" if warn is None else ">=" if rising else "<=",
        attainment=Attainment.NONE if distance is None else Attainment.MET if distance >= 0 else Attainment.MISSED,
        judgement=judgement,
        p=normal.p if normal is not None else None,
        axis_from=now["as_published_at"].date() - timedelta(days=(now["window_days"] or 1) - 1),
        axis_to=now["as_published_at"].date(),
        method="as_published",
        scope=platform,
        series=tuple(series),
        note="; ".join([*note, *([f"formula={now['formula_version']}"] if now["formula_version"] else [])]),
        rows=f"platform_metric: {platform}, {code}, {now['as_published_at']:%Y-%m-%d %H:%M} UTC",
    )


def _moved(rows: pl.DataFrame, now: dict[str, Any]) -> Normal | None:
    """Return the range of a published value from earlier ones under the same formula, one window apart.

    A rolling value repeats what it held the day before: only values that share no day are independent, and an XmR chart of
    closer ones would take the window's inertia for a small spread.
    """
    window = timedelta(days=max(int(now["window_days"] or 1), 1))
    same = rows.filter(pl.col("formula_version").eq_missing(pl.lit(now["formula_version"], dtype=pl.String)))
    earlier: list[float] = []
    until = now["as_published_at"] - window
    for published_at, value in same.sort("as_published_at", descending=True).select("as_published_at", "value").iter_rows():
        if published_at <= until:
            earlier.append(value)
            until = published_at - window
    return count_range(earlier[::-1], now["value"])


def _plain(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
