"""One run: its period, its moment, its shop and the stores it works on.

It is never a parameter that a server stores, and holds no frame: Prefect walks through what it hands to a task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

from tasks.errors import UserError
from tasks.files import keep_private
from tasks.model.editions import Edition, EditionStatus
from tasks.model.periods import Period
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop
from tasks.shop.words import Words
from tasks.store.archive import Archive
from tasks.store.delta_table import check_folder
from tasks.store.lake import Lake
from tasks.store.lateness import hours_late, overlap_hours
from tasks.store.ledger import Ledger
from tasks.store.processes import holder_name

REPORT_OF_GRAIN = {"week": "weekly", "month": "monthly", "quarter": "monthly", "range": "weekly"}
PULL_LEASE = "pull"
"""Who holds it pulls and stores: one process of a home at a time."""
PULL_SECONDS = 4 * 3600
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Stores:
    """The lake, the ledger and the archive of one home."""

    settings: Settings
    ledger: Ledger
    lake: Lake
    archive: Archive

    @classmethod
    def open(cls, settings: Settings) -> Stores:
        """Open the stores, migrating the ledger to its newest schema."""
        lake = Lake(settings.lake_root)
        check_folder(str(settings.home))
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep_private(_private_places(settings))
        ledger = Ledger(settings.ledger_address, forbidden=_refused_by(settings))
        ledger.migrate()
        return cls(settings, ledger, lake, Archive(settings.archive_root, shared=settings.archive_shared))

    def shop_of(self, edition: Edition) -> Shop:
        """Return the configuration an edition was made with."""
        return Shop(self.ledger.config_of(edition))

    def overlap_hours(self, channel: Channel, now: datetime) -> float:
        """Return how far the window of a server's channel reaches back: as far as its rows have come late, and as it declares at least."""
        pulls = self.ledger.pulls(until=now, channel=channel.name)
        return overlap_hours(channel.overlap_hours, hours_late(self.lake, channel, pulls, now))

    @property
    def holder(self) -> str:
        """The name of this process in leases and claims."""
        return holder_name(self.settings.run_name)


def _private_places(settings: Settings) -> list[Path]:
    """Return what other users of the machine must not read; a folder that is closed closes all that is in it."""
    home = settings.home
    names = ["lake", "ledger.sqlite", "outbox", "secrets", "prefect", ".env"]
    return [home / name for name in names] + ([] if settings.archive_shared else [settings.archive_root])


def _refused_by(settings: Settings) -> Callable[[str], str | None]:
    """Return a check of why a text may not be stored, by the shop's own words, which are read on first use."""
    words: list[Words] = []

    def reason(text: str) -> str | None:
        if not words:
            words.append(Shop.load(settings.home).words)
        practice = words[0].forbidden_practice(text)
        return " / ".join(practice.texts.values()) if practice else None

    return reason


class RunKind(Enum):
    """What a run does with its period."""

    MAKE = "make"
    """A new edition, or a new revision of one, is made and archived."""
    FINISH = "finish"
    """The missing editions of an interrupted revision are made, as of its own moment with its own configuration."""
    ANSWER = "answer"
    """Everything is already made; at most a mail is still to be sent."""
    LOOK_BACK = "look back"
    """A moment before the first edition is shown; it becomes no revision and is never mailed."""
    VERIFY = "verify"
    """An archived edition is remade for comparison; nothing is stored."""
    PULL = "pull"
    """Channels are pulled, and no edition is made."""
    WATCH = "watch"
    """The daily watch looks for early warnings; no edition is made."""


def silent(stage: str) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Run:
    """What every step of one run needs.

    Args:
        stores: Lake, ledger, archive and settings.
        shop: The configuration in force.
        period: The reviewed period.
        kind: What the run does.
        as_of: The moment of knowledge, aware UTC.
        now: The moment of the run, aware UTC.
        revision: Number of the edition to make; 0 if none is made.
        send: Whether mail is sent.
        pulls: Whether to pull channels, or to read only what is stored.
        provisional: Whether a source was still incomplete when the wait for it ended.
        made_at: When the first edition of the revision was made, if there is one.
        answered: The finished editions that answer the request.
        progress: Called with the name of each stage as it begins.
    """

    stores: Stores
    shop: Shop
    period: Period
    kind: RunKind
    as_of: datetime
    now: datetime
    revision: int = 0
    send: bool = False
    pulls: bool = True
    provisional: bool = False
    made_at: datetime | None = None
    answered: tuple[Edition, ...] = ()
    progress: Progress = silent

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        return self.stores.settings

    @property
    def pulls_until(self) -> datetime:
        """The moment up to which pulls count: now, or when the first edition of an interrupted revision was made."""
        return self.made_at or self.now

    @property
    def channels(self) -> list[Channel]:
        """The channels to pull in this run."""
        return list(self.shop.channels.channels) if self.pulls else []

    @property
    def report(self) -> str:
        """The report for the period's grain: weekly or monthly."""
        return REPORT_OF_GRAIN[self.period.grain]

    def editions_wanted(self) -> list[tuple[str, str]]:
        """Return (audience, language) of every edition of this report; a shop without readers still gets its languages."""
        wanted = [
            (code, language)
            for code, audience in self.shop.audiences.of(self.report).items()
            for language in (audience.languages or list(self.shop.identity.languages))
        ]
        return wanted or [("executive", language) for language in self.shop.identity.languages]


