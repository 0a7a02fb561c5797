"""Code every record: problem, nature, emotion, urgency, order and case."""

from __future__ import annotations

import polars as pl

from tasks.classify.currencies import in_shops_currency
from tasks.classify.dimensions import with_dimensions
from tasks.classify.emotion import emotion
from tasks.classify.linking import batch_number, claim_clusters, with_cases, with_known_skus, with_orders
from tasks.classify.nature import nature
from tasks.classify.phrases import PhraseBook, Reading
from tasks.classify.receipts import with_estimated_receipts
from tasks.classify.severity import severity
from tasks.model.facts import CodedFacts, Facts
from tasks.shop.load import Shop
from tasks.shop.taxonomy import UNCODED

ABNORMAL = "SPC.ABNORMAL"
"""Leaf of records in a suspected abnormal-claim cluster: 疑似, until Legal has judged."""

WEAK_TOPIC = 2.0
"""A text whose heaviest phrase scores less than this only names a topic."""

SECOND_LEAF = 0.6
"""A further leaf is kept if its score reaches this share of the first one's."""

ONLY_FOR_LINKS = ("waybill",)
"""What no stage reads of an order line once records are linked, unless a shop declares a dimension by it."""


def code(facts: Facts, shop: Shop) -> CodedFacts:
    """Return the facts with `feedback` coded and the derived dimensions on `order_line` and `feedback`.

    A source's mapped code takes precedence over the rules, and the rules over UNK; a code that is only a node is refined by the
    text within that node; words of danger override all of them.
    """
    tables, foreign = in_shops_currency(facts.tables, shop)
    order_line = with_dimensions(_with_clean_batches(tables["order_line"], facts["batch"]), "order_line", facts, shop)
    feedback = tables["feedback"]
    feedback = with_known_skus(feedback, facts)
    known = pl.concat([facts["batch"]["batch_no"].cast(pl.String), order_line["batch_no"].unique().cast(pl.String)]).drop_nulls()
    feedback = feedback.with_columns(batch_no=batch_number(pl.col("batch_no"), pl.col("sku"), known.unique()))
    feedback = with_orders(feedback, order_line)
    order_line, estimated = with_estimated_receipts(order_line, shop, facts.as_of)  # no estimate stands beside a customer's word
    tables["order_line"] = order_line.drop(name for name in ONLY_FOR_LINKS if name not in _declared(shop))
    feedback = _with_problems(feedback, shop)
    feedback = _with_claims(feedback, facts, shop)
    feedback = feedback.with_columns(nature=nature(shop.identity, shop.taxonomy, shop.words))
    feedback = _with_families(feedback, shop)
    feedback = feedback.with_columns(
        time_critical=pl.col("cue_time_critical") > 0,
        legal=pl.col("cue_legal") > 0,
        repeat=pl.col("cue_repeat") > 0,
        abnormal=pl.col("claim_cluster").is_not_null(),
    )
    feedback = feedback.with_columns(severity(shop.service_levels, shop.taxonomy))
    feedback = feedback.with_columns(emotion=emotion())
    feedback = with_cases(feedback, shop.taxonomy)
    feedback = with_dimensions(feedback, "feedback", facts, shop)
    dropped = [c for c in feedback.columns if c.startswith("cue_")] + [
        "text_given",
        "score",
        "time_critical",
        "legal",
        "repeat",
        "abnormal",
    ]
    tables["feedback"] = feedback.drop(dropped).sort("submitted_at", "record_id")
    coded = CodedFacts(tables, facts.as_of, facts.pulls)
    coded.excluded_channels, coded.rejected = dict(facts.excluded_channels), dict(facts.rejected)
    coded.estimated_receipts, coded.foreign_amounts = estimated, foreign
    return coded


def code_unverified(facts: Facts, shop: Shop) -> pl.DataFrame:
    """Return the feedback that no figure counts, coded: a text of danger counts even where its row was rejected."""
    if facts.unverified.is_empty():
        return pl.DataFrame()
    columns = facts["feedback"].clear()
    rows = pl.concat([columns, facts.unverified], how="diagonal_relaxed").select(columns.columns)
    return code(Facts({"feedback": rows, "product": facts["product"]}, facts.as_of), shop)["feedback"]


def _declared(shop: Shop) -> set[str]:
    """Return the columns that the shop's dimensions name."""
    return {name for one in shop.dimensions.dimensions for name in (one.name, one.source_column)}


