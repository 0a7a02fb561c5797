"""The ledger's deliveries: who claimed which mail, and how it ended."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from tasks.errors import ContentChanged
from tasks.model.editions import Delivery, DeliveryState
from tasks.store.database import Database
from tasks.store.tables import DeliveryRow

_DELIVERY = [part.name for part in fields(Delivery)]


def key_sha256(delivery: Delivery) -> str:
    """Return the identity of a mail as 64 hex digits."""
    return hashlib.sha256(delivery.key.encode()).hexdigest()


class Deliveries(Database):
    """Claims on mails; every change is one conditional statement, so that only one of two processes wins."""

    def queue_deliveries(self, deliveries: Sequence[Delivery], *, now: datetime) -> list[Delivery]:
        """Store unknown mails as queued, and return all of them in their present state, in order.

        Raises:
            ContentChanged: If one is known with other content; in that case none is stored.
        """
        with self.writing() as session:
            self.insert_new(
                session,
                DeliveryRow,
                [
                    {
                        **{name: getattr(delivery, name) for name in _DELIVERY},
                        "key_sha256": key_sha256(delivery),
                        "state": DeliveryState.QUEUED.value,
                        "queued_at": now,
                        "claimed_by": "",
                        "claimed_at": None,
                        "settled_at": None,
                        "detail": "",
                    }
                    for delivery in deliveries
                ],
            )
            keys = [key_sha256(delivery) for delivery in deliveries]
            rows = {row.key_sha256: row for row in session.scalars(select(DeliveryRow).where(DeliveryRow.key_sha256.in_(keys)))}
            for delivery, key in zip(deliveries, keys, strict=True):
                if rows[key].content_sha256 != delivery.content_sha256:
                    raise ContentChanged(
                        f"The mail {delivery.report} {delivery.period} r{delivery.revision} to {delivery.recipient} "
                        f"is {rows[key].state} with other content.",
                        hint="The report changed: use --revise to make a new revision.",
                    )
            return [_delivery(rows[key]) for key in keys]

    def claim_delivery(self, delivery: Delivery, *, holder: str, now: datetime) -> bool:
        """Claim a queued mail for sending; return whether this holder, and nobody else, has it."""
        with self.writing() as session:
            claimed = session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.key_sha256 == key_sha256(delivery), DeliveryRow.state == DeliveryState.QUEUED.value)
                .values(state=DeliveryState.SENDING.value, claimed_by=holder, claimed_at=now, settled_at=None, detail="")
                .returning(DeliveryRow.key_sha256)
            )
            return len(claimed.all()) == 1

    def adopt_delivery(self, delivery: Delivery, *, holder: str, before: datetime) -> bool:
        """Take over an unknown mail (sending since before a moment, or uncertain) for probing; return whether it was taken.

        It stays `uncertain` until settled, whatever becomes of the new holder; the time of the attempt is kept.
        """
        with self.writing() as session:
            taken = session.execute(
                update(DeliveryRow)
                .where(
                    DeliveryRow.key_sha256 == key_sha256(delivery),
                    DeliveryRow.claimed_by == delivery.claimed_by,
                    DeliveryRow.claimed_at == delivery.claimed_at,
                    or_(
                        DeliveryRow.state == DeliveryState.UNCERTAIN.value,
                        (DeliveryRow.state == DeliveryState.SENDING.value) & (DeliveryRow.claimed_at <= before),
                    ),
                )
                .values(state=DeliveryState.UNCERTAIN.value, claimed_by=holder)
                .returning(DeliveryRow.key_sha256)
            )
            return len(taken.all()) == 1

    def settle_delivery(self, delivery: Delivery, state: DeliveryState, *, holder: str, now: datetime, detail: str = "") -> bool:
        """Store how a claimed mail ended; return whether the holder still had it."""
        with self.writing() as session:
            settled = session.execute(
                update(DeliveryRow)
                .where(
                    DeliveryRow.key_sha256 == key_sha256(delivery),
                    DeliveryRow.claimed_by == holder,
                    DeliveryRow.state.in_([DeliveryState.SENDING.value, DeliveryState.UNCERTAIN.value]),
                )
                .values(state=state.value, settled_at=now, detail=detail)
                .returning(DeliveryRow.key_sha256)
            )
            return len(settled.all()) == 1

    def requeue_failed(self, deliveries: Sequence[Delivery], *, by: str) -> int:
        """Queue the refused ones among some mails again, because a person has mended the cause; return how many."""
        keys = [key_sha256(delivery) for delivery in deliveries]
        with self.writing() as session:
            again = session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.key_sha256.in_(keys), DeliveryRow.state == DeliveryState.FAILED.value)
                .values(
                    state=DeliveryState.QUEUED.value,
                    claimed_by="",
                    claimed_at=None,
                    settled_at=None,
                    detail=f"queued again by {by}",
                )
                .returning(DeliveryRow.key_sha256)
            )
            return len(again.all())

    def deliveries(
        self,
        *,
        report: str | None = None,
        period: str | None = None,
        states: Sequence[DeliveryState] | None = None,
    ) -> list[Delivery]:
        """Return the matching mails, by report, period, audience, language, revision and recipient."""
        order = (
            DeliveryRow.report,
            DeliveryRow.period,
            DeliveryRow.audience,
            DeliveryRow.language,
            DeliveryRow.revision,
            DeliveryRow.recipient,
        )
        query = select(DeliveryRow).order_by(*order)
        if report is not None:
            query = query.where(DeliveryRow.report == report)
        if period is not None:
            query = query.where(DeliveryRow.period == period)
        if states is not None:
            query = query.where(DeliveryRow.state.in_([state.value for state in states]))
        with self.reading() as session:
            return [_delivery(row) for row in session.scalars(query)]

    def unknown_deliveries(self, *, now: datetime, lease_seconds: float) -> list[Delivery]:
        """Return the mails that may or may not have been sent: uncertain, or sending for longer than a lease."""
        before = now - timedelta(seconds=lease_seconds)
        return [
            delivery
            for delivery in self.deliveries(states=[DeliveryState.SENDING, DeliveryState.UNCERTAIN])
            if delivery.state == DeliveryState.UNCERTAIN or (delivery.claimed_at is not None and delivery.claimed_at <= before)
        ]


def _delivery(row: DeliveryRow) -> Delivery:
    values = {name: getattr(row, name) for name in _DELIVERY}
    return Delivery(**{**values, "state": DeliveryState(row.state)})
