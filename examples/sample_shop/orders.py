"""Order lines of the sample shop: who bought what, where, when, and when it arrived."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from examples.sample_shop import nouns
from examples.sample_shop.goods import Batches, Products
from examples.sample_shop.moments import DAY, NEVER, Bools, Ints, local
from examples.sample_shop.nouns import LINE_CODES, SALES_CHANNELS
from examples.sample_shop.places import Places, choose_warehouses, places
from examples.sample_shop.purchases import Purchases, purchases
from examples.sample_shop.shipments import Shipments, shipments


@dataclass
class Orders:
    """Order lines as arrays of one length; times are local seconds, NEVER where it did not happen.

    `signed` is when the parcel truly arrived; `signed_known` is what the source says (2 % missing, .2 % skewed).
    """

    day: Ints
    week: Ints
    paid: Ints
    tid: Ints
    part: Ints
    sku: Ints
    line: Ints
    channel: Ints
    session: Ints
    region: Ints
    province: Ints
    city: Ints
    warehouse: Ints
    carrier: Ints
    qty: Ints
    presale: Bools
    cancelled: Bools
    cancelled_at: Ints
    promised: Ints
    shipped: Ints
    signed: Ints
    signed_known: Ints
    batch: Ints
    batch_known: Bools
    serial: Ints
    customer: Ints
    version: Ints
    sessions: list[dict[str, Any]] = field(default_factory=list)
    provinces: list[str] = field(default_factory=list)
    cities: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.paid)


def orders(
    streams: list[np.random.Generator], goods: Products, lots: Batches, first_day: date, weeks: int, scale: float
) -> Orders:
    """Draw all order lines.

    Args:
        streams: Eight independent sources of chance.
        goods: The products.
        lots: The batches.
        first_day: A Monday.
        weeks: Number of weeks.
        scale: Multiplies the number of orders.

    Returns:
        Orders sorted by paid time; nothing is known after the world's end.
    """
    count_rng, buy_rng, place_rng, ship_rng, lot_rng, session_rng, dirt_rng, person_rng = streams
    days = [first_day + timedelta(days=number) for number in range(weeks * 7)]
    bought = purchases([count_rng, buy_rng, session_rng], goods, first_day, weeks, scale)
    customer = person_rng.integers(0, max(int(700_000 * scale * weeks / 60), 50), bought.orders)[bought.tid]
    where = places(place_rng, bought)
    may_cancel = np.array([one.cancelled for one in SALES_CHANNELS])[bought.channel]
    cancelled = person_rng.random(bought.orders)[bought.tid] < may_cancel
    _plant_trap_rows(goods, bought, where, cancelled)
    choose_warehouses(place_rng, bought, where)
    sent = shipments(ship_rng, bought, where, cancelled, days)
    return _known_at_end(
        lot_rng, dirt_rng, goods, lots, bought, where, sent, cancelled, customer, local(first_day) + len(days) * DAY
    )


def _plant_trap_rows(goods: Products, bought: Purchases, where: Places, cancelled: Bools) -> None:
    """Make the rows of traps exist at any scale: eighteen CP-02 parcels to one district, three KT-11 sold in October."""
    for code, need, since, until in (
        ("CP-02", 18, date(2026, 8, 28), date(2026, 8, 31)),
        ("KT-11", 3, date(2026, 10, 21), date(2026, 10, 27)),
    ):
        rows = np.flatnonzero(
            (bought.line == goods.line[goods.index[code]])
            & (bought.paid >= local(since))
            & (bought.paid < local(until))
            & (bought.part == 0)
            & (bought.channel < nouns.SELF_LIVE)
        )
        rows = rows[:: max(len(rows) // need, 1)][:need]
        bought.sku[rows] = goods.index[code]
        cancelled[rows] = False
        if code == "CP-02":
            where.region[rows] = nouns.REGIONS.index("华东")
            where.province[rows] = where.provinces.index("江苏")
            where.city[rows] = where.claim_city


def _known_at_end(
    lot_rng: np.random.Generator,
    dirt_rng: np.random.Generator,
    goods: Products,
    lots: Batches,
    bought: Purchases,
    where: Places,
    sent: Shipments,
    cancelled: Bools,
    customer: Ints,
    end: int,
) -> Orders:
    """Put the order lines together as they are known at the world's end: past it nothing has happened yet."""
    total = len(bought.tid)
    batch = _batches(lots, bought, sent, end)
    lot_line = np.isin(bought.line, [LINE_CODES.index(code) for code in ("AF", "KT", "BB")])
    by_serial = np.isin(bought.line, [LINE_CODES.index(code) for code in ("FW", "SM")])
    batch_known = (batch >= 0) & (~lot_line | (lot_rng.random(total) < 0.92))
    serial = np.where(by_serial & (batch >= 0), np.arange(total) % 900_000 + 100_000, -1)
    shipped = np.where(sent.shipped < end, sent.shipped, NEVER)
    signed = np.where(sent.signed < end, sent.signed, NEVER)
    cancelled = cancelled & (sent.cancelled_at < end)
    known = np.where(dirt_rng.random(total) < 0.02, NEVER, signed)
    skewed = (dirt_rng.random(total) < 0.002) & (known < NEVER) & (bought.channel != nouns.STORE)
    known = np.where(skewed, shipped - 1800, known)
    small = {
        "day": bought.day,
        "week": bought.day // 7,
        "tid": bought.tid,
        "part": bought.part,
        "sku": bought.sku,
        "line": bought.line,
        "channel": bought.channel,
        "session": bought.session,
        "region": where.region,
        "province": where.province,
        "city": where.city,
        "warehouse": where.warehouse,
        "carrier": sent.carrier,
        "qty": bought.qty,
        "batch": batch,
        "serial": serial,
        "customer": customer,
        "version": _listing_versions(goods, bought.sku, bought.paid),
    }
    return Orders(
        **{name: values.astype(np.int32) for name, values in small.items()},
        paid=bought.paid,
        presale=sent.presale,
        cancelled=cancelled,
        cancelled_at=np.where(cancelled, sent.cancelled_at, NEVER),
        promised=sent.promised,
        shipped=shipped,
        signed=signed,
        signed_known=known,
        batch_known=batch_known,
        sessions=bought.sessions,
        provinces=where.provinces,
        cities=where.cities,
    )


def _batches(lots: Batches, bought: Purchases, sent: Shipments, end: int) -> Ints:
    """Return the batch that each line was shipped from, −1 before it is shipped."""
    batch = np.searchsorted(lots.key, bought.sku * 10**11 + np.minimum(sent.shipped, end), side="right") - 1
    return np.where(sent.shipped < end, batch, -1)


def _listing_versions(goods: Products, sku: Ints, paid: Ints) -> Ints:
    # A listing is edited about every twelve weeks; HW-12 has v7 from 2026-09-21 until it was put right on 10-19 (v8).
    base = (paid - local(date(2025, 6, 2)) + sku * 5 * DAY) // (84 * DAY) + 1
    hw = sku == goods.index["HW-12"]
    pinned = 6 + (paid >= local(date(2026, 9, 21))) + (paid >= local(date(2026, 10, 19)))
    early = np.minimum(base, 6)
    return np.where(hw, np.where(pinned > 6, pinned, early), base).astype(np.int64)
