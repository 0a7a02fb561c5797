"""Family A: what arrived in the period, counted and never divided by the orders of the same week (docs/method.md, 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from tasks.analyse.figures.comparison import baseline, cohorts, count_range, last_year, with_target, word
from tasks.analyse.figures.expected_counts import against_expected, unlinked_factor
from tasks.model.facts import CodedFacts
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Figure, Judgement
from tasks.model.moments import local_day
from tasks.model.periods import Period
from tasks.shop.load import Shop

NATURES = ("complaint", "question", "suggestion", "praise")


def inflow(facts: CodedFacts, period: Period, shop: Shop, *, expected_total: float | None = None) -> list[Figure]:
    """Return counts of what arrived: records, complaint cases, other natures, after-sales orders, conversations.

    Args:
        facts: Coded tables.
        period: The period by arrival.
        shop: Configuration.
        expected_total: Complaint cases expected from exposure; without it a shop with records only is judged
            against its own earlier counts per day.

    Returns:
        Counts for the shop, then complaint cases by source and by platform.
    """
    records = _local(facts["feedback"], "submitted_at", period, "counted", "nature", "source", "platform")
    cases = records.filter(pl.col("counted"))
    made = [_count("records", records, period, shop)]
    complaint = _count("complaints", cases, period, shop)
    if expected_total is not None and complaint.value is not None and complaint.value >= shop.identity.minimum_n:
        expected_total *= unlinked_factor(facts, period).get("", 1.0)
        low, high, said, p = against_expected(complaint.value, expected_total)
        complaint = replace(complaint, low=low, high=high, judgement=said, p=p, note=f"expected={expected_total:.0f}")
    made.append(with_target(complaint, shop))
    made.append(_per_day(complaint, period, shop, judged=shop.base == "records"))
    known = [nature for nature in NATURES if (records["nature"] == nature).any()]
    # With only one nature, its count equals the count of all records.
    made += [
        _count(f"{nature}_records", records.filter(pl.col("nature") == nature), period, shop)
        for nature in known
        if len(known) > 1
    ]
    if facts.has("aftersale"):
        made.append(_count("aftersale_count", _local(facts["aftersale"], "applied_at", period), period, shop))
    for kind in ("conversations", "human_conversations"):
        rows = facts["exposure"].filter((pl.col("kind") == kind) & (pl.col("day") <= period.last_day)).rename({"n": "weight"})
        if rows.height:
            made.append(_count(kind, rows, period, shop))
    for column, code in (("source", "complaints_by_source"), ("platform", "complaints_by_platform")):
        for value in sorted(cases[column].drop_nulls().unique()):
            made.append(_count(code, cases.filter(pl.col(column) == value), period, shop, scope=value))
    return made


def daily(facts: CodedFacts, period: Period) -> list[tuple[date, int]]:
    """Return complaint cases by day of arrival, from four weeks before the period to its end."""
    cases = _local(facts["feedback"].filter(pl.col("counted")), "submitted_at", period)
    counts = dict(cases.group_by("day").agg(pl.len()).iter_rows())
    first = period.first_day - timedelta(days=28)
    return [
        (day, int(counts.get(day, 0))) for n in range((period.last_day - first).days + 1) for day in [first + timedelta(days=n)]
    ]


def _local(frame: pl.DataFrame, column: str, period: Period, *kept: str) -> pl.DataFrame:
    """Return what arrived before a period's end: its business day, and the columns that are kept."""
    return frame.select(column, *kept).filter(pl.col(column) < period.end).with_columns(day=local_day(column, period.zone))


def _count(code: str, rows: pl.DataFrame, period: Period, shop: Shop, *, scope: str = "") -> Figure:
    weight = pl.col("weight").sum() if "weight" in rows.columns else pl.len()
    by_day = {day: float(n) for day, n in rows.group_by("day").agg(weight).iter_rows()}
    steps = shop.targets.normal_weeks if period.grain == "week" else 12
    chain = cohorts(period, 0, steps + 1)
    first = min(by_day, default=period.first_day)

    def total(days: list[date]) -> float:
        return sum(by_day.get(day, 0.0) for day in days)

    values = [total(_days(span)) if span.last_day >= first else None for span in chain]
    aligned = last_year(period.first_day, period.last_day, shop)
    now = values[-1] or 0.0
    return Figure(
        kind=FIGURES[code],
        value=now,
        numerator=now,
        previous=values[-2],
        last_year=total(list(aligned.days)) if aligned.days[0] >= first else None,
        last_year_basis=aligned.basis if aligned.days[0] >= first else "",
        judgement=Judgement.UNTESTED,
        axis_from=period.first_day,
        axis_to=period.last_day,
        method="arrivals",
        scope=scope,
        series=tuple((str(span.first_day), value) for span, value in zip(chain, values, strict=True)) if not scope else (),
        rows=f"arrived in {period.first_day}..{period.last_day}" + (f"; {scope}" if scope else ""),
    )


def _per_day(complaint: Figure, period: Period, shop: Shop, *, judged: bool) -> Figure:
    """Return complaint cases per day, the basis for comparing months of different lengths.

    A shop with orders or reviews is judged against its exposure instead: more sales in a promotion are not more complaints.
    """
    kind = FIGURES["complaints_per_day"]
    value = (complaint.value or 0.0) / period.days
    lengths = [length for length, _ in _lengths(period, len(complaint.series))]
    series = tuple(
        (day, count / n if count is not None else None) for (day, count), n in zip(complaint.series, lengths, strict=True)
    )
    chain = cohorts(period, 0, len(series))
    unknown = frozenset(place for place, (_, count) in enumerate(series) if count is None)
    usable = baseline(chain, kind.code, "", shop, silent=unknown)
    history = [series[place][1] or 0.0 for place in usable.places]
    normal = count_range(history, value) if judged and not usable.broken else None
    return Figure(
        kind=kind,
        value=value,
        numerator=complaint.value,
        n=float(period.days),
        previous=series[-2][1] if len(series) > 1 else None,
        low=normal.low if normal else None,
        high=normal.high if normal else None,
        judgement=word(normal, kind.good) if normal else Judgement.UNTESTED,
        p=normal.p if normal else None,
        axis_from=period.first_day,
        axis_to=period.last_day,
        method="arrivals_per_day",
        series=series,
        rows=complaint.rows,
    )


def _lengths(period: Period, count: int) -> list[tuple[int, Period]]:
    return [(span.days, span) for span in cohorts(period, 0, count)] if count else []


def _days(span: Period) -> list[date]:
    return [span.first_day + timedelta(days=n) for n in range(span.days)]
