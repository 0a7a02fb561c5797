"""Which order, batch and case a record belongs to, and which records form a suspected abnormal-claim cluster."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tasks.model.coded import Nature
from tasks.model.facts import Facts
from tasks.shop.taxonomy import UNCODED, Taxonomy

CASE_DAYS = 14
CLUSTER_DAYS = 7
CLUSTER_SIZE = 5

ORDER_COLUMNS = (
    "line",
    "batch_no",
    "supplier",
    "component_supplier",
    "carrier",
    "warehouse",
    "region",
    "platform",
    "market",
    "traffic_source",
    "session_id",
    "talent_ref",
    "listing_version",
    "paid_at",
    "shipped_at",
    "signed_at",
)
"""Columns that a linked record takes from its order line."""


def with_known_skus(feedback: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Resolve SKU aliases and add whether the SKU is known (`sku_known`; true if there is no product table)."""
    product = facts["product"]
    sku = pl.col("sku").str.strip_chars().str.to_uppercase()
    if product.is_empty():
        return feedback.with_columns(sku_known=pl.col("sku").is_not_null())
    own = product.select(alias=pl.col("sku").str.to_uppercase(), sku_of="sku")
    aliases = product.select(alias="aliases", sku_of="sku").explode("alias").drop_nulls("alias")
    names = pl.concat([own, aliases.with_columns(pl.col("alias").str.strip_chars().str.to_uppercase())]).unique(
        "alias", keep="first", maintain_order=True
    )
    joined = feedback.with_columns(alias=sku).join(names, on="alias", how="left", maintain_order="left")
    return joined.with_columns(sku=pl.coalesce("sku_of", "sku"), sku_known=pl.col("sku_of").is_not_null()).drop("alias", "sku_of")


