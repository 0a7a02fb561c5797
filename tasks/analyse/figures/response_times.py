"""How fast customers were answered and refunded: replies within three minutes, minutes to a person, times of refunds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import polars as pl

from tasks.analyse.figures.comparison import (
    baseline,
    cohorts,
    count_range,
    normal_range,
    with_target,
)
from tasks.analyse.figures.service_shares import due_share, in_range
from tasks.analyse.observed_moments import records_any
from tasks.model.facts import CodedFacts
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Figure, Judgement
from tasks.model.moments import within
from tasks.model.periods import Period
from tasks.shop.load import Shop


def replies(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return the share of human replies within three minutes: shop, then queue, then queue and shift."""
    exposure = facts["exposure"].filter(pl.col("kind").is_in(["human_conversations", "replied_3min"]))
    if exposure.is_empty():
        return []
    wide = (
        exposure.group_by("day", "queue", "shift")
        .agg(
            replied=pl.col("n").filter(pl.col("kind") == "replied_3min").sum(),
            asked=pl.col("n").filter(pl.col("kind") == "human_conversations").sum(),
        )
        .sort("day", "queue", "shift", nulls_last=True)
    )
    steps = shop.targets.normal_weeks if period.grain == "week" else 12
    made = [_reply_figure(wide, period, shop, steps, "")]
    queues = sorted(wide["queue"].drop_nulls().unique())
    made += [_reply_figure(wide.filter(pl.col("queue") == queue), period, shop, steps, queue) for queue in queues]
    shifts = sorted(wide["shift"].drop_nulls().unique())
    made += [_reply_figure(wide.filter(pl.col("shift") == shift), period, shop, steps, shift) for shift in shifts]
    pairs = wide.select("queue", "shift").drop_nulls().unique().sort("queue", "shift")
    for queue, shift in pairs.iter_rows():
        rows = wide.filter((pl.col("queue") == queue) & (pl.col("shift") == shift))
        made.append(_reply_figure(rows, period, shop, steps, f"{queue} {shift}"))
    return made


def _reply_figure(wide: pl.DataFrame, period: Period, shop: Shop, steps: int, scope: str) -> Figure:
    daily = {
        day: (replied, asked) for day, replied, asked in wide.group_by("day").agg(pl.col("replied", "asked").sum()).iter_rows()
    }
    first = min(daily)
    chain = cohorts(period, 0, 2 * steps + 1)
    counts: list[tuple[float, float]] = []
    for span in chain:
        days = [span.first_day + timedelta(days=n) for n in range(span.days)]
        known = [daily.get(day, (0.0, 0.0)) for day in days] if span.first_day >= first else []
        counts.append((sum(replied for replied, _ in known), sum(asked for _, asked in known)))
    replied, asked = counts[-1]
    figure = due_share(
        "reply_3min_rate", replied, asked, shop, method="exposure_by_day", scope=scope, before=counts[-2], period=period,
        rows=f"exposure: replied_3min / human_conversations, {period.first_day}..{period.last_day}" + (f", {scope}" if scope else ""),
    )  # fmt: skip
    if figure.value is None:
        return figure
    silent = frozenset(place for place, (_, n) in enumerate(counts) if not n)
    usable = baseline(chain, figure.code, scope, shop, silent=silent)
    earlier = [counts[place] for place in usable.places]
    normal = None if usable.broken else normal_range([x for x, _ in earlier], [n for _, n in earlier], replied, asked)
    shown = list(zip(chain, counts, strict=True))[-steps - 1 :]
    series = tuple((str(span.first_day), x / n if n else None) for span, (x, n) in shown)
    return with_target(in_range(replace(figure, series=series), normal, chain, usable), shop)


