"""Douyin's ready-made declarations against a server that verifies signatures as its open platform does."""

import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.makers.vendor_channels import NOW, PUBLISHED, vendor_pull
from tests.makers.vendor_server import Asked, Told, serving

pytestmark = pytest.mark.peer
SECRETS = {"douyin_app_secret": "secret-of-the-app"}
SAMPLES = PUBLISHED / "douyin_tiktok_skit" / "test" / "SKIT.FlurlHttpClient.ByteDance.DouyinShop.UnitTests" / "ModelSamples"


def _epoch(day: int, hour: int = 0) -> int:
    return int(datetime(2026, 11, day, hour, tzinfo=UTC).timestamp())


def _request(number: int, **info: Any) -> dict[str, Any]:
    return {
        "aftersale_info": {
            "aftersale_id": f"69868532695198108{number}", "aftersale_num": 1, "aftersale_status": 12, "aftersale_type": 0, "apply_time": _epoch(number, 3),
            "create_time": _epoch(number, 3), "update_time": _epoch(number, 9), "got_pkg": 1, "refund_amount": 12950, "refund_status": 3,
            "related_id": f"482178070027917471{number}", "remark": "用了三天就充不进电，联系我199-0000-1234", "status_deadline": 0,
            "reason_second_labels": [{"code": 1, "name": "无法充电"}], **info,
        },
        "order_info": {
            "shop_order_id": f"48217807002791747{number}0",
            "related_order_info": [{
                "sku_order_id": f"482178070027917471{number}", "product_id": 9999888777666, "shop_sku_code": "LAMP-1", "price": 12950,
                "aftersale_item_num": 1, "create_time": _epoch(1), "logistics_code": "SF1234567890123", "logistics_company_name": "顺丰速运",
            }],
        },
        "text_part": {"reason_text": "商品质量问题", "aftersale_status_text": "退款成功", "aftersale_type_text": "退货退款"},
    }  # fmt: skip


REQUESTS = [
    _request(2),
    _request(3, aftersale_type=2, got_pkg=0, remark="", refund_status=1),
    _request(4, aftersale_type=3, got_pkg=0, refund_status=0, status_deadline=_epoch(9)),
]
LINE = {
    "order_id": "4781320682406083641", "parent_order_id": "4781320682406083640", "order_status": 5, "item_num": 2, "pay_amount": 12950, "code": "LAMP-1",
    "product_id": 9999888777666, "sku_id": 3254535, "exp_ship_time": _epoch(3), "ship_time": _epoch(2), "logistics_receipt_time": _epoch(4),
    "confirm_receipt_time": _epoch(6), "room_id": 0, "inventory_list": [{"warehouse_id": "3141"}], "product_name": "台灯",
}  # fmt: skip
ORDERS = [
    {
        "order_id": "4781320682406083640", "order_status": 5, "pay_time": _epoch(1, 5), "create_time": _epoch(1, 4), "update_time": _epoch(6), "ship_time": _epoch(2),
        "post_addr": {"province": {"name": "浙江省"}, "city": {"name": "杭州市"}, "encrypt_detail": "#abc=="}, "encrypt_post_tel": "$199==$", "doudian_open_id": "#zuLyd",
        "logistics_info": [{"tracking_no": "3617355413", "company_name": "顺丰"}],
        "sku_order_list": [LINE, {**LINE, "order_id": "4781320682406083642", "code": "", "order_status": 4, "ship_time": 0, "logistics_receipt_time": 0}],
    },
    {"order_id": "4781320682406083650", "order_status": 1, "pay_time": 0, "update_time": _epoch(6), "sku_order_list": [{**LINE, "order_id": "9"}]},
]  # fmt: skip


