"""Where mails lie: a Maildir folder, mbox files, saved mails, or a folder of an IMAP server."""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.collect.limits import MEBIBYTE
from tasks.collect.mails.mbox import mails_of
from tasks.collect.source_rows import ReadContext
from tasks.connections import cut_off_after
from tasks.errors import ChannelError, ChannelProblem
from tasks.shop.sources.mailbox import Mailbox

CONNECT_S = 30.0
PULL_S = 1_800.0
"""The longest time for all mails of a pull; a server that drips its answers is cut off then."""


@dataclass(frozen=True)
class HeldMail:
    """A mail as its folder holds it.

    Args:
        name: Its name there.
        size: Bytes.
        data: All of it; None if it is too large to be read.
        since: When the folder got it, aware; None if it does not say.
    """

    name: str
    size: int
    data: bytes | None
    since: datetime | None = None


def mails(spec: Mailbox, place: ReadContext) -> Iterator[HeldMail]:
    """Yield the mails of a mailbox.

    Raises:
        ChannelError: If it does not exist or the server refuses the login.
    """
    if spec.maildir:
        return _maildir(spec, place)
    if spec.eml:
        return (_held(path, path.name, spec) for path in place.files([spec.eml]))
    return _mbox(spec, place) if spec.mbox else _imap(spec, place)


def _maildir(spec: Mailbox, place: ReadContext) -> Iterator[HeldMail]:
    folder = Path(place.path(spec.maildir))
    if not (folder / "cur").is_dir() and not (folder / "new").is_dir():
        raise ChannelError(
            f"{spec.maildir} is not a Maildir.",
            hint="It must contain the folders cur and new; correct `maildir` in channels.yaml.",
            problem=ChannelProblem.MISSING,
        )
    files = sorted(
        (file for part in ("cur", "new") for file in (folder / part).glob("*") if file.is_file()),
        key=lambda file: file.name,
    )
    return (_held(file, file.name.partition(":")[0], spec) for file in files)


def _held(file: Path, name: str, spec: Mailbox) -> HeldMail:
    """Return the mail that a file holds."""
    size = file.stat().st_size
    data = file.read_bytes() if size <= spec.max_mb * MEBIBYTE else None
    return HeldMail(name, size, data, datetime.fromtimestamp(file.stat().st_mtime, UTC))


def _mbox(spec: Mailbox, place: ReadContext) -> Iterator[HeldMail]:
    for path in place.files([spec.mbox]):
        with path.open("rb") as file:
            start = file.read(5)
        if start and start != b"From ":
            raise ChannelError(
                f"{path.name} is not an mbox file.",
                hint="It must begin with `From `; correct `mbox` in channels.yaml.",
                problem=ChannelProblem.UNREADABLE,
            )
        for number, since, data, size in mails_of(path, int(spec.max_mb * MEBIBYTE)):
            yield HeldMail(f"{path.name}:{number}", size, data, since)


def _imap(spec: Mailbox, place: ReadContext) -> Iterator[HeldMail]:
    with _login(spec, place) as server:
        if server.select(f'"{spec.folder}"', readonly=True)[0] != "OK":
            raise ChannelError(
                f"The mailbox has no folder {spec.folder}.",
                hint="Correct `folder` in channels.yaml.",
                problem=ChannelProblem.MISSING,
            )
        validity = _digits(server.response("UIDVALIDITY")[1])
        criteria = ["ALL"]
        if place.window.start is not None:
            criteria = [
                "SINCE",
                (place.window.start - timedelta(days=1)).strftime("%d-%b-%Y"),
            ]
        found = server.uid("SEARCH", *criteria)
        uids = (found[1][0] or b"").split()
        for uid in uids:
            answer = server.uid("FETCH", uid.decode(), "(RFC822.SIZE INTERNALDATE)")
            since = _internal_date(answer[1])
            size = int(_digits(answer[1], after=b"RFC822.SIZE") or 0)
            name = f"{validity}.{uid.decode()}"
            if size > spec.max_mb * MEBIBYTE:
                yield HeldMail(name, size, None, since)
                continue
            body = server.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
            data = next((part[1] for part in body[1] if isinstance(part, tuple)), b"")
            yield HeldMail(name, size, bytes(data), since)


class _Watched(imaplib.IMAP4):
    """A connection whose socket can be cut off from its first byte on."""

    def __init__(self, line: list[imaplib.IMAP4], *arguments: Any, **named: Any) -> None:
        line[:] = [self]
        super().__init__(*arguments, **named)


class _WatchedTls(_Watched, imaplib.IMAP4_SSL):
    """The same, encrypted from the start."""


@contextlib.contextmanager
def _login(spec: Mailbox, place: ReadContext) -> Iterator[imaplib.IMAP4]:
    """Log in to the server, and cut the connection off once the whole pull has taken too long."""
    line: list[imaplib.IMAP4] = []
    with cut_off_after(PULL_S, lambda: getattr(line[0], "sock", None) if line else None), _session(spec, place, line) as server:
        yield server


@contextlib.contextmanager
def _session(spec: Mailbox, place: ReadContext, line: list[imaplib.IMAP4]) -> Iterator[imaplib.IMAP4]:
    password = place.secret(spec.secret)
    host = f"{spec.host}:{spec.port}"
    try:
        if spec.security == "tls":
            server: imaplib.IMAP4 = _WatchedTls(
                line,
                spec.host,
                spec.port,
                ssl_context=ssl.create_default_context(),
                timeout=CONNECT_S,
            )
        else:
            server = _Watched(line, spec.host, spec.port, timeout=CONNECT_S)
            if spec.security == "starttls":
                server.starttls(ssl.create_default_context())
    except (OSError, socket.gaierror, imaplib.IMAP4.error) as error:
        raise ChannelError(
            f"The mail server {host} cannot be reached ({error}).",
            hint="Check `host`, `port` and `security`.",
            problem=ChannelProblem.UNREACHABLE,
        ) from error
    try:
        try:
            server.login(spec.user, password)
        except imaplib.IMAP4.error as error:
            raise ChannelError(
                f"The mail server {host} refused the login.",
                hint="Renew the password named in the channel.",
                problem=ChannelProblem.REFUSED_LOGIN,
            ) from error
        yield server
    except (OSError, imaplib.IMAP4.error) as error:
        raise ChannelError(
            f"The mail server {host} broke the connection ({error}).",
            hint="No data are lost: the next pull reaches back.",
            problem=ChannelProblem.UNREACHABLE,
        ) from error
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            server.logout()
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            server.shutdown()  # closes the socket of a server that was cut off and cannot say goodbye


def _digits(answer: list[Any], after: bytes = b"") -> str:
    text = b" ".join(part if isinstance(part, bytes) else part[0] for part in answer if part)
    match = re.search(after + rb"\s*(\d+)", text)
    return match[1].decode() if match else ""


def _internal_date(answer: list[Any]) -> datetime | None:
    """Return when the server got a mail."""
    text = b" ".join(part if isinstance(part, bytes) else part[0] for part in answer if part)
    match = re.search(rb'INTERNALDATE "([^"]{10,40})"', text)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1].decode("ascii", "replace").strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
