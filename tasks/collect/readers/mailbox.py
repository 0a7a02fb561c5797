"""Mails of a Maildir or an IMAP folder, as plain text."""

from __future__ import annotations

import codecs
import contextlib
import email
import email.header
import hashlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

from tasks.collect.flattener import flatten
from tasks.collect.limits import MEBIBYTE, PARSER_FAILURES, failure_words
from tasks.collect.markup import plain_text
from tasks.collect.source_rows import ReadContext, SourceRows, Window
from tasks.errors import ChannelError, ChannelProblem
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
CONNECT_S = 30.0

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_STRUCTURE = re.compile(
    rb"(?:^|[\r\n])content-(?:type|disposition|transfer-encoding)[ \t]*:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE
)
_SLOW_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
"""Codecs in which nobody writes a mail, by the name that Python gives them; their time grows with the square of the text."""
_HISTORY = re.compile(
    r"^\s*(?:"
    r"-{2,}\s*(?:original message|forwarded message|原始邮件|原邮件|转发邮件|回复的原邮件)\s*-{2,}"
    r"|on\b.{4,200}\bwrote\s*[:：]"
    r"|在?.{0,80}\d{4}\s*[年/-].{2,160}(?:写道|写到|wrote)\s*[:：]"
    r"|(?:from|发件人)\s*[:：].{1,200}"
    r"|_{10,}"
    r")\s*$",
    re.IGNORECASE,
)
_WROTE_OPENS = re.compile(r"^\s*(?:on\b|在).{4,200}$", re.IGNORECASE)
_WROTE_ENDS = re.compile(r"(?:\bwrote|写道|写到)\s*[:：]\s*$", re.IGNORECASE)
_SIGNATURE = re.compile(r"^(?:--|—{2}|__)\s*$|^(?:sent from my |发自我的|来自我的)", re.IGNORECASE)


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
    for name, size, data in _maildir(spec, place) if spec.maildir else _imap(spec, place):
        try:
            if data is None:
                raise _Refusal(f"the mail of {size / MEBIBYTE:,.0f} MB is larger than {spec.max_mb:,.0f} MB")
            if place.stamp == "date" and _outside(data, place.window):
                continue
            row = parse(data, spec)
        except _Refusal as refusal:
            refused.append((name, refusal.reason))
            continue
        except PARSER_FAILURES as error:
            refused.append((name, f"the mail cannot be read ({failure_words(error)})"))
            continue
        content = hashlib.sha256(f"{row['from']}\x1f{row['subject']}\x1f{row['text']}".encode("utf-8", "replace")).hexdigest()
        key = row["message_id"] or name
        if seen.setdefault(key, content) != content:
            key = f"{key}#{content[:8]}"
        rows.append({"id": key, **row, "size": size})
    frame = flatten([dict.fromkeys(COLUMNS), *rows]).slice(1)
    return SourceRows(Handover(frame), loose=True, refused=refused, live=True)


def _outside(data: bytes, window: Window) -> bool:
    """Whether the mail's own date, which is the channel's stamp, lies outside the window; its body need not be read then."""
    head = re.split(rb"\r?\n\r?\n", data[:65_536], maxsplit=1)[0]
    text = _date(email.message_from_bytes(head))
    moment = datetime.fromisoformat(text) if text else None
    return moment is not None and (moment >= window.end or (window.start is not None and moment < window.start))


def _maildir(spec: Mailbox, place: ReadContext) -> Iterator[tuple[str, int, bytes | None]]:
    folder = Path(place.path(spec.maildir))
    if not (folder / "cur").is_dir() and not (folder / "new").is_dir():
        raise ChannelError(
            f"{spec.maildir} is not a Maildir.",
            hint="It must contain the folders cur and new; correct `maildir` in channels.yaml.",
            problem=ChannelProblem.MISSING,
        )
    files = sorted(
        (file for part in ("cur", "new") for file in (folder / part).glob("*") if file.is_file()),
        key=lambda file: file.name,
    )
    for file in files:
        size = file.stat().st_size
        yield (
            file.name.partition(":")[0],
            size,
            file.read_bytes() if size <= spec.max_mb * MEBIBYTE else None,
        )


