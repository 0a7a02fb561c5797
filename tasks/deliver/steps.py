"""Deliver: mail each edition to each of its readers, and each warning to the person it concerns, once."""

from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.act.binding import mailed_proposals
from tasks.deliver.delivery import deliver as deliver_mails
from tasks.deliver.delivery import settle_uncertain as settle
from tasks.deliver.message import Letter, Mail, build
from tasks.deliver.outbox import Outbox
from tasks.deliver.probe import ImapProbe, OutboxProbe
from tasks.deliver.smtp import Server, Smtp
from tasks.deliver.transport import Probe, Transport
from tasks.model.editions import Delivery, DeliveryState, Edition
from tasks.model.periods import Period
from tasks.model.warnings import ENDED, WarningEvent, WarningLetter
from tasks.run import Mailing, Run, Stores
from tasks.shop.load import Shop
from tasks.store.processes import is_gone

WARNING_REPORT = "early-warning"
"""Report of a warning's mails in the ledger; their period is the warning's number, their revision the event."""

WARNING_AGE = timedelta(days=7)
"""A warning that could not be sent for longer is not sent any more; the weekly review has told it."""


@task(name="deliver", cache_policy=NO_CACHE, persist_result=False)
def deliver(run: Run) -> str:
    """Mail the newest editions of a period where mailing is asked for; a rerun mails nobody twice."""
    if not run.send:
        return f"{run.period} revision {run.revision}: nobody was mailed."
    run.progress("deliver")
    return f"{run.period} revision {run.revision}: " + _sent(Mailing(run.stores, run.now, run.period.id), run.report)


@task(name="deliver warnings", cache_policy=NO_CACHE, persist_result=False)
def deliver_warnings(run: Run) -> str:
    """Mail every warning that waits for its person; a rerun mails nobody twice."""
    if not run.send:
        return "nobody was mailed."
    run.progress("deliver")
    return (
        _counted(_transported(Mailing(run.stores, run.now), _warning_mails(run.stores, run.as_of))) or "there was nobody to mail."
    )


@task(name="settle uncertain mails", cache_policy=NO_CACHE, persist_result=False)
def settle_uncertain(post: Mailing) -> str:
    """Look up every mail whose fate is unknown by its Message-ID."""
    settled = settle(post.stores.ledger, _probe(post.stores), now=post.now, holder=post.stores.holder, gone=is_gone)
    return f"{len(settled)} uncertain mails looked up, {sum(mail.state is DeliveryState.UNCERTAIN for mail in settled)} still uncertain."


@task(name="send queued mails", cache_policy=NO_CACHE, persist_result=False)
def redeliver_queued(post: Mailing) -> str:
    """Send what is queued."""
    return _sent(post, "")


def _sent(post: Mailing, report: str) -> str:
    """Send the mails of the newest editions (for a redelivery: only those the ledger knows) and say how they stand."""
    mails: list[Mail] = []
    known = {mail.key for mail in post.stores.ledger.deliveries()}
    for edition in _newest(post, report):
        mails += [mail for mail in _mails(post.stores, edition) if report or mail.delivery.key in known]
    if not report and not post.period:
        mails += [mail for mail in _warning_mails(post.stores, post.now) if mail.delivery.key in known]
    if not mails:
        return "there was nobody to mail."
    standing = _transported(post, mails)
    _open_mailed_proposals(post, standing)
    return _counted(standing)


def _transported(post: Mailing, mails: list[Mail]) -> list[Delivery]:
    """Send mails and say in the log how each stands."""
    if not mails:
        return []
    transport = _transport(post.stores)
    try:
        standing = deliver_mails(
            post.stores.ledger, mails, transport, now=post.now, holder=post.stores.holder, probe=_probe(post.stores), gone=is_gone
        )
    finally:
        if isinstance(transport, Smtp):
            transport.close()
    for mail in standing:
        get_run_logger().info("%s %s r%s %s: %s", mail.report, mail.period, mail.revision, mail.language, mail.state.value)
    return standing


