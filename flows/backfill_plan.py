"""The plan of a backfill: which periods, as of which moment, and which remain after an interruption."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import polars as pl
from prefect.artifacts import create_table_artifact

from flows.backfill_request import BackfillRequest
from flows.run_context import PROGRESS, opened_home, pull_turn
from tasks.collect.steps import collect
from tasks.errors import UserError
from tasks.model.editions import Edition
from tasks.model.periods import Period
from tasks.run import Run, RunKind, Stores, silent
from tasks.shop.load import Shop
from tasks.store.runs import BackfillPlan
from tasks.store.steps import store
from tasks.validate.steps import validate


class Backfill:
    """One backfill: its stored plan and its progress."""

    def __init__(
        self, stores: Stores, shop: Shop, stored: BackfillPlan | None, wanted: list[str], left_out: list[str], as_of: datetime
    ) -> None:
        self.stores = stores
        self.shop = shop
        self.stored = stored
        self.wanted = wanted
        self.left_out = left_out
        self.moment = as_of

    @property
    def as_of(self) -> str:
        """The moment as of which every period is reviewed, fixed when the backfill was planned."""
        return self.moment.isoformat()

    @property
    def text(self) -> str:
        """One line for the log and for the caller."""
        return f"{len(self.wanted)} to do: {', '.join(self.wanted) or 'none'}; {len(self.left_out)} left as they are."

    def remaining(self) -> list[str]:
        """Return the periods that are not done, oldest first."""
        if self.stored is None:
            return self.wanted
        return [period for period, state in self.stored.periods.items() if state != "done"]

    def revises(self, period: str) -> bool:
        """Whether a period gets a new revision: its edition is of an earlier moment; one of this very moment is kept."""
        editions = self.stores.ledger.editions(period=period)
        return bool(editions) and max(edition.as_of for edition in editions) < self.moment

    def settle(self, period: str, state: Any) -> None:
        """Record how a period ended."""
        if self.stored is not None:
            now = datetime.now(UTC)
            self.stores.ledger.settle_backfill_period(
                self.stored.backfill_id,
                period,
                "done" if state.is_completed() else "failed",
                now=now,
                detail="" if state.is_completed() else str(state.message or "")[:500],
            )


@contextmanager
def open_backfill(request: BackfillRequest) -> Iterator[Backfill]:
    """Check the request, pull once, fix the moment and choose the periods; resume an unfinished plan of the same request."""
    stores, shop, now = opened_home()
    periods = [Period.parse(period.id, shop.identity.zone) for period in request.periods()]
    if periods[-1].end > now:
        raise UserError(f"{periods[-1]} is not over yet.", hint="Choose periods that have ended.")
    span = f"{periods[0]}..{periods[-1]}"
    with stores.ledger.lease(f"backfill {span}", stores.holder, now, 24 * 3600):
        open_plans = [
            plan
            for plan in stores.ledger.backfills()
            if plan.finished_at is None
            and (plan.span, plan.grain, plan.which, plan.send) == (span, request.grain, request.which, request.send)
        ]
        if open_plans:
            plan = open_plans[0]
            yield Backfill(stores, shop, plan, list(plan.periods), [], plan.as_of)
            return
        if not request.dry_run:
            _pull(stores, shop, periods[-1], now)
        moment = datetime.now(UTC).replace(microsecond=0)
        wanted = [period.id for period in periods if _is_wanted(request.which, stores, shop, period)]
        left_out = [period.id for period in periods if period.id not in wanted]
        stored = None
        if not request.dry_run:
            stored = stores.ledger.plan_backfill(
                span=span, grain=request.grain, which=request.which, send=request.send, periods=wanted, as_of=moment, now=now
            )
        yield Backfill(stores, shop, stored, wanted, left_out, moment)


def _pull(stores: Stores, shop: Shop, period: Period, now: datetime) -> None:
    run = Run(stores, shop, period, RunKind.PULL, as_of=now, now=now, progress=PROGRESS.get() or silent)
    with pull_turn(run) as turn:
        pulls = [collect.submit(turn, channel) for channel in turn.channels]
        store(turn, validate(turn, [pull.result() for pull in pulls]))


def _is_wanted(which: str, stores: Stores, shop: Shop, period: Period) -> bool:
    editions = stores.ledger.editions(period=period.id)
    if which == "all":
        return True
    if which == "missing":
        return not editions
    if which == "failed":
        states = [plan.periods[period.id] for plan in stores.ledger.backfills() if period.id in plan.periods]
        return bool(states) and states[-1] == "failed"
    return bool(editions) and _is_stale(stores, shop, period, max(editions, key=lambda edition: edition.revision))


def _is_stale(stores: Stores, shop: Shop, period: Period, edition: Edition) -> bool:
    """Whether records of the period arrived, or the configuration changed, after its newest edition."""
    if edition.config_sha256 != shop.sha256:
        return True
    rows = stores.lake.as_of("feedback", datetime.now(UTC), columns=["submitted_at", "ingested_at"])
    inside = (pl.col("submitted_at") >= period.start) & (pl.col("submitted_at") < period.end)
    return not rows.filter(inside & (pl.col("ingested_at") > edition.as_of)).is_empty()


def show_plan(plan: Backfill) -> None:
    """Publish the plan as a table in the Prefect UI."""
    rows = [{"period": period, "will": "be reviewed", "as of": plan.as_of} for period in plan.wanted]
    rows += [{"period": period, "will": "stay as it is", "as of": ""} for period in plan.left_out]
    create_table_artifact(key="backfill-plan", table=rows, description=plan.text)


def finish(plan: Backfill) -> str:
    """Close the plan and return a sentence on how its periods ended.

    Raises:
        UserError: If a period failed.
    """
    if plan.stored is None:
        return plan.text
    closed = plan.stores.ledger.finish_backfill(plan.stored.backfill_id, now=datetime.now(UTC))
    failed = [period for period, state in closed.periods.items() if state == "failed"]
    done = [period for period, state in closed.periods.items() if state == "done"]
    create_table_artifact(
        key="backfill-result",
        table=[
            {"period": period, "state": state, "why": closed.details.get(period, "")} for period, state in closed.periods.items()
        ],
        description=f"{len(done)} reviewed, {len(failed)} failed",
    )
    if failed:
        raise UserError(f"{len(failed)} periods failed: {', '.join(failed)}.", hint="Run the backfill again with --which failed.")
    return f"{len(done)} reviewed: {', '.join(done)}."
