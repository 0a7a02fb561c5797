"""Columns of a stored table read one after the other, in a given order of rows."""

from __future__ import annotations

import polars as pl

PIECE = 100_000
"""In a table with fewer rows, looking for repeated texts does not pay."""


def ordered_columns(rows: pl.LazyFrame, names: list[str], order: pl.Series, categories: list[str]) -> pl.DataFrame:
    """Read columns and put them into an order: of many rows column by column, so that nothing is held twice."""
    texts = [name for name, kind in rows.select(names).collect_schema().items() if kind == pl.String]
    many = order.len() > PIECE
    groups = [[name for name in names if name not in texts], *([name] for name in texts)] if many else [names]
    columns: dict[str, pl.Series] = {}
    alike: dict[str, str | None] = {}
    for group in groups:
        frame = rows.select(group).collect()
        for name in group:
            column = frame.drop_in_place(name).rechunk()
            if name in categories:
                column = column.cast(pl.Categorical)
            elif many and name in texts and column.null_count() in (0, column.len()) and _all_equal(column):
                alike[name] = column[0]  # as the channel mostly is: held once instead of once a row
                continue
            columns[name] = column.gather(order)
    frame = pl.DataFrame({"its order": order, **columns})  # tells the number of rows where all texts are alike
    return frame.with_columns(pl.lit(text, pl.String).alias(name) for name, text in alike.items()).select(names)


def _all_equal(column: pl.Series) -> bool:
    first = column[0]
    return first is None or ((column.head(1_000) == first).all() and (column == first).all())