def _with_clean_batches(order_line: pl.DataFrame, batch: pl.DataFrame) -> pl.DataFrame:
    """Give order lines' batches the names of the batch table where one of them is meant; the many known ones are left unchanged."""
    sku, batch_no = (order_line.schema[name] for name in ("sku", "batch_no"))
    pairs = order_line.select("sku", "batch_no").drop_nulls().unique().cast(pl.String)
    strange = pairs.join(batch.select("batch_no"), on="batch_no", how="anti")
    if strange.is_empty():
        return order_line
    named = batch["batch_no"].cast(pl.String).drop_nulls()
    cleaned = strange.with_columns(clean=batch_number(pl.col("batch_no"), pl.col("sku"), named), is_strange=pl.lit(True))
    cleaned = cleaned.cast({"sku": sku, "batch_no": batch_no, "clean": batch_no})
    # only the key is joined: a join of all columns would hold the order lines twice
    joined = order_line.select("sku", "batch_no").join(cleaned, on=["sku", "batch_no"], how="left", maintain_order="left")
    value = pl.when(pl.col("is_strange").is_not_null()).then(pl.col("clean")).otherwise(pl.col("batch_no"))
    return order_line.with_columns(joined.select(batch_no=value).to_series())


def _with_problems(feedback: pl.DataFrame, shop: Shop) -> pl.DataFrame:
    """Add leaf, leaf_source, leaves, symptom, vague, hedged, request, score and the cue counts."""
    said = pl.concat_str([pl.col("title").fill_null(""), pl.lit(" "), pl.col("text").fill_null("")]).str.strip_chars()
    feedback = feedback.with_columns(text_given=said.str.len_chars() > 0, said=said)
    # Without a text, the source's own reason is all there is to read.
    feedback = feedback.with_columns(
        said=pl.when("text_given").then(pl.col("said")).otherwise(pl.col("source_code").fill_null(""))
    )
    texts = feedback.select(text=pl.col("said").unique().sort()).with_row_index("text_id")
    book = PhraseBook(shop.words, shop.taxonomy)
    reading = book.read(texts)
    feedback = feedback.join(texts.rename({"text": "said"}), on="said", how="left", maintain_order="left").drop("said")
    feedback = feedback.join(reading.cues, on="text_id", how="left", maintain_order="left")
    feedback = feedback.with_columns(pl.col(column).fill_null(0) for column in book.cue_columns)
    feedback = _with_leaf(feedback, reading, shop)
    requests = [column for column in book.cue_columns if column.startswith("cue_request_")]
    asked = pl.coalesce(
        pl.col("request"), *[pl.when(pl.col(c) > 0).then(pl.lit(c.removeprefix("cue_request_"))) for c in requests]
    )
    return feedback.with_columns(
        request=asked,
        hedged=(pl.col("cue_hedge") > 0),
        vague=pl.col("text_given") & (pl.col("text_score") < WEAK_TOPIC) & (pl.col("cue_vague") > 0),
    ).drop("text_id", "text_score")


def _with_leaf(feedback: pl.DataFrame, reading: Reading, shop: Shop) -> pl.DataFrame:
    """Add leaf, its source, all leaves and symptom, from the source's code, the text within it and words of danger."""
    taxonomy, words = shop.taxonomy, shop.words
    given = pl.col("issue").is_in([code for code in (*taxonomy.nodes, *taxonomy.every_leaf) if code != UNCODED])
    mapped = pl.when(given).then(pl.col("issue"))
    is_node = mapped.is_in([node for node in taxonomy.nodes if node not in taxonomy.every_leaf]).fill_null(False)
    asked = feedback.select("record_id", "text_id", mapped=mapped, is_node=is_node)
    seen = asked.join(reading.problems, on="text_id").with_columns(
        safety=pl.col("leaf").is_in(words.safety_leaves),
        inside=pl.col("mapped").is_null()
        | (pl.col("is_node") & (pl.col("leaf").str.split(".").list.first() == pl.col("mapped")))
        | (pl.col("leaf") == pl.col("mapped")),
    )
    seen = seen.sort("record_id", "safety", "score", descending=[False, True, True], maintain_order=True)
    usable = seen.filter(pl.col("safety") | pl.col("inside"))
    best = usable.unique("record_id", keep="first", maintain_order=True).select(
        "record_id", "score", ruled="leaf", ruled_symptom="symptom", danger="safety"
    )
    several = (
        seen.filter(
            pl.col("safety")
            | ((pl.col("score") >= SECOND_LEAF * pl.col("score").max().over("record_id")) & (pl.col("score") >= WEAK_TOPIC))
        )
        .group_by("record_id", maintain_order=True)
        .agg(several="leaf")
    )
    text_score = seen.group_by("record_id").agg(text_score=pl.col("score").max())
    joined = (
        feedback.with_columns(mapped=mapped, is_node=is_node)
        .join(best, on="record_id", how="left", maintain_order="left")
        .join(several, on="record_id", how="left", maintain_order="left")
        .join(text_score, on="record_id", how="left", maintain_order="left")
    )
    joined = joined.with_columns(_decided())
    first = pl.concat_list(pl.col("leaf"))
    rest = pl.concat_list(
        first, pl.col("several").fill_null(pl.lit([], dtype=pl.List(pl.String))), pl.concat_list(pl.col("mapped"))
    )
    return joined.with_columns(
        leaves=rest.list.drop_nulls().list.unique(maintain_order=True),
        symptom=pl.when(pl.col("ruled") == pl.col("leaf")).then(pl.col("ruled_symptom")),
        score=pl.col("score").fill_null(0.0),
        text_score=pl.col("text_score").fill_null(0.0),
    ).drop("mapped", "is_node", "ruled", "ruled_symptom", "danger", "several")


