"""The ledger's actions: what was promised, every change, and which changes are allowed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tasks.errors import UserError
from tasks.model.actions import WORKING, Action, ActionEvent, ActionEventKind, ActionState
from tasks.store.database import Database
from tasks.store.plain_values import from_plain, to_plain
from tasks.store.tables import ActionEventRow, ActionRow

_S = ActionState
_K = ActionEventKind

TRANSITIONS: dict[ActionEventKind, dict[ActionState, tuple[ActionState, ...]]] = {
    _K.PROPOSED: {},
    _K.ACCEPTED: {_S.PROPOSED: (_S.OPEN,)},
    _K.STARTED: {_S.OPEN: (_S.IN_PROGRESS,), _S.REOPENED: (_S.IN_PROGRESS,)},
    _K.DONE: dict.fromkeys(WORKING, (_S.TO_VERIFY,)),
    _K.POSTPONED: {state: (state,) for state in WORKING},
    _K.REASSIGNED: {state: (state,) for state in (_S.PROPOSED, *WORKING, _S.TO_VERIFY, _S.INEFFECTIVE)},
    _K.CUT_IN: {state: (state,) for state in (*WORKING, _S.TO_VERIFY, _S.CLOSED)},
    _K.VERIFIED: {_S.TO_VERIFY: (_S.TO_VERIFY, _S.CLOSED, _S.INEFFECTIVE)},
    _K.CLOSED: {_S.TO_VERIFY: (_S.CLOSED,)},
    _K.REOPENED: dict.fromkeys((_S.TO_VERIFY, _S.CLOSED, _S.INEFFECTIVE), (_S.REOPENED,)),
    _K.CANCELLED: dict.fromkeys((_S.PROPOSED, *WORKING, _S.TO_VERIFY, _S.INEFFECTIVE), (_S.CANCELLED,)),
}
"""Kind of event → state before → states it may lead to; the first is the one meant when none is named."""

_NEEDS = {
    _K.POSTPONED: (("due", "the new date"), ("why", "the reason")),
    _K.REASSIGNED: (("owner", "the new owner"),),
    _K.CUT_IN: (("cut_in_actual", "the batch, date, release or shift from which it took effect"),),
    _K.CLOSED: (("evidence", "the figure or report that proves the effect"),),
    _K.REOPENED: (("why", "the reason"),),
    _K.CANCELLED: (("why", "the reason"),),
}

_ACTION = [part.name for part in fields(Action)]
_COLUMNS = (
    "action_id",
    "period",
    "what",
    "cause_id",
    "leaf",
    "owner",
    "department",
    "due",
    "metric",
    "target",
    "target_text",
    "playbook",
    "restricted",
)
_EVENT = [part.name for part in fields(ActionEvent)]
_TEXTS = ("what", "expected_effect", "target_text", "resources")
_SEVERAL = ("、", ",", "，", ";", "；", " and ", "&")


def folded(action: Action, events: Iterable[ActionEvent]) -> Action:
    """Return an action with the state, owner, date, cut-in and number of postponements that its events lead to."""
    for event in events:
        state = event.state or action.state
        if event.kind == _K.REOPENED:
            action = replace(action, cut_in_actual="")
        action = replace(
            action,
            state=state,
            owner=event.owner or action.owner,
            due=event.due or action.due,
            cut_in_actual=event.cut_in_actual or action.cut_in_actual,
            postponed=action.postponed + (event.kind == _K.POSTPONED),
        )
    return action


def event_kind(word: str) -> ActionEventKind:
    """Return the kind of event with a given name.

    Raises:
        UserError: If it names none; the hint names all.
    """
    try:
        return ActionEventKind(word)
    except ValueError:
        raise UserError(f"{word!r} is not an event of an action.", hint=f"Use {_listed(sorted(ActionEventKind))}.") from None


def next_state(state: ActionState, kind: ActionEventKind, wanted: ActionState | None = None) -> ActionState:
    """Return the state that a kind of event leads to.

    Raises:
        UserError: If this event is not allowed in this state; the sentence names the allowed ones.
    """
    allowed = TRANSITIONS[kind].get(state, ())
    if not allowed or (wanted is not None and wanted not in allowed):
        legal = sorted(name for name, moves in TRANSITIONS.items() if state in moves)
        target = f" to become {wanted.value}" if wanted is not None and allowed else ""
        raise UserError(
            f"An action that is {state.value} cannot be {kind}{target}.",
            hint=f"It can be {_listed(legal)}." if legal else "Its course is over: make a new action.",
        )
    return wanted or allowed[0]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


class ActionLedger(Database):
    """Actions and their events."""

    # ---- Writing -------------------------------------------------------------------------------

    def propose(self, actions: Sequence[Action], *, at: datetime, edition_id: str = "") -> int:
        """Store actions as proposals made at a moment and return how many are new; a known `action_id` is left unchanged.

        Raises:
            UserError: If one has no person, date or target, or contains a forbidden practice; in that case none is stored.
        """
        with self.writing() as session:
            return self._propose(session, actions, at, edition_id)

    def add_event(
        self,
        action_id: str,
        kind: str,
        *,
        at: datetime,
        by: str,
        state: ActionState | None = None,
        owner: str = "",
        due: datetime | None = None,
        cut_in_actual: str = "",
        evidence: str = "",
        why: str = "",
    ) -> ActionEvent:
        """Store a change of an action and return it; repeating the same change stores nothing.

        Args:
            action_id: Which action.
            kind: The name of an `ActionEventKind`.
            at: When it happened, aware UTC.
            by: Who reports it.
            state: The state it leads to, for kinds that may lead to several.
            owner: New owner (`reassigned`).
            due: New date (`postponed`).
            cut_in_actual: From which batch, date, release or shift it took effect.
            evidence: Report, figure or page that proves it.
            why: Reason.

        Raises:
            UserError: If there is no such action, or the change is not allowed now.
        """
        event = ActionEvent(action_id, 0, at, by, event_kind(kind), state, owner, due, cut_in_actual, evidence, why)
        with self.writing() as session:
            return self._add_event(session, event)

    def open_proposals(self, action_ids: Sequence[str], *, at: datetime, by: str, why: str = "") -> int:
        """Accept those of the given actions that are still proposals, and return how many there were."""
        opened = 0
        with self.writing() as session:
            for action_id in sorted(action_ids):
                action, events = self._read(session, action_id)
                if folded(action, events).state == ActionState.PROPOSED:
                    self._add_event(session, ActionEvent(action_id, 0, at, by, _K.ACCEPTED, why=why))
                    opened += 1
        return opened

    def import_actions(self, records: Sequence[dict[str, Any]]) -> int:
        """Import actions and their events with their own times, and return how many actions are new.

        Args:
            records: Each the fields of an `Action` (moments as ISO text or datetime; `state` is ignored) and `events`: a list of
                the fields of an `ActionEvent`. The first event's time, or `proposed_at`, is when it was proposed.

        Raises:
            UserError: With the number of the record that cannot be stored; in that case none is stored.
        """
        imported = 0
        with self.writing() as session:
            for number, record in enumerate(records, 1):
                try:
                    imported += self._import(session, record)
                except (UserError, KeyError, TypeError, ValueError) as error:
                    what = error.what if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
                    raise UserError(
                        f"Action {number} of {len(records)} cannot be imported: {what}",
                        hint=error.hint if isinstance(error, UserError) else "Give it the fields of an action and its events.",
                    ) from error
        return imported

    # ---- Reading -------------------------------------------------------------------------------

    def actions(self) -> list[Action]:
        """Return all actions in their present state, by period and id."""
        return [action for action, _ in self.actions_as_of(None)]

    def actions_as_of(self, moment: datetime | None) -> list[tuple[Action, list[ActionEvent]]]:
        """Return the actions that had been proposed at a moment, with state, owner and date by the events up to it.

        Each comes with those events; sorted by period and id. No moment means everything known.
        """
        with self.reading() as session:
            query = select(ActionRow).order_by(ActionRow.period, ActionRow.action_id)
            if moment is not None:
                query = query.where(ActionRow.proposed_at <= moment)
            rows = session.scalars(query).all()
            events: dict[str, list[ActionEvent]] = {}
            for event in self._events(session, moment):
                events.setdefault(event.action_id, []).append(event)
            return [(folded(_action(row), events.get(row.action_id, [])), events.get(row.action_id, [])) for row in rows]

    def action(self, action_id: str) -> tuple[Action, list[ActionEvent]]:
        """Return one action in its present state, with its events.

        Raises:
            UserError: If there is none.
        """
        with self.reading() as session:
            action, events = self._read(session, action_id)
            return folded(action, events), events

    def events(self, as_of: datetime | None = None) -> list[ActionEvent]:
        """Return the events up to a moment, by action and number."""
        with self.reading() as session:
            return self._events(session, as_of)

    # ---- Inside --------------------------------------------------------------------------------

    def _propose(self, session: Session, actions: Sequence[Action], at: datetime, edition_id: str) -> int:
        for action in actions:
            self._check(action)
        ids = [action.action_id for action in actions]
        known = set(session.scalars(select(ActionRow.action_id).where(ActionRow.action_id.in_(ids)))) if ids else set()
        fresh = {action.action_id: action for action in actions if action.action_id not in known}
        values = [
            {
                **{name: getattr(action, name) for name in _COLUMNS},
                "kind": action.kind.value,
                "body": to_plain(replace(action, state=ActionState.PROPOSED, postponed=0)),
                "proposed_at": at,
                "edition_id": edition_id,
            }
            for action in fresh.values()
        ]
        self.insert_new(session, ActionRow, values)
        self.insert_new(
            session,
            ActionEventRow,
            [_event_values(ActionEvent(action_id, 1, at, "", _K.PROPOSED, ActionState.PROPOSED)) for action_id in fresh],
        )
        return len(fresh)

    def _import(self, session: Session, record: dict[str, Any]) -> int:
        plain = to_plain(
            {name: value for name, value in record.items() if name in _ACTION and name not in ("state", "postponed")}
        )
        action = from_plain(Action, plain)
        events = sorted(
            (
                from_plain(ActionEvent, to_plain({"seq": 0, "by": "", **event, "action_id": action.action_id}))
                for event in record.get("events", [])
            ),
            key=lambda event: (event.at, event.seq),
        )
        proposed_at = events[0].at if events else datetime.fromisoformat(to_plain(record["proposed_at"]))
        fresh = self._propose(session, [action], proposed_at, str(record.get("edition_id", "")))
        for event in events:
            if event.kind != _K.PROPOSED:
                self._add_event(session, event)
        return fresh

    def _add_event(self, session: Session, event: ActionEvent) -> ActionEvent:
        action, events = self._read(session, event.action_id, lock=True)
        same = ("at", "kind", "by", "owner", "due", "cut_in_actual", "evidence", "why")
        for known in events:
            if all(getattr(known, name) == getattr(event, name) for name in same) and event.state in (None, known.state):
                return known
        for text in (event.why, event.evidence):
            self._refuse_forbidden(text)
        if events and event.at < events[-1].at:
            raise UserError(
                f"The action {event.action_id} was {events[-1].kind} at {_minute(events[-1].at)}, after this change ({_minute(event.at)}).",
                hint="Give the time at which it happened; it cannot be earlier than the last recorded change.",
            )
        state = next_state(folded(action, events).state, event.kind, event.state)
        for name, word in _NEEDS.get(event.kind, ()):
            if not getattr(event, name) and not (event.kind == _K.CLOSED and event.why):
                raise UserError(f"An action cannot be {event.kind} without {word}.", hint=f"Give {word}.")
        if event.owner:
            _check_owner(event.action_id, event.owner)
        stored = replace(event, seq=max((known.seq for known in events), default=0) + 1, state=state)
        session.add(ActionEventRow(**_event_values(stored)))
        session.flush()
        return stored

    def _read(self, session: Session, action_id: str, *, lock: bool = False) -> tuple[Action, list[ActionEvent]]:
        query = select(ActionRow).where(ActionRow.action_id == action_id)
        row = session.scalars(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            count = session.scalar(select(func.count()).select_from(ActionRow))
            raise UserError(f"There is no action {action_id}.", hint=f"`aftersales actions list` shows all {count}.")
        return _action(row), self._events(session, None, action_id)

    def _events(self, session: Session, moment: datetime | None, action_id: str | None = None) -> list[ActionEvent]:
        query = select(ActionEventRow).order_by(ActionEventRow.action_id, ActionEventRow.seq)
        if moment is not None:
            query = query.where(ActionEventRow.at <= moment)
        if action_id is not None:
            query = query.where(ActionEventRow.action_id == action_id)
        return [_event(row) for row in session.scalars(query)]

    def _check(self, action: Action) -> None:
        """Refuse an action without person, date or measurable target, and one that must never be proposed."""
        _check_owner(action.action_id, action.owner)
        if not isinstance(action.due, datetime):
            raise UserError(
                f"The action {action.action_id} ({action.what}) has no date.", hint="Give the day by which it must be done."
            )
        if action.target is None and not action.target_text.strip():
            raise UserError(
                f"The action {action.action_id} ({action.what}) has no target.",
                hint="Give the value that its metric must reach, or the fact that will prove it.",
            )
        if not action.what.strip():
            raise UserError(
                f"The action {action.action_id} does not say what to do.", hint="Describe it in one sentence with a verb."
            )
        for name in _TEXTS:
            self._refuse_forbidden(getattr(action, name))
        for text in action.evidence_required:
            self._refuse_forbidden(text)

    def _refuse_forbidden(self, text: str) -> None:
        reason = self.forbidden(text) if self.forbidden is not None and text else None
        if reason:
            raise UserError(
                f"«{text}» cannot be stored: {reason}", hint="Propose something that the law and the platform's rules allow."
            )


def _check_owner(action_id: str, owner: str) -> None:
    if not owner.strip():
        raise UserError(
            f"The action {action_id} has no owner.", hint="Name one person; people.yaml lists who is responsible for what."
        )
    if any(mark in owner for mark in _SEVERAL):
        raise UserError(
            f"The action {action_id} has several owners ({owner}).", hint="Name only one: what two people own, nobody does."
        )


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _event_values(event: ActionEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _EVENT} | {
        "kind": event.kind.value,
        "state": event.state.value if event.state else "",
    }


def _event(row: ActionEventRow) -> ActionEvent:
    values: dict[str, Any] = {name: getattr(row, name) for name in _EVENT}
    return ActionEvent(**{**values, "kind": ActionEventKind(row.kind), "state": ActionState(row.state)})


def _action(row: ActionRow) -> Action:
    return from_plain(Action, row.body)