class Platform:
    """Gives tokens that serve for `lasting` requests, and pages of records whose update lies in the asked span."""

    def __init__(self, lasting: int = 1_000) -> None:
        self.lasting, self.given, self.left = lasting, 0, 0
        self.spans: list[tuple[int, int]] = []

    def __call__(self, asked: Asked) -> Told:
        """Answer one request."""
        query, said = asked.query, json.loads(asked.body)
        method = asked.path.strip("/").replace("/", ".")
        text = f"app_key{query['app_key']}method{method}param_json{asked.body}timestamp{query['timestamp']}v2"
        right = hmac.new(b"secret-of-the-app", f"secret-of-the-app{text}secret-of-the-app".encode(), "sha256").hexdigest()
        moment = datetime.strptime(query["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        if query["sign"] != right or query["sign_method"] != "hmac-sha256" or abs((moment - NOW).total_seconds()) > 600:
            return self._failed(40003, "isv.signature-invalid", "签名校验失败")
        if method == "token.create":
            assert said == {"code": "", "grant_type": "authorization_self", "shop_id": "mine"}
            self.given, self.left = self.given + 1, self.lasting
            return self._good({"access_token": f"token-{self.given}", "expires_in": 604800, "refresh_token": "r"})
        if query.get("access_token") != f"token-{self.given}" or not self.left:
            return self._failed(40003, "isv.access-token-expired", "access_token已过期")
        self.left -= 1
        prefix = "update_time_" if method == "order.searchList" else "update_"
        start, end = (
            said[f"{prefix}{word}"] for word in (("start", "end") if method == "order.searchList" else ("start_time", "end_time"))
        )
        assert isinstance(start, int) and 0 < end - start <= 86_400 and said["size"] == 100
        self.spans.append((start, end))
        if method == "order.searchList":
            found = [one for one in ORDERS if start <= one["update_time"] < end]  # type: ignore[operator]
            return self._good(
                {"shop_order_list": found[said["page"] * 100 :][:100], "total": len(found), "page": said["page"], "size": 100}
            )
        found = [one for one in REQUESTS if start <= one["aftersale_info"]["update_time"] < end]
        first = said["page"] * 100
        items = found[first : first + 100] or None  # an empty list is left out
        return self._good(
            {"items": items, "has_more": first + 100 < len(found), "page": said["page"], "size": 100, "total": len(found)}
        )

    def _good(self, data: dict[str, Any]) -> Told:
        return Told({"code": 10000, "msg": "success", "sub_code": "", "sub_msg": "", "data": data})

    def _failed(self, code: int, sub: str, words: str) -> Told:
        return Told({"code": code, "msg": "非法的参数", "sub_code": sub, "sub_msg": words, "log_id": "x"})


LIMITED = Told({"code": 60000, "msg": "超过限流限制", "sub_code": "isp.rate-limit", "sub_msg": "请稍后重试"})


def test_requests_are_what_customers_say(tmp_path: Path) -> None:
    platform, waits = Platform(), list[float]()
    failures = [None, None, LIMITED, None, Told({}, 500), None, Told({}, 429, {"Retry-After": "7"})]
    with serving(platform, failures) as server:
        batch = vendor_pull(tmp_path, server.address, "douyin", "douyin_aftersales", SECRETS, waits=waits)
    assert batch.error == "" and batch.unreadable.is_empty()
    assert len(platform.spans) == 90 and platform.spans[-1][1] == int(NOW.timestamp())
    assert [first[1] for first in platform.spans[:-1]] == [second[0] for second in platform.spans[1:]]
    assert 7.0 in waits and 0.5 in waits
    rows = batch.frame.sort("source_id")
    assert rows["source_id"].to_list() == ["698685326951981082", "698685326951981083", "698685326951981084"]
    assert rows["submitted_at"][0] == datetime(2026, 11, 2, 3, tzinfo=UTC)
    assert (
        rows["title"][0] == "商品质量问题 无法充电"
        and rows["text"][0].startswith("用了三天就充不进电")
        and "199" not in rows["text"][0]
    )
    assert rows["text"][1] is None
    assert rows["request"].to_list() == ["refund", "refund", "exchange"]
    assert rows["sku"].unique().to_list() == ["LAMP-1"] and rows["order_ref"][0] == "4821780700279174712"
    assert rows["unit_price"][0] == 129.5
    assert rows["must_act_by"].to_list() == [None, None, datetime(2026, 11, 9, tzinfo=UTC)]


def test_requests_are_refunds_and_returns(tmp_path: Path) -> None:
    with serving(Platform()) as server:
        batch = vendor_pull(tmp_path, server.address, "douyin", "douyin_refunds", SECRETS)
    assert batch.error == "" and batch.unreadable.is_empty()
    rows = batch.frame.sort("aftersale_id").select("oid", "type", "phase", "refund_amount", "reason_buyer_first", "qty").rows()
    assert rows == [
        ("4821780700279174712", "return_refund", "after_sign", 129.5, "quality", 1),
        ("4821780700279174713", "refund_only", "before_ship", None, "quality", 1),
        ("4821780700279174714", "exchange", "in_transit", None, "quality", 1),
    ]
    assert batch.frame.sort("aftersale_id")["returned_at"].to_list() == [datetime(2026, 11, 2, 9, tzinfo=UTC), None, None]
    assert batch.frame.sort("aftersale_id")["refunded_at"].to_list() == [datetime(2026, 11, 2, 9, tzinfo=UTC), None, None]


def test_orders_are_lines_that_were_paid(tmp_path: Path) -> None:
    with serving(Platform()) as server:
        batch = vendor_pull(tmp_path, server.address, "douyin", "douyin_orders", SECRETS)
    assert batch.error == "" and batch.unreadable.is_empty()
    rows = batch.frame.sort("oid")
    columns = ("oid", "tid", "sku", "qty", "paid_amount", "cancelled_before_ship", "dest_province", "carrier")
    assert rows.select(columns).rows() == [
        ("4781320682406083641", "4781320682406083640", "LAMP-1", 2, 129.5, False, "浙江省", "顺丰"),
        ("4781320682406083642", "4781320682406083640", "9999888777666", 2, 129.5, False, "浙江省", "顺丰"),
    ]
    assert rows["signed_at"].to_list() == [datetime(2026, 11, 4, tzinfo=UTC), None]
    assert "#abc" not in str(rows.rows()) and "#zuLyd" not in str(rows.rows())


def test_a_token_that_expires_in_the_middle_is_created_again_and_nothing_is_lost(tmp_path: Path) -> None:
    platform = Platform(lasting=40)
    with serving(platform) as server:
        batch = vendor_pull(tmp_path, server.address, "douyin", "douyin_aftersales", SECRETS)
    assert batch.error == "" and batch.frame.height == 3
    assert platform.given == 3


def test_a_later_pull_asks_for_what_changed_since_with_the_overlap(tmp_path: Path) -> None:
    platform = Platform()
    with serving(platform) as server:
        batch = vendor_pull(
            tmp_path, server.address, "douyin", "douyin_aftersales", SECRETS, start=datetime(2026, 11, 7, tzinfo=UTC)
        )
    assert platform.spans[0][0] == _epoch(4)
    assert batch.frame["source_id"].to_list() == ["698685326951981084"]


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"code": 30002, "msg": "请求来源IP不可信", "sub_msg": ""}, "refused our credentials (30002: 请求来源IP不可信)"),
        ({"code": 60000, "msg": "超过限流限制"}, "answered 60000: 超过限流限制, also after 6 more tries"),
    ],
)
def test_what_the_platform_says_is_told(tmp_path: Path, told: dict[str, Any], error: str) -> None:
    def answer(asked: Asked) -> Told:
        good = {"code": 10000, "data": {"access_token": "token-of-the-shop"}}
        return Told(good if asked.path == "/token/create" else told)

    with serving(answer) as server:
        batch = vendor_pull(tmp_path, server.address, "douyin", "douyin_orders", SECRETS)
    assert error in batch.error and batch.complete_through is None


