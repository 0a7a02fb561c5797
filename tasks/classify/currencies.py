"""Amounts in other currencies, in the shop's: converted by its table of exchange rates, or counted nowhere and told."""

from __future__ import annotations

import polars as pl

from tasks.model.foreign_amounts import FOREIGN_SCHEMA, MONEY, money_day
from tasks.shop.load import Shop


def in_shops_currency(tables: dict[str, pl.DataFrame], shop: Shop) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Convert the amounts of rows that name another currency, by the last rate at or before the day of the money.

    A rate of the source itself (`currency_rate`) goes before the table's. An amount without a rate becomes null, so that nothing
    counts it as 1:1. A row without a currency is in the shop's.

    Args:
        tables: Frames by canonical table name; those without foreign amounts come back as they are.
        shop: Its currency, zone and rates.

    Returns:
        The tables, and what became of the foreign amounts (`FOREIGN_SCHEMA`).
    """
    told = [pl.DataFrame(schema=FOREIGN_SCHEMA)]
    changed = dict(tables)
    for name in MONEY:
        frame = tables.get(name)
        if frame is None or "currency" not in frame.columns:
            continue
        found = _converted(name, frame, shop)
        if found is not None:
            changed[name], report = found
            told.append(report)
    return changed, pl.concat(told).sort(["table", "currency", "day", "noted"], nulls_last=True)


def _converted(table: str, frame: pl.DataFrame, shop: Shop) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    home = shop.identity.currency
    codes = frame["currency"].unique().cast(pl.String).drop_nulls()
    foreign = codes.filter(codes != home).to_list()
    if not foreign:
        return None
    rows = frame["currency"].cast(pl.String).is_in(foreign).fill_null(False).arg_true()
    amounts = [name for name in MONEY[table] if name in frame.columns]
    given = pl.col("currency_rate") if "currency_rate" in frame.columns else pl.lit(None, pl.Float64).alias("currency_rate")
    small = frame.select(
        pl.col("currency").gather(rows).cast(pl.String),
        given.gather(rows) if "currency_rate" in frame.columns else given,
        money_day(table, frame, shop.identity.zone).gather(rows).alias("day"),
        *(pl.col(name).gather(rows) for name in amounts),
    ).with_row_index("row")
    small = _rated(small, sorted(foreign), shop)
    own = pl.col("currency_rate").is_not_null()
    rate = pl.coalesce("currency_rate", "rate")
    report = (
        small.filter(pl.any_horizontal(pl.col(amounts).is_not_null()))
        .select(
            "currency",
            "day",
            noted=pl.when(~own).then("noted"),
            by_source=own,
            converted=rate.is_not_null(),
        )
        .group_by("currency", "day", "noted", "by_source", "converted")
        .agg(rows=pl.len().cast(pl.Int64))
        .select(pl.lit(table).alias("table"), *(name for name in FOREIGN_SCHEMA if name != "table"))
    )
    values = [frame[name].scatter(rows, small.select(pl.col(name) * rate).to_series()) for name in amounts]
    return frame.with_columns(values), report


def _rated(small: pl.DataFrame, foreign: list[str], shop: Shop) -> pl.DataFrame:
    """Add to each row the last rate of its currency at or before its day, and the day on which this was noted."""
    home = shop.identity.currency
    courses = [(code, day, value) for code in foreign for day, value in shop.exchange_rates.course(code, home)]
    rates = pl.DataFrame(courses, schema={"currency": pl.String, "noted": pl.Date, "rate": pl.Float64}, orient="row")
    known = small.filter(pl.col("day").is_not_null()).sort("day").select("row", "currency", "day")
    found = known.join_asof(
        rates.sort("noted"), left_on="day", right_on="noted", by="currency", coalesce=False, check_sortedness=False
    )
    return small.join(found.select("row", "noted", "rate"), on="row", how="left", maintain_order="left")
