"""Slices ranked by what their size does not explain: SKUs, batches, suppliers, carriers, regions, queues, shifts."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from scipy.stats import norm

from tasks.methods.shrinkage import dispersion, disproportion, distances, fitted_prior, funnel_limits, shrunken
from tasks.model.facts import CodedFacts
from tasks.model.figures import Judgement, RankedBy, RankedSlice, Ranking
from tasks.model.periods import Period
from tasks.shop.load import Shop

ORDER_SLICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sku", ("line",)),
    ("batch_no", ("sku",)),
    ("supplier", ("line",)),
    ("carrier", ("line", "region")),
    ("region", ("line", "carrier")),
    ("market", ("line",)),
)
"""Ranked dimension of orders and the dimensions within which its values are compared."""

DESK_SLICES: tuple[tuple[str, tuple[str, ...]], ...] = (("queue", ("shift",)), ("shift", ("queue",)))
"""The same for conversations: queues against the others in the same hours, shifts against the others in the same queue."""

MOVED = frozenset({"carrier", "region"})
TRANSPORT = ("delivery", "transit")
"""Carriers and regions are responsible for what happens in transit, not for faults of the product."""

FEWEST = 3
"""Slices that a ranking needs."""

ROWS = 10
SMALL_ROWS = 5
"""Rows of slices large enough for a ratio, and of the largest ones below that, which get only their cases."""

MANY = 20
"""From this number of slices on, their spread shows how much slices vary beyond chance."""

FEWEST_EXPECTED = 2.0
"""Expected cases that a slice's week needs to count in the measure of variation."""

FUNNEL_TAIL = 0.025
"""Probability beyond each limit of the funnel outside which a slice is worth a word; what it is called, all slices together say."""


def rankings(facts: CodedFacts, period: Period, shop: Shop) -> list[Ranking]:
    """Rank slices of a shop with orders by shrunken ratio, adjusted for sales; for monthly editions.

    Orders count in the period in which they reach the age at which their line's complaint rate is read; an order with a
    complaint by that age counts once. What a slice's size lets expect is the rate of all orders like it (same line, same SKU for
    batches …); values without anything comparable are left out.

    Args:
        facts: Coded tables.
        period: The period.
        shop: Dimensions, ages, minimum of cases.

    Returns:
        Rankings with at least one slice large enough for a ratio, in a fixed order.
    """
    if period.grain == "week":
        return []
    made: list[Ranking | None] = []
    if shop.base == "orders" and facts.has("order_line"):
        orders, ages = _orders(facts, period, shop)
        span = (period.first_day - timedelta(days=max(ages)), period.last_day - timedelta(days=min(ages)))
        for dimension, within in ORDER_SLICES:
            if dimension in orders.columns and all(name in orders.columns for name in within):
                hit = pl.col("family").is_in(TRANSPORT) if dimension in MOVED else pl.col("leaf").is_not_null()
                rows = orders.with_columns(hit=hit.fill_null(value=False).cast(pl.Float64), n=pl.lit(1.0))
                made.append(_ranking(rows, dimension, within, RankedBy.ORDERS, shop, span))
    desk = _desk(facts, period)
    for dimension, within in DESK_SLICES if desk.height else ():
        made.append(_ranking(desk, dimension, within, RankedBy.CONVERSATIONS, shop, (period.first_day, period.last_day)))
    return [one for one in made if one is not None]


def _orders(facts: CodedFacts, period: Period, shop: Shop) -> tuple[pl.DataFrame, list[int]]:
    """Return the order lines that reach their age in the period, with the first complaint by then, and the ages."""
    lines = facts["order_line"]
    if "line" not in lines.columns:
        lines = lines.with_columns(line=pl.lit("", dtype=pl.String))
    usual = shop.targets.ages.complaint
    ages = sorted({usual, *shop.targets.line_ages.values()})
    age = pl.col("line").replace_strict(shop.targets.line_ages, default=usual, return_dtype=pl.Int64)
    dimensions = [name for pair in ORDER_SLICES for name in (pair[0], *pair[1])]
    kept = [name for name in dict.fromkeys(dimensions) if name in lines.columns]
    cohort = (
        lines.lazy()
        .filter(pl.col("signed_at").is_not_null())
        .with_columns(until=pl.col("signed_at") + pl.duration(days=age))
        .filter((pl.col("until") >= period.start) & (pl.col("until") < period.end))
        .with_columns(week=pl.col("signed_at").dt.convert_time_zone(period.zone).dt.truncate("1w").dt.date())
        .select("oid", "until", "week", *kept)
        .collect()
        .cast({pl.Categorical: pl.String})
    )
    feedback = facts["feedback"].filter(pl.col("counted") & pl.col("oid").is_not_null() & (pl.col("submitted_at") < period.end))
    family = pl.col("family") if "family" in feedback.columns else pl.lit(None, dtype=pl.String)
    first = (
        feedback.select("oid", "submitted_at", "record_id", leaf=pl.col("leaf").fill_null("UNK"), family=family)
        .join(cohort.select("oid", "until"), on="oid")
        .filter(pl.col("submitted_at") < pl.col("until"))
        .sort("submitted_at", "record_id")
        .unique("oid", keep="first", maintain_order=True)
        .select("oid", "leaf", "family")
    )
    return cohort.join(first, on="oid", how="left"), ages


