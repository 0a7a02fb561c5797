"""Root causes of a shop without orders: complaints among reviews, or counts against the period before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import log
from typing import Any

import numpy as np
import polars as pl

from tasks.analyse.causes.naming import MAX_CAUSES, ancestry, counted_cause
from tasks.analyse.causes.new_values import PROBLEM, mixtures_of_new_values, without_new_values
from tasks.expected.unit_history import day_number, day_of, local_days
from tasks.methods.likelihood import likelihood_ratio
from tasks.methods.panels import FoundSlice, Panel, Weights
from tasks.methods.scan import Scan, scan
from tasks.model.causes import Cause, CauseKind, CauseSearch, RootCauses, SearchBasis, SearchLack
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.shop.load import Shop

ALPHA = 0.05
"""Chance of a false alarm when nothing is wrong: one search over few slices, which overlap little."""

LEAST_CASES = 8
"""A slice with fewer cases is never named."""

MIN_OWN_RATIO = 1.5
"""A slice of reviews below this ratio to its own past is not named."""


ENOUGH_PAST = 100
"""Earlier cases from which counts are compared with the period before alone; a small shop's go further back."""

PERIODS_BACK = 8
"""The most periods that a small shop's counts are compared with."""

THIN_PAST_DISPERSION = 1.3
"""Variance over Poisson variance that is assumed where the past is too short, or counts only, to measure it."""


LEAST_PAST = 30
"""Earlier complaints without which reviews or counts have nothing to be compared with."""


def not_sought(lack: SearchLack, known: int = 0, needed: int = 0) -> RootCauses:
    """Return that causes were not sought, and why."""
    why = "no_dimensions" if lack is SearchLack.DIMENSIONS else "no_history"
    return RootCauses([], [], 0, 0.0, None, why, search=CauseSearch(SearchBasis.NOTHING, lack, known, needed))


def from_records(facts: CodedFacts, period: Period, shop: Shop, base: str) -> RootCauses:
    """Search reviews (complaints among reviews) or plain counts (against the period before)."""
    names = [d.name for d in shop.dimensions.dimensions if d.scan and d.name in facts["feedback"].columns]
    feedback = (
        facts["feedback"]
        .with_columns(day_no=local_days("submitted_at", period.zone), is_case=pl.col("counted").fill_null(value=False))
        .sort("record_id")
    )
    first, last = day_number(period.first_day), day_number(period.last_day)
    now = feedback.filter(pl.col("day_no").is_between(first, last))
    if base == "reviews":
        past = feedback.filter(pl.col("day_no").is_between(first - 183, first - 1))
        if (known := past.filter("is_case").height) < LEAST_PAST:
            return not_sought(SearchLack.CASES, known, LEAST_PAST)
        units, weights, compared = now, review_weights(now, past, names), "own_history"
    else:
        past = feedback.clear()
        units, days, compared = _earlier_cases(feedback, period)
        if units.height < LEAST_PAST:
            return not_sought(SearchLack.CASES, units.height, LEAST_PAST)
        weights = np.full(units.height, period.days / days)
    cases = now.filter("is_case")
    searched = [name for name in names if name != "leaf" or base == "records"]
    if base == "records":
        searched.append(PROBLEM)
        units, cases = (frame.with_columns(pl.col("leaf").alias(PROBLEM)) for frame in (units, cases))
    panel = _record_panel(units, weights, cases, searched, ancestry(shop), baseline=base == "records")
    if panel is None or list(panel.values) == [PROBLEM]:
        return not_sought(SearchLack.DIMENSIONS)
    result = record_scan(panel, _day_dispersion(feedback, first, base, names))
    describe = partial(_record_cause, panel=panel, cases=cases, period=period, shop=shop, base=base, compared=compared)
    return RootCauses(
        causes=[describe(found) for found in result.found],
        falls=[],
        tested=result.tested,
        expected_false_alarms=ALPHA,
        strongest_rejected=describe(result.rejected) if result.rejected else None,
        rejected_why="below_threshold" if result.rejected else "nothing_raised",
        expected_leaves=_leaves_of_past(past, float(weights.sum())) if base == "reviews" else {},
        expected_total=float(weights.sum()) if base == "reviews" else None,
    )


def _earlier_cases(feedback: pl.DataFrame, period: Period) -> tuple[pl.DataFrame, int, str]:
    """Return the cases to compare with, the days that they span, and the word for these days.

    The period before; where that holds too few cases, as many whole periods before it as give enough, at most `PERIODS_BACK`.
    """
    oldest: int = feedback["day_no"].min() if feedback.height else 0  # type: ignore[assignment]
    before = period.previous()
    first, last, periods = day_number(before.first_day), day_number(before.last_day), 1
    while True:
        units = feedback.filter(pl.col("day_no").is_between(first, last) & pl.col("is_case"))
        before = before.previous()
        if units.height >= ENOUGH_PAST or periods == PERIODS_BACK or day_number(before.first_day) < oldest:
            return units, last - first + 1, "period_before" if periods == 1 else "periods_before"
        first, periods = day_number(before.first_day), periods + 1


