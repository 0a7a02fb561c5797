"""Themes among unclassified records: texts that use the same words, with their growth and a typical text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import false_discovery_control

from tasks.analyse.words.keywords import FALSE_DISCOVERIES, MIN_CUSTOMERS, chance, log_odds
from tasks.analyse.words.lexicon import Lexicon
from tasks.analyse.words.quotes import rarities, representative, tfidf
from tasks.model.words import Quote, Theme

CLUSTERED = 1200
"""Texts that are clustered; of more, these by record id."""

DISTANCE = 0.75
"""Mean cosine distance up to which two groups of texts are one."""

MIN_SIZE = 8
LEADING = 0.5
"""Share of a theme's texts that its first word must stand in: what has no name is not a theme."""

WORDS = 4
MAXIMUM = 6


def themes(
    now: pl.DataFrame, past: pl.DataFrame, lexicon: Lexicon, *, exposure: float, past_exposure: float
) -> tuple[Theme, ...]:
    """Return the themes of a period's unclassified texts, largest first; empty if no words recur.

    Agglomerative clustering (average linkage) of TF-IDF vectors by cosine. A theme is then its set of words: every text, of the
    period and of the weeks before, that uses two of them (or its only one) belongs to it, so that both are counted the same way.

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
    made: list[_Candidate] = []
    for rows in groups:
        words = _words(uses, rows, now.height, lexicon)
        said = uses.filter(pl.col("term").is_in(words)).group_by("row").len("said").filter(pl.col("said") >= min(len(words), 2))
        present = said.filter(pl.col("row") < now.height).sort("row")
        customers = now[present["row"].to_list()].select(pl.coalesce("customer_ref", "record_id").n_unique()).item()
        if words and present.height >= MIN_SIZE and customers >= MIN_CUSTOMERS:
            made.append(_Candidate(tuple(words), present, said.height - present.height))
    kept = _distinct(made)
    before = [one.before * exposure / past_exposure if past_exposure else 0.0 for one in kept]
    return tuple(
        Theme(
            one.words,
            one.present.height,
            round(expected, 2),
            grown=grown,
            quote=_quote(now, one.present, uses, lexicon, rarity),
            rows=tuple(now["record_id"].gather(one.present["row"]).to_list()),
        )
        for one, expected, grown in zip(kept, before, _grown(kept, exposure, past_exposure), strict=True)
    )


@dataclass(frozen=True)
class _Candidate:
    """A theme's words, the rows of the period that use them (with how many of them), and the texts of the weeks before."""

    words: tuple[str, ...]
    present: pl.DataFrame
    before: int


def _quote(now: pl.DataFrame, present: pl.DataFrame, uses: pl.DataFrame, lexicon: Lexicon, rarity: pl.DataFrame) -> Quote | None:
    """Return the typical one of the texts that use most of a theme's words."""
    fullest = present.filter(pl.col("said") == pl.col("said").max())
    places = fullest.select("row", place=pl.int_range(pl.len(), dtype=pl.Int32))
    texts = now[fullest["row"].to_list()]
    return representative(texts, lexicon, uses.join(places, on="row").select("term", row="place"), rarity)


def _groups(uses: pl.DataFrame, clustered: int) -> list[list[int]]:
    """Return the groups of similar texts, as lists of rows."""
    rows = np.arange(clustered, dtype=np.int32)
    vectors = tfidf(uses.filter(pl.col("row") < clustered), rows, rarest=3)
    known = np.flatnonzero(vectors.any(axis=1))
    if len(known) < MIN_SIZE:
        return []
    unit = vectors[known]
    distances = np.clip(1.0 - unit @ unit.T, 0.0, 1.0).round(9)
    tree = linkage(distances[np.triu_indices(len(known), 1)], "average")
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


def _distinct(made: list[_Candidate]) -> list[_Candidate]:
    """Return the largest themes; one whose texts mostly belong to a larger one is left out."""
    kept: list[tuple[_Candidate, set[int]]] = []
    for one in sorted(made, key=lambda one: (-one.present.height, one.words)):
        mine = set(one.present["row"].to_list())
        if all(len(mine & theirs) < 0.5 * len(mine) for _, theirs in kept):
            kept.append((one, mine))
    return [one for one, _ in kept[:MAXIMUM]]


def _grown(kept: list[_Candidate], exposure: float, past_exposure: float) -> list[bool]:
    """Return which themes have more records than chance explains, given the weeks before."""
    if not kept or not past_exposure:
        return [False] * len(kept)
    p = chance([one.present.height for one in kept], exposure, [one.before for one in kept], past_exposure)
    return [bool(passed) for passed in false_discovery_control(p) <= FALSE_DISCOVERIES]
