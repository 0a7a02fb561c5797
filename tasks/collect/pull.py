"""One pull of one channel: read, map, scrub; a failure is recorded, never raised."""

from __future__ import annotations

import hashlib
import importlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tasks.collect.file_contents import ChannelFiles, channel_files, reads_files_only
from tasks.collect.limits import PARSER_FAILURES, failure_words
from tasks.collect.mapping import canonical as mapping
from tasks.collect.mapping.faults import left_out_lines
from tasks.collect.privacy import customer_key
from tasks.collect.readers import selection
from tasks.collect.secret_texts import without_secrets
from tasks.collect.source_rows import ReadContext, SourceRows, Window
from tasks.errors import ChannelError, ChannelProblem, UserError
from tasks.model.rows import KnownFiles, PulledRows
from tasks.model.tables import TABLES
from tasks.model.waiting_rows import WaitingRows
from tasks.privacy.detector import hidden
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.fill_down import FillDown
from tasks.shop.load import Shop
from tasks.shop.sources.delimited import Delimited
from tasks.shop.sources.kinds import PLAIN, kind_of
from tasks.shop.sources.selection import Selection
from tasks.shop.sources.source import Source
from tasks.shop.sources.workbook import Workbook

NOTHING_KNOWN = KnownFiles()
A_DAY = timedelta(days=1)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
READERS: dict[str, Callable[[Any, ReadContext], SourceRows]] = {
    kind_of(source): importlib.import_module(f"tasks.collect.readers.{kind_of(source)}").read for source in PLAIN
}
"""Kind of a source → its reader, the module of that name."""


def pull_channel(
    channel: Channel,
    *,
    window_start: datetime | None,
    window_end: datetime,
    shop: Shop,
    settings: Settings,
    now: datetime,
    known: KnownFiles = NOTHING_KNOWN,
    wait: Callable[[float], None] = time.sleep,
) -> PulledRows:
    """Pull one channel's rows of a window in canonical columns; a failed pull has `error` and `hint`.

    Names of files, ids of records and cells that a source wrote stand in its messages, and these go to the ledger, into the report
    and to Prefect: they name nobody.

    The window is half-open and reaches back by the channel's overlap; it applies to the stamp (`window_by`). A row without stamp
    always belongs to it, and so does one whose stamp lies more than a day ahead: its clock is wrong. Files know no window: one whose
    content is not `known` is read whole, whatever its stamps.

    Args:
        channel: What to pull.
        window_start: Aware UTC; None means a first load of everything.
        window_end: Aware UTC, not included.
        shop: Holds look-up files and SQL.
        settings: Home, secrets, key of the customer references.
        known: The file contents of this channel that have been read and stored.
        now, wait: The moment of the pull, and the function that sleeps between tries.
    """
    windowed = not reads_files_only(channel) and channel.stamp is not None and channel.window_by != "all"
    start = window_start - timedelta(hours=channel.overlap_hours) if window_start is not None and windowed else None
    pull_id = hashlib.sha256(f"{channel.name}|{window_start}|{window_end}|{now}".encode()).hexdigest()[:16]
    window = Window(start, window_end, now, channel.zone)
    pulled = _pulled(pull_id, channel, window, shop, settings, known, wait, windowed=windowed)
    lost = _no_longer_kept(channel, window_start, now) if not pulled.error else ()
    words = {name: pulled.unreadable[name].map_elements(hidden, return_dtype=pl.String) for name in ("source_id", "reason")}
    return replace(
        pulled,
        unreadable=pulled.unreadable.with_columns(**words),
        error=hidden(pulled.error),
        hint=hidden(pulled.hint),
        warnings=tuple(hidden(warning) for warning in (*lost, *pulled.warnings)),
        notes=tuple(map(hidden, pulled.notes)),
        failures=tuple(map(hidden, pulled.failures)),
    )


