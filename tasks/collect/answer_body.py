"""The body of an HTTP answer, unpacked piece by piece, so that a small answer cannot become a large one in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from tasks.collect.limits import MEBIBYTE
from tasks.errors import ChannelError, ChannelProblem

ACCEPTED = "gzip, deflate"
"""What requests offer to unpack. Brotli and Zstandard unpack a thousandfold and more, before anyone can count."""
PIECE = MEBIBYTE
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}


def body_of(chunks: Iterable[bytes], encoding: str, *, host: str, max_bytes: int) -> bytes:
    """Return the unpacked bytes of an answer.

    Args:
        chunks: Its bytes as they came.
        encoding: Its Content-Encoding.
        host: For messages.
        max_bytes: Limit of what is unpacked.

    Raises:
        ChannelError: If it is packed in another way than we offered, is damaged or cut off, or passes the limit.
    """
    packed = encoding.strip().lower()
    if packed in ("", "identity"):
        pieces: Iterable[bytes] = chunks
    elif packed in _WINDOWS:
        pieces = _unpacked(chunks, packed, host)
    else:
        raise ChannelError(
            f"{host} answers in the encoding {packed[:40]!r}, which was not asked for.",
            hint=f"Ask its operator to answer plainly, or packed as one of {ACCEPTED}.",
            problem=ChannelProblem.UNREADABLE,
        )
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > max_bytes:
            raise ChannelError(
                f"An answer of {host} is larger than {max_bytes / MEBIBYTE:,.0f} MB.",
                hint="Request smaller pages in `params`, or raise `max_mb`.",
                problem=ChannelProblem.TOO_LARGE,
            )
    return bytes(body)


def _unpacked(chunks: Iterable[bytes], packed: str, host: str) -> Iterable[bytes]:
    unpacker = zlib.decompressobj(_WINDOWS[packed])
    first = True
    try:
        for chunk in chunks:
            if first and packed == "deflate" and chunk[:1] and chunk[0] & 0x0F != 8:
                unpacker = zlib.decompressobj(-15)  # many servers send the bare stream that the standard does not mean
            first = first and not chunk
            rest = chunk
            while rest:
                yield unpacker.decompress(rest, PIECE)
                rest = unpacker.unconsumed_tail
        if not first and not unpacker.eof:
            raise zlib.error("the end is missing")
    except zlib.error as error:
        raise ChannelError(
            f"The packed answer of {host} is damaged ({error}).",
            hint="No data are lost: the next pull reaches back. If it persists, ask the operator of the server.",
            problem=ChannelProblem.UNREADABLE,
        ) from error
