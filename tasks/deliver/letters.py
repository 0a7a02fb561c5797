"""Which letters are due, what they contain, and to whom each goes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from tasks.deliver.message import Letter, Mail, build
from tasks.model.editions import Delivery, DeliveryState, Edition
from tasks.model.warnings import ENDED, KeptWarning, WarningEvent, WarningLetter
from tasks.settings import Settings
from tasks.shop.load import Shop

WARNING_REPORT = "early-warning"
"""Report of a warning's mails in the ledger; their period is the warning's number, their revision the event."""

WARNING_AGE = timedelta(days=7)
"""A warning that could not be sent for this long is dropped; the weekly review has reported it by then."""


def newest_editions(editions: Iterable[Edition]) -> list[Edition]:
    """Return the newest revision of each report, period, audience and language, in this order."""
    newest: dict[tuple[str, str, str, str], Edition] = {}
    for edition in editions:
        key = (edition.report, edition.period, edition.audience, edition.language)
        if key not in newest or edition.revision > newest[key].revision:
            newest[key] = edition
    return [newest[key] for key in sorted(newest)]


def reader_has_newer(queued: Delivery, mails: Iterable[Delivery]) -> bool:
    """Whether a later revision of a queued mail's report has been sent to its reader, who then needs the earlier one no more."""
    return any(
        mail.state is DeliveryState.SENT
        and (mail.report, mail.period, mail.recipient) == (queued.report, queued.period, queued.recipient)
        and mail.revision > queued.revision
        for mail in mails
    )


def edition_mails(edition: Edition, shop: Shop, settings: Settings, read: Callable[[str], bytes]) -> list[Mail]:
    """Build the mails of an edition from its archived bytes, for the readers in its own configuration.

    Args:
        edition: The edition.
        shop: The configuration it was made with.
        settings: Sender and trial switch.
        read: Returns the bytes of one of its files.
    """
    audience = shop.audiences.audiences.get(edition.audience)
    if audience is None:
        return []
    pdf_name = next(name for name in edition.files if name.endswith(".pdf"))
    letter = Letter(
        report=edition.report,
        period=edition.period,
        audience=edition.audience,
        language=edition.language,
        revision=edition.revision,
        date=edition.made_at,
        subject=read("subject.txt").decode().strip(),
        text=read("mail.txt").decode(),
        html=read("mail.html").decode(),
        pdf=read(pdf_name),
        pdf_name=pdf_name,
        page1_png=read("page1.png"),
    )
    configured = {reader.mail for reader in audience.recipients}
    return [
        _addressed(letter, reader.mail, shop.people.label(reader.name, reader.language), configured, shop, settings)
        for reader in audience.recipients
        if reader.language == edition.language
    ]


def open_warning_letters(
    letters: Iterable[tuple[WarningEvent, WarningLetter]], kept: Iterable[KeptWarning], moment: datetime
) -> list[tuple[WarningEvent, WarningLetter]]:
    """Return the letters still worth sending at a moment: their warning is neither answered nor expired."""
    ended = {
        warning.warning_id: max((event.seq for event in warning.events if event.kind in ENDED), default=0) for warning in kept
    }
    return [(event, letter) for event, letter in letters if event.at <= moment and event.seq > ended[event.warning_id]]


def warning_mail(event: WarningEvent, kept: WarningLetter, shop: Shop, settings: Settings) -> Mail:
    """Build the mail of a warning from the text stored with it."""
    letter = Letter(
        report=WARNING_REPORT,
        period=event.warning_id,
        audience=event.kind,
        language=kept.language,
        revision=event.seq,
        date=event.at,
        subject=kept.subject,
        text=kept.text,
        html=kept.html,
    )
    return _addressed(letter, kept.recipient, kept.name, {kept.recipient}, shop, settings)


def counted(mails: Iterable[Delivery]) -> str:
    """Return how many mails are in each state, as one sentence; empty if there is no mail."""
    states = [mail.state for mail in mails]
    parts = ", ".join(f"{states.count(state)} {state.value}" for state in DeliveryState if state in states)
    return f"{parts}." if parts else ""


def _addressed(letter: Letter, address: str, name: str, configured: Collection[str], shop: Shop, settings: Settings) -> Mail:
    return build(
        letter,
        address=address,
        name=name,
        configured=configured,
        sender=settings.mail_from,
        sender_name=shop.identity.title(letter.language),
        domain=settings.mail_domain,
        all_to=settings.mail_all_to,
    )