def batch_number(batch: pl.Expr, sku: pl.Expr, known: pl.Series) -> pl.Expr:
    """Return a hand-typed batch under the name of a known one: `2608-B` and `26O8B` of FW-03 are FW03-2608B; `无` and `/` are null.

    A batch keeps its own name if nothing known is meant: L2608B and X2608B stay two batches, whatever their last characters are.

    Args:
        batch, sku: As typed.
        known: Names of the batches that the shop or its orders name.
    """
    typed = batch.str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[\s\-_./#]", "")
    # A letter O between digits is a zero that was typed from a label.
    tail = typed.str.extract(r"([0-9OI]{4}[A-H])$", 1).str.head(4).str.replace_all("O", "0").str.replace_all("I", "1")
    letter = typed.str.extract(r"[0-9OI]{4}([A-H])$", 1)
    before = typed.str.extract(r"^(.*)[0-9OI]{4}[A-H]$", 1)
    plain = batch.str.strip_chars()
    is_none = plain.is_in(["", "无", "/", "-", "没有", "不详", "未知", "N/A", "NA", "n/a"])
    product = sku.str.to_uppercase().str.replace_all("[^A-Z0-9]", "")
    composed = pl.concat_str([sku.str.replace_all("-", ""), pl.lit("-"), tail, letter])
    meant = ((before == "") | (before == product)) & composed.is_in(known.implode()) & ~plain.is_in(known.implode())
    return pl.when(is_none).then(None).when(meant).then(composed).otherwise(plain)


def with_orders(feedback: pl.DataFrame, order_line: pl.DataFrame) -> pl.DataFrame:
    """Link records to order lines by line, order or waybill number, even if a waybill was typed into the order field.

    Args:
        feedback: With order_ref, waybill, sku.
        order_line: With its derived dimensions.

    Returns:
        The records with `oid` and the columns of `ORDER_COLUMNS`; the record keeps its own value if the order has none.
    """
    best = _best_line(feedback, order_line)
    taken = [column for column in ORDER_COLUMNS if column in order_line.columns]
    lines = order_line.lazy().filter(pl.col("oid").is_in(best["oid"].implode())).collect()
    lines = lines.cast({pl.Categorical: pl.String})
    linked = best.join(
        lines.select(
            "oid",
            "tid",
            *[pl.col(c).alias(f"order_{c}") for c in taken],
            order_sku="sku",
            price=pl.col("paid_amount") / pl.col("qty").clip(lower_bound=1),
        ),
        on="oid",
        how="left",
    )
    joined = feedback.drop("oid", "tid", strict=False).join(linked, on="record_id", how="left", maintain_order="left")
    own = [pl.col(c) if c in feedback.columns else pl.lit(None, lines.schema[c]) for c in taken]
    return joined.with_columns(
        pl.when(pl.col("sku_known").fill_null(False)).then(pl.col("sku")).otherwise(pl.coalesce("order_sku", "sku")).alias("sku"),
        (pl.col("sku_known") | pl.col("order_sku").is_not_null()).alias("sku_known"),
        pl.coalesce("unit_price", "price").alias("unit_price"),
        *[pl.coalesce(f"order_{c}", mine).alias(c) for c, mine in zip(taken, own, strict=True)],
    ).drop("order_sku", "price", *[f"order_{c}" for c in taken])


def _best_line(feedback: pl.DataFrame, order_line: pl.DataFrame) -> pl.DataFrame:
    """Return record_id and oid: of all lines a record may mean, the best by payment before it, surest number, and SKU."""
    reference = pl.col("order_ref").str.strip_chars()
    keys = _with_and_without_sign(
        feedback.select(
            "record_id", "submitted_at", own_sku="sku", order_key=reference, waybill_key=pl.col("waybill").str.strip_chars()
        )
    )
    wanted_lines = keys["order_key"].drop_nulls().unique()
    wanted_waybills = pl.concat([keys["order_key"], keys["waybill_key"]]).drop_nulls().unique()
    near = (
        order_line.lazy()
        .select("oid", "tid", "waybill", "sku", "paid_at")
        .filter(
            pl.col("oid").is_in(wanted_lines.implode())
            | pl.col("tid").is_in(wanted_lines.implode())
            | pl.col("waybill").is_in(wanted_waybills.implode())
        )
        .collect()
    )
    found: list[pl.DataFrame] = []
    for rank, (key, column) in enumerate(
        (("order_key", "oid"), ("order_key", "tid"), ("waybill_key", "waybill"), ("order_key", "waybill"))
    ):
        lines = near.with_columns(match=pl.col(column)).drop_nulls("match")
        joined = keys.drop_nulls(key).join(lines, left_on=key, right_on="match")
        found.append(
            joined.select(
                "record_id",
                pl.col("oid"),
                rank=pl.lit(rank),
                other_sku=(pl.col("sku") != pl.col("own_sku")).fill_null(False),
                later=(pl.col("paid_at") > pl.col("submitted_at")).fill_null(False),
            )
        )
    return (
        pl.concat(found)
        .sort("record_id", "later", "rank", "other_sku", "oid")
        .unique("record_id", keep="first", maintain_order=True)
        .select("record_id", "oid")
    )


def _without_sign(order: pl.Expr) -> pl.Expr:
    return order.str.strip_chars().str.strip_chars_start("#＃№ ")


def _with_and_without_sign(keys: pl.DataFrame) -> pl.DataFrame:
    """Add each order number in its other spelling: a shop system writes `#1001`, its customers write `1001`, or the reverse."""
    order = pl.col("order_key")
    plain = _without_sign(order)
    signed = keys.filter(plain != order).with_columns(order_key=plain.replace("", None), waybill_key=pl.lit(None, pl.String))
    bare = keys.filter((plain == order) & order.str.contains(r"\d")).with_columns(
        order_key="#" + order, waybill_key=pl.lit(None, pl.String)
    )
    return pl.concat([keys, signed, bare])


def with_cases(feedback: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """Merge records into cases: one customer × one order × one problem node within 14 days, over all channels.

    A later version (追评) joins the case of its first. A chat that names neither order nor product is one customer's and one problem's:
    its messages may come one by one. Elsewhere a sender alone is not enough, since a colleague may forward what many customers wrote.
    Needs record_id, channel and source_id where known, thread_ref, source, submitted_at, tid, order_ref, customer_ref, sku, leaf, nature.

    Returns:
        The records with `case_id`, `counted` (one complaint record of each case) and `contacts`.
    """
    problem = {code: taxonomy.problem_of(code) for code in (*taxonomy.nodes, *taxonomy.every_leaf)}
    customer = pl.when(pl.col("customer_ref").is_not_null() & (pl.col("sku").is_not_null() | (pl.col("source") == "chat"))).then(
        pl.concat_str([pl.lit("c:"), "customer_ref", pl.lit("|"), pl.col("sku").fill_null("")])
    )
    order = pl.coalesce(
        pl.lit("t:") + pl.col("tid"),
        pl.lit("t:") + _without_sign(pl.col("order_ref")),
        customer,
        pl.lit("r:") + pl.col("record_id"),
    )
    rows = feedback.select(
        "record_id",
        "submitted_at",
        "nature",
        "contact_count",
        "customer_ref",
        "sku",
        linked=pl.col("tid").is_not_null(),
        order=order,
        problem=pl.col("leaf").replace_strict(problem, default=UNCODED, return_dtype=pl.String),
    ).sort("order", "submitted_at", "record_id")
    span = timedelta(days=CASE_DAYS)
    rows = _with_customers_order(rows, span)
    rows = _with_nearest_problem(rows, span)
    rows = rows.sort("order", "problem", "submitted_at", "record_id").with_columns(
        first=((pl.col("submitted_at") - pl.col("submitted_at").shift(1).over("order", "problem")) > span).fill_null(True)
    )
    rows = rows.with_columns(case_id=pl.when("first").then(pl.col("record_id")).forward_fill())
    rows = _with_threads(rows, feedback)
    complaint = pl.col("nature") == Nature.COMPLAINT.value
    rows = rows.sort("case_id", "submitted_at", "record_id").with_columns(
        counted=complaint & (complaint.cast(pl.Int64).cum_sum().over("case_id") == 1),
        contacts=pl.col("contact_count").fill_null(1).clip(lower_bound=1).sum().over("case_id"),
    )
    return feedback.drop("case_id", "counted", "contacts", strict=False).join(
        rows.select("record_id", "case_id", "counted", "contacts"), on="record_id", how="left", maintain_order="left"
    )


def _with_nearest_problem(rows: pl.DataFrame, span: timedelta) -> pl.DataFrame:
    """Give what was not understood the order's nearest problem that was: «still not solved» is no second case."""
    known = pl.when(pl.col("problem") != UNCODED).then(pl.col("problem"))
    known_at = pl.when(pl.col("problem") != UNCODED).then(pl.col("submitted_at"))
    return rows.with_columns(
        before=known.forward_fill().over("order"),
        before_at=known_at.forward_fill().over("order"),
        after=known.backward_fill().over("order"),
        after_at=known_at.backward_fill().over("order"),
    ).with_columns(
        problem=pl.when(pl.col("problem") != UNCODED)
        .then(pl.col("problem"))
        .when(pl.col("submitted_at") - pl.col("before_at") <= span)
        .then(pl.col("before"))
        .when(pl.col("after_at") - pl.col("submitted_at") <= span)
        .then(pl.col("after"))
        .otherwise(pl.col("problem"))
    )


def _with_customers_order(rows: pl.DataFrame, span: timedelta) -> pl.DataFrame:
    """Give a record without an order the order that the same customer complained about just before or after, if the SKU fits."""
    known = rows.sort("customer_ref", "problem", "submitted_at", "record_id")
    customer = ["customer_ref", "problem"]
    for side in ("before", "after"):
        for column in ("order", "sku", "submitted_at"):
            value = pl.when("linked").then(pl.col(column))
            filled = value.forward_fill() if side == "before" else value.backward_fill()
            known = known.with_columns(filled.over(customer).alias(f"{side}_{column}"))
    takes = ~pl.col("linked") & pl.col("customer_ref").is_not_null()
    order = pl.col("order")
    for side in ("after", "before"):
        near = (pl.col("submitted_at") - pl.col(f"{side}_submitted_at")).abs() <= span
        fits = pl.col("sku").is_null() | (pl.col("sku") == pl.col(f"{side}_sku"))
        order = pl.when(takes & near.fill_null(False) & fits.fill_null(False)).then(pl.col(f"{side}_order")).otherwise(order)
    return (
        known.with_columns(order=order)
        .drop([f"{side}_{column}" for side in ("before", "after") for column in ("order", "sku", "submitted_at")])
        .sort("order", "submitted_at", "record_id")
    )


def _with_threads(rows: pl.DataFrame, feedback: pl.DataFrame) -> pl.DataFrame:
    """Give a later version (追评) the case of the record that its thread reference names."""
    later = feedback.filter(pl.col("thread_ref").is_not_null())
    if later.is_empty():
        return rows
    names = [feedback.select(thread_ref="record_id", target="record_id")]
    if {"channel", "source_id"} <= set(feedback.columns):
        names.append(feedback.select(thread_ref="source_id", target="record_id").drop_nulls())
    known = pl.concat(names).unique("thread_ref", keep="first", maintain_order=True)
    pairs = later.select("record_id", "thread_ref").join(known, on="thread_ref").filter(pl.col("record_id") != pl.col("target"))
    moved = pairs.join(rows.select(target="record_id", thread_case="case_id"), on="target").select("record_id", "thread_case")
    return (
        rows.join(moved, on="record_id", how="left", maintain_order="left")
        .with_columns(case_id=pl.coalesce("thread_case", "case_id"))
        .drop("thread_case")
    )


def claim_clusters(feedback: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Find suspected abnormal claims: 5 or more refund-only-like records within 7 days, with one destination and shared pictures.

    Returns:
        record_id, claim_cluster: only the records that lie in a cluster. They stay in all counts; both figures are shown.
    """
    refund_only = facts["aftersale"].filter(pl.col("type") == "refund_only")["oid"].drop_nulls().unique()
    refund_like = (
        pl.col("request").is_in(["refund", "compensate"])
        | (pl.col("source") == "aftersale")
        | pl.col("oid").is_in(refund_only.implode())
    ).fill_null(False)
    pictures = (
        feedback.filter(refund_like & pl.col("image_hash").is_not_null() & pl.col("destination").is_not_null())
        .select("record_id", "submitted_at", "destination", picture=pl.col("image_hash").str.split(","))
        .explode("picture")
        .with_columns(pl.col("picture").str.strip_chars())
        .filter(pl.col("picture") != "")
    )
    shared = pictures.filter(pl.col("record_id").n_unique().over("destination", "picture") >= 2)
    if shared.is_empty():
        return pl.DataFrame(schema={"record_id": pl.String, "claim_cluster": pl.String})
    records = (
        shared.group_by("record_id", "submitted_at", "destination")
        .agg(pl.col("picture").min())
        .sort("destination", "submitted_at", "record_id")
        .with_columns(
            start=(
                (pl.col("submitted_at") - pl.col("submitted_at").shift(1).over("destination")) > timedelta(days=CLUSTER_DAYS)
            ).fill_null(True)
        )
        .with_columns(claim_cluster=pl.when("start").then(pl.lit("claims-") + pl.col("record_id")).forward_fill())
    )
    window = pl.col("submitted_at").max().over("claim_cluster") - pl.col("submitted_at").min().over("claim_cluster")
    dense = (pl.len().over("claim_cluster") >= CLUSTER_SIZE) & (window <= timedelta(days=2 * CLUSTER_DAYS))
    return records.filter(dense).select("record_id", "claim_cluster").sort("record_id")