def _decided() -> list[pl.Expr]:
    """Return `leaf` and `leaf_source`: danger first, then the source's own leaf, then the rules, then the source's node."""
    danger = pl.col("danger").fill_null(False)
    own_leaf = pl.col("mapped").is_not_null() & ~pl.col("is_node")
    leaf = (
        pl.when(danger)
        .then(pl.col("ruled"))
        .when(own_leaf)
        .then(pl.col("mapped"))
        .otherwise(pl.coalesce("ruled", "mapped", pl.lit(UNCODED)))
    )
    source = (
        pl.when(danger & ~(own_leaf & (pl.col("mapped") == pl.col("ruled"))))
        .then(pl.lit("rule"))
        .when(pl.col("mapped").is_not_null())
        .then(pl.lit("mapped"))
        .when(pl.col("ruled").is_not_null())
        .then(pl.lit("rule"))
        .otherwise(pl.lit("none"))
    )
    return [leaf.alias("leaf"), source.alias("leaf_source")]


def _with_claims(feedback: pl.DataFrame, facts: Facts, shop: Shop) -> pl.DataFrame:
    """Mark suspected abnormal-claim clusters; `leaves` keeps what the texts say, so that both counts can be shown."""
    marked = feedback.join(claim_clusters(feedback, facts), on="record_id", how="left", maintain_order="left")
    if ABNORMAL not in shop.taxonomy.every_leaf:
        return marked
    suspected = pl.col("claim_cluster").is_not_null() & ~pl.col("leaf").is_in(shop.words.safety_leaves)
    return marked.with_columns(
        leaf=pl.when(suspected).then(pl.lit(ABNORMAL)).otherwise("leaf"),
        leaf_source=pl.when(suspected).then(pl.lit("rule")).otherwise("leaf_source"),
        symptom=pl.when(~suspected).then("symptom"),
        leaves=pl.when(suspected)
        .then(pl.concat_list(pl.lit(ABNORMAL), "leaves").list.unique(maintain_order=True))
        .otherwise("leaves"),
    )


def _with_families(feedback: pl.DataFrame, shop: Shop) -> pl.DataFrame:
    """Add family and department; the few distinct combinations are looked up."""
    taxonomy = shop.taxonomy
    limits = {leaf: entry.late_after_days for leaf, entry in taxonomy.every_leaf.items() if entry.late_family}
    age = (
        (pl.col("submitted_at") - pl.col("signed_at")).dt.total_days()
        if "signed_at" in feedback.columns
        else pl.lit(None, pl.Int64)
    )
    limit = pl.col("leaf").replace_strict(limits, default=None, return_dtype=pl.Int64) if limits else pl.lit(None, pl.Int64)
    keyed = feedback.with_columns(late=(age >= limit).fill_null(False), has_app=pl.col("app_version").is_not_null())
    keys = ["leaf", "symptom", "has_app", "late"]
    distinct = keyed.select(keys).unique(maintain_order=True).sort(keys)
    leaves = taxonomy.every_leaf
    looked = distinct.with_columns(
        pl.Series(
            "family",
            [taxonomy.family(leaf, s, app_version=app, late=late) for leaf, s, app, late in distinct.iter_rows()],
            dtype=pl.String,
        ),
        pl.Series(
            "department",
            [leaves[leaf].department if leaf in leaves else leaves[UNCODED].department for leaf in distinct["leaf"]],
            dtype=pl.String,
        ),
    )
    return keyed.join(looked, on=keys, how="left", nulls_equal=True, maintain_order="left").drop("late", "has_app")


def uncoded_share(feedback: pl.DataFrame) -> float:
    """Return the share of counted cases that stayed uncoded (UNK); above the configured budget more words are needed."""
    counted = feedback.filter("counted")
    return int((counted["leaf"] == UNCODED).sum()) / len(counted) if len(counted) else 0.0
