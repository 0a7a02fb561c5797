"""Mails of a Maildir, an mbox file, saved mails or an IMAP folder, as plain text."""

from __future__ import annotations

import contextlib
import email
import email.header
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from email.utils import getaddresses
from typing import Any

from tasks.collect.flattener import flatten
from tasks.collect.limits import MEBIBYTE, PARSER_FAILURES, failure_words
from tasks.collect.mails.charsets import decoded
from tasks.collect.mails.dates import written_at
from tasks.collect.mails.folders import mails
from tasks.collect.mails.quotations import own_words, without_quoted_markup
from tasks.collect.mails.senders import KINDS, kind_of_sender
from tasks.collect.markup import plain_text
from tasks.collect.origin import FileRows
from tasks.collect.source_rows import ReadContext, SourceRows, Window
from tasks.model.rows import Handover
from tasks.shop.sources.mailbox import Mailbox

COLUMNS = (
    "id",
    "message_id",
    "thread",
    "from",
    "to",
    "subject",
    "date",
    "date_from",
    "kind",
    "text",
    "attachments",
    "attachment_names",
    "size",
)
MAX_HEADERS = 1_000
MAX_NAME = 150
MAX_HEADER = 4_000
"""The most characters of a header that are decoded; decoding takes time that grows faster than its length."""
MAX_REFERENCES = 100_000
MAX_STRUCTURE = 8_000
"""The most bytes of a header that describes a part of a mail; parsing its parameters takes time that grows with their square."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_STRUCTURE = re.compile(
    rb"(?:^|[\r\n])content-(?:type|disposition|transfer-encoding)[ \t]*:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE
)


@dataclass(frozen=True)
class _Refusal(Exception):
    """A mail that is not read, and why."""

    reason: str


def read(spec: Mailbox, place: ReadContext) -> SourceRows:
    """Read the window's mails; a mail that exceeds a limit is refused by itself, with id and reason.

    Raises:
        ChannelError: If the folder does not exist or the server refuses the login.
    """
    rows: list[dict[str, Any]] = []
    refused: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    left_out: list[dict[str, Any]] = []
    marks: dict[str, list[int]] = {}
    for held in mails(spec, place):
        name, size, data, since = held.name, held.size, held.data, _believed(held.since, place.window)
        try:
            if data is None:
                raise _Refusal(f"the mail of {size / MEBIBYTE:,.0f} MB is larger than {spec.max_mb:,.0f} MB")
            if place.stamp == "date" and _outside(data, since, place.window):
                continue
            row = parse(data, spec, since)
        except _Refusal as refusal:
            refused.append((name, refusal.reason))
            continue
        except PARSER_FAILURES as error:
            refused.append((name, f"the mail cannot be read ({failure_words(error)})"))
            continue
        if row["kind"] in spec.leave_out:
            left_out.append({"id": row["message_id"] or name, **row})
            continue
        if row["date_from"]:
            marks.setdefault(row["date_from"], []).append(len(rows))
        content = hashlib.sha256(f"{row['from']}\x1f{row['subject']}\x1f{row['text']}".encode("utf-8", "replace")).hexdigest()
        key = row["message_id"] or name
        if seen.setdefault(key, content) != content:
            key = f"{key}#{content[:8]}"
        rows.append({"id": key, **row, "size": size})
    frame = flatten([dict.fromkeys(COLUMNS), *rows]).slice(1)
    where = spec.maildir or spec.mbox or spec.eml or spec.folder
    kinds = Counter(str(row["kind"]) for row in left_out)
    warnings = [f"{where}: {count:,} {KINDS[kind]} are nobody's words and are left out." for kind, count in sorted(kinds.items())]
    files = [FileRows(where, len(rows), marks=marks)] if marks else []
    return SourceRows(
        Handover(frame),
        loose=True,
        refused=refused,
        warnings=warnings,
        live=not (spec.mbox or spec.eml),
        files=files,
        left_out=left_out,
    )


def _believed(since: datetime | None, window: Window) -> datetime | None:
    """Return when a folder got a mail, unless that is still to come: then the file was copied, or a clock was wrong."""
    return since if since is not None and since <= window.now else None


def _outside(data: bytes, since: datetime | None, window: Window) -> bool:
    """Whether the mail's date, which is the channel's stamp, lies outside the window; its body need not be read then."""
    head = re.split(rb"\r?\n\r?\n", data[:65_536], maxsplit=1)[0]
    moment, _ = written_at(email.message_from_bytes(head), since)
    return moment is not None and (moment >= window.end or (window.start is not None and moment < window.start))


def parse(data: bytes, spec: Mailbox, held_since: datetime | None = None) -> dict[str, Any]:
    """Return a mail's fields: decoded headers, the customer's own words as text, names and number of attachments.

    A thread is the first id of References, else In-Reply-To, else the mail's own id. A date that cannot be read or lies before
    1990 is that of the newest server that passed the mail on, or else of its folder; `date_from` says so.

    Raises:
        _Refusal: If the mail's structure exceeds a limit.
    """
    if data.count(b"\n--") > 50 * spec.max_parts:
        raise _Refusal(f"the mail has more than {spec.max_parts} parts")
    if any(len(found[0]) > MAX_STRUCTURE for found in _STRUCTURE.finditer(data)):
        raise _Refusal(f"the mail describes a part in a header of more than {MAX_STRUCTURE:,} bytes")
    try:
        message = email.message_from_bytes(data)
        parts = list(_parts(message, spec))
    except RecursionError as error:
        raise _Refusal(f"the mail's parts are nested deeper than {spec.max_depth}") from error
    if len(message.keys()) > MAX_HEADERS:
        raise _Refusal(f"the mail has more than {MAX_HEADERS:,} headers")
    texts = {"plain": "", "html": ""}
    names: list[str] = []
    for part in parts:
        name = _filename(part)
        kind = part.get_content_type()
        if name or part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html"):
            names.append(_clean(header(name or kind))[:MAX_NAME])
        elif not texts[form := kind.removeprefix("text/")]:
            texts[form] = _text(part, 20 * spec.max_text)
    body = texts["plain"].strip() or plain_text(without_quoted_markup(texts["html"]))
    subject = _clean(header(message.get("Subject", ""))).replace("\n", " ").strip()[:500]
    moment, date_from = written_at(message, held_since)
    references = re.findall(
        r"<([^<>\s]{1,500})>",
        f"{str(message.get('References', ''))[:MAX_REFERENCES]} {str(message.get('In-Reply-To', ''))[:MAX_HEADER]}",
    )
    message_id = next(
        iter(re.findall(r"<?([^<>\s]{1,500})>?", str(message.get("Message-ID", ""))[:MAX_HEADER])),
        "",
    )
    return {
        "message_id": message_id or None,
        "thread": references[0] if references else message_id or None,
        "from": _address(message, "From"),
        "to": _address(message, "To"),
        "subject": subject or None,
        "date": moment.isoformat() if moment is not None else None,
        "date_from": date_from or None,
        "kind": kind_of_sender(message, subject) or None,
        "text": own_words(_clean(body))[: spec.max_text] or None,
        "attachments": len(names),
        "attachment_names": "; ".join(names) or None,
    }


def _parts(message: Message, spec: Mailbox, depth: int = 0, count: list[int] | None = None) -> Iterator[Message]:
    count = [0] if count is None else count
    count[0] += 1
    if depth > spec.max_depth:
        raise _Refusal(f"the mail's parts are nested deeper than {spec.max_depth}")
    if count[0] > spec.max_parts:
        raise _Refusal(f"the mail has more than {spec.max_parts} parts")
    if message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _parts(part, spec, depth + 1, count)
    else:
        yield message


def header(raw: Any) -> str:
    """Decode an RFC 2047 header; unknown charsets are read as UTF-8 or GB18030, whichever fits."""
    text = str(raw)[:MAX_HEADER]
    try:
        pieces = email.header.decode_header(text)
    except PARSER_FAILURES:
        return text
    return "".join(decoded(piece, charset or "") if isinstance(piece, bytes) else piece for piece, charset in pieces)


def _text(part: Message, limit: int) -> str:
    charset = _charset(part)
    try:
        payload = part.get_payload(decode=True)
    except PARSER_FAILURES:  # a charset declared in bytes that are none: the words can be read without it
        del part["Content-Type"]
        payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return decoded(payload[: 4 * limit], charset)[:limit]


def _charset(part: Message) -> str:
    """Return the declared charset, or an empty text where the declaration itself cannot be decoded."""
    with contextlib.suppress(*PARSER_FAILURES):
        charset = part.get_content_charset(failobj="")
        return charset if isinstance(charset, str) else ""
    return ""


def _filename(part: Message) -> str:
    """Return an attachment's name, or a bare word where its name cannot be decoded."""
    try:
        return part.get_filename() or ""
    except PARSER_FAILURES:
        return "attachment"


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).encode("utf-8", "replace").decode()


def _address(message: Message, name: str) -> str | None:
    try:
        found = getaddresses([str(message.get(name, ""))[:2000]])
    except PARSER_FAILURES:  # a RecursionError at a few hundred brackets is one of them
        return None
    return next((_clean(address).lower() for _, address in found if "@" in address), None)
