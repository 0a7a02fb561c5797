"""Secrets kept out of messages: an error may quote the address or the header that it could not use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote, urlsplit

SHORTEST = 6
"""A shorter part of a secret is no secret, and replacing it would garble the message."""


def without_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """Return a message with every known secret, and every part of one, replaced by its name.

    Args:
        text: The message.
        secrets: Name → value of the secrets that were read.
    """
    parts = {part: name for name, value in secrets.items() for part in _parts(value)}
    for part in sorted(parts, key=lambda one: (-len(one), one)):
        text = text.replace(part, f"[secret {parts[part]}]")
    return text


def _parts(value: str) -> Iterator[str]:
    """Yield the ways in which a secret may be written: whole, a line of it, what an address hides behind its host."""
    if value:
        yield value
    lines = [line.strip() for line in value.splitlines()]
    hidden = [piece for line in (value, *lines) for piece in _behind_the_host(line)]
    for piece in (*lines, *hidden):
        for written in (piece, quote(piece), quote(piece, safe=""), unquote(piece), repr(piece)[1:-1], ascii(piece)[1:-1]):
            if len(written) >= SHORTEST:
                yield written


def _behind_the_host(line: str) -> list[str]:
    try:
        parts = urlsplit(line)
        found = [parts.path, parts.query, parts.fragment, parts.username or "", parts.password or ""]
    except ValueError:
        return []
    if not parts.netloc:
        return []
    values = [pair.partition("=")[2] for pair in parts.query.split("&")]
    return [*found, *values, *parts.path.split("/")]
