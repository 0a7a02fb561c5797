"""Probes: places that prove whether a mail was sent."""

from __future__ import annotations

from contextlib import suppress
from email.parser import BytesHeaderParser
from imaplib import IMAP4
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from tasks.connections import cut_off_after
from tasks.deliver.outbox import file_name
from tasks.errors import UserError

Found = Literal["found", "absent", "unknown"]


class OutboxProbe:
    """Look in the outbox, where a mail appears at once."""

    lag_seconds = 0.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, message_id: str) -> Found:
        """Look for the mail's file."""
        path = self.folder / file_name(message_id)
        try:
            with path.open("rb") as file:
                return "found" if BytesHeaderParser().parse(file)["Message-ID"] == message_id else "unknown"
        except FileNotFoundError:
            return "absent"
        except OSError:
            return "unknown"


class ImapProbe:
    """Look in a mailbox that keeps a copy of every mail sent.

    Args:
        url: `imaps://user:password@host[:port]/Mailbox`; `imap://` on loopback only.
        lag_seconds: How long a copy may take to arrive.
        timeout_s: Longest silence of the server.
        search_s: Limit of the whole search.
    """

    def __init__(self, url: str, *, lag_seconds: float = 900.0, timeout_s: float = 30.0, search_s: float = 120.0) -> None:
        parts = urlsplit(url)
        self.lag_seconds = lag_seconds
        self.timeout_s, self.search_s = timeout_s, search_s
        self.host = parts.hostname or ""
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.mailbox = unquote(parts.path.lstrip("/")) or "Sent"
        self.port = parts.port or (993 if parts.scheme == "imaps" else 143)
        self.encrypted = parts.scheme == "imaps"
        if not self.host or parts.scheme not in ("imaps", "imap"):
            raise UserError(
                "The address of the mailbox with the sent mails cannot be read.",
                hint="Write AFTERSALES_PROBE_IMAP_URL as imaps://user:password@host/Sent.",
            )
        if not self.encrypted and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise UserError(f"The password for {self.host} would be sent unencrypted.", hint="Use imaps:// instead of imap://.")

    def find(self, message_id: str) -> Found:
        """Search the mailbox without changing anything in it."""
        box: BaseMailBox
        try:
            box = (MailBox if self.encrypted else MailBoxUnencrypted)(self.host, self.port, timeout=self.timeout_s)
        except (ImapToolsError, IMAP4.error, OSError):
            return "unknown"
        try:
            with cut_off_after(self.search_s, lambda: box.client.sock) as cutoff:
                box.login(self.user, self.password, initial_folder=None)
                box.folder.set(self.mailbox, readonly=True)
                found: Found = "found" if box.uids(f'HEADER Message-ID "{message_id}"') else "absent"
            return "unknown" if cutoff.is_over else found
        except (ImapToolsError, IMAP4.error, OSError):
            return "unknown"
        finally:
            with suppress(ImapToolsError, IMAP4.error, OSError):
                box.logout()
