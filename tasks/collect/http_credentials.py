"""How requests prove who asks: fixed headers, signatures, secret parameters, access tokens that are renewed when they expire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from tasks.collect.answer_body import ACCEPTED
from tasks.collect.http_signatures import signature
from tasks.collect.json_text import written
from tasks.collect.source_rows import ReadContext, at_path
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
        return headers, signature(auth, place, elapsed)
    return headers, None


class AccessToken:
    """An access token, asked for before the first request and anew when the server no longer takes it.

    served: Whether a request with this token was answered.
    """

    def __init__(self, auth: Auth, place: ReadContext) -> None:
        self._auth, self._place = auth, place
        self._token = ""
        self.served = False

    @property
    def is_held(self) -> bool:
        """Whether there is a token."""
        return bool(self._token)

    def carried(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the headers and the query parameters that carry the token."""
        if self._auth.token_param:
            return {}, {self._auth.token_param: self._token}
        if self._auth.token_header:
            return {self._auth.token_header: self._token}, {}
        return {"Authorization": f"Bearer {self._token}"}, {}

    def forget(self) -> None:
        """Drop the token, so that another is asked for."""
        self._token, self.served = "", False

    def request(self, client: httpx.Client) -> httpx.Request:
        """Return the request for a token."""
        said, address, way = self._said(), self._auth.token_url, self._auth.token_sent_as
        if way == "query":
            return client.build_request("GET", address, params=said)
        if way == "json":
            return client.build_request("POST", address, content=written(said), headers={"Content-Type": "application/json"})
        return client.build_request("POST", address, data=said)

    def keep(self, body: Any) -> None:
        """Take the token from an answer.

        Raises:
            ChannelError: If it has none.
        """
        token = at_path(body, self._auth.token_path)
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise self.refused("200")
        self._token = token
        self._place.secrets["access token"] = token

    def refused(self, said: str) -> ChannelError:
        """Return what is told when no token is given: with the status, or the code and the words of the answer."""
        return ChannelError(
            f"{urlsplit(self._auth.token_url).hostname or 'The server'} gave no access token ({said}).",
            hint="Renew the secrets that `auth` names, and check `user` and the keys that begin with `token_` in channels.yaml.",
            problem=ChannelProblem.REFUSED_LOGIN,
        )

    def _said(self) -> dict[str, Any]:
        """Return the parameters of the request for a token, in the order of their names."""
        auth = self._auth
        said: dict[str, Any] = dict(auth.token_params)
        if auth.kind == "oauth2" and auth.user_as:
            said[auth.user_as] = auth.user
        if auth.kind == "oauth2" and auth.secret_as:
            said[auth.secret_as] = self._place.secret(auth.secret)
        if auth.refresh_secret:
            said |= {"grant_type": "refresh_token", "refresh_token": self._place.secret(auth.refresh_secret)}
        elif not auth.token_params:
            said["grant_type"] = "client_credentials"
        if auth.scope:
            said["scope"] = auth.scope
        return dict(sorted(said.items()))
