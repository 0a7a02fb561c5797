"""Requests to one server: asked again where that can help, with a new token where the old one has expired, else refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from tasks.collect.answer_body import body_of
from tasks.collect.http_connections import Patience
from tasks.collect.http_credentials import AccessToken
from tasks.collect.http_pace import Pace, over_the_limit
from tasks.collect.json_text import parsed, written
from tasks.collect.limits import MEBIBYTE
from tasks.collect.source_rows import ReadContext, at_path
from tasks.errors import ChannelError, ChannelProblem
from tasks.shop.sources.http_api import BodyErrors, HttpApi

TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
MOST_WORDS = 160
"""The most letters of the server's own words that a message repeats."""


class Wish(NamedTuple):
    """A request: where to, what is asked for, and how it is sent (`POST` in a JSON object)."""

    address: str
    params: dict[str, Any]
    method: str = "GET"


@dataclass(frozen=True)
class HttpAnswer:
    """A good answer: the parsed body, its bytes, and the next address of its header Link."""

    body: Any
    data: bytes = b""
    link: str = ""


@dataclass(frozen=True)
class _Failure:
    """Why a request failed, and what may help.

    said: The status of the answer, or its code and words.
    trouble: What is told if trying again does not help either.
    pause: Seconds until another try.
    token: Whether the access token was not taken.
    refused: What is told at once, because trying again would not help.
    """

    said: str
    trouble: str = ""
    pause: float = 0.0
    token: bool = False
    refused: ChannelError | None = None


@dataclass
class HttpServer:
    """A server and how it is asked.

    secret_params: Query parameters that carry secrets.
    """

    client: httpx.Client
    spec: HttpApi
    place: ReadContext
    patience: Patience
    pace: Pace
    token: AccessToken | None = None
    secret_params: Mapping[str, str] = field(default_factory=dict)

    def ask(self, wish: Wish) -> HttpAnswer:
        """Return the answer to a request; retry a limited number of times if that can help.

        Raises:
            ChannelError: If the server refuses it, keeps failing, or does not answer with JSON.
        """
        host = host_of(wish.address)
        trouble = ""
        for attempt in range(self.spec.retries + 1):
            pause = min(2.0**attempt / 2, self.spec.longest_wait_s)
            self.pace.keep()
            self.patience.next_answer()
            try:
                told = self._renewed(wish, pause)
                if isinstance(told, HttpAnswer):
                    return told
                if told.refused is not None:
                    raise told.refused
                trouble, pause = told.trouble, told.pause
            except httpx.TransportError as error:
                trouble = f"{host} cannot be reached ({type(error).__name__})"
            except (httpx.InvalidURL, UnicodeError) as error:
                raise ChannelError(
                    "The channel's address cannot be used.",  # it may hold a secret and is not repeated here
                    hint=f"Correct {'the secret ' + self.spec.url_secret if self.spec.url_secret else '`url` in channels.yaml'}.",
                    problem=ChannelProblem.UNREACHABLE,
                ) from error
            if self.patience.is_over:
                raise ChannelError(
                    f"{host} has not answered everything within {self.spec.max_pull_s / 60:,.0f} minutes.",
                    hint="Raise `max_pull_s`, or ask for larger pages in `paging`.",
                    problem=ChannelProblem.UNREACHABLE,
                )
            if attempt < self.spec.retries:
                self.place.wait(min(pause, self.spec.longest_wait_s))
        raise ChannelError(
            f"{trouble}, also after {self.spec.retries} more tries.",
            hint="No data are lost: the next pull reaches back. If it persists, ask the operator of the server.",
            problem=ChannelProblem.UNREACHABLE,
        )

    def _renewed(self, wish: Wish, pause: float) -> HttpAnswer | _Failure:
        """Ask once; where an access token that served before is refused, ask once more with a new one."""
        served = self.token is not None and self.token.served
        told = self._once(wish, pause)
        if isinstance(told, _Failure) and told.token and self.token is not None and served:
            self.token.forget()
            told = self._once(wish, pause)
        return told

    def _once(self, wish: Wish, pause: float) -> HttpAnswer | _Failure:
        headers: dict[str, str] = {}
        beside = dict(self.secret_params)
        if self.token is not None:
            if not self.token.is_held:
                told = self._sent(self.token.request(self.client), pause)
                if isinstance(told, _Failure):
                    return told if told.refused is None else replace(told, refused=self.token.refused(told.said), token=False)
                self.token.keep(told.body)
            headers, carried = self.token.carried()
            beside |= carried
        content = None
        if wish.method == "POST":
            headers = {**headers, "Content-Type": "application/json"}
            content = written(wish.params)
        query = {**({} if wish.method == "POST" else wish.params), **beside}
        address = httpx.URL(wish.address).copy_merge_params(query) if query else wish.address
        told = self._sent(self.client.build_request(wish.method, address, headers=headers, content=content), pause)
        if isinstance(told, HttpAnswer) and self.token is not None:
            self.token.served = True
        return told

    def _sent(self, request: httpx.Request, pause: float) -> HttpAnswer | _Failure:
        host = request.url.host
        response = self.client.send(request, stream=True)
        try:
            status = response.status_code
            if status in TRY_AGAIN or over_the_limit(response):
                return _Failure(str(status), f"{host} answered {status}", pause=self.pace.pause_after(response, pause))
            if status >= 300:
                return _by_status(status, self._said(response), host)
            self.pace.heard(response)
            encoding = response.headers.get("Content-Encoding", "")
            data = body_of(response.iter_raw(), encoding, host=host, max_bytes=self.spec.max_mb * MEBIBYTE)
            link = response.links.get("next", {}).get("url", "")
        finally:
            response.close()
        body = _parsed(data, host)
        failure = _by_body(body, self.spec.errors, host, pause)
        return HttpAnswer(body, data, link) if failure is None else failure

    def _said(self, response: httpx.Response) -> str:
        """Return the status of a refusal, with the words of its body where it is declared at which path they stand."""
        status, errors = str(response.status_code), self.spec.errors
        if not errors.message or response.status_code < 400:
            return status
        try:
            encoding = response.headers.get("Content-Encoding", "")
            body = parsed(body_of(response.iter_raw(), encoding, host="", max_bytes=MEBIBYTE))
        except (ChannelError, httpx.TransportError, ValueError, RecursionError):
            return status
        parts = [_words(body, [path]) for path in errors.code[:1]] + [_words(body, errors.message)]
        return ": ".join([status, *(part for part in parts if part)])


