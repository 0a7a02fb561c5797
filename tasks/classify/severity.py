"""How urgent a case is and which route it takes, with every rule that fired."""

from __future__ import annotations

import polars as pl

from tasks.model.coded import Nature, Track
from tasks.shop.conditions import holds
from tasks.shop.service_levels import ServiceLevels
from tasks.shop.taxonomy import Taxonomy


def severity(levels: ServiceLevels, taxonomy: Taxonomy) -> list[pl.Expr]:
    """Return the columns severity, track and severity_why: the first rule that sets a value wins, all that match are recorded.

    Needs leaf, nature, source, impact, customer_tier, unit_price, time_critical, legal, abnormal, repeat.
    """
    default = (
        pl.when(pl.col("nature") == Nature.COMPLAINT.value)
        .then(pl.lit(levels.default_severity.value))
        .otherwise(pl.lit(levels.default_severity_other.value))
    )
    level, route = default, pl.lit(Track.STANDARD.value)
    why: list[pl.Expr] = []
    for rule in reversed(levels.severity_rules):
        fired = holds(rule.when, taxonomy)
        if rule.severity:
            level = pl.when(fired).then(pl.lit(rule.severity.value)).otherwise(level)
        if rule.track:
            route = pl.when(fired).then(pl.lit(rule.track.value)).otherwise(route)
        why.insert(0, pl.when(fired).then(pl.lit(rule.id)))
    reasons = pl.concat_list(why).list.drop_nulls() if why else pl.lit([], dtype=pl.List(pl.String))
    return [level.alias("severity"), route.alias("track"), reasons.alias("severity_why")]


def p0_share(feedback: pl.DataFrame) -> float:
    """Return the share of counted cases that are P0; above the configured budget the rules are too wide."""
    counted = feedback.filter("counted")
    return int((counted["severity"] == "P0").sum()) / len(counted) if len(counted) else 0.0
