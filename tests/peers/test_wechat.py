"""The ready-made declarations of WeChat shop, WeChat Pay and WeCom against servers that answer as these do."""

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.makers.vendor_channels import NOW, PUBLISHED, vendor_pull
from tests.makers.vendor_server import Asked, Told, serving

pytestmark = pytest.mark.peer
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
SECRETS = {"wechat_shop_secret": "secret-of-the-shop", "wechat_pay_key": PEM, "wecom_secret": "secret-of-the-desk"}
SAMPLES = PUBLISHED / "wechat_skit" / "test"


def _epoch(day: int, hour: int = 0) -> int:
    return int(datetime(2026, 11, day, hour, tzinfo=UTC).timestamp())


class Tokens:
    """Gives tokens that serve for `lasting` requests, as WeChat and WeCom do."""

    def __init__(self, lasting: int = 1_000) -> None:
        self.lasting, self.given, self.left = lasting, 0, 0

    def failure(self, asked: Asked) -> Told | None:
        """Return the answer to a request with a token that is not taken, or to one for a token."""
        if asked.path in ("/cgi-bin/stable_token", "/cgi-bin/gettoken"):
            said = json.loads(asked.body) if asked.method == "POST" else asked.query
            right = (
                {"grant_type": "client_credential", "appid": "mine", "secret": "secret-of-the-shop"}
                if asked.path == "/cgi-bin/stable_token"
                else {"corpid": "mine", "corpsecret": "secret-of-the-desk", "grant_type": "client_credentials"}
            )
            if said != right:
                return Told({"errcode": 40125, "errmsg": "invalid appsecret, rid: 64f"})
            self.given, self.left = self.given + 1, self.lasting
            return Told({"access_token": f"token-number-{self.given}", "expires_in": 7200})
        if asked.query.get("access_token") != f"token-number-{self.given}" or not self.left:
            return Told({"errcode": 42001, "errmsg": "access_token expired"})
        self.left -= 1
        return None


def _aftersale(number: int, **more: Any) -> dict[str, Any]:
    return {
        "after_sale_order_id": f"19341646530121{number}", "status": "MERCHANT_RETURN_SUCCESS", "openid": "oABCD1234", "unionid": "uABCD", "order_id": f"17686830475586{number}",
        "product_info": {"product_id": "3286", "sku_id": "4740", "count": 1}, "details": {"desc": "充不进电，加我微信abc12345", "receive_product": True, "tel_number": "19900001234"},
        "refund_info": {"amount": 12950, "refund_reason": 1}, "create_time": _epoch(number, 1), "update_time": _epoch(number, 9),
        "reason": "QUALITY_ISSUE", "type": "RETURN", **more,
    }  # fmt: skip


AFTERSALES = [
    _aftersale(2), _aftersale(3, type="EXCHANGE", status="USER_WAIT_CONFIRM", reason="A_NEW_ONE"),
    _aftersale(4, type="REFUND", status="MERCHANT_PROCESSING", reason="NO_REASON_7_DAYS"), _aftersale(5),
]  # fmt: skip
LINE = {"product_id": "3286", "sku_id": "4740", "sku_cnt": 2, "title": "台灯", "sale_price": 7000, "real_price": 12950}
ORDERS = [
    {
        "order_id": "3704612354559743232", "status": 100, "create_time": _epoch(1), "update_time": _epoch(6), "openid": "oABCD1234",
        "order_detail": {
            "product_infos": [LINE, {**LINE, "sku_id": "4741", "sku_cnt": 1, "real_price": None}], "pay_info": {"pay_time": _epoch(1, 2)},
            "delivery_info": {
                "address_info": {"user_name": "陈先生", "province_name": "广东", "city_name": "广州", "detail_info": "大塘 9 号", "tel_number": "19900001234"},
                "delivery_product_info": [{"waybill_id": "134654612313", "delivery_id": "STO", "delivery_time": _epoch(2)}], "ship_done_time": _epoch(2),
            },
        },
    },
    {"order_id": "3704612354559743233", "status": 10, "update_time": _epoch(6), "order_detail": {"product_infos": [LINE], "pay_info": {"pay_time": 0}}},
    {"order_id": "3704612354559743234", "status": 250, "update_time": _epoch(7), "order_detail": {"product_infos": [LINE], "pay_info": {"pay_time": _epoch(7)}, "delivery_info": {}}},
]  # fmt: skip


