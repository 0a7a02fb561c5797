"""Themes of what no rule could classify: texts that use the same words, with their growth and a typical text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from scipy.stats import false_discovery_control

from tasks.analyse.keywords import FALSE_DISCOVERIES, MIN_CUSTOMERS, chance, log_odds
from tasks.analyse.quotes import rarities, representative, tfidf
from tasks.analyse.terms import Lexicon
from tasks.model import Quote, Theme

CLUSTERED = 1500
"""Texts that are clustered; of more, these by record id."""

DISTANCE = 0.75
"""Mean cosine distance up to which two groups of texts are one."""

MIN_SIZE = 8
LEADING = 0.5
"""Share of a theme's texts that its first word must stand in: a theme that cannot be named is none."""

WORDS = 4
MAXIMUM = 6


def themes(
    now: pl.DataFrame, past: pl.DataFrame, lexicon: Lexicon, *, exposure: float, past_exposure: float
) -> tuple[Theme, ...]:
    """Return the themes of a period's unclassified texts, largest first, none where no words recur.

    Agglomerative clustering (average linkage) of TF-IDF vectors by cosine. A theme then is its words: every text, of the
    period and of the weeks before, that uses at least half of its leading words belongs to it, so that both are counted alike.

    Args:
        now: Unclassified records of the period: record_id, text, customer_ref, track, claim_cluster; sorted by record_id.
        past: The same of the weeks before.
        lexicon: Cuts texts into words.
        exposure: All records of the period, classified or not.
        past_exposure: All records of the weeks before.
    """
    if now.height < MIN_SIZE:
        return ()
    both = pl.concat([now, past.select(now.columns)])
    uses = lexicon.words_of(both["text"])
    rarity = rarities(uses, both.height)
    groups = _groups(uses, min(now.height, CLUSTERED))
    made: list[tuple[Theme, float, float]] = []
    for rows in groups:
        words = _words(uses, rows, now.height, lexicon)
        if not words:
            continue
        leading = uses.filter(pl.col("term").is_in(words)).group_by("row").len().filter(pl.col("len") * 2 >= min(len(words), 4))
        mine = leading.filter(pl.col("row") < now.height)["row"].sort()
        members = now[mine.to_list()]
        customers = members.select(pl.coalesce("customer_ref", "record_id").n_unique()).item()
        if members.height < MIN_SIZE or customers < MIN_CUSTOMERS:
            continue
        before = float(leading.height - mine.len())
        expected = before * exposure / past_exposure if past_exposure else 0.0
        theme = Theme(
            tuple(words),
            members.height,
            round(expected, 2),
            quote=_quote(members, mine, uses, lexicon, rarity),
            rows=tuple(members["record_id"].to_list()),
        )
        made.append((theme, float(members.height), before))
    return _with_growth(_distinct(made), exposure, past_exposure)


def _quote(members: pl.DataFrame, rows: pl.Series, uses: pl.DataFrame, lexicon: Lexicon, rarity: pl.DataFrame) -> Quote | None:
    places = pl.DataFrame({"row": rows}).with_columns(place=pl.int_range(pl.len(), dtype=pl.Int32))
    return representative(members, lexicon, uses.join(places, on="row").select("term", row="place"), rarity)


def _groups(uses: pl.DataFrame, clustered: int) -> list[list[int]]:
    """Return the texts that stand close together, as lists of rows."""
    rows = np.arange(clustered, dtype=np.int32)
    vectors = tfidf(uses.filter(pl.col("row") < clustered), rows, rarest=3)
    known = np.flatnonzero(vectors.any(axis=1))
    if len(known) < MIN_SIZE:
        return []
    tree = linkage(np.maximum(pdist(vectors[known], "cosine"), 0.0).round(9), "average")
    labels = fcluster(tree, DISTANCE, "distance")
    found = [known[labels == label].tolist() for label in np.unique(labels)]
    return sorted((rows for rows in found if len(rows) >= MIN_SIZE), key=lambda rows: (-len(rows), rows))


def _words(uses: pl.DataFrame, rows: list[int], n_now: int, lexicon: Lexicon) -> list[str]:
    """Return the printable words that set a group apart from the other unclassified texts, the first in most of its texts."""
    here = pl.DataFrame({"row": rows}, {"row": pl.Int32})
    present = uses.filter(pl.col("row") < n_now)
    inside = present.join(here, on="row", how="semi").group_by("term").len("inside")
    counts = inside.join(present.group_by("term").len("all"), on="term").filter(pl.col("inside") * 3 >= len(rows))
    if counts.is_empty():
        return []
    y, total = counts["inside"].to_numpy(), counts["all"].to_numpy()
    _, z = log_odds(y, len(rows), total - y, n_now - len(rows))
    ranked = (
        counts.with_columns(z=pl.Series(z)).filter(pl.col("z") > 0).sort("inside", "z", "term", descending=[True, True, False])
    )
    words: list[str] = []
    for term, n in ranked.select("term", "inside").iter_rows():
        if not words and n < LEADING * len(rows):
            return []
        if lexicon.printable(term) and not any(term in word or word in term for word in words):
            words.append(term)
        if len(words) == WORDS:
            break
    return words


def _distinct(made: list[tuple[Theme, float, float]]) -> list[tuple[Theme, float, float]]:
    """Leave out a theme whose texts mostly belong to a larger one."""
    kept: list[tuple[Theme, float, float]] = []
    for one in sorted(made, key=lambda one: (-one[0].records, one[0].words)):
        mine = set(one[0].rows)
        if all(len(mine & set(other.rows)) < 0.5 * len(mine) for other, _, _ in kept):
            kept.append(one)
    return kept[:MAXIMUM]


def _with_growth(made: list[tuple[Theme, float, float]], exposure: float, past_exposure: float) -> tuple[Theme, ...]:
    """Mark the themes that more records are about than chance lets expect from the weeks before."""
    if not made or not past_exposure:
        return tuple(theme for theme, _, _ in made)
    p = [float(chance(now, exposure, before, past_exposure)) for _, now, before in made]
    passed = false_discovery_control(p) <= FALSE_DISCOVERIES
    return tuple(replace(theme, grown=bool(grown)) for (theme, _, _), grown in zip(made, passed, strict=True))
