"""Tables of one measure by the values of one dimension, for monthly editions and shops without orders."""

from __future__ import annotations

import polars as pl

from tasks.analyse.comparison import share_interval
from tasks.model import Breakdown, Facts, Period
from tasks.shop.load import Shop

ROWS = 12
PERSON_CELL = 5
"""A cell about persons with fewer is left out."""


def breakdowns(facts: Facts, period: Period, shop: Shop) -> list[Breakdown]:
    """Return the share of negative reviews by each dimension of the reviews, counts of complaints where shares make no
    sense, and late against on-time deliveries where orders tell both.

    Args:
        facts: Coded tables.
        period: The period by arrival of the review, or by signing.
        shop: Dimensions, minimum of cases, limit of a negative rating.

    Returns:
        Breakdowns in the order of the shop's dimensions; values below the minimum are left out of shares and counted in
        `left_out`. Where no value of a dimension reaches the minimum, its counts are given instead.
    """
    if period.grain == "week" and shop.identity.base == "orders":
        return []
    reviews = _rated(facts, period)
    made: list[Breakdown] = []
    bad = pl.col("rating") <= shop.identity.negative_max_rating
    if reviews.height >= shop.identity.minimum_n:
        for dimension in shop.dimensions.dimensions:
            if dimension.name in reviews.columns and reviews[dimension.name].drop_nulls().n_unique() > 1:
                made.append(_shares("negative_rate", dimension.name, reviews, bad, shop, person=dimension.person))
    made += _complaints(facts, period, shop)
    delivery = _delivery(facts, period, shop)
    return made + ([delivery] if delivery else [])


def _rated(facts: Facts, period: Period) -> pl.DataFrame:
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
        # Most rows lie in small groups (sellers, batches): the counts of bad ones are told, and no share.
        listed = (
            groups.filter(pl.col("bad") >= (PERSON_CELL if person else 1))
            .sort("bad", "value", descending=[True, False])
            .head(ROWS)
        )
        counted = tuple((value, None, count, None, None) for value, count in listed.select("value", "bad").iter_rows())
        return Breakdown(code, dimension, counted, minimum, total, float(rows.height), groups.height - listed.height)
    made = []
    for value, count, n in large.select("value", "bad", "n").iter_rows():
        low, high = share_interval(count, n)
        made.append((value, count / n, n, low, high))
    made.sort(key=lambda row: (-row[1], row[0]))
    return Breakdown(
        code, dimension, tuple(made[:ROWS]), minimum, total, float(rows.height), groups.height - min(len(made), ROWS)
    )


def _complaints(facts: Facts, period: Period, shop: Shop) -> list[Breakdown]:
    """Return complaint cases by each dimension that only records carry: counts, since nothing says of how many."""
    records = facts["feedback"]
    if "counted" not in records.columns:
        return []
    within = (pl.col("submitted_at") >= period.start) & (pl.col("submitted_at") < period.end)
    cases = records.filter(within & pl.col("counted"))
    names = [d.name for d in shop.dimensions.dimensions if d.domain == "records" or shop.identity.base == "records"]
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
        rows = tuple(
            (value, n / cases.height if enough else None, n, *(share_interval(n, cases.height) if enough else (None, None)))
            for value, n in groups.head(ROWS).iter_rows()
        )
        made.append(
            Breakdown("complaints", name, rows, shop.identity.minimum_n, None, float(cases.height), max(groups.height - ROWS, 0))
        )
    return made


def _delivery(facts: Facts, period: Period, shop: Shop) -> Breakdown | None:
    """Return the share of units with a negative review or complaint among those delivered late and on time."""
    lines = facts["order_line"].filter(
        (pl.col("signed_at") >= period.start) & (pl.col("signed_at") < period.end) & pl.col("promised_delivery_at").is_not_null()
    )
    if lines.is_empty() or "oid" not in facts["feedback"].columns:
        return None
    bad = pl.col("rating") <= shop.identity.negative_max_rating
    unhappy = bad.fill_null(value=False) | pl.col("counted")
    harmed = facts["feedback"].filter((pl.col("submitted_at") < period.end) & pl.col("oid").is_not_null() & unhappy)
    lines = lines.join(harmed.select("oid", bad=pl.lit(value=True)).unique("oid"), on="oid", how="left").with_columns(
        delivery=pl.when(pl.col("signed_at") > pl.col("promised_delivery_at")).then(pl.lit("late")).otherwise(pl.lit("on_time"))
    )
    return _shares("complaint_rate_signed", "delivery", lines, pl.col("bad").fill_null(value=False), shop)