def _desk(facts: CodedFacts, period: Period) -> pl.DataFrame:
    """Return conversations by queue, shift and week, and how many of them no person answered within three minutes."""
    exposure = facts["exposure"].filter(
        (pl.col("day") >= period.first_day)
        & (pl.col("day") <= period.last_day)
        & pl.col("kind").is_in(["human_conversations", "replied_3min"])
        & pl.col("queue").is_not_null()
        & pl.col("shift").is_not_null()
    )
    counts = exposure.group_by("queue", "shift", week=pl.col("day").dt.truncate("1w")).agg(
        n=pl.col("n").filter(pl.col("kind") == "human_conversations").sum(),
        replied=pl.col("n").filter(pl.col("kind") == "replied_3min").sum(),
    )
    late = counts.with_columns(hit=(pl.col("n") - pl.col("replied")).clip(lower_bound=0), leaf=pl.lit(None, dtype=pl.String))
    return late.sort("queue", "shift", "week")


def _ranking(
    rows: pl.DataFrame, dimension: str, within: tuple[str, ...], unit: RankedBy, shop: Shop, span: tuple[date, date]
) -> Ranking | None:
    """Return the ranking of one dimension, or None if too few slices can be compared or none is large enough."""
    known = rows.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in (dimension, *within)))
    # Sorted: floats add up otherwise in another order, and the fit below makes 1e-9 of 1e-16.
    cells = known.group_by(dimension, *within).agg(pl.col("hit", "n").sum()).sort(dimension, *within)
    alike = cells.with_columns(
        rate=pl.col("hit").sum().over(*within) / pl.col("n").sum().over(*within), others=pl.len().over(*within)
    ).filter(pl.col("others") > 1)
    slices = (
        alike.group_by(value=pl.col(dimension).cast(pl.String), maintain_order=True)
        .agg(cases=pl.col("hit").sum(), exposure=pl.col("n").sum(), expected=(pl.col("n") * pl.col("rate")).sum())
        .filter(pl.col("expected") > 0)
        .sort("value")
    )
    minimum = shop.identity.minimum_n
    observed, expected = slices["cases"].to_list(), slices["expected"].to_list()
    large = [max(o, e) >= minimum for o, e in zip(observed, expected, strict=True)]
    if slices.height < FEWEST or not any(large):
        return None
    z = distances(observed, expected)
    # Few slices cannot show how much slices vary: one bad slice would pass for variation. Their own weeks can.
    phi = dispersion(z) if slices.height >= MANY else _weekly_dispersion(known, dimension)
    prior = fitted_prior(observed, expected)
    leaves = _leaves(known, dimension)
    made = []
    for (value, cases, exposure, due), enough, distance in zip(slices.iter_rows(), large, (z / phi**0.5).tolist(), strict=True):
        if not enough:
            made.append(RankedSlice(value, cases, exposure, due))
            continue
        ratio = shrunken(cases, due, prior)
        under, over = funnel_limits(due, FUNNEL_TAIL, dispersion=phi)
        outside = cases > over * due
        word = Judgement.WORSE if outside and ratio.low > 1 else Judgement.WATCH if outside or ratio.low > 1 else Judgement.NORMAL
        if cases < under * due and ratio.high < 1:
            word = Judgement.BETTER
        made.append(
            RankedSlice(
                value, cases, exposure, due, ratio.ratio, ratio.low, word, _out_of_proportion(leaves, value),
                2 * float(norm.sf(abs(distance))),
            )
        )  # fmt: skip
    ranked = sorted((row for row in made if row.low is not None), key=lambda row: (-(row.low or 0.0), row.value))
    small = sorted((row for row in made if row.low is None and row.cases > 0), key=lambda row: (-row.cases, row.value))
    shown = (*ranked[:ROWS], *small[:SMALL_ROWS])
    return Ranking(
        dimension=dimension, rows=shown, unit=unit, compared_with=within, tested=sum(large), left_out=len(made) - len(shown),
        minimum_n=minimum, dispersion=phi, axis_from=span[0], axis_to=span[1],
    )  # fmt: skip


def _weekly_dispersion(rows: pl.DataFrame, dimension: str) -> float:
    """Return how much single slices vary from week to week beyond chance, at least 1: Pearson's χ² over its freedom.

    The level of the slice and of the week are taken out, so that neither a bad slice nor a bad week counts as noise.
    """
    cells = rows.group_by(dimension, "week").agg(pl.col("hit", "n").sum()).sort(dimension, "week")
    rate = pl.col("hit").sum() / pl.col("n").sum()
    own = pl.col("hit").sum().over(dimension) / pl.col("n").sum().over(dimension)
    in_week = pl.col("hit").sum().over("week") / pl.col("n").sum().over("week")
    cells = cells.with_columns(e=pl.col("n") * own * in_week / rate).filter(pl.col("e") >= FEWEST_EXPECTED)
    free = cells.height - cells[dimension].n_unique() - cells["week"].n_unique() + 1
    if free < 1:
        return 1.0
    return max(float(cells.select(((pl.col("hit") - pl.col("e")) ** 2 / pl.col("e")).sum()).item()) / free, 1.0)


def _leaves(rows: pl.DataFrame, dimension: str) -> pl.DataFrame:
    """Return cases by value and problem."""
    cases = rows.filter((pl.col("hit") > 0) & pl.col("leaf").is_not_null())
    return cases.group_by(pl.col(dimension).cast(pl.String).alias("value"), "leaf").agg(cases=pl.len()).sort("value", "leaf")


def _out_of_proportion(leaves: pl.DataFrame, value: str) -> str:
    """Return the problem most over-represented in a slice against the other slices, or an empty text."""
    mine = leaves.filter(pl.col("value") == value)
    total, own = int(leaves["cases"].sum()), int(mine["cases"].sum())
    best, strongest = "", 0.0
    for leaf, both in mine.select("leaf", "cases").iter_rows():
        same = int(leaves.filter(pl.col("leaf") == leaf)["cases"].sum())
        found = disproportion(both, own - both, same - both, total - own - (same - both))
        if found.signals and found.chi_square > strongest:
            best, strongest = leaf, found.chi_square
    return best