def human_minutes(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return median and 90th percentile of the minutes to the first human reply, for contacts in service hours.

    A contact that nobody has answered yet counts with the minutes it has waited; bots are left out.
    """
    hours = shop.service_levels.service_hours
    local = pl.col("submitted_at").dt.convert_time_zone(period.zone)
    minute = local.dt.hour().cast(pl.Int32) * 60 + local.dt.minute().cast(pl.Int32)
    contacts = facts["feedback"].filter(
        records_any(facts["feedback"], ("first_human_at",))
        & (pl.col("submitted_at") < period.end)
        & pl.col("source").is_in(["chat", "ticket"])
        & (pl.col("first_human_at").is_not_null() | pl.col("first_bot_at").is_not_null())
        & (minute >= hours.opens)
        & (minute < hours.closes)
    )

    def waited(span: Period) -> pl.Series:
        mine = contacts.filter(within("submitted_at", span))
        answered = pl.when(pl.col("first_human_at") < span.end).then(pl.col("first_human_at")).otherwise(span.end)
        return mine.select(minutes=(answered - pl.col("submitted_at")).dt.total_seconds() / 60)["minutes"]

    now = waited(period)
    if now.is_empty():
        return []
    return _times(
        (("first_reply_median", 0.5), ("first_reply_p90", 0.9)), waited, period, shop, method="elapsed_in_service_hours",
        rows=f"source in chat, ticket and submitted_at in {period.first_day}..{period.last_day}",
    )  # fmt: skip


def _times(
    codes: tuple[tuple[str, float], ...], waited: Callable[[Period], pl.Series], period: Period, shop: Shop, *, method: str, rows: str
) -> list[Figure]:  # fmt: skip
    """Return quantiles of times, each judged by an XmR chart of the same quantile in earlier comparable periods."""
    steps = shop.targets.normal_weeks if period.grain == "week" else 12
    chain = cohorts(period, 0, 2 * steps + 1)
    minutes = [waited(span) for span in chain]
    now = minutes[-1]
    enough = len(now) >= shop.identity.minimum_n
    silent = frozenset(place for place, one in enumerate(minutes) if len(one) < shop.identity.minimum_n)
    made = []
    for code, share in codes:
        figure = Figure(
            kind=FIGURES[code], value=_number(now.quantile(share, "linear")) if enough else None,
            n=float(len(now)), judgement=Judgement.INSUFFICIENT, axis_from=period.first_day, axis_to=period.last_day,
            method=method, missing="" if enough else "few_cases" if len(now) else "none_due", rows=rows,
        )  # fmt: skip
        if figure.value is not None:
            usable = baseline(chain, code, "", shop, silent=silent)
            earlier = [_number(minutes[place].quantile(share, "linear")) or 0.0 for place in usable.places]
            normal = None if usable.broken else count_range(earlier, figure.value)
            figure = in_range(figure, normal, chain, usable)
        made.append(figure)
    return made


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def refund_times(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return the median time from application to agreement and from receipt to refund, in minutes.

    Each counts what fell due: applications (receipts) whose clock of one (two) days ran out in the period, open ones with
    the time they have waited, without automatic time-outs because nobody worked on them.
    """
    orders = facts["aftersale"].lazy().filter(pl.col("decided_by").fill_null("") != "auto_timeout")
    made = []
    for code, start, end, limit, condition in (
        ("refund_minutes_median", "applied_at", "agreed_at", timedelta(hours=24), pl.col("phase") == "after_sign"),
        ("refund_paid_minutes_median", "received_at", "refunded_at", timedelta(hours=48), pl.col("type") == "return_refund"),
    ):
        unfinished = pl.col("closed_at").is_null()
        able = (
            records_any(facts["aftersale"], (end,))
            & condition
            & pl.col(start).is_not_null()
            & (pl.col(end).is_not_null() | unfinished)
        )
        worked = orders.filter(able).select(start, end).collect()

        def waited(
            span: Period, rows: pl.DataFrame = worked, start: str = start, end: str = end, limit: timedelta = limit
        ) -> pl.Series:
            due = rows.filter((pl.col(start) + limit >= span.start) & (pl.col(start) + limit < span.end))
            finished = pl.when(pl.col(end) < span.end).then(pl.col(end)).otherwise(span.end)
            return due.select(m=(finished - pl.col(start)).dt.total_seconds() / 60)["m"]

        rows = f"{start} + limit in {period.first_day}..{period.last_day}"
        made += _times(((code, 0.5),), waited, period, shop, method="due_in_period", rows=rows)
    return made
