"""The mails of an mbox file, as Thunderbird, Gmail's takeout and mail servers write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tasks.collect.mails.dates import moment_of

_FROM = re.compile(rb"From \S{0,300}\s+(?:[A-Z][a-z]{2}) (.{10,60})$")
_QUOTED_FROM = re.compile(rb"^>(>*From )")


def mails_of(path: Path, max_bytes: int) -> Iterator[tuple[int, datetime | None, bytes | None, int]]:
    """Yield each mail of a file: its number from 1, when it was put there, its bytes (None if they are too many), and its size.

    A mail begins with a line `From ` after an empty line or at the start; `>From ` within one is `From `.
    """
    number, size = 0, 0
    since: datetime | None = None
    lines: list[bytes] = []
    empty = True
    with path.open("rb") as file:
        for raw in file:
            line = raw
            if empty and line.startswith(b"From ") and (number == 0 or b":" in line or _FROM.match(line.rstrip())):
                if number:
                    yield number, since, b"".join(lines) if size <= max_bytes else None, size
                number, size, lines, since = number + 1, 0, [], _moment(line)
                empty = False
                continue
            empty = not line.strip()
            if number == 0:
                continue
            size += len(line)
            if size <= max_bytes:
                lines.append(_QUOTED_FROM.sub(rb"\1", line))
            else:
                lines.clear()
    if number:
        yield number, since, b"".join(lines) if size <= max_bytes else None, size


def _moment(line: bytes) -> datetime | None:
    match = _FROM.match(line.rstrip())
    if match is None:
        return None
    text = match[1].decode("ascii", "replace")
    words = text.split()
    zone = "" if any(re.fullmatch(r"[+-]\d{4}", word) for word in words) else " +0000"
    for form in ("%b %d %H:%M:%S %Y %z", "%b %d %H:%M:%S %z %Y"):
        try:
            return datetime.strptime(" ".join(words) + zone, form).astimezone(UTC)
        except ValueError:
            continue
    return moment_of(text)
