"""Values of dimensions that no source provides: looked up in maps or in other tables."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import polars as pl

from tasks.errors import ConfigurationError
from tasks.model.facts import Facts
from tasks.shop.dimensions import Dimension
from tasks.shop.load import Shop

_KEYS = {"batch": "batch_no", "product": "sku"}


def with_dimensions(frame: pl.DataFrame, table: str, facts: Facts, shop: Shop) -> pl.DataFrame:
    """Return a table with all declared dimensions as columns; an unknown value is null (or the map's `otherwise`).

    Args:
        frame: Rows of the table.
        table: `order_line` or `feedback`.
        facts: Tables that dimensions are looked up in.
        shop: Declared dimensions and map files.

    Raises:
        ConfigurationError: If a map file or a named column is missing.
    """
    for dimension in shop.dimensions.derived(table):
        frame = _with_dimension(frame, dimension, facts, shop)
    missing = [d.name for d in shop.dimensions.dimensions if d.table == table and d.name not in frame.columns]
    return frame.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)


def _with_dimension(frame: pl.DataFrame, dimension: Dimension, facts: Facts, shop: Shop) -> pl.DataFrame:
    column = dimension.source_column
    if column not in frame.columns:
        return frame if dimension.name in frame.columns else frame.with_columns(pl.lit(None, pl.String).alias(dimension.name))
    if dimension.through == "earlier_orders":
        return _with_buyer_group(frame, dimension)
    pairs = _pairs(dimension, facts, shop)
    if pairs is None:
        return frame.with_columns(pl.col(column).alias(dimension.name))
    kept = (
        pl.lit(dimension.otherwise) if dimension.otherwise else (pl.lit(None, pl.String) if dimension.through else pl.col(column))
    )
    # Look up the distinct values, then join: a table of a million rows has a few dozen of them.
    distinct = frame.select(pl.col(column).unique()).with_columns(pl.col(column).cast(pl.String).alias("from"))
    found = pl.coalesce("to", kept).cast(frame.schema[column] if frame.schema[column] == pl.Categorical else pl.String)
    looked = distinct.join(pairs, on="from", how="left").select(column, found.alias("_value"))
    # only the column itself is joined: a join of all columns would hold the table twice
    names = [column, *([dimension.name] if dimension.name in frame.columns and dimension.name != column else [])]
    joined = frame.select(names).join(looked, on=column, how="left", nulls_equal=True, maintain_order="left")
    value = pl.coalesce("_value", dimension.name) if dimension.name in frame.columns and dimension.through else pl.col("_value")
    return frame.with_columns(joined.select(value.alias(dimension.name)).to_series())


def _with_buyer_group(frame: pl.DataFrame, dimension: Dimension) -> pl.DataFrame:
    """Add whether the buyer had paid for another order on the same platform before.

    Null if the buyer is unknown, or if the known history is shorter than that span: someone who seems new may not be.
    """
    span = timedelta(days=dimension.within_days)
    # 64-bit hashes of the long texts sort and join several times faster
    keys = frame.select(
        buyer=pl.concat_str(dimension.source_column, pl.col("platform").fill_null(""), separator="\x1f").hash(),
        order=pl.col("tid").hash(),
        is_known=pl.all_horizontal(pl.col(dimension.source_column, "tid", "paid_at").is_not_null()),
        paid_at="paid_at",
    )
    orders = keys.filter("is_known").group_by("buyer", "order").agg(pl.col("paid_at").min()).sort("buyer", "paid_at", "order")
    since = pl.col("paid_at") - pl.col("paid_at").shift(1).over("buyer")
    value = pl.when((since <= span).fill_null(value=False)).then(pl.lit("returning")).otherwise(pl.lit("new"))
    grouped = orders.with_columns(value=value).filter(pl.col("paid_at") >= pl.col("paid_at").min() + span)
    joined = keys.join(grouped.select("buyer", "order", "value"), on=["buyer", "order"], how="left", maintain_order="left")
    return frame.with_columns(joined["value"].alias(dimension.name))


def _pairs(dimension: Dimension, facts: Facts, shop: Shop) -> pl.DataFrame | None:
    if dimension.values:
        rows = [(source, value) for value, sources in dimension.values.items() for source in sources]
    elif dimension.map_file:
        reader = csv.DictReader(io.StringIO(shop.text(dimension.map_file)))
        if reader.fieldnames is None or not {"from", "to"} <= set(reader.fieldnames):
            raise ConfigurationError(
                f"The map {dimension.map_file} of the dimension {dimension.name} lacks the header from,to.",
                hint="Write from,to as its first line.",
            )
        rows = [(row["from"], row["to"]) for row in reader]
    elif dimension.through:
        table, given = facts[dimension.through], dimension.gives or dimension.name
        if given not in table.columns:
            raise ConfigurationError(
                f"The dimension {dimension.name} looks for the column {given} in {dimension.through}, which lacks it.",
                hint=f"Name one of {', '.join(table.columns)} under gives.",
            )
        key = _KEYS[dimension.through]
        return (
            table.select(pl.col(key).alias("from"), pl.col(given).cast(pl.String).alias("to"))
            .drop_nulls("from")
            .unique("from", keep="first", maintain_order=True)
        )
    else:
        return None
    return pl.DataFrame(rows, schema={"from": pl.String, "to": pl.String}, orient="row").unique(
        "from", keep="first", maintain_order=True
    )