def _record_panel(
    units: pl.DataFrame,
    weights: Weights,
    cases: pl.DataFrame,
    names: list[str],
    parents: dict[str, frozenset[str]],
    *,
    baseline: bool,
) -> Panel | None:
    """Return units and cases with the codes of their values, or None if no dimension has two values.

    Units are reviews with the chance of each to be a complaint, or the cases of the period before.
    """
    values: dict[str, list[str]] = {}
    unit_codes: dict[str, Any] = {}
    case_codes: dict[str, Any] = {}
    for dim in names:
        everything = pl.concat([units[dim].cast(pl.String), cases[dim].cast(pl.String)]).drop_nulls().unique().sort()
        if everything.len() < 2:
            continue
        kind_of = pl.Enum(everything)
        values[dim] = everything.to_list()
        unit_codes[dim] = units[dim].cast(pl.String).cast(kind_of).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
        case_codes[dim] = cases[dim].cast(pl.String).cast(kind_of).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    return Panel(unit_codes, weights, case_codes, values, parents, baseline=baseline) if values else None


def _record_cause(
    found: FoundSlice, *, panel: Panel, cases: pl.DataFrame, period: Period, shop: Shop, base: str, compared: str
) -> Cause:
    """Make a cause of a slice of records that stands out."""
    inside = cases.filter(pl.Series(found.pattern.rows(panel.cases, {})))
    n = float(found.pattern.rows(panel.units, {}).sum())
    among_reviews = base == "reviews"
    labels = found.pattern.labels(panel.values)
    by_mixture = labels.pop(PROBLEM, None) is not None
    cause = counted_cause(
        kind=CauseKind.SLICE,
        slice_=dict(sorted(labels.items())),
        family="reviews" if among_reviews else "counts",
        leaves=Counter(inside["leaf"].to_list()).most_common(4),
        observed=found.observed,
        expected=found.expected,
        llr=found.llr,
        weeks=max(round(period.days / 7), 1),
        exposure_kind="reviews" if among_reviews else "other_cases" if by_mixture else "earlier_cases",
        exposure=n,
        period=period,
        records=inside["record_id"].to_list(),
        days=[day_of(day) for day in inside["day_no"].to_list()],
    )
    return replace(
        cause,
        rate=found.observed / n if among_reviews and n else None,
        comparison_rate=found.expected / n if among_reviews and n else None,
        comparison="other_slices" if by_mixture else compared,
        to_confirm=(("what_changed", _asked(cause.leaf, shop), "5d"),),
    )


def record_scan(panel: Panel, dispersion: float) -> Scan:
    """Scan reviews or counts; a slice of reviews that only just fails by Poisson's law is judged by the binomial one.

    A large part of the reviews may complain, and then a Poisson count leaves far more to chance than a share of that many
    reviews does. The price of the search stays the same.
    """
    if panel.baseline:
        return _count_scan(panel, dispersion)
    weights = panel.weights.copy()
    found: list[FoundSlice] = []
    while True:
        result = scan(
            replace(panel, weights=weights), alpha=ALPHA, min_cases=LEAST_CASES, dispersion=dispersion, max_causes=MAX_CAUSES
        )
        again = result.found
        nearest = result.rejected
        if nearest is not None:
            size = float(nearest.pattern.rows(panel.units, panel.unit_days).sum())
            llr = _binomial_ratio(nearest.observed, nearest.expected, size) / dispersion
            exact = replace(nearest, llr=llr, score=nearest.score - nearest.llr + llr)
            again = [*again, exact] if exact.score > 0 else again
            result = replace(result, rejected=None if exact.score > 0 else exact)
        found += again
        passed = nearest is not None and result.rejected is None
        if not passed or len(found) >= MAX_CAUSES:
            # A flood of praise elsewhere lowers everybody's expectation: a slice must also exceed its own past.
            own = {one: float(panel.weights[one.pattern.rows(panel.units, panel.unit_days)].sum()) for one in found}
            raised = [one for one in found if one.observed >= MIN_OWN_RATIO * own[one]]
            return replace(result, found=raised[:MAX_CAUSES])
        for one in again:
            weights[one.pattern.rows(panel.units, panel.unit_days)] *= one.ratio


