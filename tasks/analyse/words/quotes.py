"""The one text that represents many: the nearest to all others, in words that identify nobody."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.analyse.example_case import SHORTEST, TRACES
from tasks.analyse.words.lexicon import Lexicon
from tasks.model.words import Quote

LONGEST = 90
READ_AT_MOST = 400
"""Texts of a group that are compared; of a large group, a part chosen by record id represents the rest."""

PERSONAL = re.compile(r"\[[^\[\]]{1,6}\]|\d{3,4}[ -]\d{4}|我叫|姓名|联系人|收件人|收货人|微信|(?i:\b(?:vx|wx|qq)\b)")
"""Placeholders that scrubbing leaves, and what people write before a name or number: such a text is not quoted."""


def representative(
    records: pl.DataFrame, lexicon: Lexicon, uses: pl.DataFrame | None = None, rarity: pl.DataFrame | None = None
) -> Quote | None:
    """Return the text that is most like all others of a group (its medoid by cosine of TF-IDF), or None if there is none.

    A typical text, not the loudest. Only a text of readable length without any trace of a person and without a word of legal
    effect can be chosen; safety and dispute cases are left out where there are others, else the quote is restricted.

    Args:
        records: Columns record_id, text, track and claim_cluster of the group.
        lexicon: Cuts texts into words.
        uses: Columns row (position in `records`) and term, if the caller has already cut the texts.
        rarity: Columns term and weight among more texts than the group's: words that every customer writes then weigh little.
    """
    if records.is_empty():
        return None
    uses = lexicon.words_of(records["text"]) if uses is None else uses
    order = records.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int32)).sort("record_id").head(READ_AT_MOST)
    vectors = tfidf(uses.join(order.select("row"), on="row", how="semi"), order["row"].to_numpy(), rarity=rarity)
    closeness = (vectors @ vectors.mean(0)).round(9)
    limited = (pl.col("track").is_in(["safety", "dispute"]) | pl.col("claim_cluster").is_not_null()).fill_null(value=False)
    ranked = order.with_columns(limited=limited, closeness=pl.Series(closeness)).filter(pl.col("closeness") > 0)
    ranked = ranked.sort("limited", "closeness", "record_id", descending=[False, True, False])
    for text, is_limited, record in ranked.select("text", "limited", "record_id").iter_rows():
        if _is_quotable(text, lexicon):
            return Quote(" ".join(text.split()), is_limited, record)
    return None


def rarities(uses: pl.DataFrame, texts: int) -> pl.DataFrame:
    """Return the weight of each word among some texts, log(texts / uses) + 1: columns term and weight."""
    return uses.group_by("term").agg(weight=(pl.lit(texts) / pl.len()).log() + 1.0)


def tfidf(
    uses: pl.DataFrame, rows: NDArray[np.int32], *, rarest: int = 2, rarity: pl.DataFrame | None = None
) -> NDArray[np.float64]:
    """Return texts as unit vectors of the words that at least `rarest` of them use, each with its weight.

    Args:
        uses: Columns row and term.
        rows: The texts in the order of the result.
        rarest: Texts that must use a word for it to count.
        rarity: Columns term and weight; by default those of the same texts.

    Returns:
        Shape `(len(rows), words)`; a text without a counted word is zero.
    """
    placed = uses.join(pl.DataFrame({"row": rows}).with_row_index("place"), on="row")
    rarity = rarities(placed, len(rows)) if rarity is None else rarity
    known = placed.group_by("term").len("uses").filter(pl.col("uses") >= rarest).sort("term").with_row_index("code")
    cells = placed.join(known, on="term").join(rarity, on="term")
    made = np.zeros((len(rows), known.height))
    made[cells["place"].to_numpy(), cells["code"].to_numpy()] = cells["weight"].to_numpy()
    length = np.linalg.norm(made, axis=1, keepdims=True)
    return np.asarray(made / np.where(length > 0, length, 1.0))


def _is_quotable(text: str | None, lexicon: Lexicon) -> bool:
    if text is None or not SHORTEST <= len(text) <= LONGEST:
        return False
    return not (TRACES.search(text) or PERSONAL.search(text) or lexicon.holds_legal_word(text) or lexicon.is_named(text))
