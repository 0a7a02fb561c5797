"""A small English shop with orders, tickets and after-sales orders as CSV, invented row by row: one lot is bad since week 43."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from flows.console.init import make_home
from flows.console.new_shop import beginning

CHANNELS = """
channels:
  - name: desk
    label: {en: Help desk}
    table: feedback
    source: ticket
    read: {kind: delimited, files: ["inbox/tickets.csv"]}
    source_id: id
    columns: {submitted_at: created, text: text, order_ref: order, sku: sku, first_human_at: reply, customer_ref: buyer}
  - name: orders
    label: {en: Orders}
    table: order_line
    read: {kind: delimited, files: ["inbox/orders.csv"]}
    columns: {oid: line, tid: order, sku: sku, qty: qty, paid_amount: paid, paid_at: paid_at, shipped_at: shipped_at, signed_at: signed_at, carrier: carrier, batch_no: lot, platform: site}
  - name: returns
    label: {en: Returns}
    table: aftersale
    read: {kind: delimited, files: ["inbox/returns.csv"]}
    columns:
      aftersale_id: id
      oid: line
      sku: sku
      type: "=return_refund"
      phase: "=after_sign"
      applied_at: asked
      agreed_at: agreed
      refunded_at: refunded
      refund_amount: amount
      reason_buyer_last: {from: why, map: {broken: quality, other: changed_mind}}
      decided_by: "=merchant"
"""
PEOPLE = """
roles:
  客服: {en: Customer service}
  品控: {en: Quality}
  供应链: {en: Supply chain}
  仓配: {en: Warehouse and delivery}
  电商运营: {en: Shop operations}
  直播运营: {en: Live streaming}
  产品研发: {en: Product development}
  法务: {en: Legal}
  财务: {en: Finance}
  总经理: {en: General manager}
people:
  - {name: Dana Reed, mail: dana@dusk.example, roles: [总经理, 财务, 法务]}
  - {name: Sam Hill, mail: sam@dusk.example, roles: [客服, 电商运营, 直播运营]}
  - {name: Kim Poole, mail: kim@dusk.example, roles: [品控, 产品研发, 供应链, 仓配]}
default_owner: Dana Reed
"""
READERS = """
audiences:
  executive:
    name: {en: Management}
    recipients: [{mail: dana@dusk.example, name: Dana Reed}]
  counsel:
    name: {en: Counsel}
    restricted: true
    recipients: [{mail: counsel@dusk.example, name: Counsel}]
"""
SKUS = ("LAMP-USB-02", "MUG-HEAT-01", "PAD-WARM-03")
USUAL = (
    "The colour is darker than the picture",
    "Arrived two days late",
    "Missing screw in the box",
    "It smells of plastic",
    "When will it ship?",
)
FIRST = date(2026, 3, 2)


def write_english_shop(home: Path, last: date = date(2026, 11, 15), seed: int = 3) -> None:
    """Write a home whose language is English: configuration by `init`, then its own channels, people and readers.

    Args:
        home: An empty folder.
        last: Last day with data.
        seed: Of the invented rows.
    """
    make_home(home, beginning(name="Dusk Lamps", languages=("en",), zone="Europe/London", currency="GBP"), 2026)
    for name, text in (("channels.yaml", CHANNELS), ("people.yaml", PEOPLE), ("audiences.yaml", READERS)):
        (home / "config" / name).write_text(text, "utf-8")
    chance = random.Random(seed)
    orders: list[Sequence[object]] = []
    tickets: list[Sequence[object]] = []
    returns: list[Sequence[object]] = []
    for number in range(((last - FIRST).days + 1) * 30):
        paid = datetime.combine(FIRST + timedelta(days=number // 30), datetime.min.time()) + timedelta(
            minutes=480 + number % 30 * 25
        )
        sku, carrier = SKUS[number % 3], ("Parcelway", "Northmail")[number // 3 % 2]
        lot = "L2610B" if paid.date() >= date(2026, 10, 12) else f"L{paid:%y%m}A"
        line, signed = f"N{number:05d}-1", paid + timedelta(days=3)
        orders.append(
            (
                line,
                f"N{number:05d}",
                sku,
                1,
                f"{19 + number % 7}.00",
                paid,
                paid + timedelta(days=1),
                signed,
                carrier,
                lot,
                "Web shop",
            )
        )
        bad = sku == SKUS[0] and lot == "L2610B"
        if chance.random() < (0.25 if bad else 0.02):
            asked = signed + timedelta(days=chance.randint(1, 9), minutes=chance.randint(0, 500))
            text = "The lamp won't turn on any more, it is faulty" if bad else chance.choice(USUAL)
            tickets.append(
                (f"T{number:05d}", asked, text, f"N{number:05d}", line, sku, asked + timedelta(minutes=25), f"buyer{number}")
            )
            if chance.random() < 0.5:
                returns.append(
                    (f"R{number:05d}", line, sku, asked, asked + timedelta(hours=4), asked + timedelta(days=2), "19.00", "broken")
                )
    tickets.append(
        (
            "T99999",
            datetime(2026, 11, 12, 9),
            "The lamp caught fire and burnt my hand",
            "N07000",
            "N07000-1",
            SKUS[1],
            datetime(2026, 11, 12, 9, 20),
            "b9",
        )
    )
    until = datetime.combine(last, datetime.max.time())
    _table(home / "inbox/orders.csv", "line order sku qty paid paid_at shipped_at signed_at carrier lot site", orders)
    _table(home / "inbox/tickets.csv", "id created text order line sku reply buyer", [row for row in tickets if row[1] <= until])  # type: ignore[operator]
    _table(
        home / "inbox/returns.csv", "id line sku asked agreed refunded amount why", [row for row in returns if row[3] <= until]
    )  # type: ignore[operator]


def _table(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split())
        writer.writerows(rows)