def _count_scan(panel: Panel, dispersion: float) -> Scan:
    """Scan counts against the period before; new values are judged by what their cases are made up of.

    Where a panel does not hold the cases' problems there is nothing to judge them by but their counts.
    """
    if PROBLEM not in panel.cases:
        return scan(panel, alpha=ALPHA, min_cases=LEAST_CASES, dispersion=dispersion, max_causes=MAX_CAUSES)
    new = mixtures_of_new_values(panel, alpha=ALPHA / 2, dispersion=dispersion, min_cases=LEAST_CASES)
    result = scan(
        without_new_values(panel, new), alpha=ALPHA / 2, min_cases=LEAST_CASES, dispersion=dispersion, max_causes=MAX_CAUSES
    )
    return replace(result, found=[*new, *result.found][:MAX_CAUSES])


def _binomial_ratio(observed: float, expected: float, size: float) -> float:
    """Return the log-likelihood ratio, in nats, of a count among a number of reviews against its expected share."""
    rest, usual = size - observed, size - expected
    if expected <= 0 or usual <= 0:
        return likelihood_ratio(observed, expected)
    return observed * log(observed / expected) + (rest * log(rest / usual) if rest > 0 else 0.0)


def _asked(leaf: str, shop: Shop) -> str:
    """Return the role responsible for a leaf; customer service by default."""
    known = shop.taxonomy.every_leaf.get(leaf)
    return known.owner if known and known.owner in shop.people.roles else "客服"


def _leaves_of_past(past: pl.DataFrame, total: float) -> dict[str, float]:
    """Split the expected complaints among the leaves in the proportions of the half year before."""
    counts = past.filter("is_case").group_by("leaf").len().sort("leaf")
    return {leaf: total * n / counts["len"].sum() for leaf, n in counts.iter_rows() if leaf}


def review_weights(now: pl.DataFrame, past: pl.DataFrame, names: list[str]) -> Weights:
    """Return each review's chance of being a complaint by the half year before: overall share times shrunken effects."""
    overall = past.filter("is_case").height / past.height
    weights = np.full(now.height, overall)
    level = np.full(past.height, overall)
    for dim in names:
        if dim in ("leaf",) or dim not in now.columns:
            continue
        seen = (
            past.with_columns(e=pl.Series(level))
            .group_by(pl.col(dim).cast(pl.String).alias("v"))
            .agg(o=pl.col("is_case").sum(), e=pl.col("e").sum())
            .with_columns(effect=(pl.col("o") + 15.0) / (pl.col("e") + 15.0))
        )
        table = seen.filter(pl.col("v").is_not_null()).select("v", "effect")
        weights *= _effects(now, dim, table)
        level *= _effects(past, dim, table)
    return np.asarray(np.minimum(weights, 0.95))


def _effects(frame: pl.DataFrame, dim: str, table: pl.DataFrame) -> Weights:
    """Return the effect of each row's value of a dimension, 1 where none is known."""
    effect = frame.select(v=pl.col(dim).cast(pl.String)).join(table, on="v", how="left", maintain_order="left")["effect"]
    return effect.fill_null(1.0).to_numpy()


def _day_dispersion(feedback: pl.DataFrame, first: int, base: str, names: Sequence[str] = ()) -> float:
    """Return how much the weeks of single slices vary beyond chance, 1 to 3: reviews and filings come in bursts.

    Pearson's chi-square over degrees of freedom, week by week around the level of the slice and of the week: what all
    reviews share, a trend or a flood of praise, is scaled out of a scan anyway and is not taken for noise.
    """
    past = feedback.filter((pl.col("day_no") < first) & (pl.col("day_no") >= first - 183)).with_columns(w=pl.col("day_no") // 7)
    weeks = past.group_by("w").agg(o=pl.col("is_case").sum(), n=pl.len()).filter(pl.col("n") > 20)
    if weeks.height < 6 or base != "reviews":
        return THIN_PAST_DISPERSION
    share = float(weeks["o"].sum()) / float(weeks["n"].sum())
    found = [1.0]
    for dim in names:
        if not 2 <= past[dim].n_unique() <= 60:
            continue
        cells = (
            past.group_by("w", dim)
            .agg(o=pl.col("is_case").sum(), n=pl.len())
            .join(weeks.select("w", week=pl.col("o") / pl.col("n") / share), on="w")
            .with_columns(level=pl.col("o").sum().over(dim) / pl.col("n").sum().over(dim))
            .with_columns(p=(pl.col("level") * pl.col("week")).clip(0.001, 0.95))
            .with_columns(e=pl.col("n") * pl.col("p"))
            .filter(pl.col("e") >= 2)
        )
        free = cells.height - cells["w"].n_unique() - cells[dim].n_unique() + 1
        if free >= 10:
            found.append(
                float(cells.select(((pl.col("o") - pl.col("e")) ** 2 / (pl.col("e") * (1 - pl.col("p")))).sum()).item()) / free
            )
    return float(np.clip(max(found), 1.0, 3.0))
