"""The currency of each row: of its own column, of its channel, or as its amounts are written."""

from __future__ import annotations

import polars as pl

from tasks.collect.mapping.cells import Work, as_text
from tasks.collect.mapping.faults import doubt
from tasks.model.foreign_amounts import MONEY
from tasks.shop.currencies import currency_code, written_currencies


def note_written_currencies(work: Work, name: str, cells: pl.Series) -> None:
    """Remember which currencies the cells of an amount name: `US$12`, `12,50 €`."""
    if name not in MONEY.get(work.channel.table, ()):
        return
    worded = (cells.cast(pl.Float64, strict=False).is_null() & cells.is_not_null()).arg_true()
    if worded.is_empty():
        return
    found = written_currencies(cells.gather(worded), _channels_currency(work))
    code, shared = found["code"], found["shared"]
    if code.null_count() < code.len():
        empty = pl.Series([None], dtype=pl.String).new_from_index(0, cells.len())
        everywhere = pl.repeat(True, cells.len(), dtype=pl.Boolean, eager=True)
        work.currencies.append((name, empty.scatter(worded, code), everywhere.scatter(worded, shared)))


def with_row_currencies(work: Work, columns: dict[str, pl.Series]) -> None:
    """Make the column `currency` of a table that has one: codes of ISO 4217, null where it is the shop's by silence.

    The column of a source goes before a sign that several currencies share; a sign of one currency alone (`€`) that contradicts it
    is flagged `currency_doubtful:<column>`. Where the channel gives one currency for all rows, a cell's own sign goes before it.
    """
    if work.channel.table not in MONEY:
        return
    spec, home = work.channel.columns.get("currency"), work.shop.identity.currency
    given = _as_codes(columns["currency"], home) if "currency" in columns else None
    if not work.currencies:
        if given is not None:
            columns["currency"] = given.alias("currency")
        return
    signs = pl.DataFrame([code.alias(str(place)) for place, (_, code, _) in enumerate(work.currencies)])
    written = signs.select(pl.coalesce(pl.all())).to_series()
    if given is None:
        columns["currency"] = pl.select(pl.when(written != home).then(written)).to_series().alias("currency")
        return
    stated = as_text(given)
    for name, code, shared in work.currencies:
        against = (code.is_not_null() & stated.is_not_null() & (code != stated) & ~shared).fill_null(False)
        if spec is not None and spec.const is None:
            doubt(work, name, f"currency_doubtful:{name}", against, code, "is not the currency that its row names")
    first = (written, stated) if spec is not None and spec.const is not None else (stated, written)
    columns["currency"] = pl.select(pl.coalesce(*first)).to_series().alias("currency")


def _channels_currency(work: Work) -> str:
    """Return the currency that a channel gives for all its rows, else the shop's."""
    spec, home = work.channel.columns.get("currency"), work.shop.identity.currency
    return (currency_code(str(spec.const), home) if spec is not None and spec.const is not None else "") or home


def _as_codes(given: pl.Series, home: str) -> pl.Series:
    """Write currencies as codes; what is none stays as it is, and is told as a currency without a rate."""
    names = as_text(given.unique()).drop_nulls()
    codes = pl.Series([currency_code(name, home) or name for name in names], dtype=pl.String)
    if codes.equals(names):
        return given
    return as_text(given).replace_strict(names, codes, default=None, return_dtype=pl.String)
