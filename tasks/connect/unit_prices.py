"""Whether the amounts of order lines are prices of one piece, told by their cells first and by their heading otherwise."""

from __future__ import annotations

import polars as pl

from tasks.collect.mapping.quantities import read_numbers
from tasks.connect.headings import plain

SAME = 0.02
"""Prices that differ by less are the same."""
_ONE = (
    "unit price",
    "price each",
    "each",
    "lineitem price",
    "line items price",
    "line item price",
    "price per unit",
    "单价",
    "单件价格",
)
_LINE = ("total", "amount", "subtotal", "paid", "金额", "实付", "应付", "小计")


def is_unit_price(rows: pl.DataFrame, price: str, quantity: str, article: str) -> bool | None:
    """Return whether a column holds the price of one piece; None if nothing decides.

    Articles that were bought once in one piece and once in several decide: the price stays, or it grows with the pieces.

    Args:
        rows: Native cells.
        price, quantity: Headings.
        article: Heading of the article, or nothing.
    """
    cells = pl.DataFrame(
        {
            "price": read_numbers(rows[price].cast(pl.String, strict=False)).values,
            "pieces": read_numbers(rows[quantity].cast(pl.String, strict=False)).values,
            "article": rows[article].cast(pl.String, strict=False) if article else pl.repeat("", rows.height, eager=True),
        }
    ).filter((pl.col("price") > 0) & (pl.col("pieces") > 0))
    if not (cells["pieces"] > 1).any():
        return False
    single = cells.filter(pl.col("pieces") == 1).group_by("article").agg(one=pl.col("price").median())
    several = cells.filter(pl.col("pieces") > 1).join(single, on="article")
    stays = (several["price"] / several["one"] - 1).abs() < SAME
    grows = (several["price"] / (several["one"] * several["pieces"]) - 1).abs() < SAME
    if article and int(stays.sum()) != int(grows.sum()):
        return int(stays.sum()) > int(grows.sum())
    heading = plain(price)
    if any(word == heading or f" {word} " in f" {heading} " or (not word.isascii() and word in heading) for word in _ONE):
        return True
    return False if any(word in heading for word in _LINE) else None
