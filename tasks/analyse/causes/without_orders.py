"""Root causes of a shop without orders: complaints among reviews, or counts against the period before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from math import log
from typing import Any

import numpy as np
import polars as pl

from tasks.analyse.causes.count_windows import LEAST_PAST, count_windows, problem_noise
from tasks.analyse.causes.naming import MAX_CAUSES, ancestry, counted_cause
from tasks.analyse.causes.new_values import PROBLEM, Dispersion, mixtures_of_new_values, risen_with_releases, without_new_values
from tasks.analyse.causes.power import with_power
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


SMALL_CASES = 30
"""Cases a week below which all slices are also counted over several weeks."""

WEEKLY_SWING = 0.3
"""Standard deviation by which a problem's frequency swings from week to week without any fault, relative to its mean."""

THIN_PAST_DISPERSION = 1.3
"""Variance over Poisson variance that is assumed where the past is too short, or counts only, to measure it."""


def not_sought(lack: SearchLack, known: int = 0, needed: int = 0) -> RootCauses:
    """Return that causes were not sought, and why."""
    why = "no_dimensions" if lack is SearchLack.DIMENSIONS else "no_history"
    return RootCauses([], [], 0, 0.0, None, why, search=CauseSearch(SearchBasis.NOTHING, lack, known, needed))


def from_records(facts: CodedFacts, period: Period, shop: Shop, base: str) -> RootCauses:
    """Search reviews (complaints among reviews) or plain counts (against the weeks before)."""
    names = [d.name for d in shop.dimensions.dimensions if d.scan and d.name in facts["feedback"].columns]
    feedback = (
        facts["feedback"]
        .with_columns(day_no=local_days("submitted_at", period.zone), is_case=pl.col("counted").fill_null(value=False))
        .sort("record_id")
    )
    return (_from_reviews if base == "reviews" else _from_counts)(feedback, names, period, shop)


def _from_reviews(feedback: pl.DataFrame, names: list[str], period: Period, shop: Shop) -> RootCauses:
    first = day_number(period.first_day)
    now = feedback.filter(pl.col("day_no").is_between(first, day_number(period.last_day)))
    past = feedback.filter(pl.col("day_no").is_between(first - 183, first - 1))
    if (known := past.filter("is_case").height) < LEAST_PAST:
        return not_sought(SearchLack.CASES, known, LEAST_PAST)
    weights, cases = review_weights(now, past, names), now.filter("is_case")
    searched = [name for name in names if name != "leaf"]
    panel = _record_panel(now, weights, cases, searched, ancestry(shop), baseline=False)
    if panel is None:
        return not_sought(SearchLack.DIMENSIONS)
    result = record_scan(panel, _day_dispersion(feedback, first, names))
    describe = partial(_record_cause, panel=panel, cases=cases, period=period, shop=shop, compared="own_history")
    total = float(weights.sum())
    return RootCauses(
        causes=[describe(one) for one in result.found],
        falls=[],
        tested=result.tested,
        expected_false_alarms=ALPHA,
        strongest_rejected=describe(result.rejected) if result.rejected else None,
        rejected_why="below_threshold" if result.rejected else "nothing_raised",
        search=with_power(
            CauseSearch(),
            tested=result.tested,
            cases=cases.height,
            weeks=max(round(period.days / 7), 1),
            alpha=ALPHA,
            best=result.rejected.score if result.rejected else None,
        ),
        expected_leaves=_leaves_of_past(past, total),
        expected_total=total,
    )


def _from_counts(feedback: pl.DataFrame, names: list[str], period: Period, shop: Shop) -> RootCauses:
    """Search the counts of all windows; a small shop's week alone holds too few cases to tell anything."""
    windows = count_windows(feedback, period)
    if (known := max(window.units.height for window in windows)) < LEAST_PAST:
        return not_sought(SearchLack.CASES, known, LEAST_PAST)
    alpha, last, tested, able = ALPHA / len(windows) ** 0.5, day_number(period.last_day), 0, False
    found: list[tuple[FoundSlice, Cause]] = []
    rejected: list[tuple[FoundSlice, Cause]] = []
    for window in windows:
        if window.units.height < LEAST_PAST:
            continue
        units, cases = (frame.with_columns(pl.col("leaf").alias(PROBLEM)) for frame in (window.units, window.cases))
        weights = np.full(units.height, window.length / window.days)
        panel = _record_panel(units, weights, cases, [*names, PROBLEM], ancestry(shop), baseline=True)
        if panel is None or list(panel.values) == [PROBLEM]:
            continue
        able = True
        noise = problem_noise(feedback.filter("is_case"), last - window.length + 1)
        of_problem = partial(_dispersion_of, noise, window.length / 7)
        small = window.is_period or window.cases.height < SMALL_CASES * window.weeks
        result = _count_scan(
            panel, THIN_PAST_DISPERSION, alpha, counted=small, growth=window.growth(feedback, last), of_problem=of_problem
        )
        tested = max(tested, result.tested)
        describe = partial(
            _record_cause, panel=panel, cases=cases, period=period, shop=shop, compared=window.compared, weeks=window.weeks
        )
        found += [(one, describe(one)) for one in result.found if window.is_current(one, panel, last)]
        rejected += [(result.rejected, describe(result.rejected))] if result.rejected else []
    if not able:
        return not_sought(SearchLack.DIMENSIONS)
    made = _each_once(found, rejected, tested)
    best = max((pair[0].score for pair in rejected), default=None)
    longest = windows[-1]
    search = with_power(made.search, tested=tested, cases=longest.cases.height, weeks=longest.weeks, alpha=alpha, best=best)
    return replace(made, search=search)


