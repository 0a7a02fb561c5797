"""From a source's own rows to the columns of a canonical table, by configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from tasks.collect.mapping.cells import Doubt, Work, as_text, evaluated, expression_of, nulls, provide
from tasks.collect.mapping.columns import TYPES, canonical_column
from tasks.collect.mapping.faults import refused_lines, row_flags, unreadable_lines
from tasks.collect.mapping.held_rows import Held, held_rows, refused_rows
from tasks.collect.mapping.identity import customer_references, named, source_ids, versions
from tasks.collect.mapping.lost_digits import tell_lost_digits
from tasks.collect.mapping.renamed_columns import tell_missing_columns
from tasks.collect.mapping.row_currencies import with_row_currencies
from tasks.collect.origin import Origin
from tasks.collect.privacy import CustomerKey, cleared, scrub, without_personal_data
from tasks.collect.source_rows import ReadContext, SourceRows
from tasks.model.columns.column import UTC_TIME
from tasks.model.columns.orders import REPEATED_TEXTS
from tasks.model.rows import no_unreadable_rows
from tasks.model.tables import TABLES, record_id
from tasks.model.waiting_rows import WaitingRows
from tasks.shop.channels import CONSTANTS, Channel, MappedColumn
from tasks.shop.load import Shop

TEXTS = ("title", "text", "expected_solution")
_AGGREGATE = re.compile(
    r"\b(?:len|count|sum|min|max|mean|median|std|var|quantile|n_unique|first|last|over|rank|shift|cum_\w+|row_number|implode)\b\(?"
)
"""Stands in what Polars prints of an expression that looks at several rows."""


@dataclass(frozen=True)
class Mapped:
    """Canonical rows, those that could not be read, and which of both each file holds; `moments` are the rows' own time and stamp."""

    rows: WaitingRows
    moments: pl.DataFrame
    unreadable: pl.DataFrame
    read: int
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    held: Held = field(default_factory=dict)


def used_columns(channel: Channel) -> frozenset[str] | None:
    """Return the native columns that a channel's mapping names, or None if it needs the whole row."""
    if channel.source_id is None and TABLES[channel.table].key == ("record_id",):
        return None
    return mapped_columns(channel)


def mapped_columns(channel: Channel) -> frozenset[str]:
    """Return the native columns that a channel's mapping names."""
    names: set[str] = set()
    for spec in _specs(channel):
        names.update(spec.from_, spec.concat, spec.digest, spec.operands)
        for text in [spec.sql, *(case.when for case in spec.cases)]:
            names.update(expression_of(channel, text).meta.root_names() if text else ())
    if channel.where:
        names.update(expression_of(channel, channel.where).meta.root_names())
    return frozenset(names)


def repeated_columns(channel: Channel) -> frozenset[str]:
    """Return the native columns that become repeated texts of an order line and are used for nothing else."""
    if channel.table != "order_line":
        return frozenset()
    plain = {
        name: spec.from_[0]
        for name, spec in channel.columns.items()
        if name in REPEATED_TEXTS and len(spec.from_) == 1 and not (spec.concat or spec.digest or spec.sql or spec.cases)
    }
    computed = [channel.where] if channel.where else []
    elsewhere: set[str] = set(channel.scrub)
    for spec in _specs(channel):
        computed += [text for text in [spec.sql, *(case.when for case in spec.cases)] if text]
        elsewhere.update(spec.concat, spec.digest, spec.operands)
        if not any(spec is channel.columns[name] for name in plain):
            elsewhere.update(spec.from_)
    for text in computed:
        elsewhere.update(expression_of(channel, text).meta.root_names())
    return frozenset(native for name, native in plain.items() if name not in elsewhere and native not in elsewhere)


def _specs(channel: Channel) -> list[MappedColumn]:
    specs = [*channel.columns.values(), *channel.extras.values()]
    return specs + [spec for spec in (channel.source_id, channel.version, channel.stamp) if spec is not None]


def canonical(channel: Channel, native: SourceRows, shop: Shop, place: ReadContext, key: CustomerKey) -> Mapped:
    """Map native rows to the channel's table.

    A required value that is empty or cannot be read sends its row to `unreadable` with rule `unreadable.<field>`; an optional
    one becomes null with the flag `unreadable:<field>`, or `unmapped:<field>` where a value map does not know it.

    Raises:
        ChannelError: If the mapping names a column that the source does not have, or an expression is wrong.
    """
    if isinstance(native.rows, WaitingRows) and row_by_row(channel):
        mapped = _part_by_part(channel, native, native.rows, shop, place, key)
        if mapped is not None:
            return mapped
    rows = _in_one_piece(native.rows.take())
    work = Work(channel, native, shop, place, key, rows, Origin(native.files, rows.height))
    del rows
    frame, unreadable, read, held = _mapped(work)
    unread = pl.concat([unreadable, refused_lines(native.refused)])
    moments = frame.select(_moments_of(channel))
    places = _places_of_making(frame["source_id"], frame["stamp"])
    if places is not None:
        frame, moments = _in_places(frame, places), moments[places]
    waiting = WaitingRows(frame, place.settings.home)
    notes = tuple(map(str, work.notes))
    return Mapped(waiting, moments, unread, read + len(native.refused), notes, tuple(work.warnings), held)


