"""The outbox: mails as `.eml` files, the transport that needs no server."""

from __future__ import annotations

from pathlib import Path

from tasks.deliver.message import Mail
from tasks.deliver.transport import Outcome
from tasks.files import write_whole


def file_name(message_id: str) -> str:
    """Return the file of a mail: the left side of its Message-ID."""
    return f"{message_id.strip('<>').partition('@')[0]}.eml"


class Outbox:
    """Write each mail as one file.

    Args:
        folder: Where to write; created on first use.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, mail: Mail) -> Outcome:
        """Write the file whole; a fault after the file may have appeared is `unknown`, for the probe to settle."""
        path = self.folder / file_name(mail.message_id)
        try:
            write_whole(path, mail.content)
        except OSError as error:
            return Outcome("unknown", f"writing {path.name}: {error.strerror or error}")
        return Outcome("accepted", path.name)
