"""Check-up of mail: the mail server, and mails that need a person."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from flows.console.checks.finding import PATIENCE_S, Finding
from tasks.errors import UserError
from tasks.model.editions import DeliveryState
from tasks.run import Stores
from tasks.settings import Settings

SETTLED = (DeliveryState.SENT, DeliveryState.DROPPED)


def transport(settings: Settings) -> Finding:
    """Log in to the mail server, or write to the outbox; send nothing."""
    if settings.mail == "outbox":
        settings.outbox_root.mkdir(parents=True, exist_ok=True)
        probe = settings.outbox_root / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
        return Finding("ok", "mail", f"Mails are written to {settings.outbox_root}; set AFTERSALES_MAIL=smtp to send them.")
    with _greeted(settings) as connection:
        if settings.smtp_user:
            connection.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        connection.noop()
    everyone = f" Every mail goes to {settings.mail_all_to} (AFTERSALES_MAIL_ALL_TO)." if settings.mail_all_to else ""
    return Finding(
        "warn" if everyone else "ok",
        "mail",
        f"{settings.smtp_host}:{settings.smtp_port} answers over {settings.smtp_security}.{everyone}",
    )


@contextmanager
def _greeted(settings: Settings) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=str(settings.smtp_ca_file) if settings.smtp_ca_file else None)
    try:
        connection: smtplib.SMTP
        if settings.smtp_security == "tls":
            connection = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=PATIENCE_S, context=context)
        else:
            connection = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=PATIENCE_S)
        with connection:
            if settings.smtp_security == "starttls":
                connection.starttls(context=context)
            yield connection
    except (smtplib.SMTPException, OSError) as error:
        raise UserError(
            f"The mail server {settings.smtp_host}:{settings.smtp_port} does not work: {error}.",
            hint="Check AFTERSALES_SMTP_HOST, _PORT, _USER, _PASSWORD and _SECURITY.",
        ) from error


def deliveries(stores: Stores) -> Finding:
    """Count the mails that need a person or a redelivery."""
    open_mails = stores.ledger.deliveries(states=[state for state in DeliveryState if state not in SETTLED])
    if not open_mails:
        return Finding("ok", "mails", "No mail is queued, uncertain or failed.")
    counts = ", ".join(
        f"{sum(mail.state is state for mail in open_mails)} {state.value}"
        for state in DeliveryState
        if any(mail.state is state for mail in open_mails)
    )
    return Finding(
        "warn",
        "mails",
        f"{counts}; the first is {open_mails[0].period} to {open_mails[0].recipient}.",
        "Mend the cause of a refusal, then run: aftersales redeliver --failed"
        if any(mail.state is DeliveryState.FAILED for mail in open_mails)
        else "Run: aftersales redeliver",
    )