def _no_longer_kept(channel: Channel, window_start: datetime | None, now: datetime) -> tuple[str, ...]:
    """Say what a source no longer had because the pull before lies further back than it keeps."""
    kept = now - timedelta(hours=channel.keeps_hours)
    if not channel.keeps_hours or window_start is None or window_start >= kept:
        return ()
    since, until = (f"{moment.astimezone(ZoneInfo(channel.zone)):%Y-%m-%d %H:%M}" for moment in (window_start, kept))
    what = f"{channel.name} keeps {channel.keeps_hours:g} hours only, and was not pulled since {since}"
    return (f"{what}: what came between then and {until} is lost. Pull it more often.",)


def _pulled(
    pull_id: str,
    channel: Channel,
    window: Window,
    shop: Shop,
    settings: Settings,
    known: KnownFiles,
    wait: Callable[[float], None],
    *,
    windowed: bool,
) -> PulledRows:
    """Pull one channel as `pull_channel` says, before its messages are cleared."""
    secrets: dict[str, str] = {}
    try:
        place = _place(channel, settings, window, wait, windowed, secrets)
        files = channel_files(channel, place, known) if reads_files_only(channel) else None
        if files is not None and not files.unread and files.contents:
            return _nothing(pull_id, channel, "", "")
        if files is not None:
            place = replace(place, unread=files.unread, settled=bool(known.contents))
        native = _native(channel, place, shop)
        mapped = mapping.canonical(channel, native, shop, place, customer_key(settings))
        return _brought(pull_id, channel, native, mapped, window, windowed, files, settings)
    except UserError as error:
        problem = error.problem if isinstance(error, ChannelError) else ChannelProblem.OTHER
        return _nothing(pull_id, channel, without_secrets(error.what, secrets), error.hint, problem)
    except PARSER_FAILURES as error:
        what = f"The channel {channel.name} could not be read ({without_secrets(failure_words(error), secrets)})."
        return _nothing(pull_id, channel, what, f"Run `aftersales channels try {channel.name}`.")


def _brought(
    pull_id: str,
    channel: Channel,
    native: SourceRows,
    mapped: mapping.Mapped,
    window: Window,
    windowed: bool,
    files: ChannelFiles | None,
    settings: Settings,
) -> PulledRows:
    """Put together what a pull brought: the rows of its window, what could not be read, and what is to be said about it."""
    rows, moments, read = mapped.rows, mapped.moments, mapped.read
    through = _complete_through(channel, native, moments, window)
    if windowed:
        wanted = _within(moments, window)
        if not wanted.all():
            read -= wanted.len() - int(wanted.sum())
            rows, moments = rows.kept(wanted), moments.filter(wanted)
    first = native.errors[0] if native.errors else ChannelError("")
    warnings = (
        *native.warnings,
        *mapped.warnings,
        *_ahead(moments, window.now),
        *(f"{name}: {reason}" for name, reason in native.refused[:5]),
    )
    return PulledRows(
        pull_id,
        channel.name,
        channel.table,
        rows,
        mapped.unreadable,
        read=read,
        error=first.what if len(native.errors) < 2 else f"{first.what} ({len(native.errors) - 1} more files failed.)",
        hint=first.hint or (" ".join(warnings) if not first.what else ""),
        problem=first.problem,
        warnings=warnings,
        left_out=left_out_lines(native.left_out, customer_key(settings)),
        notes=(*native.notes, *mapped.notes),
        failures=tuple(f"{failure.what} {failure.hint}".strip() for failure in native.errors),
        complete_through=through,
        watermark=_watermark(moments, window.now),
        files=files.read_by(native.failed) if files is not None else (),
        holdings=files.holdings(mapped.held, native.failed) if files is not None and channel.read.kind != "mailbox" else (),
        present=frozenset(content.name for content in files.contents.values()) if files is not None else frozenset(),
    )


def _ahead(moments: pl.DataFrame, now: datetime) -> tuple[str, ...]:
    """Say how many stamps lie more than a day ahead."""
    count = moments.select((pl.col("stamp") > now + A_DAY).sum()).item() if moments.height else 0
    return (f"{count} rows are stamped later than tomorrow: the clock of their source is ahead.",) if count else ()


