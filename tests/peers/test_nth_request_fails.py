"""Whichever request of a platform's pull fails: once, and the rows are the same; for good, and there are none, and it is told."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.makers.vendor_channels import NOW, vendor_pull
from tests.makers.vendor_server import Asked, Told, serving
from tests.peers import test_douyin as douyin
from tests.peers import test_taobao as taobao
from tests.peers import test_wechat as wechat

pytestmark = pytest.mark.peer
SECRETS = {**douyin.SECRETS, **taobao.SECRETS, **wechat.SECRETS}
SINCE = NOW - timedelta(days=6)
Answer = Callable[[Asked], Told]
CASES: list[tuple[str, str, Callable[[], Answer], Any]] = [
    ("douyin", "douyin_aftersales", douyin.Platform, {"code": 60000, "msg": "超过限流限制"}),
    ("douyin", "douyin_orders", douyin.Platform, {"code": 20000, "msg": "系统错误"}),
    ("taobao", "taobao_refunds", lambda: taobao._answer, {"error_response": {"code": 15, "sub_code": "isp.top-remote-service-error"}}),
    ("wechat_shop", "wechat_shop_aftersales", lambda: wechat._shop(wechat.Tokens()), {"errcode": -1, "errmsg": "system error"}),
    ("wechat_pay", "wechat_pay", lambda: wechat._pay, None),
    ("wecom", "wecom", lambda: wechat._desk(wechat.Tokens()), {"errcode": 45009, "errmsg": "api freq out of limit"}),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "name", "made", "busy"), CASES, ids=[name for _, name, _, _ in CASES])
def test_whichever_request_fails(tmp_path: Path, vendor: str, name: str, made: Callable[[], Answer], busy: Any) -> None:
    def pulled(failures: list[Told | None]) -> tuple[Any, int]:
        with serving(made(), failures) as server:
            batch = vendor_pull(tmp_path, server.address, vendor, name, SECRETS, start=SINCE)
            return batch, len(server.asked)

    whole, requests = pulled([])
    assert whole.error == "" and whole.frame.height and requests > 1
    for number in range(requests):
        once = [Told({}, 500), Told({}, 429, {"Retry-After": "1"}), *([Told(busy)] if busy else [])]
        batch, asked = pulled([*[None] * number, *once])
        assert batch.error == "" and asked == requests
        assert batch.frame.equals(whole.frame) and batch.complete_through == whole.complete_through
        batch, _ = pulled([*[None] * number, *[Told({}, 503)] * 100])
        assert "503, also after 6 more tries" in batch.error
        assert batch.frame.is_empty() and batch.complete_through is None
        batch, _ = pulled([*[None] * number, *[Told(b"<html>maintenance</html>")] * 100])
        assert "is not JSON" in batch.error and batch.frame.is_empty()
