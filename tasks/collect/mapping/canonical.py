"""From a source's own rows to the columns of a canonical table, by configuration."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import polars as pl

from tasks.collect.batch import UNREADABLE_SCHEMA
from tasks.collect.limits import unpacked
from tasks.collect.privacy import CustomerKey, scrub
from tasks.collect.source_rows import ReadContext, SourceRows
from tasks.errors import ChannelError
from tasks.model.tables import TABLES, UTC_TIME, record_id
from tasks.shop.channels import Channel, Column
from tasks.shop.load import Shop

Frame = TypeVar("Frame", pl.DataFrame, pl.Series)

TYPES: dict[str, Any] = {
    "str": pl.String,
    "int": pl.Int64,
    "float": pl.Float64,
    "bool": pl.Boolean,
    "time": UTC_TIME,
    "day": pl.Date,
    "list": pl.List(pl.String),
}
TRUE = ("true", "1", "1.0", "yes", "y", "t", "是", "有", "已", "√", "✓")
FALSE = ("false", "0", "0.0", "no", "n", "f", "否", "没有", "未", "×", "✗")
TEXTS = ("title", "text", "expected_solution")
CASES_IN_MESSAGE = 8

_DATE = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
_CLOCK = r"(\d{1,2})\s*[:：点时]\s*(\d{1,2})?分?(?:[:：]?(\d{1,2})(?:[.,](\d{1,9}))?秒?)?"
_ISO = rf"^\s*{_DATE}(?:[T\s]*{_CLOCK})?\s*(Z|z|UTC|[+-]\d{{2}}:?\d{{2}})?\s*$"
_USUAL = r"^\d{4}-\d\d-\d\d \d\d:\d\d:[0-5]\d$"
_PART = r"凌晨|早上|上午|中午|下午|傍晚|晚上|[AaPp]\.?[Mm]\.?"
_HALF = rf"^\s*{_DATE}\s*(?:(?P<half>{_PART})?\s*{_CLOCK}\s*(?P<after>[AaPp]\.?[Mm]\.?)?)?\s*$"
_MONTH_DAY = rf"^\s*(\d{{1,2}})\s*[-/.月]\s*(\d{{1,2}})\s*日?(?:\s*{_CLOCK})?\s*$"
_NUMBER = r"^[^\d+.\-]{0,6}([+-]?(?:\d[\d,，]*)?(?:\.\d+)?)\s*(万)?[^\d.,\-]{0,8}$"


@dataclass(frozen=True)
class Mapped:
    """Canonical rows and those that could not be read."""

    frame: pl.DataFrame
    unreadable: pl.DataFrame
    read: int


@dataclass
class _Work:
    """The rows under way: `rows` are the native columns; `flags` and `faults` are gathered by column."""

    channel: Channel
    native: SourceRows
    shop: Shop
    place: ReadContext
    key: CustomerKey
    rows: pl.DataFrame
    flags: list[tuple[str, pl.Series]] = field(default_factory=list)
    faults: list[tuple[str, pl.Series, str]] = field(default_factory=list)


def used_columns(channel: Channel) -> frozenset[str] | None:
    """Return the native columns that a channel's mapping names; None where it needs the whole row."""
    specs = [*channel.columns.values(), *channel.extras.values()]
    specs += [spec for spec in (channel.source_id, channel.version, channel.stamp) if spec is not None]
    if channel.source_id is None and TABLES[channel.table].key == ("record_id",):
        return None
    names: set[str] = set()
    for spec in specs:
        names.update(spec.from_, spec.concat, spec.digest)
        for text in [spec.sql, *(case.when for case in spec.cases)]:
            names.update(_expression(channel, text).meta.root_names() if text else ())
    if channel.where:
        names.update(_expression(channel, channel.where).meta.root_names())
    return frozenset(names)


