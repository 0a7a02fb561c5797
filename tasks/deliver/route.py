"""The transport that the settings choose, and the probe for sent mails."""

from __future__ import annotations

from tasks.deliver.outbox import Outbox
from tasks.deliver.probe import ImapProbe, OutboxProbe
from tasks.deliver.smtp import Server, Smtp
from tasks.deliver.transport import Probe, Transport
from tasks.settings import Settings


def transport_of(settings: Settings) -> Transport:
    """Return the mail server, or the outbox folder."""
    if settings.mail == "outbox":
        return Outbox(settings.outbox_root)
    return Smtp(
        Server(
            host=settings.smtp_host,
            port=settings.smtp_port,
            user=settings.smtp_user,
            password=settings.smtp_password.get_secret_value(),
            security=settings.smtp_security,
            ca_file=settings.smtp_ca_file,
        )
    )


def probe_of(settings: Settings) -> Probe | None:
    """Return the probe that looks up a mail by its Message-ID, or None if none is set."""
    if settings.mail == "outbox":
        return OutboxProbe(settings.outbox_root)
    return ImapProbe(settings.probe_imap_url) if settings.probe_imap_url else None
