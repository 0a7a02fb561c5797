"""How requests prove who asks: fixed headers, OAuth2 tokens that are renewed when they expire, signed queries."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx

from tasks.collect.answer_body import ACCEPTED, body_of
from tasks.collect.json_text import parsed
from tasks.collect.limits import MEBIBYTE
from tasks.collect.source_rows import ReadContext
from tasks.errors import ChannelError, ChannelProblem
from tasks.shop.sources.http_api import Auth


def credentials(auth: Auth, place: ReadContext, elapsed: Callable[[], float]) -> tuple[dict[str, str], httpx.Auth | None]:
    """Return the headers of every request, and what completes each request by itself; an access token comes on top.

    Args:
        elapsed: Seconds on a steady clock, for signatures that name the moment.
    """
    headers = {"Accept": "application/json", "Accept-Encoding": ACCEPTED, "User-Agent": "aftersales-review"}
    if auth.kind == "bearer":
        headers["Authorization"] = f"Bearer {place.secret(auth.secret)}"
    elif auth.kind == "header":
        headers[auth.header] = place.secret(auth.secret)
    elif auth.kind == "basic":
        return headers, httpx.BasicAuth(auth.user, place.secret(auth.secret))
    elif auth.kind == "signed":
        return headers, _Signature(auth, place, elapsed)
    return headers, None


class AccessToken:
    """An access token, fetched before the first request and anew when the server no longer takes it.

    served: Whether a request with this token was answered.
    """

    def __init__(self, auth: Auth, place: ReadContext) -> None:
        self._auth, self._place = auth, place
        self._token = ""
        self.served = False

    def headers(self, client: httpx.Client) -> dict[str, str]:
        """Return the header that carries the token; fetch one if there is none.

        Raises:
            ChannelError: If the server gives none.
        """
        if not self._token:
            with client.stream("POST", self._auth.token_url, data=self._form()) as response:
                self._keep(response)
        return {self._auth.token_header: self._token} if self._auth.token_header else {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Drop the token, so that the next request fetches another."""
        self._token, self.served = "", False

    def _form(self) -> dict[str, str]:
        auth = self._auth
        form = {"client_id": auth.user, "client_secret": self._place.secret(auth.secret)}
        if auth.refresh_secret:
            form |= {"grant_type": "refresh_token", "refresh_token": self._place.secret(auth.refresh_secret)}
        else:
            form |= {"grant_type": "client_credentials"}
        return form | ({"scope": auth.scope} if auth.scope else {})

    def _keep(self, response: httpx.Response) -> None:
        host = urlsplit(self._auth.token_url).hostname or "the server"
        encoding = response.headers.get("Content-Encoding", "")
        data = body_of(response.iter_raw(), encoding, host=host, max_bytes=MEBIBYTE)
        token: Any = None
        if response.status_code == 200:
            try:
                answer = parsed(data)
            except (ValueError, RecursionError):
                answer = None
            token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise ChannelError(
                f"{host} gave no access token ({response.status_code}).",
                hint="Renew the secrets that `auth` names, and check `token_url`, `user` and `scope` in channels.yaml.",
                problem=ChannelProblem.REFUSED_LOGIN,
            )
        self._token = token
        self._place.secrets["access token"] = token


class _Signature(httpx.Auth):
    """Adds the moment and a signature over all parameters to the query, as Taobao's open platform defines it."""

    def __init__(self, auth: Auth, place: ReadContext, elapsed: Callable[[], float]) -> None:
        self._auth, self._elapsed = auth, elapsed
        self._secret, self._began, self._now = place.secret(auth.secret), elapsed(), place.window.now

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the query anew for every try."""
        moment = self._now + timedelta(seconds=self._elapsed() - self._began)
        given = {name: value for name, value in request.url.params.items() if name != "sign"}
        request.url = request.url.copy_with(params=signed(given, self._secret, self._auth.algorithm, moment))
        yield request


def signed(params: dict[str, str], secret: str, algorithm: str, moment: datetime) -> dict[str, str]:
    """Return parameters with `timestamp`, `sign_method` and `sign`.

    Names and values in the order of the names make one text; MD5 puts the secret before and after it, an HMAC has it as its key.
    Source: Taobao open platform, «API 调用方法详解».

    Args:
        moment: Aware; the platform wants Chinese time.
    """
    method = {"md5": "md5", "hmac-md5": "hmac", "hmac-sha256": "hmac-sha256"}[algorithm]
    stamp = f"{moment.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}"
    params = {**params, "timestamp": stamp, "sign_method": method}
    text = "".join(name + value for name, value in sorted(params.items()) if name and value)
    if algorithm == "md5":
        digest = hashlib.md5(f"{secret}{text}{secret}".encode()).hexdigest()  # noqa: S324, the platform's own scheme
    else:
        digest = hmac.new(secret.encode(), text.encode(), algorithm.removeprefix("hmac-")).hexdigest()
    return {**params, "sign": digest.upper()}
