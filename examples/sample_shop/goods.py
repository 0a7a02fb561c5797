"""Products and production batches of the sample shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from examples.sample_shop import nouns
from examples.sample_shop.moments import Floats, Ints, local
from examples.sample_shop.nouns import LINES


@dataclass
class Products:
    """All products as arrays: code, line, share within the line and prices in yuan."""

    sku: list[str]
    line: Ints
    share: Floats
    price: Floats
    cost: Floats
    index: dict[str, int]
    frame: pl.DataFrame


def products(rng: np.random.Generator) -> Products:
    """Invent the 120 products.

    Args:
        rng: Source of chance.

    Returns:
        Products, sorted by line and number; shares sum to 1 in each line.
    """
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    shares: list[float] = []
    for number, line in enumerate(LINES):
        codes = [f"{line.code}-{position:02d}" for position in range(1, line.skus + 1)]
        pinned = np.array([nouns.PINNED_SHARES.get(code, 0.0) for code in codes])
        free = np.where(pinned > 0, 0.0, rng.gamma(6.0, 1.0, line.skus))
        shares.extend((pinned + free / free.sum() * (1.0 - pinned.sum())).tolist())
        factors = rng.lognormal(0.0, 0.18, line.skus)
        factors /= np.average(factors, weights=np.array(shares[-line.skus :]))
        kinds = nouns.SKU_KINDS[line.code]
        for position, code in enumerate(codes):
            price = round(line.price * float(factors[position]), 0)
            kind = "暖风机" if code in nouns.HEATER_SKUS else kinds[position % len(kinds)]
            rows.append(
                {
                    "sku": code,
                    "name": f"朴岸 {'X' if line.code == 'FW' else line.code[0]}{position + 1} {kind}",
                    "line": line.code,
                    "listed_on": date(2024, 1, 8) + timedelta(days=int(rng.integers(0, 500))),
                    "maturity_days": line.maturity_days,
                    "price": price,
                    "cost": round(price * float(rng.uniform(0.42, 0.56)), 2),
                    "aliases": [],
                }
            )
            lines.append(number)
    for position in sorted(rng.choice(len(rows), size=5, replace=False).tolist()):
        rows[position]["aliases"] = [f"{rows[position]['sku'].replace('-', '')}-OLD"]
    schema: dict[str, Any] = {
        "sku": pl.String,
        "name": pl.String,
        "line": pl.String,
        "listed_on": pl.Date,
        "maturity_days": pl.Int64,
        "price": pl.Float64,
        "cost": pl.Float64,
        "aliases": pl.List(pl.String),
    }
    frame = pl.DataFrame(rows, schema=schema)
    codes = frame["sku"].to_list()
    return Products(
        codes,
        np.array(lines),
        np.array(shares),
        frame["price"].to_numpy(),
        frame["cost"].to_numpy(),
        {code: position for position, code in enumerate(codes)},
        frame,
    )


@dataclass
class Batches:
    """Batches as arrays, ordered by product and first shipping day (local seconds)."""

    number: list[str]
    sku: Ints
    first: Ints
    key: Ints
    index: dict[str, int]


def batches(rng: np.random.Generator, goods: Products, first_day: date, end_day: date) -> Batches:
    """Invent production batches: each ships from its first day until the next one of the product begins.

    Args:
        rng: Source of chance.
        goods: The products.
        first_day: First day of the world.
        end_day: Day after the world's last.

    Returns:
        Batches with numbers such as `FW03-2608B`.
    """
    starts: list[tuple[int, date, str]] = []
    month = (first_day.replace(day=1) - timedelta(days=1)).replace(day=1)
    months: list[date] = []
    while month < end_day:
        months.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    for position, code in enumerate(goods.sku):
        for month in months:
            starting = [int(rng.integers(1, 9))]
            if rng.random() < 0.15:
                starting.append(int(rng.integers(15, 23)))
            if (code, month) == ("FW-03", date(2026, 8, 1)):
                starting = [1, 14]
            elif (code, month) == ("FW-03", date(2026, 9, 1)):
                starting = [18]
            elif (code, month) == ("KT-05", date(2026, 7, 1)):
                starting = [1, 10, 20]
            for number, start in enumerate(starting):
                name = f"{code.replace('-', '')}-{month:%y%m}{'ABCD'[number]}"
                starts.append((position, month.replace(day=start), name))
    starts.sort()
    sku = np.array([row[0] for row in starts])
    first = np.array([local(row[1]) for row in starts])
    names = [row[2] for row in starts]
    return Batches(names, sku, first, sku * 10**11 + first, {name: number for number, name in enumerate(names)})