def _each_once(found: list[tuple[FoundSlice, Cause]], rejected: list[tuple[FoundSlice, Cause]], tested: int) -> RootCauses:
    """Return the causes of all windows, the clearest first and each once: a longer window finds the same cases again."""
    causes: list[Cause] = []
    for _, cause in sorted(found, key=lambda pair: (-pair[0].score, pair[1].cause_id)):
        rows = set(cause.rows)
        if all(len(rows & set(one.rows)) < 0.5 * min(len(rows), len(one.rows)) for one in causes):
            causes.append(cause)
    places = [cause.slice for cause in causes]
    nearest = [pair for pair in rejected if pair[1].slice not in places]
    best = max(nearest, key=lambda pair: (pair[0].score, pair[1].cause_id), default=None)
    return RootCauses(
        causes=causes[:MAX_CAUSES],
        falls=[],
        tested=tested,
        expected_false_alarms=ALPHA,
        strongest_rejected=best[1] if best else None,
        rejected_why="below_threshold" if best else "nothing_raised",
    )


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
    found: FoundSlice, *, panel: Panel, cases: pl.DataFrame, period: Period, shop: Shop, compared: str, weeks: int = 0
) -> Cause:
    """Make a cause of a slice of records that stands out; `weeks` of a window that is not the period itself."""
    inside = cases.filter(pl.Series(found.pattern.rows(panel.cases, {})))
    n = float(found.pattern.rows(panel.units, {}).sum())
    among_reviews = not panel.baseline
    labels = found.pattern.labels(panel.values)
    by_mixture = labels.pop(PROBLEM, None) is not None
    usual = max(round(period.days / 7), 1)
    cause = counted_cause(
        kind=CauseKind.SLICE,
        slice_=dict(sorted(labels.items())),
        family="reviews" if among_reviews else "counts",
        leaves=Counter(inside["leaf"].to_list()),
        observed=found.observed,
        expected=found.expected,
        llr=found.llr,
        weeks=weeks or usual,
        exposure_kind="reviews" if among_reviews else "other_cases" if by_mixture else "earlier_cases",
        exposure=n,
        period=period,
        records=inside["record_id"].to_list(),
        days=[day_of(day) for day in inside["day_no"].to_list()],
    )
    longer = weeks > usual
    return replace(
        cause,
        since=period.last_day - timedelta(days=7 * weeks - 1) if longer else None,
        since_axis="arrival" if longer else "",
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
        return _count_scan(panel, dispersion, ALPHA)
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


def _count_scan(
    panel: Panel,
    dispersion: float,
    alpha: float,
    *,
    counted: bool = True,
    growth: float = 1.0,
    of_problem: Dispersion | None = None,
) -> Scan:
    """Scan counts against the time before; new values are judged by what their cases are made up of.

    Where a panel does not hold the cases' problems there is nothing to judge them by but their counts. Unless `counted`, only
    new values are judged: over many weeks a shop grows, and its counts with it.
    """
    if PROBLEM not in panel.cases:
        return scan(panel, alpha=alpha, min_cases=LEAST_CASES, dispersion=dispersion, max_causes=MAX_CAUSES)
    of_problem = of_problem or partial(_dispersion_of, {}, 1.0)
    shares = mixtures_of_new_values(panel, alpha=alpha / 3, dispersion=of_problem, min_cases=LEAST_CASES)
    risen = risen_with_releases(panel, growth=growth, alpha=alpha / 3, dispersion=of_problem, min_cases=LEAST_CASES)
    named = {one.pattern for one in shares}
    new = [*shares, *(one for one in risen if one.pattern not in named)]
    if not counted:
        return Scan(new[:MAX_CAUSES], 0, None, 1.0)
    result = scan(
        without_new_values(panel, new), alpha=alpha / 3, min_cases=LEAST_CASES, dispersion=dispersion, max_causes=MAX_CAUSES
    )
    return replace(result, found=[*new, *result.found][:MAX_CAUSES])


def _dispersion_of(noise: Mapping[str, float], weeks: float, leaf: str, expected: float) -> float:
    """Return the variance of a problem's cases over chance's: as measured, and no less than what a common swing makes of many cases.

    `expected` are the cases that other weeks lead to expect, 0 where the same weeks are compared.
    """
    return max(noise.get(leaf, 1.0) if expected else 1.0, THIN_PAST_DISPERSION, 1 + WEEKLY_SWING**2 * expected / weeks)


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


def _day_dispersion(feedback: pl.DataFrame, first: int, names: Sequence[str]) -> float:
    """Return how much the weeks of single slices of reviews vary beyond chance, 1 to 3: they come in bursts.

    Pearson's chi-square over degrees of freedom, week by week around the level of the slice and of the week: what all
    reviews share, a trend or a flood of praise, is scaled out of a scan anyway and is not taken for noise.
    """
    past = feedback.filter((pl.col("day_no") < first) & (pl.col("day_no") >= first - 183)).with_columns(w=pl.col("day_no") // 7)
    weeks = past.group_by("w").agg(o=pl.col("is_case").sum(), n=pl.len()).filter(pl.col("n") > 20)
    if weeks.height < 6:
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