def row_by_row(channel: Channel) -> bool:
    """Tell whether each row of a channel is mapped without a look at others, but for cells that its column decides."""
    if used_columns(channel) is None or any(spec.numbered for spec in _specs(channel)):
        return False
    if channel.source_id is not None and channel.source_id.digest:
        return False
    written = [channel.where, *(text for spec in _specs(channel) for text in [spec.sql, *(case.when for case in spec.cases)])]
    return not any(_AGGREGATE.search(str(expression_of(channel, text))) for text in written if text)


def _part_by_part(
    channel: Channel, native: SourceRows, rows: WaitingRows, shop: Shop, place: ReadContext, key: CustomerKey
) -> Mapped | None:
    """Map rows that wait on disk part by part; None, with all of them still waiting, where a column must be seen as a whole."""
    brought: WaitingRows | None = None
    doubts: dict[tuple[str, ...], Doubt] = {}
    unread, ids, moments, kinds = [], [], [], []
    before = read = 0
    for part in rows.parts(keep=True):
        part_of = Origin([], part.height, before=before)
        work = Work(channel, native, shop, place, key, _in_one_piece(part.clone()), part_of)
        before += part.height
        frame, unreadable, height, _ = _mapped(work)
        told = [note for note in work.notes if isinstance(note, Doubt)]
        kinds.append(frame.schema)
        if work.by_column or work.warnings or len(told) < len(work.notes) or frame.schema != kinds[0]:
            return None
        for doubt in told:
            first = doubts.setdefault((doubt.name, doubt.flag, doubt.sentence), doubt)
            first.count += doubt.count if first is not doubt else 0
        read += height
        unread.append(unreadable)
        ids.append(frame["source_id"])
        moments.append(frame.select(_moments_of(channel)))
        if brought is None:
            brought = WaitingRows(frame, place.settings.home)
        else:
            brought.add(frame)
    assert brought is not None  # there is at least one part
    rows.release()
    times = pl.concat(moments)
    places = _places_of_making(pl.concat(ids), times["stamp"])
    if places is not None:
        brought, times = WaitingRows(_in_places(brought.take(), places), place.settings.home), times[places]
    unread.append(refused_lines(native.refused))
    return Mapped(brought, times, pl.concat(unread), read + len(native.refused), tuple(map(str, doubts.values())))


def _mapped(work: Work) -> tuple[pl.DataFrame, pl.DataFrame, int, Held]:
    """Map the rows in progress; return those that could be read, a line for each other one, their number, and which each file holds."""
    channel, key = work.channel, work.key
    if channel.where and work.rows.width:
        _keep_its_own(work)
    work.flags += work.origin.marks()
    tell_missing_columns(work)
    read = work.rows.height
    if work.rows.width == 0 or read == 0:
        return no_canonical_rows(channel), no_unreadable_rows(), read, refused_rows(work.native)
    columns = _columns(work)
    tell_lost_digits(work, columns)
    stamp = canonical_column(work, "stamp", channel.stamp, UTC_TIME, {}, required=False) if channel.stamp else None
    own_id = source_ids(work, columns)
    source_id = cleared(own_id, key, whole=True)
    # ids of mails cannot be guessed, so the hash of one leads to nobody, and records of earlier versions keep their names
    frame = _with_record_ids(_framed(channel, columns), channel, own_id if channel.read.kind == "mailbox" else source_id)
    columns.clear()  # from here on there must be one copy of the rows in memory, not three
    texts = [name for name in (*TEXTS, *channel.scrub) if name in frame.columns and frame.schema[name] == pl.String]
    frame, changed = scrub(frame, texts)
    frame = without_personal_data(frame, key, keyed=_already_keyed(channel) | {*texts, "record_id"})
    work.flags.append(("scrubbed", changed))
    stamp = nulls("stamp", UTC_TIME, frame.height) if stamp is None else stamp
    if channel.version:
        own_version = canonical_column(work, "source_version", channel.version, pl.String, {}, required=False)
        version = cleared(own_version, key, whole=True)
    else:
        version = versions(frame, stamp)
    frame = frame.with_columns(
        source_id.alias("source_id"),
        version.alias("source_version"),
        stamp.alias("stamp"),
        row_flags(work, frame.height),
    )
    names = named(work, source_id)
    held = held_rows(work, names, frame) if work.place.unread is not None else {}
    bad, unreadable = unreadable_lines(work, names)
    work.rows = work.rows.clear()
    return _kept(frame, ~bad), unreadable, read, held


def _moments_of(channel: Channel) -> list[str]:
    """Return the columns by which it is told what a pull covers: the table's time and the stamp."""
    return [TABLES[channel.table].time, "stamp"]


