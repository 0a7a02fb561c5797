"""How a customer feels: 1 calm … 5 furious."""

from __future__ import annotations

import polars as pl

from tasks.model.coded import Nature


def emotion() -> pl.Expr:
    """Return the emotion of a coded record, 1–5; the source's own level wins.

    Needs emotion, nature and the cue counts. A complaint begins at 3; anger, sarcasm and repeats raise, mild words lower it; a
    letter that only cites law has no emotion to read and stays at 3.
    """
    strong = pl.col("cue_strong")
    repeated = (pl.col("cue_repeat") > 0).cast(pl.Int64)
    raised = (
        3
        + pl.when(strong >= 2).then(2).when(strong == 1).then(1).otherwise(0)
        + (pl.col("cue_sarcasm") > 0).cast(pl.Int64)
        + repeated
        - ((pl.col("cue_mild") > 0) & (strong == 0) & (pl.col("cue_sarcasm") == 0)).cast(pl.Int64)
    )
    legal_only = (pl.col("cue_legal") > 0) & (strong <= 1)
    spoken = (
        pl.when(pl.col("nature") == Nature.PRAISE.value)
        .then(1)
        .when(pl.col("nature") == Nature.QUESTION.value)
        .then(1 + (strong > 0).cast(pl.Int64))
        .when(pl.col("nature") == Nature.SUGGESTION.value)
        .then(2)
        .when(legal_only)
        .then(3)
        .otherwise(raised)
    )
    return pl.coalesce(pl.col("emotion"), spoken).clip(1, 5).cast(pl.Int64)
