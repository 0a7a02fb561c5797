"""Reports that a server makes on request: asked for, waited for, and fetched as files."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urljoin, urlsplit

import httpx

from tasks.collect.answer_body import ACCEPTED, body_of
from tasks.collect.http_connections import PatientTransport
from tasks.collect.http_requests import TRY_AGAIN, HttpServer, Wish, host_of
from tasks.collect.limits import MEBIBYTE
from tasks.collect.readers.delimited import table
from tasks.collect.source_rows import SourceRows, at_path
from tasks.errors import ChannelError, ChannelProblem
from tasks.shop.sources.delimited import Delimited
from tasks.shop.sources.http_api import Report

_GZIP = b"\x1f\x8b"


class Reports:
    """Fetches reports of one server.

    Args:
        server: Where they are asked for.
        report: How.
        address: Where a report is asked for; all others lie on its host.
        received: Counts bytes and gives up if there are too many.
    """

    def __init__(self, server: HttpServer, report: Report, address: str, received: Callable[[int], None]) -> None:
        self._server, self._report, self._address, self._received = server, report, address, received

    def rows(self, wish: Wish, name: str) -> SourceRows:
        """Return the rows of one report.

        Args:
            wish: The request for it.
            name: Its name, for messages.

        Raises:
            ChannelError: If the server makes none, or it cannot be fetched or read.
        """
        asked = self._server.ask(wish)
        self._received(len(asked.data))
        job = _text(at_path(asked.body, self._report.id))
        if not job:
            raise self._wrong(f"names no report at `{self._report.id}`", "report.id")
        file = self._finished(job)
        if not file:
            empty = Delimited(kind="delimited", files=[], separator=self._report.separator, export_limit=0)
            nothing = table(empty, name, b"")
            nothing.notes.append(f"{host_of(self._address)} has nothing to report for {name}.")
            return nothing
        data = self._fetched(file)
        spec = Delimited(
            kind="delimited", files=[], separator=self._report.separator, encoding=self._report.encoding, export_limit=0
        )
        return table(spec, name, data, self._server.place.mapped)

    def _finished(self, job: str) -> str:
        """Wait until a report is made; return its file's id, or nothing if there is nothing to report."""
        report, host = self._report, host_of(self._address)
        address = self._on_host(report.status_url, job)
        for _ in range(max(1, int(self._server.spec.max_pull_s / report.every_s))):
            answer = self._server.ask(Wish(address, {}))
            self._received(len(answer.data))
            state = _text(at_path(answer.body, report.status))
            if state in report.nothing:
                return ""
            if state in report.done:
                if file := _text(at_path(answer.body, report.file_id)):
                    return file
                raise self._wrong(f"names no file at `{report.file_id}`", "report.file_id")
            if state in report.failed:
                raise ChannelError(
                    f"{host} could not make the report ({state}).",
                    hint="No data are lost: the next pull asks again. If it persists, ask for the report by hand there.",
                    problem=ChannelProblem.UNREACHABLE,
                )
            if not state:
                raise self._wrong(f"says nothing about the report at `{report.status}`", "report.status")
            if self._server.patience.is_over:
                break
            self._server.place.wait(report.every_s)
        raise ChannelError(
            f"{host} has not finished the report within {self._server.spec.max_pull_s / 60:,.0f} minutes.",
            hint="No data are lost: the next pull asks again. Raise `max_pull_s` if its reports take that long.",
            problem=ChannelProblem.UNREACHABLE,
        )

    def _fetched(self, file: str) -> bytes:
        """Return a report's bytes, unpacked; where they lie on another server, nothing that proves who we are is sent there."""
        answer = self._server.ask(Wish(self._on_host(self._report.file_url, file), {}))
        self._received(len(answer.data))
        address = _text(at_path(answer.body, self._report.file_at))
        host = _host(address, ("https", urlsplit(self._address).scheme))
        if not host:
            raise self._wrong(f"names no address of the file at `{self._report.file_at}`", "report.file_at")
        self._server.place.secrets["address of the report"] = address
        data = self._downloaded(address)
        limit = self._server.spec.max_mb * MEBIBYTE
        unpacked = body_of([data], "gzip", host=host, max_bytes=limit) if data.startswith(_GZIP) else data
        self._received(len(unpacked))
        return unpacked

    def _downloaded(self, address: str) -> bytes:
        spec, place, patience = self._server.spec, self._server.place, self._server.patience
        host, trouble = host_of(address), ""
        for attempt in range(spec.retries + 1):
            patience.next_answer()
            try:
                with (
                    httpx.Client(timeout=spec.timeout_s, trust_env=False, transport=PatientTransport(patience)) as plain,
                    plain.stream("GET", address, headers={"Accept-Encoding": ACCEPTED}) as response,
                ):
                    if response.status_code == 200:
                        encoding = response.headers.get("Content-Encoding", "")
                        return body_of(response.iter_raw(), encoding, host=host, max_bytes=spec.max_mb * MEBIBYTE)
                    trouble = f"{host} answered {response.status_code} instead of the report"
                    if response.status_code not in TRY_AGAIN:
                        break
            except httpx.TransportError as error:
                trouble = f"{host}, where the report lies, cannot be reached ({type(error).__name__})"
            if attempt < spec.retries:
                place.wait(min(2.0**attempt / 2, spec.longest_wait_s))
        raise ChannelError(
            f"{trouble}.", hint="No data are lost: the next pull asks for the report again.", problem=ChannelProblem.UNREACHABLE
        )

    def _on_host(self, address: str, identity: str) -> str:
        return urljoin(self._address, address.replace("{id}", quote(identity, safe="")))

    def _wrong(self, what: str, key: str) -> ChannelError:
        return ChannelError(
            f"The answer of {host_of(self._address)} {what}.",
            hint=f"Correct `{key}` in channels.yaml.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )


def _host(address: str, schemes: tuple[str, str]) -> str:
    """Return the host of an address of one of some schemes, or nothing."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in schemes else ""


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
