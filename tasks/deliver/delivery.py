"""Delivery: claim, send, settle. A rerun sends nothing twice, and a mail whose fate is unknown is reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from tasks.deliver.message import Mail
from tasks.deliver.transport import Probe, Transport
from tasks.errors import UserError
from tasks.model.editions import Delivery, DeliveryState

LEASE_SECONDS = 900.0
"""After this long, a mail still `sending` was abandoned; longer than any attempt to send can take."""

Checkpoint = Callable[[str], None]
"""Called with the name of each point between two durable steps: begin, queued, claimed, attempted, settled, adopted,
probed, end. The crash tests kill the process there."""


class Claims(Protocol):
    """The part of the ledger that delivery needs."""

    def queue_deliveries(self, deliveries: Sequence[Delivery], *, now: datetime) -> list[Delivery]:
        """Store new mails as queued and return all of them in their current state."""
        ...

    def claim_delivery(self, delivery: Delivery, *, holder: str, now: datetime) -> bool:
        """Claim a queued mail."""
        ...

    def adopt_delivery(self, delivery: Delivery, *, holder: str, before: datetime) -> bool:
        """Take over a mail that somebody else began to send."""
        ...

    def settle_delivery(self, delivery: Delivery, state: DeliveryState, *, holder: str, now: datetime, detail: str = "") -> bool:
        """Record how a mail ended."""
        ...

    def deliveries(
        self, *, report: str | None = None, period: str | None = None, states: Sequence[DeliveryState] | None = None
    ) -> list[Delivery]:
        """Return mails in their current state."""
        ...


def deliver(
    ledger: Claims,
    mails: Sequence[Mail],
    transport: Transport,
    *,
    now: datetime,
    holder: str,
    probe: Probe | None = None,
    gone: Callable[[str], bool] = lambda _: False,
    lease_seconds: float = LEASE_SECONDS,
    checkpoint: Checkpoint = lambda _: None,
    elapsed: Callable[[], float] = time.monotonic,
) -> list[Delivery]:
    """Send each mail at most once and return their states, in order.

    The probe looks for a mail left behind by a crash: if found, it counts as sent; if proven absent, it is sent again; without
    a probe, or if the probe cannot tell, it stays `uncertain`. A refused mail is `failed`; one that could not be sent for
    now stays `queued`.

    Args:
        ledger: Where claims are kept.
        mails: From `message.build`.
        transport: Sends a mail.
        now: Aware UTC, the moment of the call.
        holder: Unique name of this process.
        probe: Looks up sent mails.
        gone: Tells whether a holder's process has ended, so that its mails need not wait for their lease.
        lease_seconds: How long a claim holds.
        checkpoint: For the crash tests.
        elapsed: Seconds on any steady clock, to date later claims of the same call.

    Raises:
        ContentChanged: If a mail is known with different content; then nothing is sent.
        UserError: If the transport is unsafe or refuses the login; what was not sent stays queued.
    """
    began = elapsed()

    def moment() -> datetime:
        return now + timedelta(seconds=elapsed() - began)

    checkpoint("begin")
    standing = ledger.queue_deliveries([mail.delivery for mail in mails], now=now)
    checkpoint("queued")
    for mail, delivery in zip(mails, standing, strict=True):
        state = delivery.state
        if state in (DeliveryState.SENDING, DeliveryState.UNCERTAIN):
            state = _look_up(ledger, delivery, probe, moment(), holder, gone, lease_seconds, checkpoint)
        if state == DeliveryState.QUEUED and ledger.claim_delivery(delivery, holder=holder, now=moment()):
            checkpoint("claimed")
            try:
                outcome = transport.send(mail)
            except UserError as error:
                ledger.settle_delivery(delivery, DeliveryState.QUEUED, holder=holder, now=moment(), detail=error.what)
                raise
            checkpoint("attempted")
            ledger.settle_delivery(mail.delivery, _STATES[outcome.result], holder=holder, now=moment(), detail=outcome.detail)
            checkpoint("settled")
    result = ledger.queue_deliveries([mail.delivery for mail in mails], now=now)
    checkpoint("end")
    return result


def settle_uncertain(
    ledger: Claims,
    probe: Probe | None,
    *,
    now: datetime,
    holder: str,
    gone: Callable[[str], bool] = lambda _: False,
    lease_seconds: float = LEASE_SECONDS,
    checkpoint: Checkpoint = lambda _: None,
) -> list[Delivery]:
    """Look up every mail whose fate is unknown and return their states: sent, queued again, or still uncertain.

    `deliver` sends those queued again; it documents the arguments.
    """
    unknown = ledger.deliveries(states=[DeliveryState.SENDING, DeliveryState.UNCERTAIN])
    for delivery in unknown:
        _look_up(ledger, delivery, probe, now, holder, gone, lease_seconds, checkpoint)
    keys = {delivery.key for delivery in unknown}
    return [delivery for delivery in ledger.deliveries() if delivery.key in keys]


def settle_by_hand(ledger: Claims, delivery: Delivery, *, sent: bool, by: str, now: datetime) -> bool:
    """Settle an uncertain mail on a person's word, as arrived or queued again; return whether it was still open."""
    if not ledger.adopt_delivery(delivery, holder=by, before=now):
        return False
    state = DeliveryState.SENT if sent else DeliveryState.QUEUED
    return ledger.settle_delivery(delivery, state, holder=by, now=now, detail=f"by word of {by}")


def drop(ledger: Claims, delivery: Delivery, *, why: str, holder: str, now: datetime) -> bool:
    """Give up a queued mail that is no longer worth sending; return whether it was still queued."""
    if not ledger.claim_delivery(delivery, holder=holder, now=now):
        return False
    return ledger.settle_delivery(delivery, DeliveryState.DROPPED, holder=holder, now=now, detail=why)


_STATES = {
    "accepted": DeliveryState.SENT,
    "refused": DeliveryState.FAILED,
    "later": DeliveryState.QUEUED,
    "unknown": DeliveryState.UNCERTAIN,
}


def _look_up(
    ledger: Claims,
    delivery: Delivery,
    probe: Probe | None,
    now: datetime,
    holder: str,
    gone: Callable[[str], bool],
    lease_seconds: float,
    checkpoint: Checkpoint,
) -> DeliveryState:
    """Find out what became of a mail that somebody began to send."""
    claimed_at = delivery.claimed_at or now
    before = max(now, claimed_at) if gone(delivery.claimed_by) else now - timedelta(seconds=lease_seconds)
    if not ledger.adopt_delivery(delivery, holder=holder, before=before):
        return DeliveryState.SENDING
    checkpoint("adopted")
    if probe is None:
        return DeliveryState.UNCERTAIN
    found = probe.find(delivery.message_id)
    checkpoint("probed")
    fresh = probe.lag_seconds > 0 and now < claimed_at + timedelta(seconds=probe.lag_seconds)
    if found == "found":
        state, detail = DeliveryState.SENT, "found where sent mails show"
    elif found == "absent" and not fresh:
        state, detail = DeliveryState.QUEUED, "proven not sent"
    else:
        return DeliveryState.UNCERTAIN
    ledger.settle_delivery(delivery, state, holder=holder, now=now, detail=detail)
    return state
