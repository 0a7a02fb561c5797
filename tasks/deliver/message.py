"""Mails: one message per recipient, the same bytes every time."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, compat32
from email.utils import format_datetime

from tasks.errors import UserError
from tasks.model.editions import Delivery, DeliveryState

HEADER_LENGTH = 150
"""Longest header text, in characters."""

_POLICY = SMTP.clone(cte_type="7bit")
_HEADERS = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bBqQ]\?[^?]*\?=")
_PICTURE = "cid:page1"


@dataclass(frozen=True)
class Mail:
    """A message ready to be sent: its ledger entry, the envelope, and the bytes."""

    delivery: Delivery
    sender: str
    address: str
    content: bytes

    @property
    def message_id(self) -> str:
        """Message-ID with its angle brackets."""
        return self.delivery.message_id


@dataclass(frozen=True)
class Letter:
    """What is sent to every reader of one language: an edition with its PDF, or a warning, which is text only.

    The `html` of an edition shows its first page at `cid:page1`; `date` is the moment at which the edition was made, or the warning's,
    aware.
    """

    report: str
    period: str
    audience: str
    language: str
    revision: int
    date: datetime
    subject: str
    text: str
    html: str
    pdf: bytes = b""
    pdf_name: str = ""
    page1_png: bytes = b""


def build(
    letter: Letter,
    *,
    address: str,
    name: str = "",
    configured: Collection[str],
    sender: str,
    sender_name: str = "",
    domain: str,
    all_to: str = "",
) -> Mail:
    """Build the message of one recipient; the same letter and recipient give the same bytes.

    Args:
        letter: The edition's content.
        address: The recipient's address.
        name: The recipient's name.
        configured: All addresses of the audience; the recipient must exactly match one.
        sender: Address of the sender.
        sender_name: Name of the sender.
        domain: Right-hand side of the Message-ID.
        all_to: Trial switch: send to this address instead; such a mail does not count as sent to the recipient.

    Raises:
        UserError: If the recipient is not configured or an address cannot be used in a mail.
    """
    if address not in configured:
        raise UserError(
            f"{address} is not a recipient of the audience {letter.audience}.", hint="Add exactly this address to audiences.yaml."
        )
    draft = _draft(letter, f"{address} → {all_to}" if all_to else address)
    identity = hashlib.sha256(draft.key.encode()).hexdigest()
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(sender, sender_name)
    message["To"] = _address(all_to or address, name)
    message["Subject"] = safe_header(letter.subject)
    message["Date"] = format_datetime(letter.date)
    message["Message-ID"] = f"<{identity}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    _fill(message, letter, f"page1.{identity[:16]}@{domain}")
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{identity[:32]}_{number}")
    content = message.as_bytes()
    check_headers(content)
    sha256 = hashlib.sha256(content).hexdigest()
    delivery = replace(draft, message_id=f"<{identity}@{domain}>", content_sha256=sha256)
    return Mail(delivery, sender, all_to or address, content)


def _draft(letter: Letter, recipient: str) -> Delivery:
    """Return a mail's ledger entry before its Message-ID, which its key makes, and its bytes are known."""
    return Delivery(
        report=letter.report,
        period=letter.period,
        audience=letter.audience,
        language=letter.language,
        revision=letter.revision,
        recipient=recipient,
        state=DeliveryState.QUEUED,
        message_id="",
        content_sha256="",
    )


def safe_header(text: str) -> str:
    """Return a text that is safe in a header: decoded, one line, no invisible characters, at most 150 characters.

    An RFC 2047 word may hide a line break that CPython before 3.12.5 writes out as a new header (CVE-2024-6923); so the
    words are decoded first, and whatever still looks like one is broken up.
    """
    for _ in range(5):
        decoded = _decoded(text)
        if decoded == text:
            break
        text = decoded
    visible = "".join(character if _is_visible(character) else " " for character in text).replace("=?", "= ?")
    line = " ".join(visible.split())
    return line if len(line) <= HEADER_LENGTH else line[: HEADER_LENGTH - 1].rstrip() + "…"


def check_headers(content: bytes) -> None:
    """Refuse a message whose bytes, parsed again, have headers other than ours.

    Raises:
        ValueError: With the names that were found.
    """
    names = sorted(message_from_bytes(content, policy=compat32).keys())
    if names != _HEADERS:
        raise ValueError(f"the mail would carry the headers {', '.join(names)}")


def _decoded(text: str) -> str:
    return _ENCODED_WORD.sub(_decoded_word, text)


def _decoded_word(match: re.Match[str]) -> str:
    try:
        return str(make_header(decode_header(match[0])))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return " "


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _address(address: str, name: str) -> Address:
    if not address.isascii() or any(character.isspace() for character in address):
        raise UserError(f"{address} cannot be used in a mail.", hint="Use an address of plain ASCII letters.")
    try:
        return Address(display_name=safe_header(name), addr_spec=address)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise UserError(f"{address} is not a mail address.", hint="Correct it in audiences.yaml.") from error


def _fill(message: EmailMessage, letter: Letter, picture: str) -> None:
    """Add the text and the page, and an edition's picture and PDF."""
    if not letter.pdf:
        message.set_content(letter.text, cte="base64")
        message.add_alternative(letter.html, subtype="html", cte="base64")
        return
    if _PICTURE not in letter.html:
        raise ValueError(f"the page of the mail does not show {_PICTURE}")
    message.set_content(letter.text, cte="base64")
    message.add_alternative(letter.html.replace(_PICTURE, f"cid:{picture}"), subtype="html", cte="base64")
    page = message.get_payload(1)
    assert isinstance(page, EmailMessage)
    page.add_related(
        letter.page1_png, maintype="image", subtype="png", cid=f"<{picture}>", disposition="inline", filename="page1.png"
    )
    message.add_attachment(letter.pdf, maintype="application", subtype="pdf", filename=_file_name(letter.pdf_name))


def _file_name(name: str) -> str:
    return safe_header(name).replace("/", "_").replace("\\", "_")
