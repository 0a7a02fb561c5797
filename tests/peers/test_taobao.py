"""Taobao's ready-made declarations against a server that verifies signatures as its open platform does."""

import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.makers.vendor_channels import PUBLISHED, vendor_pull
from tests.makers.vendor_server import Asked, Told, serving

pytestmark = pytest.mark.peer
SECRETS = {"taobao_app_secret": "secret-of-the-app", "taobao_session": "session-of-the-shop"}
METADATA = PUBLISHED / "taobao_top" / "metadata" / "assets" / "json"


def _refund(number: int, **more: Any) -> dict[str, Any]:
    return {
        "refund_id": f"876543219876543{number}", "tid": 2345678901234567890 + number, "oid": 2345678901234567900 + number, "title": "可充电台灯",
        "outer_id": "LAMP-1", "num": 1, "buyer_nick": "t**9", "buyer_open_uid": "AAE-9", "created": f"2026-11-0{number} 09:30:00",
        "modified": f"2026-11-0{number} 21:00:00", "status": "SUCCESS", "order_status": "TRADE_CLOSED", "good_status": "BUYER_RETURNED_GOODS",
        "has_good_return": True, "refund_fee": "129.50", "total_fee": "129.50", "reason": "质量问题", "desc": "充不进电，电话199-0000-1234", **more,
    }  # fmt: skip


REFUNDS = [
    _refund(2),
    _refund(3, status="WAIT_SELLER_AGREE", order_status="WAIT_SELLER_SEND_GOODS", good_status="BUYER_NOT_RECEIVED", has_good_return=False, reason="不想要了"),
    _refund(4, dispute_type="TMALL_EXCHANGE", status="WAIT_BUYER_RETURN_GOODS", good_status="BUYER_RECEIVED"),
    _refund(5, good_status="BUYER_NOT_RECEIVED", reason="", desc="", outer_id=""),
]  # fmt: skip
LINE = {
    "oid": 2345678901234567902, "title": "可充电台灯", "outer_iid": "LAMP-1", "num": 2, "payment": "260.00", "divide_order_fee": "259.00", "status": "WAIT_BUYER_CONFIRM_GOODS",
    "consign_time": "2026-11-02 18:00:00", "logistics_company": "中通快递", "invoice_no": "75312345678901", "store_code": "HZ1",
}  # fmt: skip
TRADES = [
    {
        "tid": 2345678901234567892, "status": "WAIT_BUYER_CONFIRM_GOODS", "created": "2026-11-02 09:00:00", "modified": "2026-11-02 18:00:01",
        "pay_time": "2026-11-02 09:01:00", "receiver_state": "浙江省", "receiver_city": "杭州市", "receiver_name": "张**", "receiver_mobile": "199****1234",
        "orders": {"order": [LINE, {**LINE, "oid": 2345678901234567903, "outer_iid": "", "consign_time": "", "status": "TRADE_CLOSED", "num": 1, "divide_order_fee": "30.00"}]},
    },
    {"tid": 2345678901234567893, "status": "WAIT_BUYER_PAY", "modified": "2026-11-03 10:00:00", "orders": {"order": [{**LINE, "oid": 1}]}},
]  # fmt: skip
LIMITED = Told({"error_response": {"code": 7, "msg": "App Call Limited", "sub_code": "accesscontrol.limited-by-api-access-count", "sub_msg": "This ban will last for 41 more seconds"}})  # fmt: skip
BROKEN = Told({"error_response": {"code": 15, "msg": "Remote service error", "sub_code": "isp.top-remote-service-timeout"}})


def _answer(asked: Asked) -> Told:
    """Answer with a page, and leave an empty list out."""
    query = asked.query
    text = "".join(name + value for name, value in sorted(query.items()) if name != "sign")
    if query["sign"] != hmac.new(b"secret-of-the-app", text.encode(), "sha256").hexdigest().upper():
        return Told({"error_response": {"code": 25, "msg": "Invalid signature"}})
    if query["session"] != "session-of-the-shop":
        return Told(
            {
                "error_response": {
                    "code": 27,
                    "msg": "Invalid session",
                    "sub_code": "invalid-sessionkey",
                    "sub_msg": "SessionKey非法",
                }
            }
        )
    assert query["format"] == "json" and query["v"] == "2.0"
    refunds = query["method"] == "taobao.refunds.receive.get"
    records: list[dict[str, Any]] = REFUNDS if refunds else TRADES
    found = [one for one in records if query["start_modified"] <= one["modified"] < query["end_modified"]]
    first = (int(query["page_no"]) - 1) * int(query["page_size"])
    outer, inner = ("refunds", "refund") if refunds else ("trades", "trade")
    root = "refunds_receive_get_response" if refunds else "trades_sold_increment_get_response"
    listed = {outer: {inner: found[first : first + int(query["page_size"])]}} if found else {}
    return Told({root: {**listed, "total_results": len(found), "request_id": "1a2b"}})


