"""The truth about each record, whatever its source claims: the labels that measure coding."""

from __future__ import annotations

import numpy as np
import polars as pl

from examples.sample_shop.feedback_table import LEAVES, Drawing, emotion
from examples.sample_shop.moments import pick
from examples.sample_shop.nouns import LINE_CODES
from examples.sample_shop.problems import PROBLEMS
from examples.sample_shop.records import NATURES, PRAISE, SUGGESTION
from examples.sample_shop.stories import CODES

SECOND_LEAVES = {"S2": "PRD.PARTS", "T3": "LOG.DAMAGE"}
"""Story → a further leaf that its cases are about."""


def gold_frame(drawing: Drawing, orders: pl.DataFrame) -> pl.DataFrame:
    """Return the labels of each record.

    Args:
        drawing: The records and what was drawn for them.
        orders: The canonical order lines.

    Returns:
        One row a record, in their order: source_id, line, sku, oid, gold_leaf, gold_symptom, gold_nature, gold_emotion,
        gold_vague, gold_case_id, counted, true_leaf, story, again, gold_leaves.
    """
    part, line, sku = drawing.part, drawing.line, drawing.sku
    gold_leaf, symptoms = _leaf_and_symptom(drawing)
    gold = pl.DataFrame(
        {
            "source_id": drawing.ids,
            "line": pick(LINE_CODES, np.maximum(line, 0), line >= 0),
            "sku": pick(drawing.goods.sku, np.maximum(sku, 0), sku >= 0),
            "oid": drawing.of_order(orders["oid"], drawing.linked),
            "gold_leaf": gold_leaf,
            "gold_symptom": symptoms,
            "gold_nature": pick(NATURES, part.nature),
            "gold_emotion": emotion(drawing).astype(np.int64),
            "gold_vague": drawing.vague,
            "gold_case_id": pl.DataFrame({"no": part.case})
            .select(pl.format("K{}", "no"))
            .to_series()
            .set(pl.Series(part.case < 0), None),
            "counted": drawing.complaint & (part.again == 0),
            "true_leaf": pl.Series(LEAVES[part.problem].astype(object), dtype=pl.String),
            "story": pick(CODES, np.maximum(part.story, 0), part.story >= 0),
            "again": pick(("", "second_channel", "repeat", "later_review"), part.again),
        }
    )
    further = pl.col("story").replace_strict(SECOND_LEAVES, default="")
    return gold.with_columns(
        gold_leaves=pl.when(pl.col("story").is_in(list(SECOND_LEAVES)) & (pl.col("gold_leaf") != further))
        .then(pl.concat_list("gold_leaf", further))
        .when(pl.col("gold_leaf") == "")
        .then(pl.lit([], dtype=pl.List(pl.String)))
        .otherwise(pl.concat_list("gold_leaf"))
    )


def _leaf_and_symptom(drawing: Drawing) -> tuple[pl.Series, pl.Series]:
    part = drawing.part
    leaf = np.where(part.nature == SUGGESTION, "SUG.IDEA", np.where(part.nature == PRAISE, "", LEAVES[part.problem]))
    leaf = np.where(drawing.vague, "UNK", leaf)
    symptom = np.array([one.symptom for one in PROBLEMS])[part.problem]
    symptom = np.where(drawing.vague | ~drawing.complaint, "", symptom)
    symptom = np.where((part.story == CODES.index("S2")) & (leaf == "DSC.SPEC"), "adapter", symptom)
    return pl.Series(leaf.astype(object), dtype=pl.String), pl.Series(symptom.astype(object), dtype=pl.String)
