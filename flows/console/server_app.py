"""Prefect's server on loopback, closed to pages of other origins: what uvicorn runs for `serve` and for a single run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

NAMES = ("127.0.0.1", "localhost")
REFUSAL = b"This server answers its own address only."
SHUT = [(b"x-frame-options", b"DENY"), (b"cross-origin-resource-policy", b"same-site"), (b"referrer-policy", b"no-referrer")]


def for_one_run() -> App:
    """Return the server without its UI and the services that only schedules need."""
    from prefect.server.api.server import create_app

    return guarded(create_app(ephemeral=True, final=True))


def served() -> App:
    """Return the whole server."""
    from prefect.server.api.server import create_app

    return guarded(create_app(final=True))


def hosts_of(port: int) -> frozenset[str]:
    """Return the values of the Host header that name this machine's own server."""
    return frozenset(f"{name}:{port}" for name in NAMES)


def guarded(app: App) -> App:
    """Refuse requests and sockets whose Host is another name (a rebound one), or whose Origin is another page.

    Prefect itself compares neither: it limits which answers another origin may read, not which requests it may make.
    """

    async def guard(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        hosts = hosts_of(scope["server"][1])
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        host = [value for name, value in headers if name == b"host"]
        origins = [value for name, value in headers if name == b"origin"]
        own = len(host) == 1 and host[0] in hosts and all(origin.removeprefix("http://") in hosts for origin in origins)
        if own:
            await app(scope, receive, _shutting(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain"), *SHUT]})
            await send({"type": "http.response.body", "body": REFUSAL})

    return guard


def _shutting(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *SHUT]}
        await send(message)

    return sending
