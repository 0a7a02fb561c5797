"""The life of a warning: notify once, and again when it grows; escalate while nobody answers; end when it is over.

open → escalated → answered
  └──────┴───────→ expired
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tasks.model.warnings import EarlyWarning, KeptWarning, WarningEvent, WarningEventKind, WarningState
from tasks.shop.load import Shop
from tasks.shop.people import Person
from tasks.warn.kinds.catalogue import rule_of
from tasks.warn.owners import ladder

SEEN_LATELY = timedelta(days=2)
"""A matter that is over is not escalated."""

WAITING = (WarningState.OPEN, WarningState.ESCALATED)


@dataclass(frozen=True)
class Notice:
    """One thing that happens to one warning now; `person` is notified, if there is one."""

    kept: KeptWarning
    warning: EarlyWarning
    event: WarningEvent
    person: Person | None


@dataclass(frozen=True)
class WatchResult:
    """The notices of one run of the daily watch, and the known matters that it saw again."""

    notices: tuple[Notice, ...]
    seen: tuple[str, ...]


def due_round(found: list[EarlyWarning], kept: list[KeptWarning], shop: Shop, moment: datetime) -> WatchResult:
    """Decide which notices are due now; repeating a round with the same findings at the same moment gives none.

    Args:
        found: Assigned findings.
        kept: Every warning in the ledger.
        shop: Rules, people and calendar.
        moment: Aware moment.
    """
    notices: list[Notice] = []
    seen: set[str] = set()
    for warning in sorted(found, key=lambda warning: (warning.kind, warning.key, warning.items)):
        rule = rule_of(warning.kind, shop)
        known = [old for old in kept if old.warning.kind == warning.kind]
        if rule.reminder:
            seen |= {old.warning_id for old in known if old.reported & set(warning.items)}
            reported = {item for old in known for item in old.reported}
            if fresh := _only(warning, [item for item in warning.items if item not in reported]):
                notices.append(_opened(fresh, shop, moment))
            continue
        old = _same_matter(warning, known, shop, moment)
        if old is None:
            notices.append(_opened(warning, shop, moment))
            continue
        seen.add(old.warning_id)
        new = tuple(item for item in warning.items if item not in old.reported)
        grown = bool(new) if rule.red_line else old.state in WAITING and warning.observed >= shop.warnings.growth * old.observed
        if grown:
            notices.append(_grew(old, warning, new, shop, moment))
    for old in kept:
        notices += _passed_on(old, old.warning_id in seen, shop, moment)
    return WatchResult(tuple(notices), tuple(sorted(seen)))


def warning_id(warning: EarlyWarning, moment: datetime, zone: str) -> str:
    """Return the id that people use for a warning: its day and a few digits."""
    digits = hashlib.sha256("\x1f".join((warning.key, *warning.items)).encode()).hexdigest()[:5]
    return f"W{moment.astimezone(ZoneInfo(zone)):%y%m%d}-{digits}"


def _same_matter(warning: EarlyWarning, known: list[KeptWarning], shop: Shop, moment: datetime) -> KeptWarning | None:
    """Return the open warning of the same matter: the same place and problem, or mostly the same cases; None if there is none."""
    quiet = timedelta(days=shop.warnings.quiet_days)
    items = set(warning.items)
    alive = [old for old in known if moment - old.last_seen <= quiet]
    same = [
        old
        for old in alive
        if old.warning.key == warning.key or 2 * len(items & old.reported) >= min(len(items), len(old.reported))
    ]
    return max(same, key=lambda old: (old.warning.key == warning.key, old.opened_at, old.warning_id), default=None)


def _only(warning: EarlyWarning, items: list[str]) -> EarlyWarning | None:
    """Return a warning limited to some of its items, or None if there are none."""
    if not items:
        return None
    keep = [place for place, item in enumerate(warning.items) if item in set(items)]
    dues = tuple(warning.dues[place] for place in keep) if warning.dues else ()
    return replace(
        warning,
        items=tuple(warning.items[place] for place in keep),
        dues=dues,
        amounts=tuple(warning.amounts[place] for place in keep) if warning.amounts else (),
        observed=float(len(keep)),
        answer_by=min(dues, default=warning.answer_by),
    )


def _opened(warning: EarlyWarning, shop: Shop, moment: datetime) -> Notice:
    person = ladder(warning, shop)[0]
    name = warning_id(warning, moment, shop.identity.zone)
    event = WarningEvent(
        name,
        1,
        moment,
        WarningEventKind.OPENED,
        to=person.name,
        observed=warning.observed,
        expected=warning.expected,
        items=warning.items,
    )
    return Notice(KeptWarning(name, warning, moment, moment), warning, event, person)


def _grew(old: KeptWarning, warning: EarlyWarning, new: tuple[str, ...], shop: Shop, moment: datetime) -> Notice:
    """Notify the current owner that a matter has grown."""
    reached = {person.name: person for person in ladder(old.warning, shop)}
    person = next((reached[name] for name in reversed(old.people) if name in reached), next(iter(reached.values())))
    event = WarningEvent(
        old.warning_id,
        _next(old),
        moment,
        WarningEventKind.GREW,
        to=person.name,
        observed=warning.observed,
        expected=warning.expected,
        items=new,
    )
    return Notice(old, replace(warning, owner=old.warning.owner, role=old.warning.role), event, person)


def _passed_on(old: KeptWarning, is_seen: bool, shop: Shop, moment: datetime) -> list[Notice]:
    """Escalate to the next in the ladder once time is up, or close what is over."""
    if old.state not in WAITING or moment < old.notified_at:
        return []
    rule = rule_of(old.warning.kind, shop)
    quiet = timedelta(days=shop.warnings.quiet_days)
    if (rule.reminder and not is_seen) or (not is_seen and moment - old.last_seen > quiet):
        event = WarningEvent(
            old.warning_id, _next(old), moment, WarningEventKind.EXPIRED, why="past" if rule.reminder else "not seen again"
        )
        return [Notice(old, old.warning, event, None)]
    today = moment.astimezone(ZoneInfo(shop.identity.zone)).date()
    waits = shop.calendar.is_holiday(today) and not rule.red_line
    if waits or moment - old.notified_at < timedelta(hours=rule.escalate_hours) or moment - old.last_seen > SEEN_LATELY:
        return []
    person = next((person for person in ladder(old.warning, shop) if person.name not in old.people), None)
    if person is None:
        return []
    event = WarningEvent(old.warning_id, _next(old), moment, WarningEventKind.ESCALATED, to=person.name)
    return [Notice(old, replace(old.warning, observed=old.observed), event, person)]


def _next(old: KeptWarning) -> int:
    return max((event.seq for event in old.events), default=0) + 1
