"""Complaints with a sign (fury, talk of law) above their problems' usual shares, by more than chance."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from tasks.methods.chance import days_between, dispersion
from tasks.model.facts import CodedFacts
from tasks.model.moments import local_day
from tasks.model.warnings import EarlyWarning
from tasks.shop.load import Shop
from tasks.warn.kinds.catalogue import rule_of

LEAST_CASES = 8
"""Fewer records than this do not make a mood; each of them has its own clock."""

LEAST_RATIO = 1.5
PRIOR_CASES = 20.0
"""Prior cases for a problem's own share with the sign, shrunk towards that of all problems."""

GAP_DAYS = 7
"""Days between history and now that belong to neither: what began recently must not count as usual."""


def today_of(facts: CodedFacts, shop: Shop) -> date:
    """Return the business day of the facts' moment."""
    return facts.as_of.astimezone(ZoneInfo(shop.identity.zone)).date()


def unusual_shares(facts: CodedFacts, shop: Shop, kind: str, sign: pl.Expr, slice_: dict[str, str]) -> list[EarlyWarning]:
    """Return the slices where complaints with a sign recently exceeded their problems' usual shares by more than chance."""
    records = facts["feedback"]
    settings, today = shop.warnings, today_of(facts, shop)
    cases = records.filter(pl.col("counted") & (pl.col("nature") == "complaint")).select(
        "record_id",
        "platform",
        "leaf",
        day=local_day("submitted_at", shop.identity.zone),
        sign=sign.fill_null(value=False),
    )
    begin = today - timedelta(days=settings.mood_days)
    last_usual = begin - timedelta(days=GAP_DAYS)
    first_usual = last_usual - timedelta(weeks=settings.history_weeks)
    if cases.is_empty() or cases["day"].min() > first_usual:  # type: ignore[operator]
        return []
    platforms = sorted(cases["platform"].drop_nulls().unique().to_list())
    slices: list[dict[str, str]] = [{}, *({"platform": platform} for platform in platforms)]
    warnings: list[EarlyWarning] = []
    for place in slices:
        inside = cases.filter([pl.col(name) == value for name, value in place.items()]) if place else cases
        usual = inside.filter((pl.col("day") >= first_usual) & (pl.col("day") < last_usual))
        now = inside.filter((pl.col("day") >= begin) & (pl.col("day") < today))
        if usual.is_empty() or now.is_empty():
            continue
        # A promotion brings different problems, and some make more people furious: each has its own share.
        share = (int(usual["sign"].sum()) + 0.5) / (usual.height + 1.0)
        shares = usual.group_by("leaf").agg(share=(pl.col("sign").sum() + PRIOR_CASES * share) / (pl.len() + PRIOR_CASES))
        now, usual = (
            frame.join(shares, on="leaf", how="left", maintain_order="left").with_columns(pl.col("share").fill_null(share))
            for frame in (now, usual)
        )
        observed, expected = int(now["sign"].sum()), float(now["share"].sum())
        by_span = usual.with_columns(span=(pl.col("day") - first_usual).dt.total_days() // settings.mood_days)
        spans = by_span.group_by("span").agg(due=pl.col("share").sum(), signed=pl.col("sign").sum()).sort("span")
        spread = dispersion(spans["signed"].to_numpy().astype(np.float64), spans["due"].to_numpy())
        rare = days_between(observed, expected, len(slices), dispersion=spread)
        if observed < LEAST_CASES or observed < LEAST_RATIO * expected or rare < settings.false_alarm_days:
            continue
        signed = now.filter("sign").sort("day", "record_id")
        days = sorted(set(signed["day"].to_list()))
        warnings.append(
            EarlyWarning(
                kind=kind,
                slice={**slice_, **place},
                leaf=str(signed["leaf"].mode().sort()[0]),
                observed=float(observed),
                expected=round(expected, 2),
                every_days=round(rare, 1),
                since=days[0],
                days=tuple(days),
                answer_by=facts.as_of + timedelta(hours=rule_of(kind, shop).answer_hours),
                items=tuple(signed["record_id"].to_list()),
            )
        )
    whole = [warning for warning in warnings if "platform" not in warning.slice]
    return whole or warnings