def _by_status(status: int, said: str, host: str) -> _Failure:
    """Return what the status of an answer says against it.

    Args:
        said: The status with the server's own words, if it is known where they stand.
    """
    if status in (401, 403):
        return _Failure(said, token=True, refused=_refused_login(host, said))
    if status < 400:
        refused = ChannelError(
            f"{host} redirects to another address ({status}); credentials are not sent there.",
            hint="Put the new address into `url` in channels.yaml.",
            problem=ChannelProblem.UNREACHABLE,
        )
        return _Failure(said, refused=refused)
    refused = ChannelError(
        f"{host} answered {said}.", hint="Check `url` and `params` of the channel.", problem=ChannelProblem.UNREACHABLE
    )
    return _Failure(said, refused=refused)


def _by_body(body: Any, errors: BodyErrors, host: str, pause: float) -> _Failure | None:
    """Return what an answer of status 200 says against itself, or None if it is good."""
    codes = [str(found) for path in errors.code if (found := at_path(body, path)) not in (None, "")]
    if not codes or _among(codes[:1], errors.good):
        return None
    words = _words(body, errors.message)
    said = f"{codes[0]}: {words}" if words else codes[0]
    if _among(codes, errors.later):
        return _Failure(said, f"{host} answered {said}", pause=_told_pause(words, errors.seconds, pause))
    if _among(codes, errors.token):
        return _Failure(said, token=True, refused=_refused_login(host, said))
    if _among(codes, errors.login):
        return _Failure(said, refused=_refused_login(host, said))
    hint = "The platform's documents explain its codes; check `params` and the permissions of your application."
    return _Failure(said, refused=ChannelError(f"{host} answered {said}.", hint=hint, problem=ChannelProblem.UNREACHABLE))


def _told_pause(words: str, seconds: str, otherwise: float) -> float:
    """Return how long the server's words say that it will not answer."""
    found = re.search(seconds, words) if seconds else None
    return float(found[1]) if found is not None and re.fullmatch(r"[0-9]{1,9}", found[1] or "") else otherwise


def _words(body: Any, paths: list[str]) -> str:
    """Return the server's own words, cut off where they are long."""
    found = next((str(found) for path in paths if (found := at_path(body, path)) not in (None, "")), "")
    return " ".join(found.split())[:MOST_WORDS]


def _among(found: list[str], codes: list[str]) -> bool:
    return any(code == one or (one.endswith("*") and code.startswith(one[:-1])) for one in codes for code in found)


def _refused_login(host: str, said: str) -> ChannelError:
    return ChannelError(
        f"{host} refused our credentials ({said}).",
        hint="Renew the secret named in the channel, then run `aftersales channels try`.",
        problem=ChannelProblem.REFUSED_LOGIN,
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


def host_of(address: str) -> str:
    """Return the host of an address, for messages."""
    return urlsplit(address).hostname or "the server"
