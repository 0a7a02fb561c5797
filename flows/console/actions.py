"""`aftersales actions`: list, show, accept, update and import actions."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from tasks.errors import UserError
from tasks.model.actions import Action, ActionEvent, ActionState
from tasks.run import Stores, moment_of
from tasks.settings import Settings
from tasks.shop.load import Shop


def list_actions(settings: Settings, state: str, owner: str, console: Console) -> None:
    """Print the actions that match."""
    stores, shop, now = _open(settings)
    if state and state not in [known.value for known in ActionState]:
        raise UserError(f"There is no state {state!r}.", hint=f"Write one of {', '.join(known.value for known in ActionState)}.")
    table = Table("id", "state", "owner", "due", "what", box=None)
    for action, _ in stores.ledger.actions_as_of(now):
        if (state and action.state.value != state) or (owner and action.owner != owner):
            continue
        late = action.state in (ActionState.OPEN, ActionState.IN_PROGRESS, ActionState.REOPENED) and action.due < now
        due = action.due.astimezone(ZoneInfo(shop.identity.zone)).date().isoformat()
        table.add_row(action.action_id, action.state.value, action.owner, f"{due}{' LATE' if late else ''}", action.what)
    console.print(table if table.row_count else "No action matches.")


def show_action(settings: Settings, action_id: str, console: Console) -> None:
    """Print one action with its events."""
    stores, shop, now = _open(settings)
    action, events = _find(stores, action_id, now)
    zone = ZoneInfo(shop.identity.zone)
    for name, value in (
        ("what", action.what),
        ("kind", action.kind.value),
        ("state", action.state.value),
        ("owner", f"{action.owner} ({action.department})"),
        ("due", f"{action.due.astimezone(zone):%Y-%m-%d %H:%M}"),
        ("slice", ", ".join(f"{k}={v}" for k, v in action.slice.items())),
        ("problem", action.leaf),
        ("metric", f"{action.metric} per {action.exposure}, age {action.age_days} days"),
        ("target", action.target_text or str(action.target)),
        ("expected effect", action.expected_effect),
        ("cut-in", f"{action.cut_in_axis} {action.cut_in_actual or action.cut_in_planned}".strip()),
        ("postponed", str(action.postponed)),
        ("evidence wanted", ", ".join(action.evidence_required)),
    ):
        if value:
            console.print(f"{name:>16}  {value}")
    for event in events:
        detail = " · ".join(part for part in (event.by, event.why, event.evidence, event.cut_in_actual) if part)
        console.print(f"{event.at.astimezone(zone):%Y-%m-%d %H:%M}  {event.kind}  {detail}")


def accept_action(settings: Settings, action_id: str, *, by: str, owner: str, due: str, console: Console) -> None:
    """Accept a proposal; a new owner must be a person in people.yaml."""
    stores, shop, now = _open(settings)
    _known_person(shop, owner)
    stores.ledger.add_event(action_id, "accepted", at=now, by=by, owner=owner, due=_end_of_day(due, shop.identity.zone))
    console.print(f"{action_id} is accepted.")


def update_action(settings: Settings, action_id: str, kind: str, fields: dict[str, str], console: Console) -> None:
    """Record what became of an action."""
    stores, shop, now = _open(settings)
    _known_person(shop, fields["owner"])
    event = stores.ledger.add_event(
        action_id,
        kind,
        at=moment_of(fields["at"], shop.identity.zone) or now,
        by=fields["by"],
        owner=fields["owner"],
        due=_end_of_day(fields["due"], shop.identity.zone),
        cut_in_actual=fields["cut_in"],
        evidence=fields["evidence"],
        why=fields["why"],
    )
    console.print(f"{action_id}: {kind}; now {event.state.value if event.state else 'unchanged'}.")


def import_actions(settings: Settings, file: Path, console: Console) -> None:
    """Import actions and their events, with their own times, from a file of JSON lines; known ones are left unchanged."""
    records = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if line.strip():
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise UserError(
                    f"{file}, line {number}: this is not JSON ({error.msg}).",
                    hint="Write each action as one JSON object on one line.",
                ) from error
    new = Stores.open(settings).ledger.import_actions(records)
    console.print(f"{len(records)} actions read, {new} new.")


def _open(settings: Settings) -> tuple[Stores, Shop, datetime]:
    return Stores.open(settings), Shop.load(settings.home), datetime.now(UTC)


def _find(stores: Stores, action_id: str, now: datetime) -> tuple[Action, list[ActionEvent]]:
    for action, events in stores.ledger.actions_as_of(now):
        if action.action_id == action_id:
            return action, events
    raise UserError(f"There is no action {action_id}.", hint="`aftersales actions list` shows all.")


def _known_person(shop: Shop, owner: str) -> None:
    if owner and shop.people.find(owner) is None:
        raise UserError(f"people.yaml has nobody called {owner}.", hint="Name a person in people.yaml, or add this one there.")


def _end_of_day(text: str, zone: str) -> datetime | None:
    """Return 18:00 of a day in the business zone: actions fall due at the end of the working day."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(18), ZoneInfo(zone)).astimezone(UTC)
    except ValueError as error:
        raise UserError(f"{text!r} is not a day.", hint="Write it as 2026-11-20.") from error
