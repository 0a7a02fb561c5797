"""Family C: whether the service kept its promises, counted when the clock was due (docs/method.md, 2 and 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import polars as pl

from tasks.analyse.figures.comparison import (
    Baseline,
    baseline,
    cohorts,
    count_range,
    level_since,
    normal_range,
    with_target,
    word,
)
from tasks.methods.control_charts import Normal, g_chart, t_chart
from tasks.model.facts import Facts
from tasks.model.figure_kinds import FIGURES, Good
from tasks.model.figures import Figure, Judgement
from tasks.model.periods import Period
from tasks.shop.load import Shop

RARE = 1.0
"""Events a period below which they are judged by the time between them and not by their number."""

FCR_DAYS = 7
"""Days after the first closing in which a second contact makes a case not solved at once."""


def service(
    facts: Facts,
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
        milestones: ActionLedger due in the period, as `tasks.classify.clocks.milestones` makes them.
        milestones_before: The same of the period before, for the comparison.

    Returns:
        Figures in a fixed order; a share under the minimum of cases has its counts but no value.
    """
    made = _replies(facts, period, shop)
    made += _promises(milestones, milestones_before, period, shop)
    made += _human_minutes(facts, period, shop)
    if facts.has("aftersale"):
        made += _platform_cases(facts, period, shop) + _refund_times(facts, period, shop)
    made += _regulator(facts, period, shop)
    if period.grain != "week":
        made += _solved_at_once(facts, period, shop)
    return made


def _within(column: str, period: Period) -> pl.Expr:
    return (pl.col(column) >= period.start) & (pl.col(column) < period.end)


def _share(
    code: str, numerator: float, n: float, shop: Shop, *, method: str, rows: str, scope: str = "",
    before: tuple[float, float] | None = None, always: bool = False, period: Period,
) -> Figure:  # fmt: skip
    """Make a share; below the minimum of cases it keeps its counts and has no value, unless each case is told (`always`)."""
    enough = n > 0 and (n >= shop.identity.minimum_n or always)
    figure = Figure(
        kind=FIGURES[code],
        value=numerator / n if enough else None,
        numerator=numerator,
        n=n,
        previous=before[0] / before[1] if before and before[1] and enough else None,
        judgement=Judgement.UNTESTED if enough else Judgement.INSUFFICIENT,
        axis_from=period.first_day,
        axis_to=period.last_day,
        method=method,
        scope=scope,
        missing="" if enough else ("few_cases" if n else "none_due"),
        rows=rows,
    )
    return with_target(figure, shop)


