"""Deliver: mail each edition to each of its readers, and each warning to the person it concerns, once."""

from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.act.binding import mailed_proposals
from tasks.deliver.delivery import deliver as deliver_mails
from tasks.deliver.delivery import drop
from tasks.deliver.delivery import settle_uncertain as settle
from tasks.deliver.letters import (
    WARNING_AGE,
    WARNING_REPORT,
    counted,
    edition_mails,
    newest_editions,
    open_warning_letters,
    reader_has_newer,
    warning_mail,
)
from tasks.deliver.message import Mail
from tasks.deliver.route import probe_of, transport_of
from tasks.deliver.smtp import Smtp
from tasks.model.editions import Delivery, DeliveryState, Edition
from tasks.run import Mailing, Run, Stores
from tasks.shop.load import Shop
from tasks.store.processes import is_gone

UNSETTLED = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNCERTAIN)


@task(name="deliver", cache_policy=NO_CACHE, persist_result=False)
def deliver(run: Run) -> str:
    """Mail the newest editions of a period if mailing is asked for; a rerun sends nothing twice."""
    if not run.send:
        return f"{run.period} revision {run.revision}: no mail was sent."
    run.progress("deliver")
    return f"{run.period} revision {run.revision}: " + _sent(Mailing(run.stores, run.now, run.period.id), run.report)


@task(name="deliver warnings", cache_policy=NO_CACHE, persist_result=False)
def deliver_warnings(run: Run) -> str:
    """Mail every warning not yet sent to its person; a rerun sends nothing twice."""
    if not run.send:
        return "no mail was sent."
    run.progress("deliver")
    return (
        counted(_transported(Mailing(run.stores, run.now), _warning_mails(run.stores, run.as_of))) or "there was no mail to send."
    )


@task(name="settle uncertain mails", cache_policy=NO_CACHE, persist_result=False)
def settle_uncertain(mailing: Mailing) -> str:
    """Look up every mail whose fate is unknown by its Message-ID."""
    stores = mailing.stores
    settled = settle(stores.ledger, probe_of(stores.settings), now=mailing.now, holder=stores.holder, gone=is_gone)
    return f"{len(settled)} uncertain mails looked up, {sum(mail.state is DeliveryState.UNCERTAIN for mail in settled)} still uncertain."


@task(name="send queued mails", cache_policy=NO_CACHE, persist_result=False)
def redeliver_queued(mailing: Mailing) -> str:
    """Send the queued mails, those of earlier revisions too, and drop those that are no longer worth sending."""
    dropped = _drop_outdated(mailing)
    sent = _sent(mailing, "")
    return f"{sent} {dropped} dropped: their readers have a newer revision, or the warning is over." if dropped else sent


def _drop_outdated(mailing: Mailing) -> int:
    """Drop the queued mails that nobody needs any more, and return their number."""
    stores, ledger = mailing.stores, mailing.stores.ledger
    mails = ledger.deliveries(period=mailing.period or None)
    open_warnings = {mail.delivery.key for mail in _warning_mails(stores, mailing.now)}
    outdated = [
        mail
        for mail in mails
        if mail.state is DeliveryState.QUEUED
        and (mail.key not in open_warnings if mail.report == WARNING_REPORT else reader_has_newer(mail, mails))
    ]
    why = "no longer worth sending"
    return sum(drop(ledger, mail, why=why, holder=stores.holder, now=mailing.now) for mail in outdated)


def _sent(mailing: Mailing, report: str) -> str:
    """Send the mails of the newest editions (for a redelivery: only those in the ledger) and return their states as text."""
    mails: list[Mail] = []
    ledger = mailing.stores.ledger
    known = {mail.key for mail in ledger.deliveries()}
    waiting = {mail.key for mail in ledger.deliveries(states=UNSETTLED)}
    editions = ledger.editions(period=mailing.period or None, report=report or None)
    newest = newest_editions(editions)
    for edition in newest:
        mails += [mail for mail in _edition_mails(mailing.stores, edition) if report or mail.delivery.key in known]
    for edition in [] if report else [one for one in editions if one not in newest]:
        mails += [mail for mail in _edition_mails(mailing.stores, edition) if mail.delivery.key in waiting]
    if not report and not mailing.period:
        mails += [mail for mail in _warning_mails(mailing.stores, mailing.now) if mail.delivery.key in known]
    if not mails:
        return "there was no mail to send."
    if mailing.failed:
        mailing.stores.ledger.requeue_failed([mail.delivery for mail in mails], by=mailing.stores.holder)
    deliveries = _transported(mailing, mails)
    _open_mailed_proposals(mailing, deliveries)
    return counted(deliveries)


def _transported(mailing: Mailing, mails: list[Mail]) -> list[Delivery]:
    """Send mails and log the state of each."""
    if not mails:
        return []
    stores = mailing.stores
    transport = transport_of(stores.settings)
    probe = probe_of(stores.settings)
    try:
        deliveries = deliver_mails(
            stores.ledger, mails, transport, now=mailing.now, holder=stores.holder, probe=probe, gone=is_gone
        )
    finally:
        if isinstance(transport, Smtp):
            transport.close()
    for mail in deliveries:
        get_run_logger().info("%s %s r%s %s: %s", mail.report, mail.period, mail.revision, mail.language, mail.state.value)
    return deliveries


def _open_mailed_proposals(mailing: Mailing, standing: list[Delivery]) -> None:
    """Open the proposals that have become binding because their report has reached a reader."""
    if mailing.stores.settings.mail_all_to:
        return  # a trial has reached no reader
    ledger = mailing.stores.ledger
    reports = [mail for mail in standing if mail.state is DeliveryState.SENT and mail.report != WARNING_REPORT]
    for report, period, audience in sorted({(mail.report, mail.period, mail.audience) for mail in reports}):
        edition = next(e for e in reversed(ledger.editions(period=period, report=report, audience=audience)))
        reader = mailing.stores.shop_of(edition).audiences.audiences.get(audience)
        actions = [action for action, _ in ledger.actions_as_of(mailing.now)]
        mailed = mailed_proposals(actions, period, restricted=reader is not None and reader.restricted)
        ledger.open_proposals(mailed, at=mailing.now, by="review", why=f"mailed with the {report} report of {period}")


def _edition_mails(stores: Stores, edition: Edition) -> list[Mail]:
    return edition_mails(edition, stores.shop_of(edition), stores.settings, lambda name: stores.archive.read(edition, name))


def _warning_mails(stores: Stores, moment: datetime) -> list[Mail]:
    """Build the mails of the warnings that are not sent yet and still worth sending."""
    shop, ledger = Shop.load(stores.settings.home), stores.ledger
    sent = {mail.key for mail in ledger.deliveries(report=WARNING_REPORT, states=[DeliveryState.SENT])}
    letters = open_warning_letters(ledger.warning_letters(since=moment - WARNING_AGE), ledger.warnings(), moment)
    mails = [warning_mail(event, letter, shop, stores.settings) for event, letter in letters]
    return [mail for mail in mails if mail.delivery.key not in sent]
