"""HTML as plain text, in time that grows with its length alone, whatever its author left open."""

from __future__ import annotations

import html
import re

_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr)\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]{0,2000}>")
_HIDDEN = {
    "!--": re.compile(r"-->"),
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
}
"""What a browser does not show, by the word that opens it, and what closes it."""
_OPENS = re.compile(r"<(!--|(?:script|style)\b)", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
"""The number of no character; thousands of digits would be refused by the one who reads it."""


def plain_text(markup: str) -> str:
    """Return the words of a page, one line for each paragraph; what nobody closes counts as words, so that none are lost."""
    shown = _TAG.sub(" ", _without_hidden(_BREAK.sub("\n", markup)))
    return html.unescape(_LONG_NUMBER.sub("\ufffd", shown)).strip()


def _without_hidden(markup: str) -> str:
    """Leave out comments, scripts and styles, passing over the text once: an end that is not found is not sought again."""
    kept: list[str] = []
    open_for_ever: set[str] = set()
    at = 0
    while opened := _OPENS.search(markup, at):
        kind = opened[1].lower()
        end = None if kind in open_for_ever else _HIDDEN[kind].search(markup, opened.end())
        kept.append(markup[at : opened.start()])
        if end is None:
            open_for_ever.add(kind)
            tag = None if kind == "!--" else _TAG.match(markup, opened.start())
            at = tag.end() if tag else opened.end()
        else:
            at = end.end()
        kept.append(" ")
    return "".join([*kept, markup[at:]])
