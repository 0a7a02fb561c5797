"""Check-up of the currencies of amounts and of the shop's exchange rates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from flows.console.checks.finding import Finding
from tasks.classify.currencies import in_shops_currency
from tasks.model.foreign_amounts import MONEY, money_moments
from tasks.run import Stores
from tasks.shop.exchange_rates import FILE, STALE_DAYS
from tasks.shop.load import Shop


def currencies(opened: Stores, shop: Shop, now: datetime) -> Finding:
    """Look for amounts in currencies without a rate, and for currencies in use whose last rate is old."""
    what, home = "currencies", shop.identity.currency
    columns = {table: ["currency", *amounts, *money_moments(table)] for table, amounts in MONEY.items()}
    columns["feedback"].append("currency_rate")
    tables = {table: opened.lake.as_of(table, now, columns=names) for table, names in columns.items()}
    told = in_shops_currency(tables, shop)[1]
    if told.is_empty():
        return Finding("ok", what, f"All amounts are in {home}.")
    unrated = (
        told.filter(~pl.col("converted")).group_by("currency").agg(pl.col("rows").sum(), pl.col("day").min()).sort("currency")
    )
    today = now.astimezone(ZoneInfo(shop.identity.zone)).date()
    used = sorted(told.filter(pl.col("noted").is_not_null())["currency"].unique())
    old = [f"{code} ({last})" for code in used if (last := _last(shop, code, home)) < today - timedelta(days=STALE_DAYS)]
    if not unrated.height and not old:
        return Finding("ok", what, f"Amounts in {', '.join(sorted(told['currency'].unique()))} are converted to {home}.")
    lacking = [f"{count:,} in {code} (from {day or 'a day that is not known'} on)" for code, count, day in unrated.iter_rows()]
    sentences = [f"Amounts without a rate to {home} are counted nowhere: {'; '.join(lacking)}."] if lacking else []
    sentences += [f"The last rate is old: {', '.join(old)}."] if old else []
    line = (
        f"{unrated['currency'][0]},{home},{unrated['day'][0] or 'YYYY-MM-DD'},RATE"
        if lacking
        else f"{old[0][:3]},{home},{today},RATE"
    )
    return Finding("warn", what, " ".join(sentences), f"Add lines to config/{FILE} under from,to,date,rate, such as {line}.")


def _last(shop: Shop, code: str, home: str) -> date:
    return shop.exchange_rates.course(code, home)[-1][0]