def _imap(spec: Mailbox, place: ReadContext) -> Iterator[tuple[str, int, bytes | None]]:
    with _login(spec, place) as server:
        if server.select(f'"{spec.folder}"', readonly=True)[0] != "OK":
            raise ChannelError(
                f"The mailbox has no folder {spec.folder}.",
                hint="Correct `folder` in channels.yaml.",
                problem=ChannelProblem.MISSING,
            )
        validity = _digits(server.response("UIDVALIDITY")[1])
        criteria = ["ALL"]
        if place.window.start is not None:
            criteria = [
                "SINCE",
                (place.window.start - timedelta(days=1)).strftime("%d-%b-%Y"),
            ]
        found = server.uid("SEARCH", *criteria)
        uids = (found[1][0] or b"").split()
        for uid in uids:
            answer = server.uid("FETCH", uid.decode(), "(RFC822.SIZE)")
            size = int(_digits(answer[1], after=b"RFC822.SIZE") or 0)
            name = f"{validity}.{uid.decode()}"
            if size > spec.max_mb * MEBIBYTE:
                yield name, size, None
                continue
            body = server.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
            data = next((part[1] for part in body[1] if isinstance(part, tuple)), b"")
            yield name, size, bytes(data)


@contextlib.contextmanager
def _login(spec: Mailbox, place: ReadContext) -> Iterator[imaplib.IMAP4]:
    password = place.secret(spec.secret)
    host = f"{spec.host}:{spec.port}"
    try:
        if spec.security == "tls":
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                spec.host,
                spec.port,
                ssl_context=ssl.create_default_context(),
                timeout=CONNECT_S,
            )
        else:
            server = imaplib.IMAP4(spec.host, spec.port, timeout=CONNECT_S)
            if spec.security == "starttls":
                server.starttls(ssl.create_default_context())
    except (OSError, socket.gaierror, imaplib.IMAP4.error) as error:
        raise ChannelError(
            f"The mail server {host} cannot be reached ({error}).",
            hint="Check `host`, `port` and `security`.",
            problem=ChannelProblem.UNREACHABLE,
        ) from error
    try:
        try:
            server.login(spec.user, password)
        except imaplib.IMAP4.error as error:
            raise ChannelError(
                f"The mail server {host} refused the login.",
                hint="Renew the password named in the channel.",
                problem=ChannelProblem.REFUSED_LOGIN,
            ) from error
        yield server
    except (OSError, imaplib.IMAP4.error) as error:
        raise ChannelError(
            f"The mail server {host} broke the connection ({error}).",
            hint="No data are lost: the next pull reaches back.",
            problem=ChannelProblem.UNREACHABLE,
        ) from error
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            server.logout()


def _digits(answer: list[Any], after: bytes = b"") -> str:
    text = b" ".join(part if isinstance(part, bytes) else part[0] for part in answer if part)
    match = re.search(after + rb"\s*(\d+)", text)
    return match[1].decode() if match else ""


def parse(data: bytes, spec: Mailbox) -> dict[str, Any]:
    """Return a mail's fields: decoded headers, the customer's own words as text, names and number of attachments.

    A thread is the first id of References, else In-Reply-To, else the mail's own id. A date that cannot be read or lies before
    1990 is null.

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
    body = texts["plain"].strip() or plain_text(texts["html"])
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
        "subject": _clean(header(message.get("Subject", ""))).replace("\n", " ").strip()[:500] or None,
        "date": _date(message),
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
    return "".join(_decoded(piece, charset or "") if isinstance(piece, bytes) else piece for piece, charset in pieces)


def _decoded(data: bytes, charset: str) -> str:
    declared = charset.strip().lower()
    if declared in ("gb2312", "gbk", "gb_2312-80", "x-gbk"):
        declared = "gb18030"
    for encoding in (declared, "utf-8", "gb18030"):
        if encoding and encoding not in ("unknown-8bit", "us-ascii", "ascii"):
            with contextlib.suppress(*PARSER_FAILURES):
                if codecs.lookup(encoding).name.replace("-", "_") not in _SLOW_CHARSETS:
                    return data.decode(encoding)
    return data.decode("utf-8", "replace")


def _text(part: Message, limit: int) -> str:
    charset = _charset(part)
    try:
        payload = part.get_payload(decode=True)
    except PARSER_FAILURES:  # a charset declared in bytes that are none: the words can be read without it
        del part["Content-Type"]
        payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return _decoded(payload[: 4 * limit], charset)[:limit]


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


def _date(message: Message) -> str | None:
    try:
        moment = parsedate_to_datetime(str(message.get("Date", ""))[:MAX_HEADER])
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except PARSER_FAILURES:
        return None
    return moment.isoformat() if moment >= datetime(1990, 1, 1, tzinfo=UTC) else None


def own_words(text: str) -> str:
    """Cut a mail where the quoted history or the signature begins, and drop quoted lines; if nothing is left, keep the text."""
    kept: list[str] = []
    lines = text.split("\n")
    for index, line in enumerate(lines):
        opens = bool(_WROTE_OPENS.match(line)) and index + 1 < len(lines) and bool(_WROTE_ENDS.search(lines[index + 1]))
        if _HISTORY.match(line) or opens or (_SIGNATURE.match(line) and any(item.strip() for item in kept)):
            if any(item.strip() for item in kept):
                break
            continue
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() or text.strip()
