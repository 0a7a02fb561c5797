"""Family C: whether the service kept its promises, counted when the clock was due (docs/method.md, 2 and 7)."""

from __future__ import annotations

import polars as pl

from tasks.analyse.figures.comparison import (
    cohorts,
)
from tasks.analyse.figures.outside_cases import platform_cases, regulator_cases
from tasks.analyse.figures.response_times import human_minutes, refund_times, replies
from tasks.analyse.figures.service_shares import due_share
from tasks.model.facts import CodedFacts
from tasks.model.figures import Figure
from tasks.model.moments import within
from tasks.model.periods import Period
from tasks.shop.load import Shop

FCR_DAYS = 7
"""Days after the first closing in which a second contact makes a case not solved at once."""


def service(
    facts: CodedFacts,
    period: Period,
    shop: Shop,
    milestones: pl.DataFrame | None = None,
    milestones_before: pl.DataFrame | None = None,
) -> list[Figure]:
    """Return the service figures: replies, promises due, platform cases, refunds, regulator, solved at once.

    Args:
        facts: Coded tables.
        period: The period in which the clocks were due; later events have not happened.
        shop: Configuration.
        milestones: Promises due in the period, as `tasks.analyse.clocks.milestones` makes them.
        milestones_before: The same of the period before, for the comparison.

    Returns:
        Figures in a fixed order; a share with too few cases has its counts but no value.
    """
    made = replies(facts, period, shop)
    made += _promises(milestones, milestones_before, period, shop)
    made += human_minutes(facts, period, shop)
    if facts.has("aftersale"):
        made += platform_cases(facts, period, shop) + refund_times(facts, period, shop)
    made += regulator_cases(facts, period, shop)
    if period.grain != "week":
        made += _solved_at_once(facts, period, shop)
    return made


def _promises(milestones: pl.DataFrame | None, before: pl.DataFrame | None, period: Period, shop: Shop) -> list[Figure]:
    """Return the share of promises met among those due: all, then each milestone. Open and overdue ones count as missed."""
    if milestones is None or milestones.is_empty():
        return []
    due = milestones.filter(within("due_at", period))
    earlier = before.filter(within("due_at", period.previous())) if before is not None else None

    def counts(frame: pl.DataFrame | None) -> tuple[float, float] | None:
        return (float(frame["met"].fill_null(value=False).sum()), float(frame.height)) if frame is not None else None

    def figure(frame: pl.DataFrame, past: pl.DataFrame | None, scope: str) -> Figure:
        met, n = counts(frame) or (0.0, 0.0)
        rows = f"due_at in {period.first_day}..{period.last_day}" + (f" and milestone = {scope}" if scope else "")
        return due_share(
            "sla_rate",
            met,
            n,
            shop,
            method="due_in_period",
            scope=scope,
            before=counts(past),
            period=period,
            rows=rows,
        )

    made = [figure(due, earlier, "")]
    for milestone in sorted(due["milestone"].unique()):
        past = earlier.filter(pl.col("milestone") == milestone) if earlier is not None else None
        made.append(figure(due.filter(pl.col("milestone") == milestone), past, milestone))
    return made


def _solved_at_once(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return the share of cases closed with no second contact of the same customer on the same order within 7 days.

    Read for the newest period whose closings are all a week old; the present one is never shown.
    """
    records = facts["feedback"].filter(pl.col("customer_ref").is_not_null() & (pl.col("submitted_at") < period.end))
    if records.is_empty():
        return []
    order = pl.coalesce("oid", "order_ref")
    records = records.with_columns(order=order).filter(pl.col("order").is_not_null())
    chain = cohorts(period, FCR_DAYS, 2)
    shares: list[tuple[float, float]] = []
    for span in chain:
        closed = records.filter(pl.col("counted") & within("closed_at", span)).select(
            "record_id", "customer_ref", "order", "closed_at"
        )
        again = (
            closed.join(records.select("customer_ref", "order", later="submitted_at"), on=["customer_ref", "order"])
            .filter(
                (pl.col("later") > pl.col("closed_at")) & (pl.col("later") <= pl.col("closed_at") + pl.duration(days=FCR_DAYS))
            )
            .select("record_id")
            .n_unique()
        )
        shares.append((float(closed.height - again), float(closed.height)))
    solved, n = shares[-1]
    newest = chain[-1]
    figure = due_share(
        "fcr", solved, n, shop, method="closed_then_7_days", before=shares[0], period=newest,
        rows=f"closed_at in {newest.first_day}..{newest.last_day}; no second contact within {FCR_DAYS} d",
    )  # fmt: skip
    return [figure] if n else []
