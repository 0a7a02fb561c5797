"""Records from a JSON API over HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tasks.collect.flattener import Flattener
from tasks.collect.http_connections import Patience, PatientTransport
from tasks.collect.http_credentials import AccessToken, credentials
from tasks.collect.http_details import Detailed
from tasks.collect.http_pace import Pace
from tasks.collect.http_reports import Reports
from tasks.collect.http_requests import HttpAnswer, HttpServer, Wish, host_of
from tasks.collect.http_spans import placed, spans
from tasks.collect.json_text import may_hold_half_characters, whole_texts
from tasks.collect.limits import MEBIBYTE
from tasks.collect.record_items import ItemRows
from tasks.collect.source_rows import ReadContext, SourceRows, at_path, gather
from tasks.errors import ChannelError, ChannelProblem
from tasks.shop.sources.http_api import HttpApi

_TO_REPLACE = re.compile(r"YOUR-[A-Z]+(-[A-Z]+)*")


def read(spec: HttpApi, place: ReadContext) -> SourceRows:
    """Request all pages of the window from the server.

    Raises:
        ChannelError: If it refuses our credentials, keeps failing, or does not answer with the configured JSON.
    """
    _filled_in(spec)
    address = place.secret(spec.url_secret) if spec.url_secret else spec.url
    headers, login = credentials(spec.auth, place, time.monotonic)
    token = AccessToken(spec.auth, place) if spec.auth.token_url else None
    beside = {name: place.secret(secret) for name, secret in sorted(spec.auth.secret_params.items())}
    records = Flattener(place.columns, place.settings.home)
    items = ItemRows(spec.each, host_of(address), place.columns)
    asked = _Asked(host_of(address), spec)
    refused: list[tuple[str, str]] = []
    patience = Patience(time.monotonic, pull_s=spec.max_pull_s, answer_s=spec.max_answer_s)
    pace = Pace(time.monotonic, place.wait, place.window.now, calls_a_minute=spec.calls_a_minute, longest_s=spec.longest_wait_s)
    with httpx.Client(
        headers=headers,
        auth=login,
        timeout=spec.timeout_s,
        follow_redirects=False,
        trust_env=False,
        transport=PatientTransport(patience),
    ) as client:
        server = HttpServer(client, spec, place, patience, pace, token, beside)
        if spec.report is not None:
            return _reported(server, Reports(server, spec.report, address, asked.received), address, asked)
        detailed = Detailed(server, spec.details, address, asked.received) if spec.details is not None else None
        for page in _pages(server, address, asked):
            found = _records_of(page.body, spec, host_of(address))
            if may_hold_half_characters(page.data):
                found, broken = whole_texts(found)
                refused += [(f"page {asked.pages}, record {number}", reason) for number, reason in broken]
            if detailed is not None:
                found = detailed.records(found)
            records.add(items.of(found))
    items.check()
    refused += detailed.refused if detailed is not None else []
    return SourceRows(records.rows(), loose=True, refused=refused, live=True)


def _reported(server: HttpServer, reports: Reports, address: str, asked: _Asked) -> SourceRows:
    """Fetch a report for each part of the window."""
    spec = server.spec
    parts: list[SourceRows] = []
    for ends in spans(spec, server.place.window):
        wish = Wish(address, placed(spec.params, ends, nested=spec.method == "POST"), spec.method)
        asked.add(wish)
        parts.append(reports.rows(wish, " ".join(["the report", *(str(end)[:10] for end in ends.values())])))
    return replace(gather(parts), live=True)


def _pages(server: HttpServer, address: str, asked: _Asked) -> Iterator[HttpAnswer]:
    """Yield the answers to all pages of all parts of the window."""
    spec = server.spec
    for ends in spans(spec, server.place.window):
        params = placed(spec.params, ends, nested=spec.method == "POST")
        first = Wish(address, params, spec.method)
        if spec.paging.size_param:
            first = _with(first, spec.paging.size_param, spec.paging.size)
        if spec.paging.kind in ("page", "offset"):
            first = _with(first, spec.paging.param, spec.paging.start)
        yield from _backwards(server, first, asked) if spec.paging.total else _forwards(server, first, asked)


def _forwards(server: HttpServer, first: Wish, asked: _Asked) -> Iterator[HttpAnswer]:
    """Yield the answers to the first page and to those that follow it."""
    wish: Wish | None = first
    while wish is not None:
        answer = _asked_for(server, wish, asked)
        yield answer
        count = len(_records_of(answer.body, server.spec, host_of(first.address)))
        wish = _next(server.spec, wish, answer, count, first.address)


def _backwards(server: HttpServer, first: Wish, asked: _Asked) -> Iterator[HttpAnswer]:
    """Yield the answers to all pages from the last to the first, which is asked for before them to learn their number."""
    paging = server.spec.paging
    answer = _asked_for(server, first, asked)
    total = at_path(answer.body, paging.total)
    if isinstance(total, bool) or not str(total).isdecimal():
        raise ChannelError(
            f"The answer of {host_of(first.address)} has no number of records at `{paging.total}`.",
            hint="Correct `total` of `paging` in channels.yaml.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )
    given = len(_records_of(answer.body, server.spec, host_of(first.address)))
    if int(total) and not given:
        raise ChannelError(
            f"{host_of(first.address)} speaks of {int(total):,} records and gives none.",
            hint="Correct `first`, `records` and `total` in channels.yaml.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )
    pages = -(-int(total) // min(paging.size, given)) if given < int(total) else 1  # a server may give fewer than were asked for
    for page in range(paging.start + pages - 1, paging.start, -1):
        yield _asked_for(server, _with(first, paging.param, page), asked)
    yield answer if pages < 2 else _asked_for(server, first, asked, again=True)


def _asked_for(server: HttpServer, wish: Wish, asked: _Asked, *, again: bool = False) -> HttpAnswer:
    if not again:
        asked.add(wish)
    answer = server.ask(wish)
    asked.received(len(answer.data))
    return answer


def _filled_in(spec: HttpApi) -> None:
    """Refuse a ready-made declaration that still holds a word to be replaced; asking with it would look like a refused login."""
    left = _TO_REPLACE.search(spec.model_dump_json())
    if left is not None:
        raise ChannelError(
            f"The channel still says {left[0]} where a value of your own belongs.",
            hint="Write it into channels.yaml; the vendor's page in docs/vendors says where it is found.",
            problem=ChannelProblem.UNFINISHED,
        )


class _Asked:
    """The pages requested so far, and the limits on their number and size."""

    def __init__(self, host: str, spec: HttpApi) -> None:
        self._host, self._spec = host, spec
        self._marks: set[str] = set()
        self._size = 0

    @property
    def pages(self) -> int:
        """The number of pages requested."""
        return len(self._marks)

    def add(self, wish: Wish) -> None:
        """Record a page; give up if the server names one twice or has too many."""
        mark = repr(wish)
        if mark in self._marks:
            raise ChannelError(
                f"{self._host} keeps returning the same next page.",
                hint="Correct `paging` in channels.yaml.",
                problem=ChannelProblem.UNREACHABLE,
            )
        self._marks.add(mark)
        if len(self._marks) > self._spec.max_pages:
            raise ChannelError(
                f"{self._host} has more than {self._spec.max_pages:,} pages.",
                hint="Raise `max_pages`, or pull a shorter window.",
                problem=ChannelProblem.TOO_LARGE,
            )

    def received(self, size: int) -> None:
        """Count received bytes; give up if the server sends too many."""
        self._size += size
        if self._size > self._spec.max_mb * MEBIBYTE:
            raise ChannelError(
                f"{self._host} sent more than {self._spec.max_mb:,} MB.",
                hint="Raise `max_mb`, or pull a shorter window.",
                problem=ChannelProblem.TOO_LARGE,
            )


def _records_of(body: Any, spec: HttpApi, host: str) -> list[Any]:
    """Return the list of records in an answer."""
    found = at_path(body, spec.records)
    if found is None and spec.empty_with and at_path(body, spec.empty_with) is not None:
        return []
    if found is None and spec.records and isinstance(body, dict):
        raise ChannelError(
            f"The answer of {host} has no list at `{spec.records}`; it has {', '.join(list(body)[:8])}.",
            hint="Correct `records` in channels.yaml.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )
    if not isinstance(found, list):
        raise ChannelError(
            f"The answer of {host} is not a list of records.",
            hint="Set `records` to the path of the list.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )
    return found


def _next(spec: HttpApi, wish: Wish, answer: HttpAnswer, count: int, address: str) -> Wish | None:
    """Return the request for the next page, or None after the last."""
    paging, body = spec.paging, answer.body
    if paging.more and at_path(body, paging.more) in (
        False,
        "",
        0,
        "false",
    ):  # where the word is missing, the pages themselves end
        return None
    if paging.last and at_path(body, paging.last) in (True, 1, "true"):
        return None
    if paging.kind == "cursor":
        cursor = at_path(body, paging.next)
        return _with(wish, paging.param, cursor) if cursor not in (None, "", False) else None
    if paging.kind in ("offset", "page"):
        step = count if paging.kind == "offset" else 1
        now = at_path(wish.params, paging.param) if wish.method == "POST" else wish.params[paging.param]
        return _with(wish, paging.param, now + step) if count else None
    if paging.kind == "link":
        target = at_path(body, paging.next) if paging.next else answer.link
        if not target:
            return None
        target = urljoin(wish.address, str(target))
        if _origin(target) != _origin(address):
            raise ChannelError(
                f"{host_of(address)} names a next page on another server; credentials are not sent there.",
                hint="Ask the operator of the server; `url` must name the host that answers.",
                problem=ChannelProblem.UNREACHABLE,
            )
        return Wish(target, {}, wish.method)
    return None


def _with(wish: Wish, name: str, value: Any) -> Wish:
    """Return a request with a parameter; of one that is posted, a name with dots is a place inside an object, as GraphQL wants it."""
    return wish._replace(params=placed(wish.params, {name: value}, nested=wish.method == "POST"))


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc
