"""Words that a group of cases uses more than others do: log-odds with an informative Dirichlet prior, tested against chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc
from scipy.stats import false_discovery_control

from tasks.analyse.words.lexicon import Lexicon
from tasks.model.words import Keyword

Floats = NDArray[np.float64]

PRIOR_CASES = 50.0
"""Weight of the prior in cases: what a group is assumed to say before it is read."""

FALSE_DISCOVERIES = 0.05
CLEAR = 1.96
"""Standard errors by which the shrunken log-odds must leave zero."""

MIN_RATIO = 1.5
MIN_CASES = 5
MIN_CUSTOMERS = 3
"""Fewer customers than this could be one person's words: a name, an address, a way of writing."""

SAME = 0.6
"""Two words that share at least this part of their cases mean the same."""


def log_odds(inside: ArrayLike, n_inside: ArrayLike, outside: ArrayLike, n_outside: ArrayLike) -> tuple[Floats, Floats]:
    """Return how much more likely a case inside uses a word than one outside, in log-odds, and its z-score.

    Monroe, Colaresi and Quinn (2008), «Fightin' Words», equations 16 to 22, with the pooled use of the word as the
    informative prior and the case, not the token, as the unit: writing a word three times counts once.

    Args:
        inside: Cases of the group that use the word.
        n_inside: All cases of the group.
        outside: Cases of the others that use it.
        n_outside: All other cases.
    """
    y, n = np.asarray(inside, np.float64), np.asarray(n_inside, np.float64)
    y_other, n_other = np.asarray(outside, np.float64), np.asarray(n_outside, np.float64)
    prior = PRIOR_CASES * (y + y_other) / (n + n_other)
    a, b = y + prior, n + PRIOR_CASES - y - prior
    c, d = y_other + prior, n_other + PRIOR_CASES - y_other - prior
    with np.errstate(divide="ignore", invalid="ignore"):
        delta = np.log(a / b) - np.log(c / d)
        z = delta / np.sqrt(1 / a + 1 / c)
    known = (prior > 0) & (b > 0) & (d > 0)  # a word that nobody or everybody uses carries no information
    return np.where(known, delta, 0.0), np.where(known, z, 0.0)


def chance(
    inside: ArrayLike, n_inside: ArrayLike, outside: ArrayLike, n_outside: ArrayLike, dispersion: ArrayLike = 1.0
) -> Floats:
    """Return the probability that chance puts at least this many of a word's cases into the group.

    The conditional binomial test of two rates (Przyborowski and Wilenski 1940), counts divided by the design effect where
    words come in bursts (Rao and Scott 1992).

    Args:
        inside: Cases of the group that use the word.
        n_inside: All cases of the group.
        outside: Cases of the others that use it.
        n_outside: All other cases.
        dispersion: Variance of the weekly counts over that of Poisson's law, at least 1.
    """
    scale = np.asarray(dispersion, np.float64)
    y, y_other = np.asarray(inside, np.float64) / scale, np.asarray(outside, np.float64) / scale
    n, n_other = np.asarray(n_inside, np.float64), np.asarray(n_outside, np.float64)
    return np.asarray(np.where(y > 0, betainc(np.maximum(y, 1e-9), y_other + 1.0, n / (n + n_other)), 1.0))


def dispersion(uses: pl.DataFrame, sizes: pl.DataFrame) -> float:
    """Return how much the weekly use of words varies beyond chance: Pearson's chi-square over its degrees of freedom, 1 to 3.

    Args:
        uses: Columns week, term, n: cases that use the term.
        sizes: Columns week, cases.
    """
    weeks, cases = sizes.height, float(sizes["cases"].sum() or 0)
    if weeks < 6:
        return 1.0
    per_term = (
        uses.join(sizes, on="week")
        .group_by("term")
        .agg(y=pl.col("n").sum(), squares=(pl.col("n").cast(pl.Float64) ** 2 / pl.col("cases")).sum())
        .filter(pl.col("y") >= 2 * weeks)
    )
    if per_term.is_empty():
        return 1.0
    # sum of (o - e)^2 / e over all weeks, those without the word included, for e = y * cases of the week / all cases
    square = per_term.select((cases / pl.col("y") * pl.col("squares") - pl.col("y")).mean()).item()
    return float(np.clip(square / (weeks - 1), 1.0, 3.0))


@dataclass(frozen=True)
class WordComparison:
    """One group of cases against others, as positions in the read texts."""

    name: str
    inside: pl.Series
    outside: pl.Series
    dispersion: float = 1.0


@dataclass(frozen=True)
class Findings:
    """The words that stand out in each comparison, and how many words were tested over all of them."""

    words: dict[str, tuple[Keyword, ...]]
    tested: int