def canonical(channel: Channel, native: SourceRows, shop: Shop, place: ReadContext, key: CustomerKey) -> Mapped:
    """Map native rows to the channel's table.

    A required value that is empty or cannot be read sends its row to `unreadable` with rule `unreadable.<field>`; an optional
    one becomes null with the flag `unreadable:<field>`, or `unmapped:<field>` where a value map does not know it.

    Raises:
        ChannelError: If the mapping names a column that the source does not have, or an expression is wrong.
    """
    table = TABLES[channel.table]
    work = _Work(channel, native, shop, place, key, native.frame)
    if channel.where and work.rows.width:
        _provide(work, _expression(channel, channel.where).meta.root_names(), "where")
        work.rows = _evaluated(
            channel,
            lambda: work.rows.filter(_expression(channel, channel.where)),
            channel.where,
        )
    height = work.rows.height
    read = height + len(native.refused)
    columns: dict[str, pl.Series] = {}
    types = {
        **table.columns,
        **{name: TYPES[spec.type] for name, spec in channel.extras.items()},
    }
    specs: dict[str, Column] = {**channel.columns, **channel.extras}
    if native.frame.width == 0 or height == 0:
        return Mapped(no_canonical_rows(channel), _refused(native.refused), read)
    for name in sorted(specs, key=lambda name: bool(specs[name].cases)):
        columns[name] = _column(
            work,
            name,
            specs[name],
            types[name],
            columns,
            required=name in table.required,
        )
    for name in ("source", "platform", "shop", "origin"):
        value = getattr(channel, name)
        if value and name in table.columns and name not in columns:
            columns[name] = pl.repeat(value, height, dtype=pl.String, eager=True).alias(name)
    if "customer_ref" in columns:
        columns["customer_ref"] = _references(work, columns)
    stamp = (
        _column(work, "stamp", channel.stamp, UTC_TIME, {}, required=False)
        if channel.stamp
        else _nulls("stamp", UTC_TIME, height)
    )
    source_id = _source_ids(work, columns)
    frame = pl.DataFrame(
        [columns[name].alias(name) if name in columns else _nulls(name, kind, height) for name, kind in types.items()]
    )
    if "record_id" in frame.columns:
        ids = [record_id(channel.name, value) if value is not None else None for value in source_id.to_list()]
        frame = frame.with_columns(pl.Series("record_id", ids, dtype=pl.String))
    texts = [name for name in (*TEXTS, *channel.scrub) if name in frame.columns and frame.schema[name] == pl.String]
    frame, changed = scrub(frame, texts)
    work.flags.append(("scrubbed", changed))
    version = (
        _column(work, "source_version", channel.version, pl.String, {}, required=False)
        if channel.version
        else _versions(frame, stamp)
    )
    frame = frame.with_columns(
        source_id.alias("source_id"),
        version.alias("source_version"),
        stamp.alias("stamp"),
        _flags(work, height),
    )
    bad, unreadable = _unreadable(work, source_id)
    columns.clear()  # what follows needs room for one copy of the rows, not for three
    work.rows = work.rows.clear()
    native.forget_rows()
    frame = _in_order_of_making(kept(frame, ~bad))
    return Mapped(frame, pl.concat([unreadable, _refused(native.refused)]), read)