def moment_of(text: str, zone: str) -> datetime | None:
    """Read an ISO moment; without an offset it is in the business zone. Return None for an empty text.

    Raises:
        UserError: If the text is not a moment.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"{text!r} is not a moment.", hint="Write it as 2026-11-10T14:00 or 2026-11-10T14:00+08:00.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def plan(
    stores: Stores,
    shop: Shop,
    period: Period,
    *,
    as_of: datetime | None,
    now: datetime,
    revise: bool,
    send: bool,
    progress: Progress | None = None,
) -> Run:
    """Decide what a review of a period does: make an edition, finish one, answer with one, or look back.

    A finished period is answered by its newest edition, or by the one in force at `as_of`. A revision that was
    interrupted between two of its editions is finished as of its own moment with its own configuration. A moment before the
    first edition is only shown: it becomes no revision and is never mailed.

    Raises:
        UserError: If the moment is before anything was known, or in the future.
    """
    _must_have_come(as_of, now)
    editions = stores.ledger.editions(period=period.id, report=REPORT_OF_GRAIN[period.grain])
    inside = [edition for edition in editions if as_of is None or edition.as_of <= as_of]
    run = Run(
        stores,
        shop,
        period,
        RunKind.LOOK_BACK if editions and not inside else RunKind.MAKE,
        as_of=(as_of or now).replace(microsecond=0),
        now=now,
        revision=max((edition.revision for edition in editions), default=0) + 1,
        send=send,
        progress=progress or silent,
    )
    if inside and not revise:
        return _of_kept(run, inside)
    return replace(run, send=send and run.kind is RunKind.MAKE, pulls=_must_pull(stores, shop, as_of, now))


def _of_kept(run: Run, editions: list[Edition]) -> Run:
    """Return the run that answers with the newest of the given editions, or finishes it as of its own moment."""
    newest = max(edition.revision for edition in editions)
    current = [edition for edition in editions if edition.revision == newest]
    first = current[0]
    kept = replace(
        run,
        shop=run.stores.shop_of(first),
        as_of=first.as_of,
        made_at=first.made_at,
        revision=newest,
        pulls=False,
        provisional=first.status == EditionStatus.PROVISIONAL,
    )
    missing = set(kept.editions_wanted()) - {(edition.audience, edition.language) for edition in current}
    return replace(kept, kind=RunKind.FINISH) if missing else replace(kept, kind=RunKind.ANSWER, answered=tuple(current))


def plan_watch(
    stores: Stores, shop: Shop, *, as_of: datetime | None, now: datetime, send: bool, progress: Progress | None = None
) -> Run:
    """Decide the moment of a run of the daily watch, and whether it pulls: for an earlier moment it reads what is stored.

    Raises:
        UserError: If the moment is before anything was known, or in the future.
    """
    _must_have_come(as_of, now)
    return Run(
        stores,
        shop,
        Period.containing(as_of or now, "week", shop.identity.zone),
        RunKind.WATCH,
        as_of=(as_of or now).replace(microsecond=0),
        now=now,
        send=send,
        pulls=_must_pull(stores, shop, as_of, now),
        progress=progress or silent,
    )


def _must_have_come(as_of: datetime | None, now: datetime) -> None:
    if as_of is not None and as_of > now + timedelta(minutes=5):
        raise UserError(
            f"The moment {as_of:%Y-%m-%d %H:%M} UTC has not come yet.", hint="Leave out --as-of to see what is known now."
        )


def _must_pull(stores: Stores, shop: Shop, as_of: datetime | None, now: datetime) -> bool:
    """Whether a run pulls: always for now, and for an earlier moment until each channel has been loaded once to its end.

    A first load that was killed leaves half a lake, and no edition may rest on that.

    Raises:
        UserError: If nothing was known at the moment.
    """
    if as_of is None:
        return True
    loaded = stores.ledger.last_pulls(now, good=True)
    if any(channel.name not in loaded for channel in shop.channels.channels):
        return True
    known = stores.lake.known_from()
    if known is not None and as_of < known:
        raise UserError(
            f"Nothing was known at {as_of:%Y-%m-%d %H:%M} UTC; the first record arrived at {known:%Y-%m-%d %H:%M} UTC.",
            hint="Choose a later --as-of.",
        )
    return known is None


@dataclass(frozen=True)
class Mailing:
    """A round of mailing: the stores, the moment, the period that it is limited to, if any, and whether refused mails are sent again."""

    stores: Stores
    now: datetime
    period: str = ""
    failed: bool = False
