"""A mailbox: a Maildir folder, or IMAP."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from tasks.shop.sources.source import Source


class Mailbox(Source):
    """A mailbox: a Maildir folder, or IMAP. Its native columns: id, message_id, thread, from, to, subject, date, text,
    attachments (number), attachment_names, size (bytes).

    maildir: Path of a Maildir folder.
    host, port, user, secret, folder, security: The IMAP account; `secret` names the password; `none` is for loopback only.
    max_mb: A larger mail is not read and goes to quarantine.
    max_parts, max_depth: Limits of a mail's structure.
    max_text: Most characters of text to keep.
    """

    kind: Literal["mailbox"]
    maildir: str = ""
    host: str = ""
    port: int = 993
    user: str = ""
    secret: str = ""
    folder: str = "INBOX"
    security: Literal["tls", "starttls", "none"] = "tls"
    max_mb: float = 10
    max_parts: int = 100
    max_depth: int = 10
    max_text: int = 20_000

    @model_validator(mode="after")
    def _place(self) -> Mailbox:
        if bool(self.maildir) == bool(self.host):
            raise ValueError("give either `maildir` or `host`")
        if self.host and not (self.user and self.secret):
            raise ValueError("IMAP needs `user` and `secret`, the name of the password's secret")
        if self.security == "none" and self.host not in (
            "",
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise ValueError("`security: none` is for loopback only")
        return self