def _shop(tokens: Tokens, gone: frozenset[str] = frozenset()) -> Any:
    """Answer as WeChat shop: two ids a page, a record for each id."""

    def answer(asked: Asked) -> Told:
        failure = tokens.failure(asked)
        if failure is not None:
            return failure
        said = json.loads(asked.body)
        orders = "/order/" in asked.path
        records, name = (ORDERS, "order_id") if orders else (AFTERSALES, "after_sale_order_id")
        if asked.path in ("/channels/ec/aftersale/getaftersaleorder", "/channels/ec/order/get"):
            found = next(one for one in records if one[name] == said[name])
            if said[name] in gone:
                return Told({"errcode": 10020053, "errmsg": "售后单不存在"})
            return Told({"errcode": 0, "errmsg": "ok", "order" if orders else "after_sale_order": found})
        start, end = said["update_time_range"].values() if orders else (said["begin_update_time"], said["end_update_time"])
        start, end = sorted((start, end))
        assert 0 < end - start <= 86_400 * (7 if orders else 1) and ("page_size" in said) == orders
        ids = [one[name] for one in records if start <= one["update_time"] < end]  # type: ignore[operator]
        first = int(said.get("next_key") or 0)
        listed = {"order_id_list" if orders else "after_sale_order_id_list": ids[first : first + 2]} if ids else {}
        return Told({"errcode": 0, "errmsg": "ok", **listed, "has_more": first + 2 < len(ids), "next_key": str(first + 2)})

    return answer


def test_requests_of_wechat_shop_are_what_customers_say(tmp_path: Path) -> None:
    tokens = Tokens(lasting=50)
    busy = Told({"errcode": -1, "errmsg": "system error"})
    with serving(_shop(tokens, frozenset({"193416465301215"})), [None, None, busy, None, Told({}, 500)]) as server:
        batch = vendor_pull(tmp_path, server.address, "wechat_shop", "wechat_shop_aftersales", SECRETS)
        assert len(server.asked) == 90 + 4 + tokens.given + (tokens.given - 1)  # spans, records, tokens, refused tokens
    assert batch.error == "" and tokens.given == 2
    assert batch.unreadable.select("source_id", "reason").rows() == [
        ("193416465301215", "127.0.0.1 answered 10020053: 售后单不存在.")
    ]
    rows = batch.frame.sort("source_id")
    assert rows["title"].to_list() == ["质量问题", "A_NEW_ONE", "七天无理由"]
    assert "abc12345" not in rows["text"][0] and rows["text"][0].startswith("充不进电")
    assert rows["request"].to_list() == ["refund", "exchange", "refund"]
    assert rows["refund_amount"].to_list() == [129.5, None, None]
    assert rows["order_ref"][0] == "176868304755862/4740"
    assert rows["submitted_at"][0] == datetime(2026, 11, 2, 1, tzinfo=UTC)
    assert not {"oABCD1234", "uABCD", "19900001234"} & {str(cell) for row in rows.rows() for cell in row}


def test_orders_of_wechat_shop_are_lines_that_were_paid(tmp_path: Path) -> None:
    with serving(_shop(Tokens())) as server:
        batch = vendor_pull(tmp_path, server.address, "wechat_shop", "wechat_shop_orders", SECRETS)
    assert batch.error == "" and batch.unreadable.is_empty()
    columns = ("oid", "tid", "sku", "qty", "paid_amount", "cancelled_before_ship", "waybill", "dest_province")
    assert batch.frame.sort("oid").select(columns).rows() == [
        ("3704612354559743232/4740", "3704612354559743232", "4740", 2, 129.5, False, "134654612313", "广东"),
        ("3704612354559743232/4741", "3704612354559743232", "4741", 1, 70.0, False, "134654612313", "广东"),
        ("3704612354559743234/4740", "3704612354559743234", "4740", 2, 129.5, True, None, None),
    ]
    assert batch.frame.sort("oid")["shipped_at"][0] == datetime(2026, 11, 2, tzinfo=UTC)
    assert "陈" not in str(batch.frame.rows()) and "大塘" not in str(batch.frame.rows())


def test_a_wrong_secret_of_wechat_shop_is_told_in_its_words(tmp_path: Path) -> None:
    with serving(_shop(Tokens())) as server:
        batch = vendor_pull(tmp_path, server.address, "wechat_shop", "wechat_shop_orders", {"wechat_shop_secret": "another"})
    assert "gave no access token (40125: invalid appsecret" in batch.error