def standing_out(
    comparisons: list[WordComparison],
    uses: pl.DataFrame,
    records: pl.DataFrame,
    lexicon: Lexicon,
    *,
    at_most: int,
    min_cases: int = MIN_CASES,
    min_share: float = 0.0,
) -> Findings:
    """Return the words that each group uses more than its others; empty if no word passes.

    Every word that the group and its others use at least `MIN_CASES` times together is tested, a choice independent of
    the answer; Benjamini and Hochberg (1995) hold the share of false words over all groups at `FALSE_DISCOVERIES`.

    Args:
        comparisons: The groups.
        uses: Columns row and term of `Lexicon.words_of`.
        records: Columns record_id, customer_ref and leaf of the same rows.
        lexicon: Says which words may be printed.
        at_most: Words a group.
        min_cases: Least cases of the group that must use a word.
        min_share: Least share of the group's cases that must use a word.
    """
    counted = [frame for comparison in comparisons if not (frame := _counts(comparison, uses)).is_empty()]
    if not counted:
        return Findings({}, 0)
    tested = pl.concat(counted)
    inside, n_inside, outside, n_outside = (tested[name].to_numpy() for name in ("inside", "n_inside", "outside", "n_outside"))
    _, z = log_odds(inside, n_inside, outside, n_outside)
    p = chance(inside, n_inside, outside, n_outside, tested["dispersion"].to_numpy())
    ranked = tested.with_columns(
        z=pl.Series(z),
        passed=pl.Series(false_discovery_control(p) <= FALSE_DISCOVERIES),
        expected=pl.col("n_inside") * pl.col("outside") / pl.col("n_outside"),
    ).filter(
        pl.col("passed")
        & (pl.col("z") >= CLEAR)
        & (pl.col("inside") >= min_cases)
        & (pl.col("inside") >= MIN_RATIO * pl.col("expected"))
        & (pl.col("inside") >= min_share * pl.col("n_inside"))
    )
    ranked = ranked.sort("name", "z", "term", descending=[False, True, False])
    found: dict[str, tuple[Keyword, ...]] = {}
    for comparison in comparisons:
        mine = ranked.filter(pl.col("name") == comparison.name)
        words = _chosen(mine, comparison, uses, records, lexicon, at_most)
        if words:
            found[comparison.name] = words
    return Findings(found, tested.height)


def _counts(comparison: WordComparison, uses: pl.DataFrame) -> pl.DataFrame:
    n_inside, n_outside = comparison.inside.len(), comparison.outside.len()
    if not n_inside or not n_outside:
        return pl.DataFrame()
    here = uses.join(comparison.inside.alias("row").to_frame(), on="row", how="semi").group_by("term").len("inside")
    there = uses.join(comparison.outside.alias("row").to_frame(), on="row", how="semi").group_by("term").len("outside")
    both = here.join(there, on="term", how="full", coalesce=True).with_columns(pl.col("inside", "outside").fill_null(0))
    return both.filter(pl.col("inside") + pl.col("outside") >= MIN_CASES).select(
        "term",
        pl.col("inside", "outside").cast(pl.Float64),
        name=pl.lit(comparison.name),
        n_inside=pl.lit(float(n_inside)),
        n_outside=pl.lit(float(n_outside)),
        dispersion=pl.lit(comparison.dispersion),
    )


def _chosen(
    ranked: pl.DataFrame, comparison: WordComparison, uses: pl.DataFrame, records: pl.DataFrame, lexicon: Lexicon, at_most: int
) -> tuple[Keyword, ...]:
    """Return the first words of a ranking that may be printed and do not repeat an earlier one."""
    if ranked.is_empty():
        return ()
    inside = uses.join(comparison.inside.alias("row").to_frame(), on="row", how="semi").join(
        ranked.select("term"), on="term", how="semi"
    )
    cases: dict[str, frozenset[int]] = {term: frozenset(rows) for term, rows in inside.group_by("term").agg("row").iter_rows()}
    chosen: list[tuple[str, float, float]] = []
    for term, expected, z in ranked.select("term", "expected", "z").iter_rows():
        mine = cases[term]
        again = any(len(mine & cases[other]) >= SAME * min(len(mine), len(cases[other])) for other, _, _ in chosen)
        if again or not lexicon.printable(term):
            continue
        customers = records[sorted(mine)].select(pl.coalesce("customer_ref", "record_id").n_unique()).item()
        if customers >= MIN_CUSTOMERS:
            chosen.append((term, expected, z))
        if len(chosen) == at_most:
            break
    return tuple(
        Keyword(
            word=term,
            leaf=comparison.name,
            cases=len(cases[term]),
            expected=round(expected, 2),
            z=round(z, 2),
            rows=tuple(sorted(records[sorted(cases[term])]["record_id"].to_list())),
        )
        for term, expected, z in chosen
    )
