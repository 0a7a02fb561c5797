"""How urgent a case is and which route it takes, with every rule that fired."""

from __future__ import annotations

import polars as pl

from tasks.model.coded import Nature, Track
from tasks.shop.service_levels import Condition, ServiceLevels
from tasks.shop.taxonomy import Taxonomy


def holds(condition: Condition, taxonomy: Taxonomy) -> pl.Expr:
    """Return whether a condition holds for a coded record: all that is given must hold; a missing value never does."""
    parts: list[pl.Expr] = []
    if condition.leaf:
        codes = sorted({code for given in condition.leaf for code in (given, *taxonomy.leaves_of(given))})
        parts.append(pl.col("leaf").is_in(codes))
    for column in ("nature", "source", "impact", "customer_tier", "severity", "track"):
        allowed = [str(value) for value in getattr(condition, column)]
        if allowed:
            parts.append(pl.col(column).is_in(allowed))
    if condition.unit_price_over is not None:
        parts.append(pl.col("unit_price") > condition.unit_price_over)
    for column, wanted in (
        ("time_critical", condition.time_critical),
        ("legal", condition.legal),
        ("abnormal", condition.abnormal),
        ("repeat", condition.repeat),
    ):
        if wanted is not None:
            parts.append(pl.col(column) == wanted)
    return pl.all_horizontal(parts).fill_null(False) if parts else pl.lit(True)


def severity(levels: ServiceLevels, taxonomy: Taxonomy) -> list[pl.Expr]:
    """Return the columns severity, track and severity_why: the first rule that sets a value wins, all that match are told.

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