def _complaint(number: int, **more: Any) -> dict[str, Any]:
    moment = datetime(2026, 11, 8, 5, 29, 35, tzinfo=UTC) - timedelta(days=number * 13)
    return {
        "complaint_id": f"2002018202001010800766100{number:02}", "complaint_time": moment.isoformat(), "complaint_detail": "扣了两次款",
        "complaint_state": "PENDING", "payer_phone": "qbN0rTKCiPl3UQ==", "complaint_order_info": [{"transaction_id": "4200000404", "out_trade_no": f"SO-{number}", "amount": 300}],
        "user_complaint_times": 1, "problem_description": "重复扣费", "problem_type": "REFUND", "complaint_media_list": [{"media_url": ["https://x.example/1"]}], **more,
    }  # fmt: skip


COMPLAINTS = [_complaint(number) for number in range(7)]


def _pay(asked: Asked) -> Told:
    """Answer as WeChat Pay: complaints between two days, both included, two a page; the signature is verified."""
    scheme, _, rest = asked.headers["authorization"].partition(" ")
    given = {name: value.strip('"') for name, value in (part.split("=", 1) for part in rest.split(","))}
    target = asked.path + "?" + "&".join(f"{name}={value}" for name, value in asked.query.items())
    text = f"GET\n{target}\n{given['timestamp']}\n{given['nonce_str']}\n\n"
    KEY.public_key().verify(base64.b64decode(given["signature"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert scheme == "WECHATPAY2-SHA256-RSA2048" and given["mchid"] == "mine" and asked.headers["user-agent"]
    query = asked.query
    begin, end = (datetime.fromisoformat(query[name]).date() for name in ("begin_date", "end_date"))
    assert 0 <= (end - begin).days < 30 and query["limit"] == "50"
    found = [one for one in COMPLAINTS if str(begin) <= one["complaint_time"][:10] <= str(end)]
    page = found[int(query["offset"]) :][:2]
    return Told(
        {"data": page, "total_count": len(found), "limit": 50, "offset": int(query["offset"])} if page else {"total_count": 0}
    )


def test_complaints_of_wechat_pay(tmp_path: Path) -> None:
    slow = Told({"code": "FREQUENCY_LIMITED", "message": "频率超限"}, 429, {"Retry-After": "3"})
    waits: list[float] = []
    with serving(_pay, [None, slow, None, Told({}, 500)]) as server:
        batch = vendor_pull(tmp_path, server.address, "wechat_pay", "wechat_pay", SECRETS, waits=waits)
        spans = sorted({(asked.query["begin_date"], asked.query["end_date"]) for asked in server.asked})
    assert batch.error == "" and batch.unreadable.is_empty() and 3.0 in waits
    assert spans[-1][1] == "2026-11-09" and spans[0][0] == "2026-05-13"
    for one, other in pairwise(spans):  # no day twice, none left out
        assert datetime.fromisoformat(one[1]) + timedelta(days=1) == datetime.fromisoformat(other[0])
    rows = batch.frame.sort("source_id")
    assert rows["source_id"].to_list() == [one["complaint_id"] for one in COMPLAINTS] and batch.read == 7
    assert rows.select("title", "text", "request", "order_ref", "status", "source_code").row(0) == (
        "重复扣费", "扣了两次款", "refund", "SO-0", "pending", "申请退款",
    )  # fmt: skip
    assert "qbN0rTKCiPl3UQ" not in str(rows.rows())


def test_a_refusal_of_wechat_pay_is_told_in_its_words(tmp_path: Path) -> None:
    told = Told({"code": "SIGN_ERROR", "message": "商户证书序列号有误"}, 401)
    with serving(lambda _: told) as server:
        batch = vendor_pull(tmp_path, server.address, "wechat_pay", "wechat_pay", SECRETS)
    assert batch.error == "127.0.0.1 refused our credentials (401: SIGN_ERROR: 商户证书序列号有误)."


def _message(number: int, **more: Any) -> dict[str, Any]:
    return {
        "msgid": f"from_msgid_{number}", "open_kfid": "wkAJ2GCAAASSm4", "external_userid": "wmAJ2GCAAAme1XQRC", "send_time": _epoch(7, number), "origin": 3,
        "msgtype": "text", "text": {"content": f"第{number}次充不进电"}, **more,
    }  # fmt: skip


MESSAGES = [
    _message(1), _message(2, origin=5, servicer_userid="Zhangsan"), _message(3, msgtype="image", image={"media_id": "M"}), _message(4),
    {"msgid": "e", "msgtype": "event", "send_time": _epoch(7), "origin": 4, "event": {"event_type": "user_recall_msg"}}, _message(6),
]  # fmt: skip


def _desk(tokens: Tokens) -> Any:
    """Answer as WeCom: two messages a page, with a cursor after the last page too."""

    def answer(asked: Asked) -> Told:
        failure = tokens.failure(asked)
        if failure is not None:
            return failure
        said = json.loads(asked.body)
        assert said["open_kfid"] == "mine" and said["limit"] == 1000
        first = int(said.get("cursor", 0))
        page = MESSAGES[first : first + 2]
        more = {"msg_list": page} if page else {}
        return Told(
            {"errcode": 0, "errmsg": "ok", "next_cursor": str(first + 2), "has_more": int(first + 2 < len(MESSAGES)), **more}
        )

    return answer


def test_messages_of_wecom(tmp_path: Path) -> None:
    tokens = Tokens(lasting=2)
    with serving(_desk(tokens), [None, None, Told({"errcode": 45009, "errmsg": "api freq out of limit"})]) as server:
        batch = vendor_pull(tmp_path, server.address, "wecom", "wecom", SECRETS)
    assert batch.error == "" and tokens.given == 2
    rows = batch.frame.sort("submitted_at")
    assert rows["text"].to_list() == ["第1次充不进电", "第4次充不进电", "第6次充不进电"]
    assert rows["customer_ref"].n_unique() == 1 and "wmAJ2GCAAAme1XQRC" not in str(rows.rows())
    assert not batch.warnings


def test_messages_that_wecom_no_longer_had_are_told(tmp_path: Path) -> None:
    """It keeps three days; the last pull was five days ago."""
    with serving(_desk(Tokens())) as server:
        batch = vendor_pull(tmp_path, server.address, "wecom", "wecom", SECRETS, start=NOW - timedelta(days=5))
        assert batch.error == "" and batch.frame.height == 3
        assert any("keeps 72 hours" in warning and "2026-11-06 10:00" in warning for warning in batch.warnings)
        batch = vendor_pull(tmp_path, server.address, "wecom", "wecom", SECRETS, start=NOW - timedelta(days=2))
        assert batch.frame.height == 3 and not batch.warnings


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the shared data sets with the vendors' published bodies are not there")
@pytest.mark.parametrize(
    ("vendor", "name", "folder", "listed", "one", "id_column", "wanted"),
    [
        ("wechat_shop", "wechat_shop_aftersales", "Wechat.Api.UnitTests/ModelSamples/Channels/ECAftersale", "GetAftersaleList", "GetAftersaleOrder", "source_id", {"123456"}),
        ("wechat_shop", "wechat_shop_orders", "Wechat.Api.UnitTests/ModelSamples/Channels/ECOrder", "ListGet", "Get", "tid", {"37423523451235145"}),
        ("wechat_pay", "wechat_pay", "Wechat.TenpayV3.UnitTests/ModelSamples/_/MerchantService/ComplaintsV2", "QueryMerchantServiceComplaints", "", "source_id", {"200201820200101080076610000"}),
        ("wecom", "wecom", "Wechat.Work.UnitTests/ModelSamples/_/CgibinKf", "CgibinKfSyncMessage", "", "source_id", set()),
    ],
)  # fmt: skip
def test_published_bodies_are_read(
    tmp_path: Path, vendor: str, name: str, folder: str, listed: str, one: str, id_column: str, wanted: set[str]
) -> None:
    place = SAMPLES / f"SKIT.FlurlHttpClient.{folder}"
    prefix = f"Channels{place.name}" if vendor == "wechat_shop" else ""
    bodies = {word: json.loads((place / f"{prefix}{word}Response.json").read_text("utf-8-sig")) for word in (listed, one) if word}
    tokens, pages = Tokens(), 0

    def answer(asked: Asked) -> Told:
        nonlocal pages
        if vendor != "wechat_pay" and (failure := tokens.failure(asked)) is not None:
            return failure
        if one and asked.path.endswith(("getaftersaleorder", "/order/get")):
            return Told(bodies[one])
        pages += 1
        last = {"has_more": 0} if vendor == "wecom" else {"has_more": False}
        empty = {**bodies[listed], "data": [], **last} if vendor == "wechat_pay" else {"errcode": 0, **last}
        return Told({**bodies[listed], **last} if pages == 1 else empty)

    with serving(answer) as server:
        batch = vendor_pull(tmp_path, server.address, vendor, name, SECRETS)
    assert batch.error == "" and batch.unreadable.is_empty()
    assert set(batch.frame[id_column]) == wanted
    assert "陈先生" not in str(batch.frame.rows()) and "18500000000" not in str(batch.frame.rows())
