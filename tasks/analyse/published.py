"""What the platforms publish about the shop: repeated as published, never recomputed (domain.md D08p, D17)."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tasks.analyse.comparison import cohorts
from tasks.model import Facts, Figure, Period
from tasks.shop.load import Shop

LATE = timedelta(days=2)
"""Platforms publish a day later; what came more than this after the period's end belongs to the next one."""


def published(facts: Facts, period: Period, shop: Shop) -> list[Figure]:
    """Return the newest published value of each metric and platform, with its distance to the warning line.

    Args:
        facts: Tables as of the review's moment.
        period: The period.
        shop: Configuration.

    Returns:
        Figures by metric and platform; where the formula changed since the value before, there is no comparison and the
        judgement is `level_break`. `low` is the warning line; `note` holds warning line, distance, penalty line, formula.
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
    distance = None if warn is None else (now["value"] - warn if rising else warn - now["value"])
    judgement = "level_break" if broken else "insufficient" if distance is None else "worse" if distance < 0 else "normal"
    note = [
        f"{name}={_plain(value)}" for name, value in (("warn", warn), ("distance", distance), ("bad", bad)) if value is not None
    ]
    return Figure(
        code=f"platform_{code}",
        family="published",
        value=now["value"],
        unit="score",
        previous=previous,
        low=warn if rising else None,
        high=None if rising else warn,
        target=warn,
        target_op="" if warn is None else ">=" if rising else "<=",
        attainment="" if distance is None else "met" if distance >= 0 else "missed",
        good="up" if rising else "down",
        judgement=judgement,
        axis_from=now["as_published_at"].date() - timedelta(days=(now["window_days"] or 1) - 1),
        axis_to=now["as_published_at"].date(),
        method="as_published",
        scope=platform,
        series=tuple(series),
        note="; ".join([*note, *([f"formula={now['formula_version']}"] if now["formula_version"] else [])]),
        rows=f"platform_metric: {platform}, {code}, {now['as_published_at']:%Y-%m-%d %H:%M} UTC",
    )


def _plain(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
