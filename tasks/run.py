"""One review while it is made: its period, its moment, its shop and the stores it works on.

A plain class: Prefect must not look into it, and nothing in it is ever a parameter that a server stores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tasks.errors import UserError
from tasks.model.editions import Edition, EditionStatus
from tasks.model.periods import Period
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop
from tasks.shop.words import Words
from tasks.store.archive import Archive
from tasks.store.lake import Lake
from tasks.store.ledger import Ledger
from tasks.store.processes import holder_name

REPORT_OF_GRAIN = {"week": "weekly", "month": "monthly", "quarter": "monthly", "range": "weekly"}
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
        """Open the stores; the ledger is brought to its newest form."""
        settings.home.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(settings.ledger_address, forbidden=_refused_by(settings))
        ledger.migrate()
        return cls(settings, ledger, Lake(settings.lake_root), Archive(settings.archive_root))

    def shop_of(self, edition: Edition) -> Shop:
        """Return the configuration an edition was made with."""
        return Shop(self.ledger.config_of(edition))

    @property
    def holder(self) -> str:
        """Who we are in leases and claims."""
        return holder_name(self.settings.run_name)


def _refused_by(settings: Settings) -> Callable[[str], str | None]:
    """Return what says why a text may not be stored, by the shop's own words; they are read when first asked."""
    words: list[Words] = []

    def reason(text: str) -> str | None:
        if not words:
            words.append(Shop.load(settings.home).words)
        practice = words[0].forbidden_practice(text)
        return " / ".join(practice.texts.values()) if practice else None

    return reason


class Run:
    """What every step of one review needs.

    Args:
        stores: Lake, ledger, archive and settings.
        shop: The configuration in force.
        period: The reviewed period.
        as_of: The moment of knowledge, aware UTC.
        now: The moment of the run, aware UTC.
        revision: Number of the edition that is made.
        revise: Whether an existing edition is to be followed by another.
        send: Whether the edition is mailed.
        apart: Whether the edition is only shown, and not kept as a revision (an earlier moment than a kept one).
        pull: Whether channels are pulled, or only what is stored is read.
        answered: The editions that answer already; then nothing is made.
        progress: Told the name of each stage as it begins.
    """

    def __init__(
        self,
        stores: Stores,
        shop: Shop,
        period: Period,
        *,
        as_of: datetime,
        now: datetime,
        revision: int,
        revise: bool = False,
        send: bool = False,
        apart: bool = False,
        pull: bool = True,
        answered: list[Edition] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.stores = stores
        self.shop = shop
        self.period = period
        self.as_of = as_of
        self.now = now
        self.revision = revision
        self.revise = revise
        self.send = send
        self.apart = apart
        self.pull = pull
        self.answered = answered or []
        self.provisional = False
        self.made_at: datetime | None = None
        self.progress = progress or (lambda stage: None)

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        return self.stores.settings

    @property
    def pulls_until(self) -> datetime:
        """The moment up to which pulls count: now, or when the first edition of a revision that is finished later was made."""
        return self.made_at or self.now

    @property
    def channels(self) -> list[Channel]:
        """The channels that are pulled in this run."""
        return list(self.shop.channels.channels) if self.pull else []

    @property
    def kind(self) -> str:
        """The report that this grain makes: weekly or monthly."""
        return REPORT_OF_GRAIN[self.period.grain]

    def editions_wanted(self) -> list[tuple[str, str]]:
        """Return (audience, language) of every edition of this report; a shop without readers still gets its languages."""
        wanted = [
            (code, language)
            for code, audience in self.shop.audiences.of(self.kind).items()
            for language in (audience.languages or list(self.shop.identity.languages))
        ]
        return wanted or [("executive", language) for language in self.shop.identity.languages]


def moment_of(text: str, zone: str) -> datetime | None:
    """Read an ISO moment; without an offset it is in the business zone. Empty means none.

    Raises:
        UserError: If the text is no moment.
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
    """Decide moment, revision and configuration of a review, or find the editions that answer already.

    A finished period is answered by its newest edition, or by the one that was in force at `as_of`. A revision that was
    cut off between two of its editions is finished at its own moment with its own configuration. A moment before the
    first edition is shown apart: it becomes no revision and is never mailed.

    Raises:
        UserError: If the moment lies before anything was known, or in the future.
    """
    _must_have_come(as_of, now)
    run = Run(
        stores,
        shop,
        period,
        as_of=(as_of or now).replace(microsecond=0),
        now=now,
        revision=1,
        revise=revise,
        send=send,
        progress=progress,
    )
    editions = [edition for edition in stores.ledger.editions(period=period.id) if edition.report == run.kind]
    inside = [edition for edition in editions if as_of is None or edition.as_of <= as_of]
    newest = max((edition.revision for edition in inside), default=0)
    current = [edition for edition in inside if edition.revision == newest]
    if current and not revise:
        run.revision, run.as_of, run.made_at = newest, current[0].as_of, current[0].made_at
        run.provisional = current[0].status == EditionStatus.PROVISIONAL
        run.shop = stores.shop_of(current[0])
        missing = set(run.editions_wanted()) - {(edition.audience, edition.language) for edition in current}
        run.answered = [] if missing else current
        run.pull = False
        return run
    known = _known_from(stores, as_of)
    run.apart = bool(editions) and not inside
    run.send = send and not run.apart
    run.revision = max((edition.revision for edition in editions), default=0) + 1
    run.pull = as_of is None or known is None
    return run


def plan_watch(
    stores: Stores, shop: Shop, *, as_of: datetime | None, now: datetime, send: bool, progress: Progress | None = None
) -> Run:
    """Decide the moment of one run of the daily watch, and whether it pulls: an earlier moment reads what is stored.

    Raises:
        UserError: If the moment lies before anything was known, or in the future.
    """
    _must_have_come(as_of, now)
    known = _known_from(stores, as_of)
    week = Period.containing(as_of or now, "week", shop.identity.zone)
    moment = (as_of or now).replace(microsecond=0)
    return Run(
        stores, shop, week, as_of=moment, now=now, revision=0, send=send, pull=as_of is None or known is None, progress=progress
    )


def _must_have_come(as_of: datetime | None, now: datetime) -> None:
    if as_of is not None and as_of > now + timedelta(minutes=5):
        raise UserError(
            f"The moment {as_of:%Y-%m-%d %H:%M} UTC has not come yet.", hint="Leave --as-of out to see what is known now."
        )


def _known_from(stores: Stores, as_of: datetime | None) -> datetime | None:
    """Return since when anything is known; an earlier moment is refused."""
    known = stores.lake.known_from()
    if as_of is not None and known is not None and as_of < known:
        raise UserError(
            f"Nothing was known at {as_of:%Y-%m-%d %H:%M} UTC; the first record came at {known:%Y-%m-%d %H:%M} UTC.",
            hint="Choose a later --as-of.",
        )
    return known


@dataclass(frozen=True)
class Mailing:
    """A round of mailing: the stores, the moment, and the period it is limited to, if any."""

    stores: Stores
    now: datetime
    period: str = ""
