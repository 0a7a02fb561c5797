"""Connections to a server whose whole answer, and whole pull, have an end: a server that drips a byte now and then has not answered."""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import httpcore
import httpx

_ADDRESS = re.compile(r'(https?://)(?:[^/@\s"]*@)?([^/?#\s"]*)[^\s"]*')


class NoAddresses(logging.Filter):
    """Leaves scheme and host of the addresses in httpx's own lines: paths and queries carry tokens, signatures and session keys."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the addresses of a line; no line is dropped."""
        record.msg, record.args = _ADDRESS.sub(r"\1\2", record.getMessage()), None
        return True


logging.getLogger("httpx").addFilter(NoAddresses())


class Patience:
    """How long a pull still waits: for the answer at hand, and for all of them.

    Args:
        elapsed: Seconds on a steady clock.
        pull_s: Limit of the whole pull.
        answer_s: Limit of one answer.
    """

    def __init__(self, elapsed: Callable[[], float], *, pull_s: float, answer_s: float) -> None:
        self._elapsed, self._answer_s = elapsed, answer_s
        self._end = elapsed() + pull_s
        self._answer_end = self._end

    def next_answer(self) -> None:
        """Begin to wait for another answer."""
        self._answer_end = min(self._end, self._elapsed() + self._answer_s)

    @property
    def is_over(self) -> bool:
        """Whether the whole pull has taken too long."""
        return self._elapsed() >= self._end

    def left(self) -> float:
        """Return the seconds left for the answer at hand.

        Raises:
            httpcore.ReadTimeout: If there are none.
        """
        left = self._answer_end - self._elapsed()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer takes too long")
        return left


class PatientTransport(httpx.HTTPTransport):
    """httpx's transport, every read of which ends with the patience."""

    def __init__(self, patience: Patience) -> None:
        certificates = _certificates()
        super().__init__(verify=certificates, trust_env=False)
        self._pool = httpcore.ConnectionPool(ssl_context=certificates, network_backend=_Backend(patience))


@cache
def _certificates() -> ssl.SSLContext:
    """Return the authorities that every connection trusts, read once: there are a hundred and fifty of them."""
    return httpx.create_ssl_context(trust_env=False)


class _Backend(httpcore.SyncBackend):
    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = min(timeout or self._patience.left(), self._patience.left())
        return _Stream(super().connect_tcp(host, port, left, local_address, socket_options), self._patience)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, patience: Patience) -> None:
        self._stream, self._patience = stream, patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, min(timeout or self._patience.left(), self._patience.left()))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, min(timeout or self._patience.left(), self._patience.left()))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._patience)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
