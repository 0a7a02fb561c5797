"""Early warnings: what cannot wait for Monday."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal


class WarningState(StrEnum):
    """The state of a warning; only a person answers it, only time ends it."""

    OPEN = "open"
    ESCALATED = "escalated"
    ANSWERED = "answered"
    EXPIRED = "expired"


class WarningAnswer(StrEnum):
    """An owner's answer to a warning: real, false, or already known."""

    REAL = "real"
    FALSE = "false"
    KNOWN = "known"


class WarningEventKind(StrEnum):
    """What happened to a warning."""

    OPENED = "opened"  # sent for the first time
    GREW = "grew"  # sent again, because the matter grew
    ESCALATED = "escalated"  # escalated, because nobody answered
    ANSWERED = "answered"  # its owner answered
    EXPIRED = "expired"  # its time is over


TELLING = (WarningEventKind.OPENED, WarningEventKind.ESCALATED)
"""Events that notify somebody who was not notified before."""

ENDED = (WarningEventKind.ANSWERED, WarningEventKind.EXPIRED)
"""Events after which nobody is notified of what came before."""


class WarningVerdict(StrEnum):
    """What a warning turned out to be."""

    REAL = "real"  # its owner says that it was real
    FALSE = "false"  # its owner says that it was false
    KNOWN = "known"  # its owner knew it already
    NAMED = "named"  # nobody answered, and a later report names the cause
    SILENT = "silent"  # nobody answered, and no report names it


RIGHT = (WarningVerdict.REAL, WarningVerdict.NAMED)
"""Verdicts that prove a warning right: by its owner's answer, or by a later report if nobody answered."""

CLUSTER = "cluster"
"""The kind whose matter is a place and a problem, regardless of the symptom its cases name."""

SAFETY = "safety"
"""The kind that the playbook's safety entries answer."""


@dataclass(frozen=True)
class EarlyWarning:
    """Something that cannot wait for Monday: what, where, how many against how many, and by when to answer.

    `every_days` is how often chance alone would give this in the whole shop; None if chance does not matter (one safety
    case, a deadline). `items` are the records, parcels or orders behind it; none is reported twice. A deadline's or
    parcel's items are each a separate matter; those of the other kinds form one matter that grows.
    """

    kind: str  # the code of a module's kind in tasks/warn/kinds
    slice: dict[str, str]
    leaf: str
    observed: float
    since: date
    answer_by: datetime
    items: tuple[str, ...]
    expected: float | None = None
    every_days: float | None = None
    symptom: str = ""
    words: tuple[str, ...] = ()  # the customers' own words, scrubbed
    days: tuple[date, ...] = ()
    dues: tuple[datetime, ...] = ()  # the items' own deadlines, if any
    amounts: tuple[float, ...] = ()  # the items' own money, if known
    sold: float | None = None
    spread: int = 1  # how many products one warning of the same problem covers
    playbook: str = ""  # entry and step that would come next
    role: str = ""
    owner: str = ""
    restricted: bool = False

    @property
    def key(self) -> str:
        """The identity of the matter: two findings with one key are the same matter."""
        place = ",".join(f"{name}={value}" for name, value in sorted(self.slice.items()))
        what = "" if self.kind == CLUSTER else self.symptom  # most cases of a cluster may later name another symptom
        return hashlib.sha256("\x1f".join((self.kind, place, self.leaf, what)).encode()).hexdigest()[:16]


def no_variant(_: EarlyWarning) -> str:
    """Return an empty stem: the kind has one sentence for all its warnings."""
    return ""


@dataclass(frozen=True)
class WarningWording:
    """How a kind of warning is worded.

    Its sentence is `warning.what_<stem>` of the message catalogues (a variant has a stem of its own), its advice
    `warning.step_<stem>`. A sentence may name any value that `tasks/report/warning_text.py` makes.
    """

    stem: str
    unit: str = "cases"
    variant: Callable[[EarlyWarning], str] = no_variant
    quotes_one: bool = False  # the sentence quotes customers' words; without readable ones it is `<stem>_plain`
    asks_playbook: bool = False  # its advice is the playbook's step; without one it is `<stem>_plain`
    names_symptom: bool = False  # the problem is named by its symptom
    tells_days: bool = False  # every day is reported, not only the first
    observed: Literal["", "new", "usual"] = ""  # against what: nothing before, the usual day; empty: what was expected
    chance: Literal["", "safety", "usual"] = ""  # "safety": chance is no matter; "usual": ordinary days are told as such
    first: str = "first_seen"  # message of the day: first seen or first due
    lists_items: bool = False  # a reader looks its items up by number


@dataclass(frozen=True)
class WarningEvent:
    """Something that happened to a warning: sent, grown, escalated, answered, expired."""

    warning_id: str
    seq: int
    at: datetime
    kind: WarningEventKind
    by: str = ""
    to: str = ""  # the person who was notified
    answer: WarningAnswer | None = None
    why: str = ""
    observed: float | None = None
    expected: float | None = None
    items: tuple[str, ...] = ()  # first reported here


@dataclass(frozen=True)
class KeptWarning:
    """A warning that was sent, with everything that happened to it."""

    warning_id: str
    warning: EarlyWarning
    opened_at: datetime
    last_seen: datetime
    events: tuple[WarningEvent, ...] = ()

    @property
    def state(self) -> WarningState:
        """The current state."""
        return {
            WarningEventKind.OPENED: WarningState.OPEN,
            WarningEventKind.ESCALATED: WarningState.ESCALATED,
            WarningEventKind.ANSWERED: WarningState.ANSWERED,
            WarningEventKind.EXPIRED: WarningState.EXPIRED,
        }[
            next(
                (event.kind for event in reversed(self.events) if event.kind != WarningEventKind.GREW),
                WarningEventKind.OPENED,
            )
        ]

    @property
    def answer(self) -> WarningAnswer | None:
        """The last answer, or None if nobody answered."""
        return next((event.answer for event in reversed(self.events) if event.answer is not None), None)

    @property
    def reported(self) -> frozenset[str]:
        """Every item that was reported."""
        return frozenset(item for event in self.events for item in event.items)

    @property
    def people(self) -> tuple[str, ...]:
        """The people who were notified, the owner first."""
        return tuple(dict.fromkeys(event.to for event in self.events if event.to))

    @property
    def notified_at(self) -> datetime:
        """When somebody new was last notified of it."""
        return max((event.at for event in self.events if event.kind in TELLING), default=self.opened_at)

    @property
    def observed(self) -> float:
        """The count that was reported last."""
        return next((event.observed for event in reversed(self.events) if event.observed is not None), self.warning.observed)


@dataclass(frozen=True)
class WarningLetter:
    """The text of a warning as one person got it; stored so that the mail can be sent again unchanged."""

    recipient: str
    name: str
    language: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class GradedWarning:
    """A warning with what it turned out to be."""

    warning_id: str
    warning: EarlyWarning
    opened_at: datetime
    wording: WarningWording
    verdict: WarningVerdict
    named_in: str = ""  # the period whose report names the cause


@dataclass(frozen=True)
class WarningGrades:
    """The warnings of a period, graded, and how many reminders were sent besides them."""

    warnings: tuple[GradedWarning, ...]
    reminders: int = 0

    @property
    def real(self) -> int:
        """How many were right: by their owner's answer, or by a later report if nobody answered."""
        return sum(each.verdict in RIGHT for each in self.warnings)
