"""The ledger's record of work: pulls, leases and backfills."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Literal

import polars as pl
from sqlalchemy import delete, select, update

from tasks.errors import ChannelProblem, LeaseHeld, UserError
from tasks.model.facts import Pull
from tasks.model.rows import FileContent, FileHolding, KnownFiles
from tasks.store.database import Database
from tasks.store.processes import is_gone, shown_holder
from tasks.store.tables import BackfillPeriodRow, BackfillRow, FileHoldingRow, FileReadRow, LeaseRow, PullRow

BackfillState = Literal["planned", "done", "failed"]

_PULL = [part.name for part in fields(Pull) if part.name != "problem"]


@dataclass(frozen=True)
class Lease:
    """The right to work on something until `expires_at`."""

    name: str
    holder: str
    acquired_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class BackfillPlan:
    """Periods to review in order, all as of one moment.

    `periods` maps each period, in order, to `planned`, `done` or `failed`; `details` holds the reason of a failure.
    """

    backfill_id: str
    span: str
    grain: str
    which: str
    send: bool
    as_of: datetime
    planned_at: datetime
    periods: dict[str, BackfillState]
    details: dict[str, str] = field(default_factory=dict)
    finished_at: datetime | None = None


class Runs(Database):
    """Pulls, leases, period states and backfills."""

    # ---- Pulls ---------------------------------------------------------------------------------

    def record_pull(
        self, pull: Pull, files: Sequence[FileContent] = (), declaration: str = "", holdings: Sequence[FileHolding] = ()
    ) -> None:
        """Store what a pull brought, which files it read and what these hold; the same `pull_id` again replaces it.

        Only for rows that the lake holds already: a file that is recorded here is not read again under the same declaration.

        Raises:
            ValueError: If rows were lost: read ≠ new + changed + unchanged + quarantined in a pull without error.
        """
        if pull.ok and pull.read != pull.new + pull.changed + pull.unchanged + pull.quarantined:
            raise ValueError(f"the pull {pull.pull_id} of {pull.channel} does not add up: {pull}")
        with self.writing() as session:
            session.merge(PullRow(**{name: getattr(pull, name) for name in _PULL}, problem=pull.problem.value))
            seen = {
                "declaration": declaration,
                "first_read_at": pull.started_at,
                "pull_id": pull.pull_id,
                "channel": pull.channel,
            }
            self.insert_new(session, FileReadRow, [{**vars(file), **seen} for file in files])
            for held in holdings:
                session.merge(
                    FileHoldingRow(
                        channel=pull.channel,
                        **vars(held.content),
                        replaced=sorted(held.replaced),
                        rows=None if held.rows is None else _packed(held.rows),
                        read_at=pull.started_at,
                        pull_id=pull.pull_id,
                    )
                )

    def known_files(self, channel: str, declaration: str, moment: datetime) -> KnownFiles:
        """Return what a channel had read under a declaration at a moment, and what each of its files holds."""
        query = select(FileReadRow.sha256).where(
            FileReadRow.channel == channel, FileReadRow.declaration == declaration, FileReadRow.first_read_at <= moment
        )
        held = select(FileHoldingRow.name, FileHoldingRow.sha256, FileHoldingRow.replaced).where(
            FileHoldingRow.channel == channel
        )
        with self.reading() as session:
            contents = frozenset(session.scalars(query))
            files = session.execute(held).all()
        replaced = {
            sha256: frozenset(file.name for file in files if sha256 in file.replaced)
            for file in files
            for sha256 in file.replaced
        }
        return KnownFiles(contents, {file.name: file.sha256 for file in files}, replaced)

    def file_holdings(self, channel: str) -> dict[str, FileHolding]:
        """Return what each file of a channel held when it was last read, by name."""
        query = select(FileHoldingRow).where(FileHoldingRow.channel == channel).order_by(FileHoldingRow.name)
        with self.reading() as session:
            return {
                row.name: FileHolding(
                    FileContent(row.name, row.sha256),
                    None if row.rows is None else pl.read_parquet(io.BytesIO(row.rows)),
                    frozenset(row.replaced),
                )
                for row in session.scalars(query)
            }

    def pulls(self, *, since: datetime | None = None, until: datetime | None = None, channel: str | None = None) -> list[Pull]:
        """Return pulls that began in `since <= t <= until`, oldest first."""
        query = select(PullRow).order_by(PullRow.started_at, PullRow.channel, PullRow.pull_id)
        if since is not None:
            query = query.where(PullRow.started_at >= since)
        if until is not None:
            query = query.where(PullRow.started_at <= until)
        if channel is not None:
            query = query.where(PullRow.channel == channel)
        with self.reading() as session:
            return [
                Pull(**{name: getattr(row, name) for name in _PULL}, problem=ChannelProblem(row.problem))
                for row in session.scalars(query)
            ]

    def last_pulls(self, moment: datetime | None = None, *, good: bool = False) -> dict[str, Pull]:
        """Return the newest pull of each channel (`good`: without error) that had begun at a moment."""
        return {pull.channel: pull for pull in self.pulls(until=moment) if pull.ok or not good}

    # ---- Leases --------------------------------------------------------------------------------

    @contextmanager
    def lease(
        self, name: str, holder: str, now: datetime, seconds: float, *, gone: Callable[[str], bool] = is_gone
    ) -> Iterator[Lease]:
        """Hold a name exclusively; it is released at the end, and expires by itself `seconds` after `now`.

        Args:
            name: The work.
            holder: Who works, from `holder_name`.
            now: Aware UTC.
            seconds: Longer than the work can take.
            gone: Whether a holder has ended; its lease is then taken over at once.

        Raises:
            LeaseHeld: If somebody else holds it; the message names the holder.
        """
        lease = Lease(name, holder, now, now + timedelta(seconds=seconds))
        with self.writing() as session:
            self.insert_new(session, LeaseRow, [vars(lease)])
            row = session.scalars(select(LeaseRow).where(LeaseRow.name == name).with_for_update()).one()
            mine = row.holder == holder and row.acquired_at == now
            if not mine and row.expires_at > now and not gone(row.holder):
                raise LeaseHeld(
                    f"{name} is already being done by {shown_holder(row.holder)} since {row.acquired_at:%Y-%m-%d %H:%M:%S} UTC.",
                    hint=f"Wait for it; its lease ends by itself at {row.expires_at:%Y-%m-%d %H:%M:%S} UTC.",
                )
            row.holder, row.acquired_at, row.expires_at = lease.holder, lease.acquired_at, lease.expires_at
        try:
            yield lease
        finally:
            with self.writing() as session:
                session.execute(
                    delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder, LeaseRow.acquired_at == now)
                )

    def sweep_leases(self, now: datetime, *, gone: Callable[[str], bool] = is_gone) -> int:
        """Remove the leases that have expired or whose holders have ended, and return how many there were."""
        with self.writing() as session:
            rows = session.scalars(select(LeaseRow).with_for_update()).all()
            left = [row for row in rows if row.expires_at <= now or gone(row.holder)]
            for row in left:
                session.delete(row)
            return len(left)

    def leases(self, now: datetime) -> list[Lease]:
        """Return the leases that have not expired, by name."""
        with self.reading() as session:
            rows = session.scalars(select(LeaseRow).where(LeaseRow.expires_at > now).order_by(LeaseRow.name))
            return [Lease(row.name, row.holder, row.acquired_at, row.expires_at) for row in rows]

    # ---- Backfills -----------------------------------------------------------------------------

    def plan_backfill(
        self, *, span: str, grain: str, which: str, send: bool, periods: Sequence[str], as_of: datetime, now: datetime
    ) -> BackfillPlan:
        """Store a backfill, or return the unfinished one of the same request, which keeps its as-of and its periods."""
        with self.writing() as session:
            query = select(BackfillRow).where(
                BackfillRow.span == span,
                BackfillRow.grain == grain,
                BackfillRow.which == which,
                BackfillRow.send == send,
                BackfillRow.finished_at.is_(None),
            )
            row = session.scalars(query.order_by(BackfillRow.planned_at)).first()
            if row is None:
                identity = "\x1f".join((span, grain, which, str(send), now.isoformat()))
                row = BackfillRow(
                    backfill_id=hashlib.sha256(identity.encode()).hexdigest()[:12],
                    span=span,
                    grain=grain,
                    which=which,
                    send=send,
                    as_of=as_of,
                    planned_at=now,
                    finished_at=None,
                )
                session.add(row)
                session.flush()
                for position, period in enumerate(periods):
                    session.add(
                        BackfillPeriodRow(
                            backfill_id=row.backfill_id,
                            period=period,
                            position=position,
                            state="planned",
                            detail="",
                            changed_at=now,
                        )
                    )
            found = row.backfill_id
        return self.backfill(found)

    def backfill(self, backfill_id: str) -> BackfillPlan:
        """Return one backfill with the state of each of its periods."""
        with self.reading() as session:
            row = session.get(BackfillRow, backfill_id)
            if row is None:
                raise UserError(f"There is no backfill {backfill_id}.", hint="`aftersales status` lists them.")
            parts = session.scalars(
                select(BackfillPeriodRow).where(BackfillPeriodRow.backfill_id == backfill_id).order_by(BackfillPeriodRow.position)
            ).all()
            states: dict[str, BackfillState] = {part.period: part.state for part in parts}  # type: ignore[misc]
            return BackfillPlan(
                row.backfill_id,
                row.span,
                row.grain,
                row.which,
                row.send,
                row.as_of,
                row.planned_at,
                states,
                {part.period: part.detail for part in parts if part.detail},
                row.finished_at,
            )

    def backfills(self) -> list[BackfillPlan]:
        """Return all backfills, oldest first."""
        with self.reading() as session:
            found = session.scalars(select(BackfillRow.backfill_id).order_by(BackfillRow.planned_at, BackfillRow.backfill_id))
            return [self.backfill(backfill_id) for backfill_id in found.all()]

    def settle_backfill_period(
        self, backfill_id: str, period: str, state: BackfillState, *, now: datetime, detail: str = ""
    ) -> None:
        """Store how a period of a backfill ended."""
        with self.writing() as session:
            session.execute(
                update(BackfillPeriodRow)
                .where(BackfillPeriodRow.backfill_id == backfill_id, BackfillPeriodRow.period == period)
                .values(state=state, detail=detail, changed_at=now)
            )

    def finish_backfill(self, backfill_id: str, *, now: datetime) -> BackfillPlan:
        """Close a backfill, so that the same request plans a new one."""
        with self.writing() as session:
            session.execute(update(BackfillRow).where(BackfillRow.backfill_id == backfill_id).values(finished_at=now))
        return replace(self.backfill(backfill_id), finished_at=now)


def _packed(rows: pl.DataFrame) -> bytes:
    packed = io.BytesIO()
    rows.write_parquet(packed, compression="zstd", statistics=False)
    return packed.getvalue()
