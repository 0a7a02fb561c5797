"""`aftersales causes`: list and show causes, and record what people decide about them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from tasks.errors import UserError
from tasks.model.causes import CauseStatus
from tasks.run import Stores, moment_of
from tasks.settings import Settings
from tasks.shop.load import Shop
from tasks.store.editions import KnownCause


def list_causes(settings: Settings, period: str, status: str, console: Console) -> None:
    """Print the newest state of each cause, and count the decisions."""
    if status and status not in [known.value for known in CauseStatus]:
        raise UserError(
            f"There is no status {status!r}.", hint=f"Write one of {', '.join(known.value for known in CauseStatus)}."
        )
    stores = Stores.open(settings)
    table = Table("id", "period", "age", "status", "problem", "where", "observed", "expected", box=None)
    shown = [
        known
        for known in _newest(stores).values()
        if (not period or known.period == period) and (not status or known.cause.status.value == status)
    ]
    for known in sorted(shown, key=lambda row: (row.period, row.cause.cause_id), reverse=True):
        cause = known.cause
        where = ", ".join(f"{name}={value}" for name, value in cause.slice.items())
        amounts = (f"{cause.observed:.0f}", f"{cause.expected:.1f}")
        table.add_row(cause.cause_id, known.period, str(cause.periods), cause.status.value, cause.leaf, where, *amounts)
    console.print(table if table.row_count else "No cause matches.")
    decisions = Counter(decision.status.value for decision in stores.ledger.decisions())
    if decisions:
        console.print("decided: " + ", ".join(f"{word} {n}" for word, n in sorted(decisions.items())))


def show_cause(settings: Settings, cause_id: str, console: Console) -> None:
    """Print one cause with its records and every decision."""
    stores = Stores.open(settings)
    known = _newest(stores).get(cause_id)
    if known is None:
        raise UserError(f"No review names a cause {cause_id}.", hint="`aftersales causes list` shows the causes.")
    cause = known.cause
    for name, value in (
        ("named in", f"{known.report} {known.period}, first {cause.first_period}, {cause.life}, {cause.periods} in all"),
        ("where", ", ".join(f"{k}={v}" for k, v in cause.slice.items())),
        ("problem", cause.leaf),
        ("amount", f"{cause.observed:.0f} against {cause.expected:.1f} expected in {cause.window_weeks} weeks"),
        ("ratio", f"{cause.ratio:.2f} ({cause.low:.2f} to {cause.high:.2f})"),
        ("since", f"{cause.since} ({cause.since_axis})" if cause.since else ""),
        ("status", cause.status.value),
        ("to confirm", "; ".join(f"{question} ({owner}, {due})" for question, owner, due in cause.to_confirm)),
        ("records", " ".join(cause.rows)),
    ):
        if value:
            console.print(f"{name:>12}  {value}")
    zone = ZoneInfo(Shop.load(settings.home).identity.zone)
    for decision in known.decisions:
        console.print(f"{decision.at.astimezone(zone):%Y-%m-%d %H:%M}  {decision.status.value}  {decision.by} · {decision.why}")


def decide(settings: Settings, cause_id: str, status: CauseStatus, *, by: str, why: str, at: str, console: Console) -> None:
    """Record what a person decided about a cause."""
    stores, shop = Stores.open(settings), Shop.load(settings.home)
    moment = moment_of(at, shop.identity.zone) or datetime.now(UTC).replace(microsecond=0)
    if moment > datetime.now(UTC):
        raise UserError("A decision cannot lie in the future.", hint="Leave out --at to record it as decided now.")
    stores.ledger.decide_cause(cause_id, status, by=by, why=why, at=moment)
    console.print(f"{cause_id} is {status.value}; the next review says so, and proposes actions accordingly.")


def _newest(stores: Stores) -> dict[str, KnownCause]:
    return {known.cause.cause_id: known for known in stores.ledger.causes()}
