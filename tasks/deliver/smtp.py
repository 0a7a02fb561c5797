"""SMTP: one message per recipient, and the server's answer to each."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tasks.connections import Cutoff, cut_off_after
from tasks.deliver.message import Mail
from tasks.deliver.transport import Outcome
from tasks.errors import UserError

GOODBYE_S = 10.0
_TOO_LONG = "the server took too long to answer"
_LEADING_PERIOD = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """An SMTP server and its security; an empty user means no login.

    timeout_s: Longest silence of the server.
    exchange_s: Longest time for one mail, from the connection to the answer; shorter than the lease of its claim, so that nobody
        takes the mail over while it is still being sent.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    timeout_s: float = 60.0
    exchange_s: float = 600.0


class _Watched(smtplib.SMTP):
    """A connection whose socket can be cut off from its first byte on."""

    def __init__(self, line: list[smtplib.SMTP], *arguments: Any, **named: Any) -> None:
        line[:] = [self]
        super().__init__(*arguments, **named)


class _WatchedTls(_Watched, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""


class Smtp:
    """Send mails over one connection, opened when first needed.

    Raises:
        UserError: On creation, if mail would cross a network unencrypted.
    """

    def __init__(self, server: Server) -> None:
        if server.security == "none" and not _is_loopback(server.host):
            raise UserError(
                f"Mail to {server.host} would be sent unencrypted.", hint="Set AFTERSALES_SMTP_SECURITY to starttls or tls."
            )
        self.server = server
        self._connection: smtplib.SMTP | None = None
        self._line: list[smtplib.SMTP] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(smtplib.SMTPException, OSError, ValueError), cut_off_after(GOODBYE_S, self._socket):
                self._connection.quit()
            self._connection.close()
            self._connection = None

    def send(self, mail: Mail) -> Outcome:
        """Send one mail; only an answer to the whole message makes it `accepted`, silence makes it `unknown`.

        Raises:
            UserError: If the server lacks the required encryption or refuses the login.
        """
        with cut_off_after(self.server.exchange_s, self._socket) as cutoff:
            outcome = self._exchange(mail, cutoff)
        if outcome.result != "accepted":
            self.close()
        return outcome

    def _exchange(self, mail: Mail, cutoff: Cutoff) -> Outcome:
        try:
            connection = self._connect()
            outcome = _envelope(connection, mail)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Outcome("later", _words(error))
        if cutoff.is_over:
            return Outcome("later", _TOO_LONG)
        if outcome is not None:
            return outcome
        outcome = _content(connection, mail)
        # the beginning of an answer that was cut off is no answer
        return Outcome("unknown", _TOO_LONG) if cutoff.is_over and outcome.result == "accepted" else outcome

    def _socket(self) -> socket.socket | None:
        return self._line[0].sock if self._line else None

    def _connect(self) -> smtplib.SMTP:
        if self._connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                if self._connection.noop()[0] == 250:
                    return self._connection
            self.close()
        server = self.server
        context = ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)
        connection: smtplib.SMTP
        if server.security == "tls":
            connection = _WatchedTls(self._line, server.host, server.port, timeout=server.timeout_s, context=context)
        else:
            connection = _Watched(self._line, server.host, server.port, timeout=server.timeout_s)
        try:
            self._secure(connection, context)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _secure(self, connection: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server = self.server
        connection.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            if not connection.has_extn("starttls"):
                raise UserError(
                    f"The mail server {server.host} offers no STARTTLS, so mail could be intercepted. Nothing was sent.",
                    hint="Ask the server's operator; if it uses TLS from the start, set AFTERSALES_SMTP_SECURITY=tls.",
                )
            connection.starttls(context=context)
            connection.ehlo()
        if server.user:
            try:
                connection.login(server.user, server.password)
            except smtplib.SMTPAuthenticationError as error:
                if error.smtp_code < 500:
                    raise
                raise UserError(
                    f"The mail server {server.host} refused the login of {server.user} ({error.smtp_code}). Nothing was sent.",
                    hint="Check AFTERSALES_SMTP_USER and AFTERSALES_SMTP_PASSWORD.",
                ) from error


def _envelope(connection: smtplib.SMTP, mail: Mail) -> Outcome | None:
    """Send the envelope; return an outcome if the answer ends the attempt."""
    for name, address in ((connection.mail, mail.sender), (connection.rcpt, mail.address)):
        code, answer = name(address)
        if code >= 400:
            return Outcome("refused" if code >= 500 else "later", _answer(code, answer))
    return None


def _content(connection: smtplib.SMTP, mail: Mail) -> Outcome:
    """Send the message: before its first byte nothing can have been sent, after that only the answer shows whether it was."""
    try:
        code, answer = connection.docmd("DATA")
    except (smtplib.SMTPException, OSError) as error:
        return Outcome("later", _words(error))
    if code != 354:
        return Outcome("refused" if code >= 500 else "later", _answer(code, answer))
    try:
        connection.send(_LEADING_PERIOD.sub(b"..", mail.content).removesuffix(b"\r\n") + b"\r\n.\r\n")
        code, answer = connection.getreply()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Outcome("unknown", _words(error))
    if 200 <= code < 300:
        return Outcome("accepted", _answer(code, answer))
    return Outcome("refused" if code >= 500 else "later", _answer(code, answer))


def _answer(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode('utf-8', 'replace')}"[:300]


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        return _answer(error.smtp_code, answer if isinstance(answer, bytes) else str(answer).encode())
    return f"{type(error).__name__}: {error}"[:300]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
