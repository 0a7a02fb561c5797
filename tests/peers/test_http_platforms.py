"""What platforms do beside plain pages, against a real server: signatures, tokens, failures inside good answers, lists of ids, short spans."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tasks.collect.preview import preview
from tasks.collect.pull import pull_channel
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tests.makers.shops import default_shop
from tests.makers.vendor_server import Asked, Told, serving

pytestmark = pytest.mark.peer
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
SECRETS = {"app": "right-secret", "session": "session-of-the-shop", "key": PEM, "no_key": "-----BEGIN NOTHING-----"}
ERRORS = {
    "code": ["errcode", "sub"], "good": [0], "later": [-1, "flow.*"], "token": [42001], "login": [40013], "message": ["errmsg"],
}  # fmt: skip


def _record(number: int) -> dict[str, Any]:
    return {"id": number, "at": f"2026-11-0{number} 10:00:00", "say": f"第{number}条"}


def _pull(
    home: Path, address: str, *, waits: list[float] | None = None, start: datetime | None = None, stamp: str = "", **read: Any
) -> PulledRows:
    (home / "secrets").mkdir(exist_ok=True)
    for name, value in SECRETS.items():
        (home / "secrets" / name).write_text(value)
    return pull_channel(
        _channel(address, stamp=stamp, **read),
        window_start=start, window_end=NOW, shop=default_shop(), settings=Settings(home=home, secret="a key for tests only"),  # type: ignore[arg-type]
        now=NOW, wait=(waits if waits is not None else []).append,
    )  # fmt: skip


def _channel(address: str, *, stamp: str, **read: Any) -> Channel:
    channel: dict[str, Any] = {
        "name": "desk", "table": "feedback", "source": "ticket", "source_id": "id", "overlap_hours": 0,
        "columns": {"submitted_at": "at", "text": "say"}, "read": {"kind": "http_api", "url": f"{address}/items/list", "records": "items", **read},
    }  # fmt: skip
    return Channel.model_validate({**channel, **({"stamp": stamp} if stamp else {})})


def _list(*numbers: int, **more: Any) -> Told:
    return Told({"items": [_record(number) for number in numbers], **more})


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "md5"])
def test_a_request_signed_as_douyins_carries_a_token_that_is_not_signed(tmp_path: Path, algorithm: str) -> None:
    def answer(asked: Asked) -> Told:
        query = asked.query
        method = {"/items/list": "items.list", "/token/create": "token.create"}[asked.path]
        assert query["method"] == method and query["app_key"] == "3409409348479354011" and query["v"] == "2"
        text = f"right-secretapp_key{query['app_key']}method{method}param_json{asked.body}timestamp{query['timestamp']}v2right-secret"
        plain, keyed = hashlib.md5(text.encode()), hmac.new(b"right-secret", text.encode(), "sha256")
        if query["sign"] != (plain if algorithm == "md5" else keyed).hexdigest():
            return Told({"errcode": 40013, "errmsg": "签名校验失败"})
        if method == "token.create":
            assert json.loads(asked.body) == {"code": "", "grant_type": "authorization_self", "shop_id": "41"}
            return Told({"errcode": 0, "data": {"access_token": f"token-{len(tokens)}"}})
        assert asked.body.startswith('{"a":["中 b"],"page":') and asked.body.endswith(',"z":{"y":1}}')
        tokens.append(query["access_token"])
        if len(tokens) == 2:  # it expires in the middle
            return Told({"errcode": 42001, "errmsg": "expired"})
        page = json.loads(asked.body)["page"]
        return _list(page + 1, more=page < 2)

    tokens: list[str] = []
    with serving(answer) as server:
        auth = {
            "kind": "signed", "scheme": "douyin", "user": "3409409348479354011", "secret": "app", "algorithm": algorithm,
            "token_url": f"{server.address}/token/create", "token_sent_as": "json", "token_path": "data.access_token", "token_param": "access_token",
            "token_params": {"shop_id": "41", "code": "", "grant_type": "authorization_self"},
        }  # fmt: skip
        paging = {"kind": "page", "param": "page", "first": 0, "more": "more"}
        batch = _pull(tmp_path, server.address, method="POST", auth=auth, paging=paging, errors=ERRORS, params={"z": {"y": 1}, "a": ["中 b"]})  # fmt: skip
        assert server.asked[1].query["timestamp"] >= "2026-11-09 10:00:00"
    assert batch.error == ""
    assert batch.frame["source_id"].to_list() == ["1", "2", "3"]
    assert tokens == ["token-0", "token-0", "token-2", "token-2"]


def test_a_request_signed_for_wechat_pay_is_verified_with_the_merchants_key(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Told:
        scheme, _, rest = asked.headers["authorization"].partition(" ")
        given = dict(part.split("=", 1) for part in rest.split(","))
        given = {name: value.strip('"') for name, value in given.items()}
        assert scheme == "WECHATPAY2-SHA256-RSA2048" and given["mchid"] == "1900000001" and given["serial_no"] == "ABCD"
        used_once.append(given["nonce_str"])
        target = asked.path + ("?" + "&".join(f"{name}={value}" for name, value in asked.query.items()) if asked.query else "")
        text = f"GET\n{target}\n{given['timestamp']}\n{given['nonce_str']}\n\n"
        KEY.public_key().verify(base64.b64decode(given["signature"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        first = int(asked.query["offset"])
        return _list(*range(first + 1, min(first + 3, 6)))

    used_once: list[str] = []
    auth = {"kind": "signed", "scheme": "wechat_pay", "user": "1900000001", "serial": "ABCD", "secret": "key"}
    with serving(answer) as server:
        batch = _pull(
            tmp_path, server.address, auth=auth, paging={"kind": "offset", "param": "offset", "size_param": "limit", "size": 2}
        )
    assert batch.error == "" and batch.frame.height == 5
    assert len(set(used_once)) == len(used_once) == 4


def test_a_secret_that_is_no_private_key_is_told_by_its_name(tmp_path: Path) -> None:
    auth = {"kind": "signed", "scheme": "wechat_pay", "user": "1900000001", "serial": "ABCD", "secret": "no_key"}
    batch = _pull(tmp_path, "http://127.0.0.1:9", auth=auth)
    assert batch.error == "The secret no_key is not an RSA private key without a password."
    assert "apiclient_key.pem" in batch.hint


def test_a_secret_parameter_is_signed_with_the_query_and_never_told(tmp_path: Path) -> None:
    auth = {"kind": "signed", "secret": "app", "secret_params": {"session": "session"}}
    with serving(lambda asked: Told({"errcode": 27, "errmsg": f"Invalid session {asked.query['session']}"})) as server:
        batch = _pull(tmp_path, server.address, auth=auth, errors=ERRORS, params={"method": "list"})
        query = server.asked[0].query
    text = "".join(name + value for name, value in sorted(query.items()) if name != "sign")
    assert query["session"] == "session-of-the-shop"
    assert query["sign"] == hmac.new(b"right-secret", text.encode(), "sha256").hexdigest().upper()
    assert batch.error == "127.0.0.1 answered 27: Invalid session [secret session]."


def test_no_line_of_any_log_names_a_token_a_session_or_a_signature(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with serving(
        lambda asked: _list(1) if asked.path == "/items/list" else Told({"access_token": "token-of-the-shop"})
    ) as server:
        token = {"token_url": f"{server.address}/token", "token_sent_as": "query", "token_param": "access_token"}
        for auth in ({"kind": "oauth2", "user": "ww1", **token}, {"kind": "signed", "secret_params": {"session": "session"}}):
            assert _pull(tmp_path, server.address, auth={"secret": "app", **auth}).error == ""
        signs = [asked.query["sign"] for asked in server.asked if "sign" in asked.query]
    assert "127.0.0.1" in caplog.text and signs
    assert not [word for word in ("token-of-the-shop", "right-secret", "session-of-the-shop", *signs) if word in caplog.text]


@pytest.mark.parametrize("way", ["query", "json", "form"])
def test_a_token_is_asked_for_in_the_platforms_own_words(tmp_path: Path, way: str) -> None:
    def answer(asked: Asked) -> Told:
        if asked.path != "/token":
            return _list(1) if asked.query == {"access_token": "fresh"} else Told({"errcode": 40013})
        said = asked.query if way == "query" else json.loads(asked.body) if way == "json" else asked.body
        wanted = {"corpid": "ww1", "corpsecret": "right-secret", "force": "no"}
        assert said == ("corpid=ww1&corpsecret=right-secret&force=no" if way == "form" else wanted)
        return told.pop(0) if told else Told({"errcode": 0, "access_token": "fresh"})

    told = [Told({}, 503), Told({"errcode": -1, "errmsg": "busy"})]
    waits: list[float] = []
    with serving(answer) as server:
        auth = {
            "kind": "oauth2", "user": "ww1", "user_as": "corpid", "secret": "app", "secret_as": "corpsecret", "token_params": {"force": "no"},
            "token_url": f"{server.address}/token", "token_sent_as": way, "token_param": "access_token",
        }  # fmt: skip
        batch = _pull(tmp_path, server.address, waits=waits, auth=auth, errors=ERRORS)
    assert batch.error == "" and batch.frame.height == 1
    assert waits == [0.5, 1.0]


def test_a_refusal_of_a_token_repeats_the_platforms_words_and_no_secret(tmp_path: Path) -> None:
    with serving(
        lambda _: Told({"errcode": 40164, "errmsg": "invalid ip 10.0.0.9, secret right-secret,\nnot in whitelist"})
    ) as server:
        auth = {"kind": "oauth2", "user": "ww1", "secret": "app", "token_url": f"{server.address}/token"}
        batch = _pull(tmp_path, server.address, auth=auth, errors=ERRORS)
    assert batch.error.startswith("127.0.0.1 gave no access token (40164: invalid ip ")
    assert "right-secret" not in batch.error and "not in whitelist" in batch.error


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"errcode": -1, "errmsg": "system busy"}, "127.0.0.1 answered -1: system busy, also after 3 more tries."),
        ({"errcode": 15, "sub": "flow.limit"}, "127.0.0.1 answered 15, also after 3 more tries."),
        ({"errcode": 40013, "errmsg": "invalid appid"}, "127.0.0.1 refused our credentials (40013: invalid appid)."),
        ({"errcode": 47001, "errmsg": "data format error"}, "127.0.0.1 answered 47001: data format error."),
        ({"errcode": 0}, "The answer of 127.0.0.1 has no list at `items`; it has errcode."),
    ],
)
def test_a_failure_inside_a_good_answer_is_a_failure(tmp_path: Path, body: dict[str, Any], error: str) -> None:
    with serving(lambda _: Told(body)) as server:
        batch = _pull(tmp_path, server.address, errors=ERRORS)
    assert batch.error == error
    assert batch.complete_through is None


def test_too_many_calls_inside_a_good_answer_are_waited_for(tmp_path: Path) -> None:
    busy = Told({"errcode": -1, "errmsg": "busy"})
    waits: list[float] = []
    with serving(lambda _: _list(1, 2, errcode=0), [busy, busy]) as server:
        batch = _pull(tmp_path, server.address, waits=waits, errors=ERRORS)
    assert batch.error == "" and batch.frame.height == 2 and waits == [0.5, 1.0]


@pytest.mark.parametrize(
    ("words", "pause"), [("ban lasts 41 s", 41.0), ("ban lasts 31062 s", 60.0), ("ban lasts ² s", 0.5), ("busy", 0.5)]
)
def test_words_that_say_how_long_to_wait_are_heard(tmp_path: Path, words: str, pause: float) -> None:
    waits: list[float] = []
    errors = {**ERRORS, "seconds": r"lasts (\S+) s"}
    with serving(lambda _: _list(1, errcode=0), [Told({"errcode": -1, "errmsg": words})]) as server:
        batch = _pull(tmp_path, server.address, waits=waits, errors=errors)
    assert batch.error == "" and waits == [pause]


def test_an_answer_without_its_list_has_no_records_only_where_it_is_known_as_one(tmp_path: Path) -> None:
    with serving(lambda _: Told({"response": {"request_id": "1"}})) as server:
        batch = _pull(tmp_path, server.address, records="response.items.item", empty_with="response.request_id")
        assert batch.error == "" and batch.read == 0 and batch.complete_through == NOW
        batch = _pull(tmp_path, server.address, records="response.items.item", empty_with="response.has_next")
        assert "has no list" in batch.error


def _by_id(gone: set[str], **kinds: Any) -> Callable[[Asked], Told]:
    def answer(asked: Asked) -> Told:
        if asked.path == "/items/list":
            return Told({"items": [{"no": 1}, {"no": 2}, {"no": 3}, {"no": 2}, {"no": 4}]})
        name = json.loads(asked.body)["no"] if asked.method == "POST" else asked.path.rpartition("/")[2]
        return (
            Told({"errcode": 10020, "errmsg": "no such order"})
            if name in gone
            else Told({"errcode": 0, "item": _record(int(name))})
        )

    return answer


@pytest.mark.parametrize("details", [{"url": "/items/one", "method": "POST", "param": "no"}, {"url": "/items/{id}"}])
def test_records_behind_ids_are_asked_for_once_each_and_one_that_is_gone_is_one_record(
    tmp_path: Path, details: dict[str, str]
) -> None:
    with serving(_by_id({"3"}), [None, Told({}, 429), None, Told({}, 500)]) as server:
        batch = _pull(tmp_path, server.address, details={**details, "id": "no", "record": "item"}, errors=ERRORS)
        assert len(server.asked) == 5
    assert batch.error == ""
    assert batch.frame["source_id"].to_list() == ["1", "2", "4"]
    assert batch.unreadable.select("source_id", "reason").rows() == [("3", "127.0.0.1 answered 10020: no such order.")]
    assert batch.read == 4


def test_so_many_records_that_cannot_be_had_are_a_failure_of_the_server(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Told:
        return Told({"items": list(range(1, 10))}) if asked.path == "/items/list" else Told({}, 404)

    with serving(answer) as server:
        batch = _pull(tmp_path, server.address, details={"url": "/items/{id}"})
        assert batch.error == "127.0.0.1 answered 404." and len(server.asked) == 6
        batch = _pull(tmp_path, server.address, details={"url": "/items/{id}", "most": 3})
        assert batch.error.startswith("127.0.0.1 has more than 3 records")
        batch = _pull(tmp_path, server.address, details={"url": "/items/{id}", "id": "no"})
        assert batch.error == "An entry of the list of 127.0.0.1 has no id at `no`."


def test_a_window_is_asked_for_in_spans_that_the_server_allows(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Told:
        ends = json.loads(asked.body)["range"]
        asked_for.append((ends["from"], ends["to"]))
        assert ends["kind"] == "update"
        return _list(*(n for n in range(1, 9) if ends["from"] <= datetime(2026, 11, n, 2, tzinfo=UTC).timestamp() <= ends["to"]))

    asked_for: list[tuple[int, int]] = []
    spans: dict[str, Any] = {
        "method": "POST", "params": {"range": {"kind": "update"}}, "since": "range.from", "until": "range.to", "times": "epoch_s",
        "span_hours": 24, "first_days": 3.5,
    }  # fmt: skip
    with serving(answer) as server:
        batch = _pull(tmp_path, server.address, stamp="at", **spans)
        day, end = 86_400, int(NOW.timestamp())
        assert asked_for == [(end - 7 * day // 2 + n * day, min(end - 7 * day // 2 + (n + 1) * day, end)) for n in range(4)]
        assert sorted(batch.frame["source_id"]) == ["6", "7", "8"]
        asked_for.clear()
        batch = _pull(tmp_path, server.address, stamp="at", start=datetime(2026, 11, 7, 2, tzinfo=UTC), **spans)
        assert len(asked_for) == 2  # exactly two days are two spans
        assert sorted(set(batch.frame["source_id"])) == ["7", "8"]


def _all_good(_: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    nothing = pl.DataFrame(schema=dict.fromkeys(("source_id", "rule", "field", "reason", "record"), pl.String))
    return frame.with_columns(flags=pl.lit([], pl.List(pl.String))), nothing


def test_a_trial_asks_for_a_week_and_not_for_the_whole_first_load(tmp_path: Path) -> None:
    asked_for: list[str] = []

    def answer(asked: Asked) -> Told:
        asked_for.append(asked.query["from"])
        return _list(8)

    spans = {"since": "from", "until": "to", "times": "%Y-%m-%d", "span_hours": 24, "first_days": 90}
    with serving(answer) as server:
        channel = _channel(server.address, stamp="at", **spans)
        shown = preview(
            channel,
            shop=default_shop(),
            settings=Settings(home=tmp_path, secret="a key for tests only"),
            now=NOW,
            judge=_all_good,
        )  # type: ignore[arg-type]
    assert shown.batch.error == "" and min(asked_for) == "2026-11-02"


def test_a_record_that_leaves_the_window_while_pages_are_read_moves_no_other_one_past_us(tmp_path: Path) -> None:
    """Page by page from the front, the record after the one that left would be skipped: the fourth here."""

    def answer(asked: Asked) -> Told:
        if len(pages) == 2:
            there.remove(1)
        page = int(asked.query["page"])
        pages.append(page)
        return _list(*there[2 * page - 2 : 2 * page], total=str(len(there)))

    pages: list[int] = []
    there = [1, 2, 3, 4, 5, 6, 7]
    paging = {"kind": "page", "param": "page", "size_param": "size", "size": 2, "total": "total"}
    with serving(answer) as server:
        batch = _pull(tmp_path, server.address, paging=paging)
        assert batch.error == "" and pages == [1, 4, 3, 2, 1]
        assert sorted(set(batch.frame["source_id"])) == ["2", "3", "4", "5", "6", "7"]
        there[:], pages[:] = [1, 2], []
        assert _pull(tmp_path, server.address, paging=paging).frame.height == 2 and pages == [1]
        assert "no number of records at `count`" in _pull(tmp_path, server.address, paging={**paging, "total": "count"}).error


@pytest.mark.parametrize(
    "paging",
    [{"kind": "page", "param": "page"}, {"kind": "offset", "param": "skip"}, {"kind": "cursor", "param": "at", "next": "at"}],
)
def test_a_word_on_what_follows_that_is_missing_does_not_end_the_pages(tmp_path: Path, paging: dict[str, str]) -> None:
    """Renamed by the platform, or misspelt: the first page alone would look like everything."""

    def answer(asked: Asked) -> Told:
        query = asked.query
        first = 2 * int(query.get("page", 1)) - 2 if "page" in query else int(query.get("skip", 0)) or int(query.get("at", 0))
        return _list(*range(first + 1, min(first + 3, 6)), hasNext=first < 3, at=first + 2 if first < 4 else None)

    with serving(answer) as server:
        batch = _pull(tmp_path, server.address, paging={**paging, "more": "has_next"})
    assert batch.error == "" and sorted(batch.frame["source_id"]) == ["1", "2", "3", "4", "5"]


def test_a_server_that_gives_smaller_pages_than_were_asked_for_loses_nothing(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Told:
        first = 3 * int(asked.query["page"]) - 3
        return _list(*range(first + 1, min(first + 4, 9)), total=8)

    paging = {"kind": "page", "param": "page", "size_param": "size", "size": 100, "total": "total"}
    with serving(answer) as server:
        batch = _pull(tmp_path, server.address, paging=paging)
        assert batch.error == "" and sorted(batch.frame["source_id"]) == [str(number) for number in range(1, 9)]
        batch = _pull(tmp_path, server.address, paging={**paging, "first": 9})
        assert batch.error == "127.0.0.1 speaks of 8 records and gives none."


@pytest.mark.parametrize(
    ("read", "words"),
    [
        ({"auth": {"kind": "signed", "scheme": "douyin", "secret": "app"}, "method": "POST"}, "the app key"),
        ({"auth": {"kind": "signed", "scheme": "douyin", "user": "1", "secret": "app"}}, "sent by POST"),
        ({"auth": {"kind": "signed", "scheme": "wechat_pay", "user": "1", "secret": "app"}}, "`serial`"),
        ({"auth": {"kind": "bearer", "secret": "app", "token_url": "https://desk.example/token"}}, "belongs to"),
        ({"details": {"url": "/one"}}, "either `param`"),
        ({"paging": {"kind": "offset", "param": "offset", "total": "count"}}, "`total` belongs"),
        ({"errors": {"code": ["a"], "seconds": "for [0-9]+ s"}}, "one group"),
        ({"errors": {"code": ["a"], "seconds": "for ("}}, "no regular expression"),
        ({"span_hours": 24, "since": "from"}, "`span_hours` needs"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_read(read: dict[str, Any], words: str) -> None:
    channel = {"name": "desk", "table": "feedback", "source": "ticket", "columns": {"submitted_at": "at"}}
    with pytest.raises(ValueError, match=words):
        Channel.model_validate({**channel, "read": {"kind": "http_api", "url": "https://desk.example/items", **read}})