def _replies(facts: Facts, period: Period, shop: Shop) -> list[Figure]:
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
    for queue in sorted(wide["queue"].drop_nulls().unique()):
        made.append(_reply_figure(wide.filter(pl.col("queue") == queue), period, shop, steps, queue))
    for shift in sorted(wide["shift"].drop_nulls().unique()):
        made.append(_reply_figure(wide.filter(pl.col("shift") == shift), period, shop, steps, shift))
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
    figure = _share(
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
    return with_target(_ranged(replace(figure, series=series), normal, chain, usable), shop)


def _ranged(figure: Figure, normal: Normal | None, chain: list[Period], usable: Baseline) -> Figure:
    """Add the normal range and the word for where the figure stands in it."""
    return replace(
        figure,
        low=normal.low if normal else None,
        high=normal.high if normal else None,
        judgement=Judgement.LEVEL_BREAK if usable.broken else word(normal, figure.good),
        p=normal.p if normal else None,
        level_since=level_since(normal, chain, usable),
    )


def _promises(milestones: pl.DataFrame | None, before: pl.DataFrame | None, period: Period, shop: Shop) -> list[Figure]:
    """Return the share of promises met among those due: all, then each milestone. Open and overdue ones count as missed."""
    if milestones is None or milestones.is_empty():
        return []
    due = milestones.filter(_within("due_at", period))
    earlier = before.filter(_within("due_at", period.previous())) if before is not None else None

    def counts(frame: pl.DataFrame | None) -> tuple[float, float] | None:
        return (float(frame["met"].fill_null(value=False).sum()), float(frame.height)) if frame is not None else None

    def figure(frame: pl.DataFrame, past: pl.DataFrame | None, scope: str) -> Figure:
        met, n = counts(frame) or (0.0, 0.0)
        rows = f"due_at in {period.first_day}..{period.last_day}" + (f" and milestone = {scope}" if scope else "")
        return _share(
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


def _human_minutes(facts: Facts, period: Period, shop: Shop) -> list[Figure]:
    """Return median and 90th percentile of the minutes to the first human reply, for contacts in service hours.

    A contact that nobody has answered yet counts with the minutes it has waited; bots are left out.
    """
    hours = shop.service_levels.service_hours
    local = pl.col("submitted_at").dt.convert_time_zone(period.zone)
    minute = local.dt.hour().cast(pl.Int32) * 60 + local.dt.minute().cast(pl.Int32)
    contacts = facts["feedback"].filter(
        (pl.col("submitted_at") < period.end)
        & pl.col("source").is_in(["chat", "ticket"])
        & (pl.col("first_human_at").is_not_null() | pl.col("first_bot_at").is_not_null())
        & (minute >= hours.opens)
        & (minute < hours.closes)
    )

    def waited(span: Period) -> pl.Series:
        mine = contacts.filter(_within("submitted_at", span))
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
            figure = _ranged(figure, normal, chain, usable)
        made.append(figure)
    return made


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _platform_cases(facts: Facts, period: Period, shop: Shop) -> list[Figure]:
    """Return platform involvement, decisions against the shop, and evidence that was not given in time."""
    orders = facts["aftersale"]
    made: list[Figure] = []

    def closed(span: Period) -> tuple[float, float, float, float]:
        done = orders.filter(_within("closed_at", span))
        involved = done.filter(
            pl.col("platform_involved").fill_null(value=False) & (pl.col("involved_at").fill_null(span.start) < span.end)
        )
        return (
            float(involved.height),
            float(done.height),
            float((involved["liability"] == "merchant").sum()),
            float(involved.height),
        )

    now, past = closed(period), closed(period.previous())
    rows = f"aftersale.closed_at in {period.first_day}..{period.last_day}"
    made.append(
        _share("platform_involved_rate", now[0], now[1], shop, method="closed_in_period", before=past[:2], period=period,
               rows=f"{rows}; platform_involved")
    )  # fmt: skip
    made.append(
        _share("merchant_liable_rate", now[2], now[3], shop, method="closed_in_period", before=past[2:], period=period,
               rows=f"{rows} and platform_involved; liability = merchant")
    )  # fmt: skip
    made.append(
        with_target(replace(_evidence_missed(orders, period), previous=_evidence_missed(orders, period.previous()).value), shop)
    )
    made.append(_time_outs(orders, period, shop))
    return made


def _time_outs(orders: pl.DataFrame, period: Period, shop: Shop) -> Figure:
    """Return the refunds that a platform's timer decided; rare ones are judged by the days between them (t chart)."""
    kind = FIGURES["auto_timeout_count"]
    by_timer = orders.filter(pl.col("decided_by") == "auto_timeout")
    steps = shop.targets.normal_weeks if period.grain == "week" else 12
    chain = cohorts(period, 0, 2 * steps + 1)
    counts = [float(by_timer.filter(_within("agreed_at", span)).height) for span in chain]
    decided = [float(orders.filter(_within("agreed_at", span)).height) for span in chain]
    usable = baseline(chain, kind.code, "", shop, silent=frozenset(k for k, n in enumerate(decided) if not n))
    earlier = [counts[place] for place in usable.places]
    if sum(earlier) < RARE * len(earlier):
        days = sum(chain[place].days for place in usable.places)
        normal = t_chart(int(counts[-1]), period.days, int(sum(earlier)), days)
        low, high = None, None
    else:
        normal = normal_range(earlier, [decided[place] for place in usable.places], counts[-1], decided[-1], share=False)
        low, high = (normal.low * decided[-1], normal.high * decided[-1]) if normal else (None, None)
    return Figure(
        kind=kind, value=counts[-1], numerator=counts[-1], previous=counts[-2],
        low=low, high=high, judgement=word(normal, kind.good) if normal else Judgement.UNTESTED, p=normal.p if normal else None,
        axis_from=period.first_day, axis_to=period.last_day, method="agreed_in_period",
        rows=f"decided_by = auto_timeout and agreed_at in {period.first_day}..{period.last_day}",
    )  # fmt: skip


def missed_evidence(orders: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Return the platform cases whose evidence was due in a period and was not given in time."""
    return orders.filter(
        pl.col("platform_involved").fill_null(value=False)
        & (pl.col("involved_at").is_null() | (pl.col("involved_at") < period.end))
        & _within("must_act_by", period)
        & (pl.col("evidence_at").is_null() | (pl.col("evidence_at") > pl.col("must_act_by")))
    )


def _evidence_missed(orders: pl.DataFrame, period: Period) -> Figure:
    """Return the platform cases without evidence in time; none is the target, and the word is that of their g chart."""
    involved = orders.filter(pl.col("platform_involved").fill_null(value=False))
    missed = missed_evidence(orders, period).height
    due = involved.filter(_within("must_act_by", period)).height
    before = involved.filter(pl.col("must_act_by") < period.start)
    late_before = before.filter(pl.col("evidence_at").is_null() | (pl.col("evidence_at") > pl.col("must_act_by"))).height
    said, p = _rare(missed, due, late_before, before.height)
    return Figure(
        kind=FIGURES["evidence_missed"], value=float(missed), numerator=float(missed), n=float(due),
        judgement=said, p=p, axis_from=period.first_day, axis_to=period.last_day,
        method="due_in_period", rows=f"platform_involved and must_act_by in {period.first_day}..{period.last_day}; evidence_at later or none",
    )  # fmt: skip


def _rare(seen: int, due: int, earlier: int, span: int) -> tuple[Judgement, float | None]:
    """Return the word for rare failures among what was due, and its probability; a first one without history is watched."""
    if not seen:
        return Judgement.NORMAL, None
    normal = g_chart(seen, due, earlier, span)
    return (word(normal, Good.DOWN), normal.p) if normal else (Judgement.WATCH, None)


def _refund_times(facts: Facts, period: Period, shop: Shop) -> list[Figure]:
    """Return the median time from application to agreement and from receipt to refund, in minutes.

    Each counts what was due: applied (received) a day (two days) before the clock ran out in the period, open ones with
    the time they have waited, automatic time-outs left out because nobody worked on them.
    """
    orders = facts["aftersale"].filter(pl.col("decided_by").fill_null("") != "auto_timeout")
    made = []
    for code, start, end, limit, condition in (
        ("refund_minutes_median", "applied_at", "agreed_at", timedelta(hours=24), pl.col("phase") == "after_sign"),
        ("refund_paid_minutes_median", "received_at", "refunded_at", timedelta(hours=48), pl.col("type") == "return_refund"),
    ):
        worked = orders.filter(
            condition & pl.col(start).is_not_null() & (pl.col(end).is_not_null() | pl.col("closed_at").is_null())
        ).select(start, end)

        def waited(
            span: Period, rows: pl.DataFrame = worked, start: str = start, end: str = end, limit: timedelta = limit
        ) -> pl.Series:
            due = rows.filter((pl.col(start) + limit >= span.start) & (pl.col(start) + limit < span.end))
            finished = pl.when(pl.col(end) < span.end).then(pl.col(end)).otherwise(span.end)
            return due.select(m=(finished - pl.col(start)).dt.total_seconds() / 60)["m"]

        rows = f"{start} + limit in {period.first_day}..{period.last_day}"
        made += _times(((code, 0.5),), waited, period, shop, method="due_in_period", rows=rows)
    return made


def _regulator(facts: Facts, period: Period, shop: Shop) -> list[Figure]:
    """Return the share of regulator cases that were acted on before their deadline; every single one is told."""
    cases = facts["regulator_case"]
    if cases.is_empty():
        return []

    acted = pl.min_horizontal("first_contact_at", "answered_at")

    def counts(span: Period) -> tuple[float, float]:
        due = cases.filter(_within("must_act_by", span))
        return float(due.filter(acted <= pl.col("must_act_by")).height), float(due.height)

    met, n = counts(period)
    before = cases.filter(pl.col("must_act_by") < period.start)
    kept = before.filter(acted <= pl.col("must_act_by")).height
    said, p = _rare(int(n - met), int(n), before.height - kept, before.height)
    figure = _share(
        "regulator_on_time", met, n, shop, method="due_in_period", before=counts(period.previous()), always=True, period=period,
        rows=f"regulator_case.must_act_by in {period.first_day}..{period.last_day}",
    )  # fmt: skip
    return [replace(figure, judgement=Judgement.INSUFFICIENT if n == 0 else said, p=p)]


def _solved_at_once(facts: Facts, period: Period, shop: Shop) -> list[Figure]:
    """Return the share of cases closed with no second contact of the same customer on the same order within 7 days.

    Read for the newest period whose closings are all a week old; the present one is never shown.
    """
    records = facts["feedback"].filter(pl.col("customer_ref").is_not_null() & (pl.col("submitted_at") < period.end))
    if "counted" not in records.columns or records.is_empty():
        return []
    order = pl.coalesce("oid", "order_ref") if "oid" in records.columns else pl.col("order_ref")
    records = records.with_columns(order=order).filter(pl.col("order").is_not_null())
    chain = cohorts(period, FCR_DAYS, 2)
    shares: list[tuple[float, float]] = []
    for span in chain:
        closed = records.filter(pl.col("counted") & _within("closed_at", span)).select(
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
    figure = _share(
        "fcr", solved, n, shop, method="closed_then_7_days", before=shares[0], period=newest,
        rows=f"closed_at in {newest.first_day}..{newest.last_day}; no second contact within {FCR_DAYS} d",
    )  # fmt: skip
    return [figure] if n else []
