"""SMTP: one message per recipient, and the server's answer to each."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tasks.deliver.message import Mail
from tasks.deliver.transport import Outcome
from tasks.errors import UserError

_LEADING_PERIOD = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """An SMTP server and its security; an empty user means no login."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    timeout_s: float = 60.0


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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection.close()
            self._connection = None

    def send(self, mail: Mail) -> Outcome:
        """Send one mail; only an answer to the whole message makes it `accepted`, silence makes it `unknown`.

        Raises:
            UserError: If the server lacks the required encryption or refuses the login.
        """
        try:
            connection = self._connect()
            outcome = _envelope(connection, mail)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Outcome("later", _words(error))
        if outcome is None:
            outcome = _content(connection, mail)
        if outcome.result != "accepted":
            self.close()
        return outcome

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
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
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
    except (smtplib.SMTPException, OSError) as error:
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
