"""Shopify's ready-made declarations against a server that answers as its Admin API does: Link pages, 429, a 500 in the middle."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.collect.pull import pull_channel
from tasks.connect.declaration import channel_of
from tasks.connect.vendors import vendor_blocks
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tests.makers.shops import default_shop
from tests.makers.vendor_server import Asked, Told, VendorServer, serving

pytestmark = pytest.mark.peer
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = (Settings().shared or ROOT.parent / "shared") / "data" / "api_fixtures" / "shopify" / "test" / "fixtures"


def _line(number: int, sku: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "sku": sku,
        "title": "Lamp",
        "quantity": 2,
        "price": "20.00",
        "variant_id": 9,
        "discount_allocations": [],
        **more,
    }


def _order(number: int, lines: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "id": 8000 + number, "name": f"#{number}", "test": False, "financial_status": "paid", "taxes_included": False,
        "created_at": f"2026-11-0{number % 10}T03:00:00-05:00", "processed_at": f"2026-11-0{number % 10}T03:00:01-05:00",
        "updated_at": "2026-11-07T10:00:00-05:00", "cancelled_at": None, "email": "ann@mail.example", "line_items": lines,
        "shipping_address": {"province": "Kentucky", "city": "Louisville", "country": "United States", "phone": "199-0000-1234"},
        "fulfillments": [], "refunds": [], **more,
    }  # fmt: skip


PARCEL = {
    "created_at": "2026-11-02T09:00:00-05:00", "updated_at": "2026-11-05T16:00:00-05:00", "status": "success",
    "shipment_status": "delivered", "tracking_company": "UPS", "tracking_number": "1Z2345", "location_id": 3,
}  # fmt: skip
REFUND = {
    "id": 50, "created_at": "2026-11-06T08:00:00-05:00", "processed_at": "2026-11-06T08:00:02-05:00", "note": "it broke, call 199-0000-1234",
    "refund_line_items": [
        {"id": 501, "line_item_id": 11, "quantity": 1, "restock_type": "return", "subtotal": 18.0, "total_tax": 1.5, "line_item": {"sku": "L-1"}},
        {"id": 502, "line_item_id": 12, "quantity": 1, "restock_type": "no_restock", "subtotal": "20.00", "total_tax": "0.00", "line_item": {"sku": ""  , "variant_id": 9}},
    ],
    "transactions": [{"amount": "39.50", "kind": "refund"}],
}  # fmt: skip
GOODWILL = {
    "id": 51, "created_at": "2026-11-06T09:00:00-05:00", "note": None, "refund_line_items": [], "transactions": [{"amount": "5.00", "kind": "refund"}],
}  # fmt: skip
ORDERS = [
    _order(1001, [_line(11, "L-1", discount_allocations=[{"amount": "4.00"}, {"amount": "1.00"}]), _line(12, "")], fulfillments=[PARCEL], refunds=[REFUND, GOODWILL], financial_status="partially_refunded"),
    _order(1002, [_line(13, "L-2")]),
    _order(1003, [_line(14, "L-2")], cancelled_at="2026-11-04T09:00:00-05:00"),
    _order(1004, [_line(15, "L-2")], test=True),
    _order(1005, [_line(16, "L-2")], financial_status="pending"),
]  # fmt: skip
PRODUCTS = [
    {"id": 1, "title": "Lamp", "product_type": "Lamps", "vendor": "Lumen", "published_at": "2026-01-02T09:00:00-05:00", "status": "active",
     "variants": [{"id": 9, "sku": "L-1", "title": "red", "price": "20.00", "barcode": "400"}, {"id": 10, "sku": None, "title": "Default Title", "price": "21.00", "barcode": None}]},
    {"id": 2, "title": "Cup", "product_type": "", "vendor": "Lumen", "published_at": None, "status": "active", "variants": [{"id": 11, "sku": "C-1", "title": "Default Title", "price": "3.00"}]},
]  # fmt: skip


def _answer(asked: Asked) -> Told:
    """Two orders a page; the next page's address stands in the header, and carries no other parameter."""
    if asked.headers.get("x-shopify-access-token") != "right":
        return Told({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401)
    if asked.path.endswith("/products.json"):
        return Told({"products": PRODUCTS})
    assert set(asked.query) <= (
        {"page_info", "limit"} if "page_info" in asked.query else {"status", "limit", "fields", "updated_at_min"}
    )
    first = int(asked.query.get("page_info", "0"))
    link = f'<{asked.address}{asked.path}?page_info={max(first - 2, 0)}&limit=250>; rel="previous"'
    if first + 2 < len(ORDERS):
        link += f', <{asked.address}{asked.path}?page_info={first + 2}&limit=250>; rel="next"'
    return Told({"orders": ORDERS[first : first + 2]}, headers={"Link": link, "X-Shopify-Shop-Api-Call-Limit": "1/40"})


def _pull(
    home: Path,
    server: VendorServer,
    name: str,
    start: datetime | None = None,
    waits: list[float] | None = None,
    secret: str = "right",
) -> PulledRows:
    (home / "secrets").mkdir(exist_ok=True)
    (home / "secrets" / "shopify_token").write_text(secret)
    [block] = [block for block in vendor_blocks("shopify") if channel_of(block).name == name]
    return pull_channel(
        channel_of([line.replace("https://YOUR-SHOP.myshopify.com", server.address) for line in block]),
        window_start=start, window_end=NOW, shop=default_shop(), settings=Settings(home=home, secret="a key for tests only"),  # type: ignore[arg-type]
        now=NOW, wait=(waits if waits is not None else []).append,
    )  # fmt: skip


def test_order_lines(tmp_path: Path) -> None:
    """Every line is a row with its order's cells; unpaid and test orders are none; a line without SKU has its variant."""
    with serving(_answer, [Told({}, 429, {"Retry-After": "2.0"}), None, Told({}, 500)]) as server:
        waits: list[float] = []
        batch = _pull(tmp_path, server, "shopify_orders", waits=waits)
        assert batch.error == "" and batch.unreadable.is_empty()
        assert waits[0] == 2.0
        assert len(server.asked) == 3
    rows = batch.frame.select("oid", "tid", "sku", "qty", "paid_amount", "cancelled_before_ship").sort("oid").rows()
    assert rows == [
        ("11", "1001", "L-1", 2, 35.0, False),
        ("12", "1001", "9", 2, 40.0, False),
        ("13", "1002", "L-2", 2, 40.0, False),
        ("14", "1003", "L-2", 2, 40.0, True),
    ]
    first = batch.frame.sort("oid").row(0, named=True)
    assert first["paid_at"] == datetime(2026, 11, 1, 8, 0, 1, tzinfo=UTC)
    assert (first["shipped_at"], first["signed_at"]) == (
        datetime(2026, 11, 2, 14, tzinfo=UTC),
        datetime(2026, 11, 5, 21, tzinfo=UTC),
    )
    assert (first["carrier"], first["dest_province"], first["platform"]) == ("UPS", "Kentucky", "shopify")
    assert "ann@mail.example" not in str(batch.frame.rows())


def test_refunds(tmp_path: Path) -> None:
    """A row for each refunded line, with its tax; one for money alone; none for orders that refund nothing."""
    with serving(_answer) as server:
        batch = _pull(tmp_path, server, "shopify_refunds")
    assert batch.error == "" and batch.unreadable.is_empty()
    rows = batch.frame.select("aftersale_id", "oid", "sku", "qty", "type", "phase", "refund_amount").sort("aftersale_id").rows()
    assert rows == [
        ("50/501", "11", "L-1", 1, "return_refund", "after_sign", 19.5),
        ("50/502", "12", "9", 1, "refund_only", "after_sign", 20.0),
        ("51", None, None, None, "refund_only", "after_sign", 5.0),
    ]
    assert batch.frame["flags"].list.len().sum() == 0
    assert "199-0000-1234" not in str(batch.frame.rows())
    assert batch.frame.sort("aftersale_id")["reason_agent"].to_list() == ["quality", "quality", None]
    assert batch.frame.sort("aftersale_id")["returned_at"].null_count() == 2 and batch.frame["refunded_at"].null_count() == 0


def test_products(tmp_path: Path) -> None:
    with serving(_answer) as server:
        batch = _pull(tmp_path, server, "shopify_products")
    rows = batch.frame.select("sku", "name", "line", "price").sort("sku").rows()
    assert rows == [("10", "Lamp", "Lamps", 21.0), ("C-1", "Cup", "Lumen", 3.0), ("L-1", "Lamp / red", "Lamps", 20.0)]


def test_later_pulls_ask_for_changed_orders_and_a_refused_token_is_told(tmp_path: Path) -> None:
    with serving(_answer) as server:
        assert _pull(tmp_path, server, "shopify_orders", datetime(2026, 11, 5, tzinfo=UTC)).error == ""
        assert server.asked[0].query["updated_at_min"] == "2026-11-02T00:00:00Z"
        refused = _pull(tmp_path, server, "shopify_orders", secret="wrong-token")
    assert "refused our credentials (401)" in refused.error and "wrong-token" not in refused.error + refused.hint


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the shared data sets with the vendors' published bodies are not there")
def test_shopifys_published_bodies_are_read(tmp_path: Path) -> None:
    """The published order, its lines and the published refund come whole."""
    order = json.loads((PUBLISHED / "order.json").read_text("utf-8"))["order"]
    order["refunds"] = [json.loads((PUBLISHED / "refund.json").read_text("utf-8"))["refund"]]
    order["financial_status"] = "partially_refunded"
    products = {"products": json.loads((PUBLISHED / "products.json").read_text("utf-8"))}
    with serving(lambda asked: Told({"orders": [order]} if "orders" in asked.path else products)) as server:
        lines = _pull(tmp_path, server, "shopify_orders")
        refunds = _pull(tmp_path, server, "shopify_refunds")
        goods = _pull(tmp_path, server, "shopify_products")
    assert lines.error == refunds.error == goods.error == ""
    assert sorted(lines.frame["oid"]) == sorted(str(line["id"]) for line in order["line_items"])
    assert lines.frame["paid_amount"].to_list() == [199.0] * 3
    assert sorted(refunds.frame["oid"]) == ["466157049", "703073504"]
    assert goods.frame.height == sum(len(product["variants"]) for product in products["products"])