def kept(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Filter a frame that nothing else holds, column by column, so that its rows are never held twice; it is empty afterwards."""
    if rows.all():
        return frame
    return pl.DataFrame([frame.drop_in_place(name).filter(rows) for name in frame.columns])


def _in_order_of_making(frame: pl.DataFrame) -> pl.DataFrame:
    """Put the versions of one record into the order of their stamps; all other rows stay where they are."""
    if frame["stamp"].is_sorted():
        return frame
    repeated = frame["source_id"].is_duplicated().arg_true()
    small = pl.DataFrame({"place": repeated, "id": frame["source_id"].gather(repeated), "stamp": frame["stamp"].gather(repeated)})
    order = small.sort("stamp", maintain_order=True, nulls_last=False)
    order = order.with_columns(
        slot=small.sort("id", maintain_order=True)["place"], place=order.sort("id", maintain_order=True)["place"]
    )
    moved = order.filter(pl.col("slot") != pl.col("place"))
    if moved.is_empty():
        return frame
    places = pl.int_range(frame.height, eager=True, dtype=pl.UInt32).scatter(moved["slot"], moved["place"])
    return pl.DataFrame([frame.drop_in_place(name).gather(places) for name in frame.columns])  # never held twice


# ---- One column --------------------------------------------------------------------------------


def _column(
    work: _Work,
    name: str,
    spec: Column,
    kind: Any,
    done: dict[str, pl.Series],
    *,
    required: bool,
) -> pl.Series:
    """Make one column and note its unreadable values."""
    required = required if spec.required is None else spec.required
    unmapped: pl.Series | None = None
    if spec.const is not None:
        return _constant(work, name, spec.const, kind)
    if spec.cases:
        series = _cases(work, name, spec, kind, done)
        _note(work, name, series, None, required)
        return series
    given = _given(work, name, spec)
    if _ready(given.dtype, kind) and not (spec.map or spec.lookup or spec.extract or spec.factor != 1.0 or spec.keyed):
        if given.dtype == pl.String:
            given = _meaningful(work, spec, given)
        series = given if given.dtype == kind else given.cast(kind)
        _note(work, name, series, None, required)
        return series.alias(name)
    if given.dtype == pl.Datetime or given.dtype == pl.Date:
        series = _typed_time(work, spec, given, kind)
        _note(work, name, series, given, required)
        return series.alias(name)
    text = _meaningful(work, spec, _as_text(given))
    if spec.extract:
        group = 1 if re.compile(spec.extract).groups else 0
        text = _meaningful(work, spec, text.str.extract(spec.extract, group))
    if spec.map or spec.lookup:
        text, unmapped = _mapped(work, name, spec, text)
    if spec.keyed and name != "customer_ref":
        text = work.key.references(text, f"{work.channel.name}\x1f{name}")
    series = _typed(work, spec, text, kind).alias(name)
    if unmapped is not None and unmapped.any():
        if required:
            work.faults.append((name, unmapped, "is not a value that channels.yaml knows"))
        else:
            work.flags.append((f"unmapped:{name}", unmapped))
    _note(work, name, series, text, required)
    return series


def _given(work: _Work, name: str, spec: Column) -> pl.Series:
    """Return the native value of a column: taken, coalesced, put together, computed or hashed."""
    if spec.sql:
        expression = _expression(work.channel, spec.sql)
        _provide(work, expression.meta.root_names(), name)
        return _evaluated(
            work.channel,
            lambda: work.rows.select(expression.alias(name)).to_series(),
            spec.sql,
        )
    _provide(work, [*spec.from_, *spec.concat, *spec.digest], name)
    if spec.digest:
        return _digests(work.rows.select(spec.digest)).alias(name)
    if spec.concat:
        parts = [_meaningful(work, spec, _as_text(work.rows[column])).alias(column) for column in dict.fromkeys(spec.concat)]
        joined = pl.DataFrame(parts).select(pl.concat_str(spec.concat, separator=spec.separator, ignore_nulls=True))
        return joined.to_series().alias(name)
    if len(spec.from_) == 1:
        return work.rows[spec.from_[0]].alias(name)
    parts = [_meaningful(work, spec, _as_text(work.rows[column])).alias(column) for column in dict.fromkeys(spec.from_)]
    return pl.DataFrame(parts).select(pl.coalesce(list(dict.fromkeys(spec.from_)))).to_series().alias(name)


def _provide(work: _Work, names: Sequence[str], where: str) -> None:
    """Make sure that native columns are there: JSON may leave a field out, a table may not."""
    missing = [name for name in dict.fromkeys(names) if name not in work.rows.columns]
    if missing and not work.native.loose:
        has = ", ".join(work.rows.columns[:CASES_IN_MESSAGE])
        raise ChannelError(
            f"The channel {work.channel.name} has no column {', '.join(missing)} (for {where}); it has {has} …",
            hint="The source changed its headings, or the name in channels.yaml is misspelt.",
        )
    if missing:
        work.rows = work.rows.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)


def _expression(channel: Channel, text: str) -> pl.Expr:
    try:
        return pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise ChannelError(
            f"The channel {channel.name} has an expression that is not SQL: {text} ({str(error).splitlines()[0]}).",
            hint="Names with spaces stand in double quotes, texts in single quotes.",
        ) from error


def _evaluated(channel: Channel, compute: Callable[[], Frame], text: str) -> Frame:
    try:
        return compute()
    except pl.exceptions.PolarsError as error:
        raise ChannelError(
            f"The channel {channel.name} cannot compute {text} ({str(error).splitlines()[0]}).",
            hint="Cells of text files are text: write CAST(x AS DOUBLE) before you compare with a number.",
        ) from error


def _as_text(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        return values
    if (
        values.dtype == pl.Boolean
        or values.dtype.is_numeric()
        or values.dtype.is_temporal()
        or values.dtype in (pl.Categorical, pl.Enum)
    ):
        return values.cast(pl.String)
    if values.dtype == pl.Binary:
        return values.cast(pl.String, strict=False)
    if values.dtype == pl.List or values.dtype == pl.Array:
        items = [None if item is None else json.dumps(list(item), ensure_ascii=False, default=str) for item in values.to_list()]
        return pl.Series(values.name, items, dtype=pl.String)
    if values.dtype == pl.Null:
        return values.cast(pl.String)
    return pl.Series(
        values.name,
        [None if item is None else str(item) for item in values.to_list()],
        dtype=pl.String,
    )


def _meaningful(work: _Work, spec: Column, text: pl.Series) -> pl.Series:
    """Strip the cells and make null what means nothing."""
    tokens = [*work.channel.empty, *spec.empty]
    stripped = text.str.strip_chars()
    return (
        stripped.to_frame("cell").select(pl.when(~pl.col("cell").is_in(tokens)).then(pl.col("cell"))).to_series().alias(text.name)
    )


def _ready(given: Any, kind: Any) -> bool:
    """Whether a native type needs no reading."""
    if given == kind:
        return True
    if isinstance(given, pl.Datetime) and kind == UTC_TIME:
        return given.time_zone == "UTC"
    return bool(given.is_integer() and kind in (pl.Int64, pl.Float64)) or (given == pl.Float32 and kind == pl.Float64)


def _constant(work: _Work, name: str, value: Any, kind: Any) -> pl.Series:
    height = work.rows.height
    if isinstance(kind, pl.List):
        return pl.Series(
            name,
            [value if isinstance(value, list) else [str(value)]] * height,
            dtype=kind,
        )
    text = str(value).lower() if isinstance(value, bool) else str(value)
    single = _typed(work, Column.model_validate({"const": value}), pl.Series(name, [text]), kind)
    return single.new_from_index(0, height).alias(name)


def _cases(work: _Work, name: str, spec: Column, kind: Any, done: dict[str, pl.Series]) -> pl.Series:
    """Evaluate ordered predicates over the native and the already mapped columns."""
    expressions = [_expression(work.channel, case.when) for case in spec.cases]
    needed = {root for expression in expressions for root in expression.meta.root_names()}
    _provide(work, sorted(needed - set(done)), name)
    seen = pl.DataFrame([done[column].alias(column) if column in done else work.rows[column] for column in sorted(needed)])
    if not needed:
        seen = work.rows
    chain: Any = pl
    for case, expression in zip(spec.cases, expressions, strict=True):
        chain = chain.when(expression).then(_literal(case.then, kind))
    chosen = chain.otherwise(_literal(spec.otherwise, kind)).alias(name)
    return _evaluated(work.channel, lambda: seen.select(chosen).to_series(), f"the cases of {name}")


def _literal(value: Any, kind: Any) -> pl.Expr:
    if isinstance(kind, pl.List) and value is not None and not isinstance(value, list):
        value = [value]
    if kind == pl.String and value is not None:
        value = str(value)
    return pl.lit(value, dtype=kind)


def _mapped(work: _Work, name: str, spec: Column, text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Replace values by a map; return them and where no entry was found."""
    entries = {key: None if value is None else str(value) for key, value in spec.map.items()}
    if spec.lookup is not None:
        entries = {**_lookup(work, name, spec), **entries}
    keys, values = (
        pl.Series(list(entries), dtype=pl.String),
        pl.Series(list(entries.values()), dtype=pl.String),
    )
    result = text.replace_strict(keys, values, default=None, return_dtype=pl.String)
    unknown = text.is_not_null() & ~text.is_in(keys.implode())
    if spec.unmapped == "keep":
        return text.to_frame("old").select(pl.when(unknown).then(pl.col("old")).otherwise(result)).to_series(), unknown & False
    if spec.unmapped.startswith("="):
        filler = pl.lit(spec.unmapped[1:])
        return text.to_frame("old").select(pl.when(unknown).then(filler).otherwise(result)).to_series(), unknown & False
    return result, unknown


def _lookup(work: _Work, name: str, spec: Column) -> dict[str, str | None]:
    lookup = spec.lookup
    assert lookup is not None
    if "{shared}" in lookup.file or "{home}" in lookup.file:
        path = Path(work.place.path(lookup.file))
        if not path.is_file():
            raise ChannelError(
                f"The look-up table {lookup.file} of {name} is not there.",
                hint="Correct `lookup.file` in channels.yaml.",
            )
        text = unpacked(path, member="", max_mb=100)[0][1].decode("utf-8-sig")
    else:
        text = work.shop.text(lookup.file)
    reader = csv.DictReader(io.StringIO(text))
    if not {lookup.key, lookup.value} <= set(reader.fieldnames or ()):
        raise ChannelError(
            f"The look-up table {lookup.file} has no columns {lookup.key} and {lookup.value}.",
            hint="Correct its heading.",
        )
    return {row[lookup.key].strip(): (row[lookup.value] or "").strip() or None for row in reader}


# ---- Types -------------------------------------------------------------------------------------


def _typed(work: _Work, spec: Column, text: pl.Series, kind: Any) -> pl.Series:
    frame = text.to_frame("cell")
    cell = pl.col("cell")
    if kind == pl.String:
        return text
    if kind == pl.Boolean:
        low = cell.str.to_lowercase()
        yes = low.is_in([item.lower() for item in spec.means_yes or TRUE])
        no = low.is_in([item.lower() for item in spec.means_no or FALSE])
        return frame.select(pl.when(yes).then(True).when(no).then(False)).to_series()
    if kind in (pl.Int64, pl.Float64):
        number = pl.lit(_read_numbers(text)) * spec.factor if spec.factor != 1.0 else pl.lit(_read_numbers(text))
        if kind == pl.Int64:
            number = pl.when(number == number.round()).then(number).cast(pl.Int64, strict=False)
        return frame.select(number).to_series()
    if isinstance(kind, pl.List):
        if spec.split:
            parts = (
                cell.str.split(spec.split)
                .list.eval(pl.element().str.strip_chars())
                .list.eval(pl.element().filter(pl.element() != ""))
            )
            return frame.select(parts).to_series()
        decoded = pl.when(cell.str.starts_with("[")).then(cell).otherwise(None).str.json_decode(kind)
        return (
            frame.select(pl.coalesce(decoded, pl.concat_list(cell)))
            .select(pl.when(text.is_not_null()).then(pl.first()))
            .to_series()
        )
    zone = spec.zone or work.channel.zone
    moments = _read_times(text, spec.dates or work.channel.dates, zone, work.place.window.end)
    return moments.dt.convert_time_zone(zone).dt.date() if kind == pl.Date else moments


def _read_numbers(text: pl.Series) -> pl.Series:
    """Read plain numbers at once, and only what is left by its pattern."""
    plain = text.cast(pl.Float64, strict=False)
    return _with_rest(plain, text, numbers(pl.col("cell")))


def _read_times(text: pl.Series, forms: Sequence[str], zone: str, end: Any) -> pl.Series:
    """Read moments as `times`; those written in the most usual form at once, and only what is left by patterns."""
    rest = times(pl.col("cell"), forms, zone, end)
    if not forms or forms[0] != "iso":
        return text.to_frame("cell").select(rest).to_series()
    cell = pl.col("cell")
    usual = pl.when(cell.str.contains(_USUAL)).then(cell).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    naive = text.to_frame("cell").select(usual.alias("cell"))
    plain = naive.select(_local(cell, zone)).to_series().cast(UTC_TIME)
    return _with_rest(plain, text, rest)


def _with_rest(plain: pl.Series, text: pl.Series, rest: pl.Expr) -> pl.Series:
    """Fill what is still missing by a dearer expression over those texts alone."""
    left = (plain.is_null() & text.is_not_null()).arg_true()
    if left.is_empty():
        return plain
    return plain.scatter(left, text.gather(left).to_frame("cell").select(rest).to_series().cast(plain.dtype))


def numbers(cell: pl.Expr) -> pl.Expr:
    """Read numbers with thousands separators, currency signs and units: `1,499元`, `¥ 12.5`, `1.2万`; else null."""
    groups = cell.str.normalize("NFKC").str.extract_groups(_NUMBER)
    digits = groups.struct.field("1").str.replace_all("[,，]", "").cast(pl.Float64, strict=False)
    scaled = pl.when(groups.struct.field("2").is_not_null()).then(digits * 10_000).otherwise(digits)
    return pl.coalesce(cell.cast(pl.Float64, strict=False), scaled)


def times(cell: pl.Expr, forms: Sequence[str], zone: str, end: Any) -> pl.Expr:
    """Read moments in the first form that fits; a time without zone is in `zone`; the result is UTC.

    Args:
        cell: Text.
        forms: As in `Column.dates`.
        zone: IANA name.
        end: End of the window, aware: a day without year lies in the year before it.
    """
    return pl.coalesce([_time(cell, form, zone, end) for form in forms]).cast(UTC_TIME)


def _time(cell: pl.Expr, form: str, zone: str, end: Any) -> pl.Expr:
    if form in ("epoch_s", "epoch_ms"):
        scale = 1_000_000 if form == "epoch_s" else 1_000
        return (
            (cell.cast(pl.Float64, strict=False) * scale)
            .round()
            .cast(pl.Int64, strict=False)
            .cast(pl.Datetime("us"))
            .dt.replace_time_zone("UTC")
        )
    if form == "iso":
        part = cell.str.extract_groups(_ISO).struct
        naive = _moment([part.field(str(index)) for index in range(1, 8)])
        offset = part.field("8")
        sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
        digits = offset.str.replace_all(r"[^\d]", "")
        minutes = sign * (
            digits.str.slice(0, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(2, 2).cast(pl.Int64, strict=False)
        )
        fixed = (naive - pl.duration(minutes=minutes.fill_null(0))).dt.replace_time_zone("UTC")
        return pl.when(offset.is_null()).then(_local(naive, zone)).otherwise(fixed)
    if form == "half_day":
        part = cell.str.extract_groups(_HALF).struct
        half = pl.coalesce(part.field("half"), part.field("after"))
        hour = part.field("5").cast(pl.Int64, strict=False)
        late = half.str.contains("下午|傍晚|晚上|[Pp]") | ((half == "中午") & (hour < 3))
        early = half.str.contains("凌晨|早上|上午|[Aa]")
        full = pl.when(late & (hour < 12)).then(hour + 12).when(early & (hour == 12)).then(0).otherwise(hour).cast(pl.String)
        return _local(
            _moment(
                [
                    part.field("1"),
                    part.field("2"),
                    part.field("3"),
                    full,
                    *(part.field(str(index)) for index in (6, 7, 8)),
                ]
            ),
            zone,
        )
    if form == "month_day":
        part = cell.str.extract_groups(_MONTH_DAY).struct
        local = end.astimezone(ZoneInfo(zone))
        found = [
            _local(
                _moment(
                    [
                        pl.lit(str(year)),
                        *(part.field(str(index)) for index in range(1, 7)),
                    ]
                ),
                zone,
            )
            for year in (local.year, local.year - 1)
        ]
        return pl.when(found[0] < pl.lit(end + timedelta(days=1)).dt.convert_time_zone("UTC")).then(found[0]).otherwise(found[1])
    if "%z" in form or "%Z" in form:
        return cell.str.to_datetime(form, time_unit="us", strict=False, time_zone="UTC")
    if any(mark in form for mark in ("%H", "%I", "%T", "%R", "%s")):
        return _local(cell.str.to_datetime(form, time_unit="us", strict=False), zone)
    return _local(cell.str.to_date(form, strict=False).cast(pl.Datetime("us")), zone)


def _moment(parts: list[pl.Expr]) -> pl.Expr:
    """Put year, month, day, hour, minute, second and fraction (text, maybe null) together; impossible dates are null."""
    year, month, day, *clock = parts
    hour, minute, second = (item.fill_null("0").str.zfill(2) for item in clock[:3])
    fraction = clock[3].fill_null("0").str.pad_end(6, "0").str.slice(0, 6)
    text = pl.concat_str(
        [year, month.str.zfill(2), day.str.zfill(2), hour, minute, second, fraction],
        separator="-",
    )
    return text.str.to_datetime("%Y-%m-%d-%H-%M-%S-%6f", time_unit="us", strict=False)


def _local(naive: pl.Expr, zone: str) -> pl.Expr:
    """Place a local time in its zone; one that the clocks skipped (midnight, in some zones) is the same time an hour later."""
    placed = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = naive.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(placed, later).dt.convert_time_zone("UTC")


def _typed_time(work: _Work, spec: Column, given: pl.Series, kind: Any) -> pl.Series:
    """Bring a native date or time to UTC, to a day of the zone, or to text."""
    zone = spec.zone or work.channel.zone
    if kind == pl.Date and given.dtype == pl.Date:
        return given
    if kind == pl.String:
        return given.cast(pl.String)
    moment = given.cast(pl.Datetime("us")) if given.dtype == pl.Date else given
    naive = isinstance(moment.dtype, pl.Datetime) and moment.dtype.time_zone is None
    column = pl.col("cell")
    aware = (
        moment.to_frame("cell")
        .select(_local(column, zone) if naive else column.dt.convert_time_zone("UTC"))
        .to_series()
        .cast(UTC_TIME)
    )
    return aware.dt.convert_time_zone(zone).dt.date() if kind == pl.Date else aware


# ---- Identity, flags and faults ----------------------------------------------------------------


def _references(work: _Work, columns: dict[str, pl.Series]) -> pl.Series:
    """Replace customers by keyed references within platform and shop."""
    values = columns["customer_ref"]
    parts = [columns[name].fill_null("") for name in ("platform", "shop") if name in columns]
    if not parts:
        return work.key.references(values, work.channel.name).alias("customer_ref")
    scopes = (
        pl.DataFrame([part.alias(str(index)) for index, part in enumerate(parts)])
        .select(pl.concat_str(pl.all(), separator="\x1f"))
        .to_series()
    )
    result = pl.repeat(None, values.len(), dtype=pl.String, eager=True)
    for scope in scopes.unique().sort().to_list():
        result = result.zip_with(scopes != scope, work.key.references(values, scope))
    return result.alias("customer_ref")


def _source_ids(work: _Work, columns: dict[str, pl.Series]) -> pl.Series:
    """Return each row's id at its source; made from the key, or from a hash of the row where the source has none."""
    spec, table = work.channel.source_id, TABLES[work.channel.table]
    if spec is not None and not spec.digest:
        return _column(work, "source_id", spec, pl.String, {}, required=True)
    if spec is None and table.key != ("record_id",):
        parts = [_as_text(columns[name]).fill_null("").alias(name) for name in table.key if name in columns]
        return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator="|")).to_series().alias("source_id")
    names = spec.digest if spec is not None else sorted(work.rows.columns)
    _provide(work, names, "source_id")
    digests = _digests(work.rows.select(names))
    if work.channel.repeats == "drop":
        return digests
    # equal rows are alike in what is hashed only; the whole row orders them, so that numbers do not depend on the file's order
    whole = digests if set(names) == set(work.rows.columns) else _digests(work.rows.select(sorted(work.rows.columns)))
    numbered = pl.DataFrame({"digest": digests, "whole": whole}).with_row_index("row").sort("digest", "whole", "row")
    number = numbered.with_columns(pl.int_range(pl.len()).over("digest").alias("number")).sort("row")["number"]
    frame = pl.DataFrame({"digest": digests, "number": number})
    text = pl.concat_str(["digest", pl.col("number").cast(pl.String)], separator=".")
    return frame.select(pl.when(pl.col("number") > 0).then(text).otherwise(pl.col("digest"))).to_series()


