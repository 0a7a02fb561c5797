"""Records from a JSON API over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tasks.collect.answer_body import body_of
from tasks.collect.flattener import Flattener
from tasks.collect.http_connections import Patience, PatientTransport
from tasks.collect.http_credentials import AccessToken, credentials
from tasks.collect.http_pace import Pace, over_the_limit
from tasks.collect.json_text import may_hold_half_characters, parsed, whole_texts
from tasks.collect.limits import MEBIBYTE
from tasks.collect.record_items import ItemRows
from tasks.collect.source_rows import ReadContext, SourceRows, at_path, moment_text
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.shop.sources.http_api import HttpApi

TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})


def read(spec: HttpApi, place: ReadContext) -> SourceRows:
    """Request all pages of the window from the server.

    Raises:
        ChannelError: If it refuses our credentials, keeps failing, or does not answer with the configured JSON.
    """
    address = place.secret(spec.url_secret) if spec.url_secret else spec.url
    headers, login = credentials(spec.auth, place, time.monotonic)
    query: dict[str, Any] = dict(spec.params)
    if spec.since and place.window.start is not None:
        query[spec.since] = moment_text(place.window.start, spec.times, place.window.zone)
    if spec.until:
        query[spec.until] = moment_text(place.window.end, spec.times, place.window.zone)
    if spec.paging.size_param:
        query[spec.paging.size_param] = spec.paging.size
    token = AccessToken(spec.auth, place) if spec.auth.kind == "oauth2" else None
    records, items = Flattener(place.columns), ItemRows(spec.each, _host(address))
    page: tuple[str, dict[str, Any]] | None = (address, query)
    if spec.paging.kind in ("page", "offset"):
        page = (address, {**query, spec.paging.param: spec.paging.start})
    asked = _Asked(_host(address), spec)
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
        while page is not None:
            asked.add(page)
            body, response = _ask(client, page, spec, place, patience, pace, token)
            asked.received(len(response))
            found = _records_of(body, spec, _host(address))
            count = len(found)
            if may_hold_half_characters(response):
                found, broken = whole_texts(found)
                refused += [(f"page {asked.pages}, record {number}", reason) for number, reason in broken]
            records.add(items.of(found))
            page = _next(spec, page, body, response.links, count, address)
    items.check()
    return SourceRows(Handover(records.frame()), loose=True, refused=refused, live=True)


class _Asked:
    """The pages requested so far, and the limits on their number and size."""

    def __init__(self, host: str, spec: HttpApi) -> None:
        self._host, self._spec = host, spec
        self._pages: set[str] = set()
        self._size = 0

    @property
    def pages(self) -> int:
        """The number of pages requested."""
        return len(self._pages)

    def add(self, page: tuple[str, dict[str, Any]]) -> None:
        """Record a page; give up if the server names one twice or has too many."""
        mark = repr(page)
        if mark in self._pages:
            raise ChannelError(
                f"{self._host} keeps returning the same next page.",
                hint="Correct `paging` in channels.yaml.",
                problem=ChannelProblem.UNREACHABLE,
            )
        self._pages.add(mark)
        if len(self._pages) > self._spec.max_pages:
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


class _Answer(bytes):
    """The bytes of an answer with its Link addresses."""

    links: str = ""


def _ask(
    client: httpx.Client,
    page: tuple[str, dict[str, Any]],
    spec: HttpApi,
    place: ReadContext,
    patience: Patience,
    pace: Pace,
    token: AccessToken | None,
) -> tuple[Any, _Answer]:
    """Return one page's parsed body; retry a limited number of times if that can help."""
    host = _host(page[0])
    trouble = ""
    for attempt in range(spec.retries + 1):
        pause = min(2.0**attempt / 2, spec.longest_wait_s)
        pace.keep()
        patience.next_answer()
        try:
            with _answered(client, page, spec, token) as response:
                if response.status_code in TRY_AGAIN or over_the_limit(response):
                    trouble = f"{host} answered {response.status_code}"
                    pause = pace.pause_after(response, pause)
                else:
                    _refuse(response, host)
                    pace.heard(response)
                    encoding = response.headers.get("Content-Encoding", "")
                    answer = _Answer(body_of(response.iter_raw(), encoding, host=host, max_bytes=spec.max_mb * MEBIBYTE))
                    answer.links = response.links.get("next", {}).get("url", "")
                    return _parsed(answer, host), answer
        except httpx.TransportError as error:
            trouble = f"{host} cannot be reached ({type(error).__name__})"
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ChannelError(
                "The channel's address cannot be used.",  # it may hold a secret and is not repeated here
                hint=f"Correct {'the secret ' + spec.url_secret if spec.url_secret else '`url` in channels.yaml'}.",
                problem=ChannelProblem.UNREACHABLE,
            ) from error
        if patience.is_over:
            raise ChannelError(
                f"{host} has not answered everything within {spec.max_pull_s / 60:,.0f} minutes.",
                hint="Raise `max_pull_s`, or ask for larger pages in `paging`.",
                problem=ChannelProblem.UNREACHABLE,
            )
        if attempt < spec.retries:
            place.wait(pause)
    raise ChannelError(
        f"{trouble}, also after {spec.retries} more tries.",
        hint="No data are lost: the next pull reaches back. If it persists, ask the operator of the server.",
        problem=ChannelProblem.UNREACHABLE,
    )


