"""The canonical tables of batches and order lines, from the arrays of the sample shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from examples.sample_shop import nouns
from examples.sample_shop.goods import Batches, Products
from examples.sample_shop.moments import DAY, EPOCH, NEVER, Bools, Ints, pick, utc
from examples.sample_shop.nouns import LINE_CODES, LINES, SALES_CHANNELS
from examples.sample_shop.orders import Orders


def listing_name(goods: Products, sku: Ints, version: Ints) -> pl.Series:
    """Return names such as `HW-12@v7` for each row."""
    frame = pl.DataFrame({"sku": pick(goods.sku, sku), "version": version})
    return frame.select(pl.format("{}@v{}", "sku", "version")).to_series()


def batch_frame(rng: np.random.Generator, goods: Products, lots: Batches, bought: Orders) -> pl.DataFrame:
    """Return the canonical `batch` table: stocks as of the world's end.

    Args:
        rng: Source of chance.
        goods: The products.
        lots: The batches.
        bought: The order lines.

    Returns:
        One row a batch that shipped at least one unit, sorted by batch number.
    """
    rows = bought.batch >= 0
    size = len(lots.number)
    moved = np.bincount(bought.batch[rows], weights=bought.qty[rows], minlength=size).astype(np.int64)
    first = np.full(size, NEVER)
    last = np.zeros(size, dtype=np.int64)
    np.minimum.at(first, bought.batch[rows], bought.shipped[rows])
    np.maximum.at(last, bought.batch[rows], bought.shipped[rows])
    open_transit = rows & (bought.signed == NEVER) & (bought.shipped < NEVER)
    transit = np.bincount(bought.batch[open_transit], weights=bought.qty[open_transit], minlength=size).astype(np.int64)
    stock = rng.integers(0, 60, size) + np.where(np.append(lots.sku[1:] != lots.sku[:-1], True), moved // 3, 0)
    supplier_stock = rng.integers(0, 40, size)
    if "FW03-2608B" in lots.index:
        stock[lots.index["FW03-2608B"]] = 312
        supplier_stock[lots.index["FW03-2608B"]] = 0
    lines = goods.line[lots.sku]
    days = [EPOCH + timedelta(days=int(value) // DAY) for value in lots.first]
    frame = pl.DataFrame(
        {
            "batch_no": lots.number,
            "sku": [goods.sku[index] for index in lots.sku],
            "supplier": [LINES[index].supplier for index in lines],
            "component_supplier": [LINES[index].component or None for index in lines],
            "made_on": [one - timedelta(days=9) for one in days],
            "qty_in": moved + stock,
            "qty_shipped": moved,
            "qty_stock": stock,
            "qty_transit": transit,
            "qty_at_supplier": supplier_stock,
            "first_ship": pl.Series(np.where(moved > 0, first, 0) // DAY, dtype=pl.Int32).cast(pl.Date),
            "last_ship": pl.Series(np.where(moved > 0, last, 0) // DAY, dtype=pl.Int32).cast(pl.Date),
            "cut_in_of": ["A-2026-W26-KT05" if name == "KT05-2607C" else None for name in lots.number],
        },
        schema_overrides={"component_supplier": pl.String, "cut_in_of": pl.String},
    )
    return frame.filter(pl.col("qty_shipped") > 0).sort("batch_no")


def order_frame(goods: Products, lots: Batches, bought: Orders, stamp_delay: Ints) -> pl.DataFrame:
    """Return the canonical `order_line` table with `source_id` and `stamp`.

    Args:
        goods: The products.
        lots: The batches.
        bought: The order lines.
        stamp_delay: Seconds from payment to the source's first knowledge of the row.

    Returns:
        One row an order line, sorted by paid time. A row is stamped when the order became known; its later times
        (shipped, signed) stand in the same row, so a review must cut them at its period's end.
    """
    has_parcel = (bought.shipped < NEVER) & (bought.channel != nouns.STORE)
    ids = pl.DataFrame({"tid": bought.tid.astype(np.int64) + 10_000_000, "part": bought.part + 1})
    oid = ids.select(pl.format("T{}-{}", "tid", "part")).to_series()
    return pl.DataFrame(
        {
            "oid": oid,
            "tid": ids.select(pl.format("T{}", "tid")).to_series(),
            "shop": pl.repeat(nouns.SHOP, len(bought), eager=True),
            **_selling(bought),
            "sku": pick(goods.sku, bought.sku),
            "listing_version": listing_name(goods, bought.sku, bought.version),
            "qty": bought.qty,
            "paid_amount": np.round(goods.price[bought.sku] * bought.qty * 0.97, 2),
            "cost_amount": np.round(goods.cost[bought.sku] * bought.qty, 2),
            "is_gift": np.zeros(len(bought), dtype=bool),
            "is_presale": bought.presale,
            "paid_at": utc(bought.paid),
            **_travel(bought, has_parcel),
            **_production(lots, bought),
            "stamp": utc(bought.paid + stamp_delay),
            "source_id": oid,
        }
    )


def _selling(bought: Orders) -> dict[str, pl.Series]:
    """Return where each line was sold: platform, traffic source, live room and session."""
    shelf_search = (bought.channel < 2) & ((bought.tid.astype(np.int64) * 2_654_435_761) % 100 < 35)
    traffic = np.where(shelf_search, len(SALES_CHANNELS), bought.channel)
    sessions, in_session = bought.sessions, bought.session >= 0
    return {
        "platform": pick([one.platform for one in SALES_CHANNELS], bought.channel),
        "traffic_source": pick([*(one.traffic for one in SALES_CHANNELS), "search"], traffic),
        "room_id": pick(
            [*(one["room_id"] for one in sessions), "R01"],
            np.where(in_session, bought.session, len(sessions)),
            in_session | (bought.channel == nouns.SELF_LIVE),
        ),
        "session_id": pick([one["session_id"] for one in sessions], np.maximum(bought.session, 0), in_session),
        "talent_ref": pick([one["talent_ref"] for one in sessions], np.maximum(bought.session, 0), in_session),
    }


def _travel(bought: Orders, has_parcel: Bools) -> dict[str, Any]:
    """Return when and how each line travelled, and where to."""
    waybills = pl.DataFrame(
        {"carrier": pick(("YJ", "YY", "YB", "YD"), bought.carrier), "tid": bought.tid.astype(np.int64) + 7_300_000_000}
    )
    transit_days = np.where(bought.region == nouns.SOUTHWEST, 5, 4) * DAY
    return {
        "promised_ship_at": utc(bought.promised),
        "shipped_at": utc(bought.shipped),
        "promised_delivery_at": utc(np.where(has_parcel, bought.shipped + transit_days, NEVER)),
        "signed_at": utc(bought.signed_known),
        "cancelled_before_ship": bought.cancelled,
        "warehouse": pick(nouns.WAREHOUSES, bought.warehouse, bought.channel != nouns.STORE),
        "waybill": waybills.select(pl.format("{}{}", "carrier", "tid")).to_series().set(pl.Series(~has_parcel), None),
        "carrier": pick(nouns.CARRIERS, bought.carrier, has_parcel),
        "dest_province": pick(bought.provinces, bought.province),
        "dest_city": pick(bought.cities, bought.city),
    }


def _production(lots: Batches, bought: Orders) -> dict[str, pl.Series]:
    """Return each line's batch, how it is known, and its serial number."""
    lot_line = np.isin(bought.line, [LINE_CODES.index(code) for code in ("AF", "KT", "BB")])
    by_serial = np.isin(bought.line, [LINE_CODES.index(code) for code in ("FW", "SM")])
    source = np.where(bought.batch < 0, 3, np.where(by_serial, 0, np.where(lot_line, np.where(bought.batch_known, 1, 3), 2)))
    serial = pl.DataFrame({"lot": pick(lots.number, np.maximum(bought.batch, 0)), "no": bought.serial}).select(
        pl.when(pl.col("no") >= 0).then(pl.format("{}{}", pl.col("lot").str.replace("-", "", literal=True), "no"))
    )
    return {
        "batch_no": pick(lots.number, np.maximum(bought.batch, 0), bought.batch_known),
        "batch_source": pick(("sn", "wms_lot", "date_window", "none"), source),
        "serial_no": serial.to_series(),
    }
