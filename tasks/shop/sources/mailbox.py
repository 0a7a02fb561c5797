"""A mailbox: a Maildir folder, mbox files, saved mails, or IMAP."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from tasks.shop.sources.source import Source


class Mailbox(Source):
    """A mailbox: a Maildir folder, mbox files, saved mails, or IMAP. Its native columns: id, message_id, thread, from, to, subject, date,
    date_from (`date_from_received` or `date_from_folder` where the mail has no date of its own), kind, text, attachments (number),
    attachment_names, size (bytes).

    maildir: Path of a Maildir folder.
    mbox: Glob of mbox files.
    eml: Glob of files that each hold one mail, as mail programs save them.
    leave_out: Mails that no customer wrote, told apart by their headers; they are counted in a warning and not read as records, but searched
        for words of safety.
    host, port, user, secret, folder, security: The IMAP account; `secret` names the password; `none` is for loopback only.
    max_mb: A larger mail is not read and goes to quarantine.
    max_parts, max_depth: Limits of a mail's structure.
    max_text: Most characters of text to keep.
    """

    kind: Literal["mailbox"]
    maildir: str = ""
    mbox: str = ""
    eml: str = ""
    leave_out: list[Literal["bounce", "auto_reply", "newsletter"]] = ["bounce", "auto_reply", "newsletter"]
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
        if sum(map(bool, (self.maildir, self.mbox, self.eml, self.host))) != 1:
            raise ValueError("give one of `maildir`, `mbox`, `eml` and `host`")
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
