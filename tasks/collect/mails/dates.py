"""When a mail was written: by itself, by the servers that passed it on, or by the folder that holds it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from tasks.collect.limits import PARSER_FAILURES

MAX_HEADER = 4_000
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def moment_of(text: str) -> datetime | None:
    """Read the date of a mail; what cannot be read, or lies before 1990, is none."""
    try:
        moment = parsedate_to_datetime(text[:MAX_HEADER].strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except PARSER_FAILURES:
        return None
    return moment if moment >= EARLIEST else None


def written_at(message: Message, held_since: datetime | None = None) -> tuple[datetime | None, str]:
    """Return when a mail was written, and the flag that says where that is from if it is not its own date.

    Args:
        message: The mail; its newest Received header stands first.
        held_since: When its folder got it, aware; None if that is not known.
    """
    own = moment_of(str(message.get("Date", "")))
    if own is not None:
        return own, ""
    for header in message.get_all("Received", [])[:20]:
        moment = moment_of(re.sub(r"\s+", " ", str(header)[-MAX_HEADER:]).rpartition(";")[2])
        if moment is not None:
            return moment, "date_from_received"
    if held_since is not None and held_since >= EARLIEST:
        return held_since.astimezone(UTC), "date_from_folder"
    return None, ""