def test_a_wrong_secret_is_a_refused_token(tmp_path: Path) -> None:
    with serving(Platform()) as server:
        batch = vendor_pull(tmp_path, server.address, "douyin", "douyin_orders", {"douyin_app_secret": "another-secret"})
    assert "gave no access token (40003: 签名校验失败)" in batch.error and "another-secret" not in batch.error + batch.hint


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the shared data sets with the vendors' published bodies are not there")
@pytest.mark.parametrize(
    ("name", "sample", "id_column", "wanted"),
    [
        ("douyin_aftersales", "Aftersale/AftersaleListResponse.json", "source_id", "6986853269519810849"),
        ("douyin_refunds", "Aftersale/AftersaleListResponse.json", "aftersale_id", "6986853269519810849"),
        ("douyin_orders", "Order/OrderSearchListResponse.json", "oid", "4781320682406083640"),
    ],
)
def test_douyins_published_bodies_are_read(tmp_path: Path, name: str, sample: str, id_column: str, wanted: str) -> None:
    published = json.loads((SAMPLES / sample).read_text("utf-8-sig"))
    published["data"]["total"] = "1"  # the page shown is one of many

    def answer(asked: Asked) -> Told:
        if asked.path == "/token/create":
            return Told({"code": 10000, "data": {"access_token": "token-of-the-shop"}})
        return Told(
            published
            if json.loads(asked.body)["page"] == 0
            else {**published, "data": {**published["data"], "items": [], "shop_order_list": [], "has_more": False}}
        )

    with serving(answer) as server:
        batch = vendor_pull(tmp_path, server.address, "douyin", name, SECRETS)
    assert batch.error == "" and batch.unreadable.is_empty()
    assert set(batch.frame[id_column]) == {wanted}