def _nothing(pull_id: str, channel: Channel, what: str, hint: str, problem: ChannelProblem = ChannelProblem.OTHER) -> PulledRows:
    """Return the pull of a channel that could not be read."""
    nothing = WaitingRows(mapping.no_canonical_rows(channel))
    return PulledRows(pull_id, channel.name, channel.table, nothing, error=what, hint=hint, problem=problem)


def _within(moments: pl.DataFrame, window: Window) -> pl.Series:
    """Return which rows lie in the window by their stamp; one without a stamp, or with one that cannot be, always does."""
    stamp = pl.col("stamp")
    within = stamp < window.end if window.start is None else (stamp < window.end) & (stamp >= window.start)
    return moments.select(within | stamp.is_null() | (stamp > window.now + A_DAY)).to_series()


def _place(
    channel: Channel,
    settings: Settings,
    window: Window,
    wait: Callable[[float], None],
    windowed: bool,
    secrets: dict[str, str],
) -> ReadContext:
    stamp = channel.stamp.from_[0] if windowed and channel.stamp is not None and len(channel.stamp.from_) == 1 else ""
    columns = None if isinstance(channel.read, Selection) else mapping.used_columns(channel)
    return ReadContext(
        settings,
        window,
        wait,
        columns,
        "" if isinstance(channel.read, Selection) else stamp,
        mapping.repeated_columns(channel) if columns is not None else frozenset(),
        secrets=secrets,
        mapped=mapping.mapped_columns(channel),
    )


def _native(channel: Channel, place: ReadContext, shop: Shop) -> SourceRows:
    if isinstance(channel.read, Selection):
        return selection.read(channel.read, place, shop, read_one)
    fill = channel.read.fill_down if isinstance(channel.read, Delimited | Workbook) else FillDown(columns=[])
    within = fill.within(channel.order_column)
    if within is fill:
        return read_one(channel.read, place)
    native = read_one(channel.read.model_copy(update={"fill_down": within}), place)
    native.notes.append(f"Empty cells take the value above only within one {within.by}, as lines of an order (`fill_down`).")
    return native


def read_one(spec: Source, place: ReadContext) -> SourceRows:
    """Read one source with the reader of its kind."""
    return READERS[spec.kind](spec, place)


def _complete_through(channel: Channel, native: SourceRows, moments: pl.DataFrame, window: Window) -> datetime | None:
    """Return the moment through which the source is complete.

    A server is complete to the window's end. A file is complete to the end of the local day of its newest row or stamp;
    a truncated one, to that moment.
    """
    if native.live:
        return min(window.end, window.now)
    if moments.is_empty():
        return None
    ends: list[datetime] = []
    for column in (moments[TABLES[channel.table].time], moments["stamp"]):
        days = column.dtype == pl.Date
        first, last = (EARLIEST.date(), window.now.date()) if days else (EARLIEST, window.now)
        if (column > last).any():
            return window.now
        newest = column.filter(column >= first).max()  # a clock that is centuries wrong says nothing, and no calendar knows it
        if isinstance(newest, datetime):
            ends.append(newest)
        elif isinstance(newest, date):
            ends.append(datetime.combine(newest, clock(), ZoneInfo(channel.zone)))
    moment = max(ends, default=None)
    if moment is None:
        return None
    if not native.cut_off:
        day = moment.astimezone(ZoneInfo(channel.zone)).date() + timedelta(days=1)
        moment = datetime.combine(day, clock(), ZoneInfo(channel.zone))
    return min(moment.astimezone(UTC), window.now)


def _watermark(moments: pl.DataFrame, now: datetime) -> str:
    newest: Any = moments.select(pl.col("stamp").filter(pl.col("stamp") <= now).max()).item() if moments.height else None
    return newest.isoformat() if newest is not None else ""
