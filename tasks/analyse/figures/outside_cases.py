"""Cases decided outside the shop: platform interventions, platform timers, and regulators."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tasks.analyse.figures.comparison import (
    baseline,
    cohorts,
    normal_range,
    with_target,
    word,
)
from tasks.analyse.figures.service_shares import due_share
from tasks.analyse.observed_moments import records_any, silent_channels
from tasks.methods.control_charts import g_chart, t_chart
from tasks.model.facts import CodedFacts
from tasks.model.figure_kinds import FIGURES, Good
from tasks.model.figures import Figure, Judgement
from tasks.model.moments import within
from tasks.model.periods import Period
from tasks.shop.load import Shop

RARE = 1.0
"""Below this number of events a period, they are judged by the time between them instead of their number."""


def platform_cases(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return platform involvement, decisions against the shop, and evidence not submitted in time."""
    orders = facts["aftersale"]
    evidence = with_evidence(facts, shop)
    made: list[Figure] = []

    def closed(span: Period) -> tuple[float, float, float, float]:
        done = orders.filter(within("closed_at", span))
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
        due_share("platform_involved_rate", now[0], now[1], shop, method="closed_in_period", before=past[:2], period=period,
               rows=f"{rows}; platform_involved")
    )  # fmt: skip
    made.append(
        due_share("merchant_liable_rate", now[2], now[3], shop, method="closed_in_period", before=past[2:], period=period,
               rows=f"{rows} and platform_involved; liability = merchant")
    )  # fmt: skip
    missed = replace(_evidence_missed(evidence, period), previous=_evidence_missed(evidence, period.previous()).value)
    if evidence.is_empty() and not orders.is_empty():
        missed = replace(missed, value=None, previous=None, judgement=Judgement.INSUFFICIENT, missing="not_recorded")
    made.append(with_target(missed, shop))
    made.append(_time_outs(orders, period, shop))
    return made


def _time_outs(orders: pl.DataFrame, period: Period, shop: Shop) -> Figure:
    """Return the refunds decided by a platform's timer; rare ones are judged by the days between them (t chart)."""
    kind = FIGURES["auto_timeout_count"]
    by_timer = orders.filter(pl.col("decided_by") == "auto_timeout")
    steps = shop.targets.normal_weeks if period.grain == "week" else 12
    chain = cohorts(period, 0, 2 * steps + 1)
    counts = [float(by_timer.filter(within("agreed_at", span)).height) for span in chain]
    decided = [float(orders.filter(within("agreed_at", span)).height) for span in chain]
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


def with_evidence(facts: CodedFacts, shop: Shop) -> pl.DataFrame:
    """Return the after-sales orders of the channels that record when evidence was submitted."""
    orders = facts["aftersale"]
    silent = silent_channels(orders, ("evidence_at",), shop.channels)
    return orders.filter(~pl.col("channel").fill_null("").is_in(silent)) if silent else orders


def missed_evidence(orders: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Return the platform cases whose evidence was due in a period and not submitted in time."""
    return orders.filter(
        pl.col("platform_involved").fill_null(value=False)
        & (pl.col("involved_at").is_null() | (pl.col("involved_at") < period.end))
        & within("must_act_by", period)
        & (pl.col("evidence_at").is_null() | (pl.col("evidence_at") > pl.col("must_act_by")))
    )


def _evidence_missed(orders: pl.DataFrame, period: Period) -> Figure:
    """Return the platform cases without evidence in time; the target is none, and a g chart gives the judgement.

    Where no channel records when evidence was submitted there is no value: none missed would be a false comfort.
    """
    involved = orders.filter(pl.col("platform_involved").fill_null(value=False))
    missed = missed_evidence(orders, period).height
    due = involved.filter(within("must_act_by", period)).height
    before = involved.filter(pl.col("must_act_by") < period.start)
    late_before = before.filter(pl.col("evidence_at").is_null() | (pl.col("evidence_at") > pl.col("must_act_by"))).height
    said, p = _rare(missed, due, late_before, before.height)
    return Figure(
        kind=FIGURES["evidence_missed"], value=float(missed), numerator=float(missed), n=float(due),
        judgement=said, p=p, axis_from=period.first_day, axis_to=period.last_day,
        method="due_in_period", rows=f"platform_involved and must_act_by in {period.first_day}..{period.last_day}; evidence_at later or none",
    )  # fmt: skip


def _rare(seen: int, due: int, earlier: int, span: int) -> tuple[Judgement, float | None]:
    """Return the judgement of rare failures among what was due, and its probability; a first one without history is watched."""
    if not seen:
        return Judgement.NORMAL, None
    normal = g_chart(seen, due, earlier, span)
    return (word(normal, Good.DOWN), normal.p) if normal else (Judgement.WATCH, None)


def regulator_cases(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return the share of regulator cases that were acted on before their deadline; every single one is reported."""
    cases = facts["regulator_case"]
    cases = cases.filter(records_any(cases, ("first_contact_at", "answered_at"), shop.channels))
    if cases.is_empty():
        return []

    acted = pl.min_horizontal("first_contact_at", "answered_at")

    def counts(span: Period) -> tuple[float, float]:
        due = cases.filter(within("must_act_by", span))
        return float(due.filter(acted <= pl.col("must_act_by")).height), float(due.height)

    met, n = counts(period)
    before = cases.filter(pl.col("must_act_by") < period.start)
    kept = before.filter(acted <= pl.col("must_act_by")).height
    said, p = _rare(int(n - met), int(n), before.height - kept, before.height)
    figure = due_share(
        "regulator_on_time", met, n, shop, method="due_in_period", before=counts(period.previous()), always=True, period=period,
        rows=f"regulator_case.must_act_by in {period.first_day}..{period.last_day}",
    )  # fmt: skip
    return [replace(figure, judgement=Judgement.INSUFFICIENT if n == 0 else said, p=p)]