def _keep_its_own(work: Work) -> None:
    """Leave out the rows that are not of this channel."""
    channel = work.channel
    provide(work, expression_of(channel, channel.where).meta.root_names(), "where")
    mask = evaluated(
        channel, lambda: work.rows.select(expression_of(channel, channel.where).fill_null(False)).to_series(), channel.where
    )
    if not mask.all():
        work.rows = work.rows.filter(mask)
        work.origin = Origin(work.native.files, work.rows.height, mask.arg_true(), work.origin.before)


def _in_one_piece(frame: pl.DataFrame) -> pl.DataFrame:
    """Join the pieces of each column, column by column: a column mapped unchanged then shares the source's memory."""
    return pl.DataFrame([frame.drop_in_place(name).rechunk() for name in frame.columns])


def _columns(work: Work) -> dict[str, pl.Series]:
    """Make the columns that a channel maps; those with cases come last because they read the others."""
    channel, table = work.channel, TABLES[work.channel.table]
    types = _types(channel)
    specs: dict[str, MappedColumn] = {**channel.columns, **channel.extras}
    columns: dict[str, pl.Series] = {}
    for name in sorted(specs, key=lambda name: bool(specs[name].cases)):
        columns[name] = canonical_column(work, name, specs[name], types[name], columns, required=name in table.required)
    for name in CONSTANTS:
        value = getattr(channel, name)
        if value and name in table.columns and name not in columns:
            columns[name] = pl.repeat(value, work.rows.height, dtype=pl.String, eager=True).alias(name)
    with_row_currencies(work, columns)
    if "customer_ref" in columns:
        columns["customer_ref"] = customer_references(work, columns)
    if "destination" in columns and not channel.columns["destination"].keyed:
        columns["destination"] = work.key.references(as_text(columns["destination"]), "destination").alias("destination")
    return columns


def _already_keyed(channel: Channel) -> frozenset[str]:
    """Return the columns that hold references or hashes, not what the source wrote."""
    specs = {**channel.columns, **channel.extras}
    return frozenset({"customer_ref", "destination"} | {name for name, spec in specs.items() if spec.keyed or spec.digest})


def _types(channel: Channel) -> dict[str, Any]:
    """Return the columns of a channel's rows with their types: those of its table, then its extras."""
    return {**TABLES[channel.table].columns, **{name: TYPES[spec.type] for name, spec in channel.extras.items()}}


def _framed(channel: Channel, columns: dict[str, pl.Series]) -> pl.DataFrame:
    """Put mapped columns into the order of the table; an unmapped or constant column takes no memory."""
    types = _types(channel)
    specs = {**channel.columns, **channel.extras}
    frame = pl.DataFrame([columns[name].alias(name) for name in types if name in columns])
    scalars = [
        pl.lit(columns[name][0] if name in columns else None, dtype=kind).alias(name)
        for name, kind in types.items()
        if name not in columns
        or (kind == pl.String and (name not in specs or specs[name].const is not None) and not _varies(name, columns[name]))
    ]
    return frame.with_columns(scalars).select(list(types))


def _varies(name: str, column: pl.Series) -> bool:
    """Whether rows differ in a column that the channel does not map, or gives one value: amounts may name their own currency."""
    return name == "currency" and column.n_unique() > 1


def _with_record_ids(frame: pl.DataFrame, channel: Channel, source_id: pl.Series) -> pl.DataFrame:
    if "record_id" not in frame.columns:
        return frame
    ids = [record_id(channel.name, value) if value is not None else None for value in source_id.to_list()]
    return frame.with_columns(pl.Series("record_id", ids, dtype=pl.String))


def _kept(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Filter a frame that nothing else holds, column by column, so that rows are never held twice; it is empty afterwards."""
    if rows.all():
        return frame
    return pl.DataFrame([frame.drop_in_place(name).filter(rows).rechunk() for name in frame.columns])


def _places_of_making(ids: pl.Series, stamps: pl.Series) -> pl.Series | None:
    """Return the row for each place so that versions of one record follow by their stamps and all else stays; None if they do."""
    if stamps.is_sorted():
        return None
    repeated = ids.is_duplicated().arg_true()
    small = pl.DataFrame({"place": repeated, "id": ids.gather(repeated), "stamp": stamps.gather(repeated)})
    order = small.sort("stamp", maintain_order=True, nulls_last=False)
    order = order.with_columns(
        slot=small.sort("id", maintain_order=True)["place"], place=order.sort("id", maintain_order=True)["place"]
    )
    moved = order.filter(pl.col("slot") != pl.col("place"))
    if moved.is_empty():
        return None
    return pl.int_range(ids.len(), eager=True, dtype=pl.UInt32).scatter(moved["slot"], moved["place"])


def _in_places(frame: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    """Bring rows into an order, column by column; the given frame is empty afterwards."""
    return pl.DataFrame([frame.drop_in_place(name).gather(places) for name in frame.columns])  # never held twice


def no_canonical_rows(channel: Channel) -> pl.DataFrame:
    """Return an empty frame with the columns that the channel's batches have."""
    return pl.DataFrame(
        schema={
            **_types(channel),
            "source_id": pl.String,
            "source_version": pl.String,
            "stamp": UTC_TIME,
            "flags": pl.List(pl.String),
        }
    )
