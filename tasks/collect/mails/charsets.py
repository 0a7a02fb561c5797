"""The text of a mail whose charset may be missing, unknown or wrong."""

from __future__ import annotations

import codecs
import contextlib

from tasks.collect.encodings import FAMILIES, decode, likelihood
from tasks.collect.limits import PARSER_FAILURES

_SLOW_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
"""Codecs in which nobody writes a mail, by the name that Python gives them; their time grows with the square of the text."""
_NONE = ("", "unknown-8bit", "us-ascii", "ascii", "default", "x-unknown")


def decoded(data: bytes, charset: str) -> str:
    """Return the text of bytes in their declared charset, unless they say more sensibly something else in another.

    A declaration is not believed where the bytes are UTF-8, or not what anybody writes in it.
    """
    declared = charset.strip().lower()
    if data.isascii() and declared in (*_NONE, *FAMILIES) and not declared.startswith("utf-16"):
        return data.decode("ascii")
    found = decode(data)
    likely = found.text if found is not None and not found.doubtful else None
    if likely is not None and found is not None and found.encoding in ("utf-8", "utf-16") and not data.isascii():
        return likely
    if declared not in _NONE:
        with contextlib.suppress(*PARSER_FAILURES):
            name = FAMILIES.get(declared, declared)
            if codecs.lookup(name).name.replace("-", "_") not in _SLOW_CHARSETS:
                text = data.decode(name)
                judged = name if name in ("cp1252", "gb18030", "big5hkscs", "cp932") else ""
                return likely if likely is not None and judged and likelihood(text, judged) < 0 else text
    if likely is not None:
        return likely
    return found.text if found is not None else data.decode("utf-8", "replace")