def test_refunds_are_what_customers_say(tmp_path: Path) -> None:
    waits: list[float] = []
    with serving(_answer, [LIMITED, None, Told({}, 500), None, BROKEN]) as server:
        batch = vendor_pull(tmp_path, server.address, "taobao", "taobao_aftersales", SECRETS, waits=waits)
        spans = [(asked.query["start_modified"], asked.query["end_modified"]) for asked in server.asked]
    assert batch.error == "" and batch.unreadable.is_empty()
    assert spans[0][0] == "2026-08-11 10:00:00" and spans[-1][1] == "2026-11-09 10:00:00"
    assert 41.0 in waits and waits.count(0.5) == 2
    rows = batch.frame.sort("source_id")
    assert rows["source_id"].to_list() == [f"876543219876543{number}" for number in (2, 3, 4, 5)]
    assert rows["submitted_at"][0] == datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
    assert rows["title"].to_list() == ["质量问题", "不想要了", "质量问题", None]
    assert "1234" not in rows["text"][0] and rows["text"][3] is None
    assert rows["request"].to_list() == ["refund", "refund", "exchange", "refund"]
    assert rows["order_ref"][0] == "2345678901234567902"
    assert rows["sku"].to_list() == ["LAMP-1", "LAMP-1", "LAMP-1", "可充电台灯"]
    assert rows["refund_amount"].to_list() == [129.5, None, None, 129.5]
    assert "AAE-9" not in str(rows.rows())


def test_refunds_are_refunds_and_returns(tmp_path: Path) -> None:
    with serving(_answer) as server:
        batch = vendor_pull(tmp_path, server.address, "taobao", "taobao_refunds", SECRETS)
    assert batch.error == "" and batch.unreadable.is_empty()
    assert batch.frame.sort("aftersale_id").select("type", "phase", "refund_amount", "reason_buyer_first").rows() == [
        ("return_refund", "after_sign", 129.5, "quality"),
        ("refund_only", "before_ship", None, "changed_mind"),
        ("exchange", "after_sign", None, "quality"),
        ("return_refund", "in_transit", 129.5, None),
    ]
    assert batch.frame.sort("aftersale_id")["returned_at"].to_list() == [datetime(2026, 11, 2, 13, tzinfo=UTC), None, None, None]
    assert batch.frame.sort("aftersale_id")["refunded_at"][0] == datetime(2026, 11, 2, 13, tzinfo=UTC)


def test_orders_are_lines_that_were_paid(tmp_path: Path) -> None:
    with serving(_answer) as server:
        batch = vendor_pull(tmp_path, server.address, "taobao", "taobao_orders", SECRETS, start=datetime(2026, 11, 4, tzinfo=UTC))
    assert batch.error == "" and batch.unreadable.is_empty()
    columns = ("oid", "tid", "sku", "qty", "paid_amount", "cancelled_before_ship", "waybill", "warehouse", "dest_province")
    assert batch.frame.sort("oid").select(columns).rows() == [
        ("2345678901234567902", "2345678901234567892", "LAMP-1", 2, 259.0, False, "75312345678901", "HZ1", "浙江省"),
        ("2345678901234567903", "2345678901234567892", "可充电台灯", 1, 30.0, True, "75312345678901", "HZ1", "浙江省"),
    ]
    assert "张" not in str(batch.frame.rows())


@pytest.mark.parametrize(
    ("secrets", "error"),
    [
        ({"taobao_session": "an-older-session"}, "refused our credentials (invalid-sessionkey: SessionKey非法)"),
        ({"taobao_app_secret": "another-secret"}, "refused our credentials (25: Invalid signature)"),
    ],
)
def test_refused_credentials_are_told_without_them(tmp_path: Path, secrets: dict[str, str], error: str) -> None:
    with serving(_answer) as server:
        batch = vendor_pull(tmp_path, server.address, "taobao", "taobao_refunds", {**SECRETS, **secrets})
    assert error in batch.error
    assert all(value not in batch.error + batch.hint for value in {**SECRETS, **secrets}.values())


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the shared data sets with the vendors' published fields are not there")
@pytest.mark.parametrize(
    ("name", "file", "asked_for"),
    [
        ("taobao_refunds", "refund/taobao_refunds_receive_get.json", {"tid", "oid", "reason", "dispute_type"}),
        ("taobao_orders", "tbtrade/taobao_trades_sold_increment_get.json", {"tid", "orders", "pay_time"}),
    ],
)
def test_every_parameter_and_field_is_one_that_taobao_publishes(
    tmp_path: Path, name: str, file: str, asked_for: set[str]
) -> None:
    published = json.loads((METADATA / file).read_text("utf-8"))
    parameters = {one["name"] for one in published["requestParams"]}
    fields = {one["name"] for part in published["responseParams"] for one in part.get("subParams", ())}
    common = {"method", "app_key", "v", "format", "session", "timestamp", "sign_method", "sign"}
    with serving(_answer) as server:
        vendor_pull(tmp_path, server.address, "taobao", name, SECRETS)
        query = server.asked[0].query
    assert set(query) - common <= parameters
    assert query["method"] == published["name"]
    assert asked_for <= set(query["fields"].split(",")) <= fields
