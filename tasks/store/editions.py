"""The ledger's editions: what was reported, with which configuration, numbers and causes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tasks.errors import UserError
from tasks.model.actions import Action
from tasks.model.causes import Cause, CauseStatus
from tasks.model.editions import Edition, EditionStatus, Number, edition_id
from tasks.model.periods import Period
from tasks.store.actions import ActionLedger
from tasks.store.plain_values import from_plain, to_plain
from tasks.store.tables import (
    CauseDecisionRow,
    CauseRow,
    ConfigBlobRow,
    EditionConfigRow,
    EditionFileRow,
    EditionRow,
    NumberRow,
)

_EDITION = [part.name for part in fields(Edition) if part.name != "files"]
_NUMBER = [part.name for part in fields(Number)]


@dataclass(frozen=True)
class CauseDecision:
    """What a person decided about a cause, when and why."""

    cause_id: str
    status: CauseStatus
    by: str
    at: datetime
    why: str


@dataclass(frozen=True)
class KnownCause:
    """A cause that an earlier review named, with what people decided about it by then; its status is that of the last decision."""

    cause: Cause
    report: str
    period: str
    revision: int
    decisions: tuple[CauseDecision, ...] = ()


class Editions(ActionLedger):
    """Editions and all that belongs to them."""

    # ---- Writing -------------------------------------------------------------------------------

    def save_edition(
        self,
        edition: Edition,
        *,
        config_files: Mapping[str, bytes],
        period: Period,
        numbers: Sequence[Number] = (),
        causes: Sequence[Cause] = (),
        proposals: Sequence[Action] = (),
        proposed_at: datetime | None = None,
    ) -> bool:
        """Store an edition with all that belongs to it in one transaction; return whether it is new.

        Args:
            edition: With the SHA-256 of each file, which is in the archive already.
            config_files: The configuration it was made with (`Shop.files`).
            period: Its period.
            numbers: The printed numbers, in order.
            causes: The named causes, in order; shared by the editions of one report, period and revision.
            proposals: New actions; known ones stay as they are.
            proposed_at: When the proposals count as made; the edition's `as_of` by default.

        Raises:
            UserError: If another edition with this key is stored, or an action cannot be stored; in that case nothing is.
        """
        name = edition_id(edition)
        with self.writing() as session:
            known = self._edition(session, session.get(EditionRow, name))
            if known is not None:
                if known.files == edition.files and known.as_of == edition.as_of:
                    return False
                raise UserError(
                    f"The edition {name} is already stored with other content.", hint="Use --revise to make a new revision."
                )
            session.add(EditionRow(edition_id=name, **{part: getattr(edition, part) for part in _EDITION}))
            session.flush()
            files = sorted(edition.files.items())
            self.insert_new(session, EditionFileRow, [{"edition_id": name, "path": path, "sha256": sha} for path, sha in files])
            self._save_config(session, name, config_files)
            self._save_numbers(session, name, numbers)
            self._save_causes(session, edition, period, causes)
            self._propose(session, proposals, proposed_at or edition.as_of, name)
        return True

    def decide_cause(self, cause_id: str, status: CauseStatus, *, by: str, why: str, at: datetime) -> KnownCause:
        """Store that a person reproduced, confirmed or rejected a cause, and why; return that cause in the newest review.

        Raises:
            UserError: If no review names the cause, or a later decision is already recorded.
        """
        known = [one for one in self.causes() if one.cause.cause_id == cause_id]
        if not known:
            raise UserError(f"No review names a cause {cause_id}.", hint="`aftersales causes list` shows the causes.")
        newest = known[-1]
        earlier = self.decisions(cause_id)
        if earlier and earlier[-1].at > at:
            raise UserError(
                f"A decision of {earlier[-1].at:%Y-%m-%d %H:%M} UTC on cause {cause_id} is already recorded.",
                hint="Give a later time: a decision cannot be older than the last one.",
            )
        with self.writing() as session:
            values = {
                "cause_id": cause_id, "seq": len(earlier) + 1, "report": newest.report, "period": newest.period,
                "status": status.value, "decided_by": by, "decided_at": at, "why": why,
            }  # fmt: skip
            session.add(CauseDecisionRow(**values))
        return newest

    # ---- Reading -------------------------------------------------------------------------------

    def latest_edition(
        self, report: str, period: str, audience: str, language: str, *, at: datetime | None = None
    ) -> Edition | None:
        """Return the newest revision, or the newest whose `as_of` is not after a moment, or None if there is none."""
        query = select(EditionRow).where(
            EditionRow.report == report,
            EditionRow.period == period,
            EditionRow.audience == audience,
            EditionRow.language == language,
        )
        if at is not None:
            query = query.where(EditionRow.as_of <= at)
        with self.reading() as session:
            return self._edition(session, session.scalars(query.order_by(EditionRow.revision.desc())).first())

    def editions(
        self, *, period: str | None = None, report: str | None = None, audience: str | None = None, language: str | None = None
    ) -> list[Edition]:
        """Return the matching editions, by report, period, audience, language and revision."""
        query: Select[Any] = select(EditionRow)
        for column, wanted in (
            (EditionRow.period, period),
            (EditionRow.report, report),
            (EditionRow.audience, audience),
            (EditionRow.language, language),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        order = (EditionRow.report, EditionRow.period, EditionRow.audience, EditionRow.language, EditionRow.revision)
        with self.reading() as session:
            found = [self._edition(session, row) for row in session.scalars(query.order_by(*order)).all()]
        return [edition for edition in found if edition is not None]

    def numbers(self, edition: Edition | str) -> list[Number]:
        """Return the printed numbers of an edition (or of its `edition_id`), in order."""
        query = select(NumberRow).where(NumberRow.edition_id == _name(edition)).order_by(NumberRow.position)
        with self.reading() as session:
            return [Number(**{part: getattr(row, part) for part in _NUMBER}) for row in session.scalars(query)]

    def config_of(self, edition: Edition | str) -> dict[str, bytes]:
        """Return the configuration files an edition was made with, for `Shop(files)`."""
        query = (
            select(EditionConfigRow.name, ConfigBlobRow.content)
            .join(ConfigBlobRow, ConfigBlobRow.sha256 == EditionConfigRow.sha256)
            .where(EditionConfigRow.edition_id == _name(edition))
            .order_by(EditionConfigRow.name)
        )
        with self.reading() as session:
            return {row.name: row.content for row in session.execute(query)}

    def decisions(self, cause_id: str | None = None, *, made_by: datetime | None = None) -> list[CauseDecision]:
        """Return what people decided, in order of time; of one cause, or up to a moment."""
        query = select(CauseDecisionRow).order_by(CauseDecisionRow.decided_at, CauseDecisionRow.cause_id, CauseDecisionRow.seq)
        if cause_id is not None:
            query = query.where(CauseDecisionRow.cause_id == cause_id)
        if made_by is not None:
            query = query.where(CauseDecisionRow.decided_at <= made_by)
        with self.reading() as session:
            return [
                CauseDecision(row.cause_id, CauseStatus(row.status), row.decided_by, row.decided_at, row.why)
                for row in session.scalars(query)
            ]

    def causes(
        self, *, report: str | None = None, before: datetime | None = None, made_by: datetime | None = None
    ) -> list[KnownCause]:
        """Return the causes of the newest revision of each review, oldest period first.

        Args:
            report: Only of this report.
            before: Only of periods that began before this moment.
            made_by: Only of editions made, and with decisions taken, not after this moment.
        """
        query = select(CauseRow).order_by(CauseRow.period_start, CauseRow.report, CauseRow.period, CauseRow.position)
        if report is not None:
            query = query.where(CauseRow.report == report)
        if before is not None:
            query = query.where(CauseRow.period_start < before)
        newest: dict[tuple[str, str], int] = {}
        with self.reading() as session:
            made = select(EditionRow.report, EditionRow.period, EditionRow.revision)
            if made_by is not None:
                made = made.where(EditionRow.made_at <= made_by)
            for name, period, revision in session.execute(made):
                newest[name, period] = max(revision, newest.get((name, period), 0))
            rows = session.scalars(query).all()
        decided: dict[str, list[CauseDecision]] = {}
        for decision in self.decisions(made_by=made_by):
            decided.setdefault(decision.cause_id, []).append(decision)
        return [
            _known_cause(row, decided.get(row.cause_id, []))
            for row in rows
            if newest.get((row.report, row.period)) == row.revision
        ]

    # ---- Inside --------------------------------------------------------------------------------

    def _edition(self, session: Session, row: EditionRow | None) -> Edition | None:
        if row is None:
            return None
        files = select(EditionFileRow).where(EditionFileRow.edition_id == row.edition_id).order_by(EditionFileRow.path)
        hashes = {part.path: part.sha256 for part in session.scalars(files)}
        return Edition(**{part: getattr(row, part) for part in _EDITION} | {"status": EditionStatus(row.status)}, files=hashes)

    def _save_config(self, session: Session, name: str, config_files: Mapping[str, bytes]) -> None:
        hashes = {file: hashlib.sha256(content).hexdigest() for file, content in sorted(config_files.items())}
        blobs = {hashes[file]: config_files[file] for file in hashes}
        self.insert_new(session, ConfigBlobRow, [{"sha256": sha, "content": blob} for sha, blob in sorted(blobs.items())])
        self.insert_new(
            session, EditionConfigRow, [{"edition_id": name, "name": file, "sha256": sha} for file, sha in hashes.items()]
        )

    def _save_numbers(self, session: Session, name: str, numbers: Sequence[Number]) -> None:
        self.insert_new(
            session,
            NumberRow,
            [
                {"edition_id": name, "position": position, **{part: getattr(number, part) for part in _NUMBER}}
                for position, number in enumerate(numbers)
            ],
        )

    def _save_causes(self, session: Session, edition: Edition, period: Period, causes: Sequence[Cause]) -> None:
        self.insert_new(
            session,
            CauseRow,
            [
                {
                    "report": edition.report,
                    "period": edition.period,
                    "revision": edition.revision,
                    "cause_id": cause.cause_id,
                    "position": position,
                    "period_start": period.start,
                    "kind": cause.kind,
                    "leaf": cause.leaf,
                    "slice": dict(cause.slice),
                    "contribution": cause.contribution,
                    "low": cause.low,
                    "high": cause.high,
                    "body": to_plain(cause),
                }
                for position, cause in enumerate(causes)
            ],
        )


def _name(edition: Edition | str) -> str:
    return edition if isinstance(edition, str) else edition_id(edition)


def _known_cause(row: CauseRow, decisions: Sequence[CauseDecision]) -> KnownCause:
    cause: Cause = from_plain(Cause, row.body)
    if decisions:
        cause = replace(cause, status=decisions[-1].status)
    return KnownCause(cause, row.report, row.period, row.revision, tuple(decisions))