@contextmanager
def _answered(
    client: httpx.Client, page: tuple[str, dict[str, Any]], spec: HttpApi, token: AccessToken | None
) -> Iterator[httpx.Response]:
    """Ask for a page; where an access token that served before is refused, ask once more with a new one."""
    address, query = page
    sent: dict[str, Any] = {"json": query} if spec.method == "POST" else {"params": query or None}
    if token is not None and token.served:
        with client.stream(spec.method, address, headers=token.headers(client), **sent) as response:
            if response.status_code != 401:
                yield response
                return
        token.forget()
    with client.stream(spec.method, address, headers=token.headers(client) if token is not None else None, **sent) as response:
        if token is not None:
            token.served = response.is_success
        yield response


def _refuse(response: httpx.Response, host: str) -> None:
    status = response.status_code
    if status in (401, 403):
        raise ChannelError(
            f"{host} refused our credentials ({status}).",
            hint="Renew the secret named in the channel, then run `aftersales channels try`.",
            problem=ChannelProblem.REFUSED_LOGIN,
        )
    if 300 <= status < 400:
        raise ChannelError(
            f"{host} redirects to another address ({status}); credentials are not sent there.",
            hint="Put the new address into `url` in channels.yaml.",
            problem=ChannelProblem.UNREACHABLE,
        )
    if status >= 400:
        raise ChannelError(
            f"{host} answered {status}.", hint="Check `url` and `params` of the channel.", problem=ChannelProblem.UNREACHABLE
        )


def _parsed(data: bytes, host: str) -> Any:
    try:
        return parsed(data)
    except (ValueError, RecursionError) as error:
        raise ChannelError(
            f"The answer of {host} is not JSON.",
            hint="Check `url`: it may be a web page instead of an API.",
            problem=ChannelProblem.UNREADABLE,
        ) from error


def _next(
    spec: HttpApi,
    page: tuple[str, dict[str, Any]],
    body: Any,
    link: str,
    count: int,
    address: str,
) -> tuple[str, dict[str, Any]] | None:
    paging = spec.paging
    if paging.more and at_path(body, paging.more) in (False, None, "", 0, "false"):
        return None
    if paging.last and at_path(body, paging.last) in (True, 1, "true"):
        return None
    if paging.kind == "cursor":
        cursor = at_path(body, paging.next)
        return (page[0], {**page[1], paging.param: cursor}) if cursor not in (None, "", False) else None
    if paging.kind == "offset":
        return (page[0], {**page[1], paging.param: page[1][paging.param] + count}) if count else None
    if paging.kind == "page":
        return (page[0], {**page[1], paging.param: page[1][paging.param] + 1}) if count else None
    if paging.kind == "link":
        target = at_path(body, paging.next) if paging.next else link
        if not target:
            return None
        target = urljoin(page[0], str(target))
        if _origin(target) != _origin(address):
            raise ChannelError(
                f"{_host(address)} names a next page on another server; credentials are not sent there.",
                hint="Ask the operator of the server; `url` must name the host that answers.",
                problem=ChannelProblem.UNREACHABLE,
            )
        return target, {}
    return None


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def _host(address: str) -> str:
    return urlsplit(address).hostname or "the server"
