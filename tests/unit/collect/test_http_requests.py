"""Requests and answers without a network: whatever a server says is an answer or a told failure."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.http_connections import Patience
from tasks.collect.http_credentials import AccessToken
from tasks.collect.http_details import Detailed
from tasks.collect.http_pace import Pace
from tasks.collect.http_requests import HttpAnswer, HttpServer, Wish
from tasks.collect.source_rows import ReadContext, Window
from tasks.errors import ChannelError
from tasks.settings import Settings
from tasks.shop.sources.http_api import Details, HttpApi

NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
ERRORS = {
    "code": ["errcode", "error.sub"], "good": [0, 10000], "later": [-1, "isp.*"], "token": [42001], "login": [40013], "message": ["errmsg"],
}  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from([0, -1, "isp.x", 42001, 40013])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8
)
BODIES = st.fixed_dictionaries(
    {}, optional={"errcode": VALUES, "error": st.fixed_dictionaries({}, optional={"sub": VALUES}), "errmsg": VALUES, "items": VALUES, "token": VALUES}
) | VALUES  # fmt: skip


def _server(answer: Callable[[httpx.Request], tuple[int, bytes]], **read: Any) -> HttpServer:
    """Return a server without a network, on which `answer` tells status and bytes."""

    def told(request: httpx.Request) -> httpx.Response:
        status, data = answer(request)
        return httpx.Response(status, stream=httpx.ByteStream(data))

    spec = HttpApi.model_validate(
        {"kind": "http_api", "url": "https://desk.example/items", "errors": ERRORS, "retries": 1, **read}
    )
    place = ReadContext(Settings(home=Path("/nowhere")), Window(None, NOW, NOW), wait=lambda _: None)
    patience = Patience(time.monotonic, pull_s=600, answer_s=600)
    pace = Pace(time.monotonic, place.wait, NOW, calls_a_minute=0, longest_s=60)
    token = AccessToken(spec.auth, place) if spec.auth.token_url else None
    return HttpServer(httpx.Client(transport=httpx.MockTransport(told)), spec, place, patience, pace, token)


def _bytes(body: Any) -> bytes:
    return json.dumps(body).encode()


def _outcome(asked: Callable[[], Any]) -> Any:
    """Return what was got, or the failure as it is told."""
    try:
        return asked()
    except ChannelError as error:
        return error


@given(BODIES, st.sampled_from([200, 201, 302, 400, 401, 403, 404, 429, 500]))
def test_every_body_of_every_status_is_an_answer_or_a_told_failure(body: Any, status: int) -> None:
    server = _server(lambda _: (status, _bytes(body)))
    got = _outcome(lambda: server.ask(Wish("https://desk.example/items", {"page": 1})))
    if isinstance(got, ChannelError):
        assert "desk.example" in got.what and got.hint
        assert status >= 300 or isinstance(body, dict)
    else:
        assert isinstance(got, HttpAnswer) and status < 300


@given(st.binary(max_size=40))
def test_bytes_that_are_no_json_are_told(data: bytes) -> None:
    server = _server(lambda _: (200, data))
    got = _outcome(lambda: server.ask(Wish("https://desk.example/items", {}, "POST")))
    assert isinstance(got, HttpAnswer) or "desk.example" in got.what


@given(BODIES)
def test_whatever_is_given_as_a_token_is_one_or_a_refused_login(body: Any) -> None:
    token = {"token_url": "https://desk.example/token", "token_path": "token", "user_as": "", "secret_as": ""}
    server = _server(
        lambda request: (200, _bytes(body) if request.url.path == "/token" else b"{}"),
        auth={"kind": "oauth2", "secret": "app", **token},
    )
    got = _outcome(lambda: server.ask(Wish("https://desk.example/items", {})))
    assert isinstance(got, HttpAnswer) or "desk.example" in got.what


@given(st.lists(VALUES, max_size=6), BODIES)
def test_every_entry_of_a_list_is_a_record_a_rejected_one_or_a_told_failure(entries: list[Any], body: Any) -> None:
    server = _server(lambda _: (200, _bytes(body)))
    detailed = Detailed(server, Details(url="/one/{id}"), "https://desk.example/items", lambda _: None)
    got = _outcome(lambda: detailed.records(entries))
    if isinstance(got, ChannelError):
        assert got.what and got.hint
    else:
        assert len(got) + len(detailed.refused) == len({str(entry) for entry in entries})


@pytest.mark.parametrize("status", [401, 403])
def test_the_servers_words_are_told_only_where_it_is_declared_where_they_stand(status: int) -> None:
    body = _bytes({"errcode": "SIGN_ERROR", "errmsg": "wrong\nserial"})
    for errors, said in ((ERRORS, f"({status}: SIGN_ERROR: wrong serial)"), ({}, f"({status})")):
        with pytest.raises(ChannelError) as caught:
            _server(lambda _: (status, body), errors=errors).ask(Wish("https://desk.example/items", {}))
        assert caught.value.what == f"desk.example refused our credentials {said}."
