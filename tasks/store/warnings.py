"""The ledger's warnings: what was sent to whom, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from tasks.errors import UserError
from tasks.model.warnings import EarlyWarning, KeptWarning, WarningAnswer, WarningEvent, WarningEventKind, WarningLetter
from tasks.store.database import Database
from tasks.store.plain_values import from_plain, to_plain
from tasks.store.tables import WarningEventRow, WarningRow


class WarningLedger(Database):
    """Warnings and their events; an event is stored with the text of its letter, before that is sent."""

    def keep_warnings(
        self,
        told: Sequence[tuple[KeptWarning, WarningEvent, WarningLetter | None]],
        *,
        seen: Iterable[str] = (),
        at: datetime,
    ) -> int:
        """Store all notices of a run or none, and return how many events are new; known ones are left unchanged.

        Args:
            told: Warning, event, and the letter about it.
            seen: Known warnings whose problem still exists at the moment `at`.
            at: Aware moment of the run.
        """
        with self.writing() as session:
            before = session.scalar(select(func.count()).select_from(WarningEventRow)) or 0
            new = {kept.warning_id: kept for kept, event, _ in told if event.kind == WarningEventKind.OPENED}
            self.insert_new(
                session,
                WarningRow,
                [
                    {
                        "warning_id": name,
                        "key": kept.warning.key,
                        "kind": kept.warning.kind,
                        "restricted": kept.warning.restricted,
                        "opened_at": kept.opened_at,
                        "last_seen": kept.last_seen,
                        "body": to_plain(kept.warning),
                    }
                    for name, kept in sorted(new.items())
                ],
            )
            self.insert_new(
                session,
                WarningEventRow,
                [
                    {
                        "warning_id": event.warning_id,
                        "seq": event.seq,
                        "at": event.at,
                        "kind": event.kind.value,
                        "body": to_plain(event),
                        "letters": to_plain(letter) if letter else {},
                    }
                    for _, event, letter in told
                ],
            )
            session.execute(
                update(WarningRow).where(WarningRow.warning_id.in_(sorted(seen)), WarningRow.last_seen < at).values(last_seen=at)
            )
            return (session.scalar(select(func.count()).select_from(WarningEventRow)) or 0) - before

    def answer_warning(self, warning_id: str, answer: WarningAnswer, *, at: datetime, by: str, why: str = "") -> WarningEvent:
        """Store a person's answer to a warning and return it; a repeated answer of the same person is not stored again.

        Raises:
            UserError: If there is no such warning.
        """
        with self.writing() as session:
            row = session.get(WarningRow, warning_id)
            if row is None:
                raise UserError(f"There is no warning {warning_id}.", hint="`aftersales warnings list` lists all warnings.")
            events = [
                from_plain(WarningEvent, body)
                for body in session.scalars(
                    select(WarningEventRow.body).where(WarningEventRow.warning_id == warning_id).order_by(WarningEventRow.seq)
                )
            ]
            last = next((event for event in reversed(events) if event.answer is not None), None)
            if last is not None and (last.answer, last.by, last.why) == (answer, by, why):
                return last
            event = WarningEvent(
                warning_id,
                max((e.seq for e in events), default=0) + 1,
                at,
                WarningEventKind.ANSWERED,
                by=by,
                answer=answer,
                why=why,
            )
            session.add(
                WarningEventRow(
                    warning_id=warning_id,
                    seq=event.seq,
                    at=at,
                    kind=WarningEventKind.ANSWERED.value,
                    body=to_plain(event),
                    letters={},
                )
            )
            return event

    def warnings(self, *, as_of: datetime | None = None) -> list[KeptWarning]:
        """Return the warnings, oldest first, each with its events; at an earlier moment, in their state of then."""
        with self.reading() as session:
            rows = session.scalars(select(WarningRow).order_by(WarningRow.opened_at, WarningRow.warning_id)).all()
            by_id: dict[str, list[WarningEvent]] = {row.warning_id: [] for row in rows}
            for row in session.scalars(select(WarningEventRow).order_by(WarningEventRow.warning_id, WarningEventRow.seq)):
                if as_of is None or row.at <= as_of:
                    by_id[row.warning_id].append(from_plain(WarningEvent, row.body))
            return [
                KeptWarning(
                    warning_id=row.warning_id,
                    warning=from_plain(EarlyWarning, row.body),
                    opened_at=row.opened_at,
                    last_seen=row.last_seen,
                    events=tuple(by_id[row.warning_id]),
                )
                for row in rows
                if as_of is None or row.opened_at <= as_of
            ]

    def warning_letters(self, *, since: datetime) -> list[tuple[WarningEvent, WarningLetter]]:
        """Return every letter of a moment or later, by warning and event."""
        query = (
            select(WarningEventRow)
            .where(WarningEventRow.at >= since)
            .order_by(WarningEventRow.at, WarningEventRow.warning_id, WarningEventRow.seq)
        )
        with self.reading() as session:
            return [
                (from_plain(WarningEvent, row.body), from_plain(WarningLetter, row.letters))
                for row in session.scalars(query)
                if row.letters
            ]
