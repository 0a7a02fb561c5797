"""Tables of one measure by the values of one dimension, for monthly editions and shops without orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl

from tasks.analyse.figures.comparison import share_interval
from tasks.methods.shrinkage import fitted_prior, shrunken
from tasks.model.facts import CodedFacts
from tasks.model.figures import Breakdown
from tasks.model.periods import Period
from tasks.shop.load import Shop

ROWS = 12
SHARE_ROWS = 20
"""Rows of a table: for counts the largest; for shares, in most shops, all that reach the minimum."""

DELIVERY_AGE = 14
"""Days after signing within which a late delivery is complained of."""

PERSON_CELL = 5
"""A cell about people with fewer cases is left out."""


def breakdowns(facts: CodedFacts, period: Period, shop: Shop) -> list[Breakdown]:
    """Return the share of negative reviews by each dimension of the reviews, counts of complaints where shares make no
    sense, and late against on-time deliveries if orders record both.

    Args:
        facts: Coded tables.
        period: The period by arrival of the review, or by signing.
        shop: Dimensions, minimum of cases, limit of a negative rating.

    Returns:
        Breakdowns in the order of the shop's dimensions, shares by size-adjusted rank; values below the minimum are left out of shares and counted in
        `left_out`. Where no value of a dimension reaches the minimum, its counts are given instead.
    """
    if period.grain == "week" and shop.base == "orders":
        return []
    reviews = _rated(facts, period)
    made: list[Breakdown] = []
    bad = pl.col("rating") <= shop.identity.negative_max_rating
    if reviews.height >= shop.identity.minimum_n:
        made += [
            _shares("negative_rate", dimension.name, reviews, bad, shop, person=dimension.person)
            for dimension in shop.dimensions.dimensions
            if dimension.name in reviews.columns and reviews[dimension.name].drop_nulls().n_unique() > 1
        ]
    delivery = _delivery(facts, period, shop)
    told = {one.dimension for one in made} if shop.base == "reviews" else set()
    return (
        made + ([delivery] if delivery else []) + [one for one in _complaints(facts, period, shop) if one.dimension not in told]
    )


def _rated(facts: CodedFacts, period: Period) -> pl.DataFrame:
    within = (pl.col("submitted_at") >= period.start) & (pl.col("submitted_at") < period.end)
    return facts["feedback"].filter(within & (pl.col("source") == "review") & pl.col("rating").is_not_null())


def _shares(code: str, dimension: str, rows: pl.DataFrame, bad: pl.Expr, shop: Shop, *, person: bool = False) -> Breakdown:
    minimum = max(shop.identity.minimum_n, PERSON_CELL)
    groups = (
        rows.filter(pl.col(dimension).is_not_null())
        .group_by(value=pl.col(dimension).cast(pl.String))
        .agg(bad=bad.sum().cast(pl.Float64), n=pl.len().cast(pl.Float64))
        .sort("value")
    )
    total = float(rows.select(bad.sum()).item()) / rows.height if rows.height else None
    large = groups.filter(pl.col("n") >= minimum)
    if float(large["n"].sum()) * 2 < float(groups["n"].sum()):
        # Most rows lie in small groups (sellers, batches): print counts of negative reviews instead of shares.
        listed = (
            groups.filter(pl.col("bad") >= (PERSON_CELL if person else 1))
            .sort("bad", "value", descending=[True, False])
            .head(ROWS)
        )
        counted = tuple((value, None, count, None, None) for value, count in listed.select("value", "bad").iter_rows())
        some = groups.filter(pl.col("bad") >= 1)
        return Breakdown(
            "negative_count", dimension, counted, minimum, None, float(some["bad"].sum()), some.height - listed.height
        )
    made = []
    for value, count, n in large.select("value", "bad", "n").iter_rows():
        low, high = share_interval(count, n)
        made.append((value, count / n, n, low, high))
    prior = fitted_prior(large["bad"].to_list(), (large["n"] * (total or 1.0)).to_list()) if total and large.height else None
    # By the lower limit of the shrunken ratio: a few bad ones among few do not lead a table (已按销量大小校正).
    lowest = {row[0]: shrunken(row[1] * row[2], row[2] * (total or 1.0), prior).low if prior else 0.0 for row in made}
    made.sort(key=lambda row: (-lowest[row[0]], row[0]))
    return Breakdown(
        code, dimension, tuple(made[:SHARE_ROWS]), minimum, total, float(rows.height), groups.height - min(len(made), SHARE_ROWS)
    )


def _complaints(facts: CodedFacts, period: Period, shop: Shop) -> list[Breakdown]:
    """Return complaint cases by each dimension that only records carry: counts, for want of a denominator."""
    records = facts["feedback"]
    within = (pl.col("submitted_at") >= period.start) & (pl.col("submitted_at") < period.end)
    cases = records.filter(within & pl.col("counted"))
    names = [d.name for d in shop.dimensions.dimensions if d.domain == "records" or shop.base == "records"]
    made: list[Breakdown] = []
    for name in names:
        if name not in cases.columns or cases[name].null_count() == cases.height:
            continue
        person = bool((known := shop.dimensions.get(name)) and known.person)
        groups = (
            cases.filter(pl.col(name).is_not_null()).group_by(value=pl.col(name).cast(pl.String)).agg(n=pl.len().cast(pl.Float64))
        )
        groups = groups.filter(pl.col("n") >= (PERSON_CELL if person else 1)).sort("n", "value", descending=[True, False])
        enough = cases.height >= shop.identity.minimum_n
        rows = tuple((value, n / cases.height if enough else None, n, None, None) for value, n in groups.head(ROWS).iter_rows())
        made.append(
            Breakdown("complaints", name, rows, shop.identity.minimum_n, None, float(cases.height), max(groups.height - ROWS, 0))
        )
    return made


def _delivery(facts: CodedFacts, period: Period, shop: Shop) -> Breakdown | None:
    """Return the share of orders with a negative review or complaint within a fortnight, by delivered late or on time.

    The cohort is as long as the period and ends a fortnight before it, so that every order of it has reached that age.
    """
    lines = facts["order_line"].select("oid", "tid", "signed_at", "promised_delivery_at")
    if lines["promised_delivery_at"].null_count() == lines.height:
        return None
    age = timedelta(days=DELIVERY_AGE)
    cohort = (pl.col("signed_at") >= period.start - age) & (pl.col("signed_at") < period.end - age)
    lines = lines.filter(pl.col("promised_delivery_at").is_not_null() & cohort)
    bad = pl.col("rating") <= shop.identity.negative_max_rating
    unhappy = bad.fill_null(value=False) | pl.col("counted")
    harmed = facts["feedback"].filter((pl.col("submitted_at") < period.end) & pl.col("oid").is_not_null() & unhappy)
    orders = (
        lines.join(harmed.group_by("oid").agg(harmed_at=pl.col("submitted_at").min()), on="oid", how="left")
        .with_columns(bad=(pl.col("harmed_at") < pl.col("signed_at") + age).fill_null(value=False))
        .group_by("tid")
        .agg(bad=pl.col("bad").any(), late=(pl.col("signed_at") > pl.col("promised_delivery_at")).any())
        .with_columns(delivery=pl.when("late").then(pl.lit("late")).otherwise(pl.lit("on_time")))
    )
    made = _shares("complaint_rate_signed", "delivery", orders, pl.col("bad"), shop)
    first = period.first_day - age
    return replace(made, axis_from=first, axis_to=period.last_day - age, age_days=DELIVERY_AGE)
