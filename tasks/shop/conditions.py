"""Conditions of the shop's service levels, as expressions on coded records."""

from __future__ import annotations

import polars as pl

from tasks.shop.service_levels import Condition
from tasks.shop.taxonomy import Taxonomy


def holds(condition: Condition, taxonomy: Taxonomy) -> pl.Expr:
    """Return whether a condition holds for a coded record: every given part must hold; a missing value never does."""
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
