"""What a record is: complaint, question, suggestion or praise (ISO 10002; docs/method.md, 1)."""

from __future__ import annotations

import polars as pl

from tasks.model.coded import Nature
from tasks.shop.identity import Identity
from tasks.shop.taxonomy import UNCODED, Taxonomy
from tasks.shop.words import Words

STRONG_PROBLEM = 3.0
"""Score from which a text names a problem, not just a topic."""

CERTAIN_PROBLEM = 4.0
"""Score from which a complaint stays one even if a wish is added."""

GOOD_RATING = 4.0


def nature(identity: Identity, taxonomy: Taxonomy, words: Words) -> pl.Expr:
    """Return the nature of a coded record.

    Needs the columns nature, source, rating, request, text_given, leaf, leaf_source, score and the cue counts. In this order:
    safety is always a complaint; then the source's own value; then a rating alone; then the text.
    """
    # by place, and only then by name: a chain of texts would write every one of them at every step
    own, complaint, question, suggestion, praise = (pl.lit(place, pl.UInt8) for place in range(5))
    asks = (pl.col("cue_question") > 0) | (pl.col("cue_question_end") > 0)
    angry = (pl.col("cue_dissatisfied") > 0) | (pl.col("cue_strong") > 0) | (pl.col("cue_sarcasm") > 0)
    polite = pl.col("cue_polite") > 0
    wants = pl.col("request").is_not_null()
    praises = pl.col("cue_praise") > 0
    coded = pl.col("leaf") != UNCODED
    may_ask = [code for code, leaf in taxonomy.every_leaf.items() if leaf.complaint == "unless_asked"]
    never = [code for code, leaf in taxonomy.every_leaf.items() if leaf.complaint == "no"]
    named = coded & ((pl.col("score") >= STRONG_PROBLEM) | (pl.col("leaf_source") == "mapped"))
    rating = pl.col("rating")
    low = identity.complaint_max_rating
    bad = (rating <= low).fill_null(False) if low is not None else (rating < identity.negative_max_rating).fill_null(False)
    good = ((rating > low) if low is not None else (rating >= GOOD_RATING)).fill_null(False)
    no_reason = (pl.col("cue_no_reason_return") > 0) & ~angry & ~(named & ~pl.col("leaf").str.starts_with("PRC"))
    place = (
        pl.when(pl.col("leaf").is_in(words.safety_leaves))
        .then(complaint)
        .when(pl.col("nature").is_not_null())
        .then(own)
        .when(~pl.col("text_given") & bad)
        .then(complaint)
        .when(~pl.col("text_given") & good)
        .then(praise)
        .when((pl.col("leaf").is_in(never) | ((pl.col("cue_suggestion") > 0) & (pl.col("score") < CERTAIN_PROBLEM))) & ~angry)
        .then(suggestion)
        .when(pl.col("source") == "regulator")
        .then(complaint)
        .when(no_reason)
        .then(question)
        .when((asks | polite) & ~angry & (~named | polite | (pl.col("leaf").is_in(may_ask) & ~wants)))
        .then(question)
        .when(praises & ~angry & ~named & ~bad)
        .then(praise)
        .when(named)
        .then(complaint)
        .when(praises & (pl.col("cue_dissatisfied") == 0))
        .then(praise)
        .when(bad | angry | (pl.col("cue_vague") > 0))
        .then(complaint)
        .when(praises | good)
        .then(praise)
        .when(asks)
        .then(question)
        .otherwise(complaint)
    )
    names = [Nature.COMPLAINT.value, Nature.QUESTION.value, Nature.SUGGESTION.value, Nature.PRAISE.value]
    decided = place.replace_strict([1, 2, 3, 4], names, default=None, return_dtype=pl.String)
    return pl.coalesce(decided, "nature")