def _open_mailed_proposals(post: Mailing, standing: list[Delivery]) -> None:
    """Store which proposals have become promises: their report has reached a reader."""
    if post.stores.settings.mail_all_to:
        return  # a trial has reached no reader
    ledger = post.stores.ledger
    for report, period, audience in sorted({(m.report, m.period, m.audience) for m in standing if m.state is DeliveryState.SENT}):
        edition = next(e for e in reversed(ledger.editions(period=period, report=report, audience=audience)))
        reader = post.stores.shop_of(edition).audiences.audiences.get(audience)
        actions = [action for action, _ in ledger.actions_as_of(post.now)]
        mailed = mailed_proposals(actions, period, restricted=reader is not None and reader.restricted)
        ledger.open_proposals(mailed, at=post.now, by="review", why=f"mailed with the {report} report of {period}")


def _counted(standing: list[Delivery]) -> str:
    counts = {state: sum(mail.state is state for mail in standing) for state in DeliveryState}
    said = ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
    return f"{said}." if said else ""


def _warning_mails(stores: Stores, moment: datetime) -> list[Mail]:
    """Build the mails that wait, from the words that were kept: not sent yet, and neither answered nor ended since."""
    shop = Shop.load(stores.settings.home)
    ended = {
        kept.warning_id: max((event.seq for event in kept.events if event.kind in ENDED), default=0)
        for kept in stores.ledger.warnings()
    }
    sent = {mail.key for mail in stores.ledger.deliveries(report=WARNING_REPORT, states=[DeliveryState.SENT])}
    mails = [
        _warning_mail(stores, shop, event, letter)
        for event, letter in stores.ledger.warning_letters(since=moment - WARNING_AGE)
        if event.at <= moment and event.seq > ended[event.warning_id]
    ]
    return [mail for mail in mails if mail.delivery.key not in sent]


def _warning_mail(stores: Stores, shop: Shop, event: WarningEvent, kept: WarningLetter) -> Mail:
    settings = stores.settings
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
    return build(
        letter,
        address=kept.recipient,
        name=kept.name,
        configured={kept.recipient},
        sender=settings.mail_from,
        sender_name=shop.identity.title(kept.language),
        domain=settings.mail_domain,
        all_to=settings.mail_all_to,
    )


def _newest(post: Mailing, report: str) -> list[Edition]:
    newest: dict[tuple[str, str, str, str], Edition] = {}
    for edition in post.stores.ledger.editions(period=post.period or None, report=report or None):
        key = (edition.report, edition.period, edition.audience, edition.language)
        if key not in newest or edition.revision > newest[key].revision:
            newest[key] = edition
    return [newest[key] for key in sorted(newest)]


def _mails(stores: Stores, edition: Edition) -> list[Mail]:
    """Build the mails of an edition from its archived bytes, for the readers that its own configuration names."""
    shop = stores.shop_of(edition)
    audience = shop.audiences.audiences.get(edition.audience)
    if audience is None:
        return []
    readers = [reader for reader in audience.recipients if reader.language == edition.language]

    def text(name: str) -> str:
        return stores.archive.read(edition, name).decode()

    pdf_name = next(name for name in edition.files if name.endswith(".pdf"))
    letter = Letter(
        report=edition.report,
        period=edition.period,
        audience=edition.audience,
        language=edition.language,
        revision=edition.revision,
        date=Period.parse(edition.period, shop.identity.zone).end,
        subject=text("subject.txt").strip(),
        text=text("mail.txt"),
        html=text("mail.html"),
        pdf=stores.archive.read(edition, pdf_name),
        pdf_name=pdf_name,
        page1_png=stores.archive.read(edition, "page1.png"),
    )
    settings = stores.settings
    return [
        build(
            letter,
            address=reader.mail,
            name=reader.name,
            configured={reader.mail for reader in audience.recipients},
            sender=settings.mail_from,
            sender_name=shop.identity.title(edition.language),
            domain=settings.mail_domain,
            all_to=settings.mail_all_to,
        )
        for reader in readers
    ]


def _transport(stores: Stores) -> Transport:
    settings = stores.settings
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


def _probe(stores: Stores) -> Probe | None:
    settings = stores.settings
    if settings.mail == "outbox":
        return OutboxProbe(settings.outbox_root)
    return ImapProbe(settings.probe_imap_url) if settings.probe_imap_url else None