def _digests(rows: pl.DataFrame) -> pl.Series:
    """Return 16 hex digits of SHA-256 over each row's cells."""
    cells = [_as_text(rows[name]).fill_null("\x00").alias(str(index)) for index, name in enumerate(rows.columns)]
    joined = pl.DataFrame(cells).select(pl.concat_str(pl.all(), separator="\x1f")).to_series()
    return pl.Series(
        "digest",
        [hashlib.sha256(text.encode()).hexdigest()[:16] for text in joined.to_list()],
        dtype=pl.String,
    )


def _versions(frame: pl.DataFrame, stamp: pl.Series) -> pl.Series:
    """Return the stamp as text, or where there is none a hash of the row's content."""
    if stamp.null_count() == 0:
        return stamp.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    content = frame.hash_rows(seed=0).cast(pl.String)
    return (
        pl.DataFrame({"stamp": stamp, "content": content})
        .select(pl.coalesce(pl.col("stamp").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"), pl.col("content")))
        .to_series()
    )


def _note(work: _Work, name: str, series: pl.Series, text: pl.Series | None, required: bool) -> None:
    """Note the rows in which a value is missing or was not understood."""
    if series.null_count() == 0:
        return
    misread = (series.is_null() & text.is_not_null()) if text is not None else None
    if required:
        if misread is not None and misread.any():
            work.faults.append((name, misread, "cannot be read"))
        empty = series.is_null() if misread is None else series.is_null() & ~misread
        if empty.any():
            work.faults.append((name, empty, "is empty"))
    elif misread is not None and misread.any():
        work.flags.append((f"unreadable:{name}", misread))


def _flags(work: _Work, height: int) -> pl.Series:
    frame = pl.DataFrame({"none": pl.repeat(None, height, dtype=pl.String, eager=True)})
    marks: list[pl.Series] = [pl.repeat(flag, height, dtype=pl.String, eager=True) for flag in work.channel.flags]
    for flag, where in work.flags:
        if where.any():
            marks.append(pl.select(pl.when(where).then(pl.lit(flag))).to_series())
    if not marks:
        return (
            frame.select(pl.lit([], dtype=pl.List(pl.String)).alias("flags")).to_series().new_from_index(0, height).alias("flags")
        )
    columns = pl.DataFrame([mark.alias(str(index)) for index, mark in enumerate(marks)])
    return columns.select(pl.concat_list(pl.all()).list.drop_nulls().alias("flags")).to_series()


def _unreadable(work: _Work, source_id: pl.Series) -> tuple[pl.Series, pl.DataFrame]:
    """Return which rows are out, and one line for each with its first fault and the scrubbed native row."""
    height = work.rows.height
    bad = pl.repeat(False, height, eager=True)
    parts: list[pl.DataFrame] = []
    for name, where, reason in work.faults:
        fresh = where & ~bad
        if not fresh.any():
            continue
        bad = bad | fresh
        parts.append(
            pl.DataFrame({"row": fresh.arg_true(), "source_id": source_id.filter(fresh)}).with_columns(
                rule=pl.lit(f"unreadable.{name}"),
                field=pl.lit(name),
                reason=pl.lit(f"{name} {reason}"),
            )
        )
    if not parts:
        return bad, pl.DataFrame(schema=UNREADABLE_SCHEMA)
    lines = pl.concat(parts).sort("row")
    native = work.rows[lines["row"]]
    records = [
        json.dumps(
            {key: value for key, value in row.items() if value is not None},
            ensure_ascii=False,
            default=str,
        )
        for row in native.to_dicts()
    ]
    hidden = sorted({name for column in ("customer_ref",) for name in getattr(work.channel.columns.get(column), "from_", [])})
    if hidden:
        records = [
            json.dumps(
                {key: "[customer]" if key in hidden else value for key, value in json.loads(record).items()},
                ensure_ascii=False,
            )
            for record in records
        ]
    lines = lines.with_columns(
        pl.Series("record", records, dtype=pl.String),
        pl.col("source_id").fill_null(pl.format("row {}", pl.col("row") + 1)),
    )
    lines, _ = scrub(lines, ["record", "source_id"])
    return bad, lines.select(list(UNREADABLE_SCHEMA))


def _refused(refused: list[tuple[str, str]]) -> pl.DataFrame:
    rows = [
        {
            "source_id": name,
            "rule": "unreadable.record",
            "field": "record",
            "reason": reason,
            "record": "{}",
        }
        for name, reason in refused
    ]
    return pl.DataFrame(rows, schema=UNREADABLE_SCHEMA)


def _nulls(name: str, kind: Any, height: int) -> pl.Series:
    return pl.Series(name, [None], dtype=kind).new_from_index(0, height).alias(name)


def no_canonical_rows(channel: Channel) -> pl.DataFrame:
    """Return an empty frame with the columns that the channel's batches have."""
    types = {
        **TABLES[channel.table].columns,
        **{name: TYPES[spec.type] for name, spec in channel.extras.items()},
    }
    return pl.DataFrame(
        schema={
            **types,
            "source_id": pl.String,
            "source_version": pl.String,
            "stamp": UTC_TIME,
            "flags": pl.List(pl.String),
        }
    )
