"""One canonical column: made from native cells, mapped, and cast to its type."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import polars as pl

from tasks.collect.limits import unpacked
from tasks.collect.mapping.cells import Work, as_text, evaluated, expression_of, meaningful, provide, row_digests
from tasks.collect.mapping.faults import doubt, note, quoted
from tasks.collect.mapping.quantities import read_numbers
from tasks.collect.mapping.readings import local_moment, read_times
from tasks.collect.mapping.row_currencies import note_written_currencies
from tasks.collect.privacy import without_telling_cells
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.columns.column import UTC_TIME
from tasks.shop.channels import MappedColumn

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


def canonical_column(
    work: Work,
    name: str,
    spec: MappedColumn,
    kind: Any,
    done: dict[str, pl.Series],
    *,
    required: bool,
) -> pl.Series:
    """Make one column and record its unreadable values."""
    required = required if spec.required is None else spec.required
    if spec.operands:
        plain = spec.model_copy(update={"times": "", "plus_minutes": ""})
        return _combined(work, name, spec, canonical_column(work, name, plain, kind, done, required=required))
    if spec.numbered:
        return _numbered(
            work, canonical_column(work, name, spec.model_copy(update={"numbered": False}), kind, done, required=required)
        )
    unmapped: pl.Series | None = None
    if spec.const is not None:
        return _constant(work, name, spec.const, kind)
    if spec.cases:
        series = _cases(work, name, spec, kind, done)
        note(work, name, series, None, required)
        return series
    given = _given(work, name, spec, optional=not required)
    if given.dtype == pl.Categorical and kind == pl.String and _passes_unchanged(work, spec, given):
        note(work, name, given, None, required)
        return given.alias(name)
    if _ready(given.dtype, kind) and not (spec.map or spec.lookup or spec.extract or spec.factor != 1.0 or spec.keyed):
        if given.dtype == pl.String:
            given = meaningful(work, spec, given)
        series = given if given.dtype == kind else given.cast(kind)
        note(work, name, series, None, required)
        return series.alias(name)
    if given.dtype == pl.Datetime or given.dtype == pl.Date:
        series = _typed_time(work, spec, given, kind)
        note(work, name, series, given, required)
        return series.alias(name)
    text = meaningful(work, spec, as_text(given))
    if spec.extract:
        group = 1 if re.compile(spec.extract).groups else 0
        text = meaningful(work, spec, text.str.extract(spec.extract, group))
    if spec.map or spec.lookup:
        text, unmapped = _mapped(work, name, spec, text)
    if spec.keyed and name != "customer_ref":
        text = work.key.references(text, f"{work.channel.name}\x1f{name}")
    series = _typed(work, name, spec, text, kind, as_written=given.dtype == pl.String).alias(name)
    if unmapped is not None and unmapped.any():
        if required:
            work.faults.append((name, unmapped, "is not a value that channels.yaml knows"))
        else:
            work.flags.append((f"unmapped:{name}", unmapped))
    note(work, name, series, text, required)
    return series


def _given(work: Work, name: str, spec: MappedColumn, *, optional: bool) -> pl.Series:
    """Return the native value of a column: taken, coalesced, put together, computed or hashed."""
    if spec.sql:
        expression = expression_of(work.channel, spec.sql)
        provide(work, expression.meta.root_names(), name, optional=optional)
        return evaluated(
            work.channel,
            lambda: work.rows.select(expression.alias(name)).to_series(),
            spec.sql,
        )
    provide(work, [*spec.from_, *spec.concat, *spec.digest], name, optional=optional, any_of=spec.from_)
    if spec.digest:
        return row_digests(work.rows.select(spec.digest)).alias(name)
    if spec.concat:
        parts = [meaningful(work, spec, as_text(work.rows[column])).alias(column) for column in dict.fromkeys(spec.concat)]
        joined = pl.DataFrame(parts).select(pl.concat_str(spec.concat, separator=spec.separator, ignore_nulls=True))
        return joined.to_series().alias(name)
    if len(spec.from_) == 1:
        return work.rows[spec.from_[0]].alias(name)
    parts = [meaningful(work, spec, as_text(work.rows[column])).alias(column) for column in dict.fromkeys(spec.from_)]
    return pl.DataFrame(parts).select(pl.coalesce(list(dict.fromkeys(spec.from_)))).to_series().alias(name)


def _combined(work: Work, name: str, spec: MappedColumn, values: pl.Series) -> pl.Series:
    """Multiply numbers, or move moments by minutes, by what stands in a second column; without that there is no value."""
    (other,) = spec.operands
    provide(work, [other], name, optional=True)
    text = meaningful(work, MappedColumn.model_validate({"from": other}), as_text(work.rows[other]))
    found = read_numbers(text, spec.decimal or work.channel.decimal)
    work.by_column |= found.by_column or bool(found.readings)
    number = found.values
    work.flags.append((f"unreadable:{name}", values.is_not_null() & text.is_not_null() & number.is_null()))
    rows = pl.DataFrame({"value": values, "by": number})
    if spec.times:
        return rows.select((pl.col("value") * pl.col("by")).cast(values.dtype).alias(values.name)).to_series()
    moved = pl.col("value") + pl.duration(seconds=(pl.col("by") * 60).round().cast(pl.Int64, strict=False))
    return rows.select(moved.cast(values.dtype).alias(values.name)).to_series()


def _numbered(work: Work, texts: pl.Series) -> pl.Series:
    """Append a number to each text that comes again in one file, in the order of its rows."""
    names = [file.name for file in work.origin.files] or [""]
    files = pl.repeat(0, texts.len(), dtype=pl.Int64, eager=True)
    for index in range(1, len(names)):
        files = files.scatter(work.origin.rows_of(index).arg_true(), names.index(names[index]))
    rows = pl.DataFrame({"text": as_text(texts), "file": files})
    rows = rows.with_columns(time=pl.int_range(1, pl.len() + 1).over("file", "text"))
    again = pl.when(pl.col("time") > 1).then(pl.format("{}/{}", "text", "time")).otherwise("text")
    return rows.select(again.alias(texts.name)).to_series()


def _passes_unchanged(work: Work, spec: MappedColumn, given: pl.Series) -> bool:
    """Whether a mapping leaves every one of the few texts of a column as it is."""
    if spec.map or spec.lookup or spec.extract or spec.keyed:
        return False
    texts = as_text(given.unique())
    return meaningful(work, spec, texts).equals(texts)


def _ready(given: Any, kind: Any) -> bool:
    """Whether a native type needs no parsing."""
    if given == kind:
        return True
    if isinstance(given, pl.Datetime) and kind == UTC_TIME:
        return given.time_zone == "UTC"
    return bool(given.is_integer() and kind in (pl.Int64, pl.Float64)) or (given == pl.Float32 and kind == pl.Float64)


def _constant(work: Work, name: str, value: Any, kind: Any) -> pl.Series:
    height = work.rows.height
    if isinstance(kind, pl.List):
        return pl.Series(
            name,
            [value if isinstance(value, list) else [str(value)]] * height,
            dtype=kind,
        )
    text = str(value).lower() if isinstance(value, bool) else str(value)
    single = _typed(work, name, MappedColumn.model_validate({"const": value}), pl.Series(name, [text]), kind, as_written=False)
    return single.new_from_index(0, height).alias(name)


def _cases(work: Work, name: str, spec: MappedColumn, kind: Any, done: dict[str, pl.Series]) -> pl.Series:
    """Evaluate ordered predicates over the native and the already mapped columns."""
    expressions = [expression_of(work.channel, case.when) for case in spec.cases]
    needed = {root for expression in expressions for root in expression.meta.root_names()}
    provide(work, sorted(needed - set(done)), name)
    seen = pl.DataFrame([done[column].alias(column) if column in done else work.rows[column] for column in sorted(needed)])
    if not needed:
        seen = work.rows
    chain: Any = pl
    for case, expression in zip(spec.cases, expressions, strict=True):
        chain = chain.when(expression).then(_literal(case.then, kind))
    chosen = chain.otherwise(_literal(spec.otherwise, kind)).alias(name)
    return evaluated(work.channel, lambda: seen.select(chosen).to_series(), f"the cases of {name}")


def _literal(value: Any, kind: Any) -> pl.Expr:
    if isinstance(kind, pl.List) and value is not None and not isinstance(value, list):
        value = [value]
    if kind == pl.String and value is not None:
        value = str(value)
    return pl.lit(value, dtype=kind)


def _mapped(work: Work, name: str, spec: MappedColumn, text: pl.Series) -> tuple[pl.Series, pl.Series]:
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


def _lookup(work: Work, name: str, spec: MappedColumn) -> dict[str, str | None]:
    lookup = spec.lookup
    assert lookup is not None
    if "{shared}" in lookup.file or "{home}" in lookup.file:
        path = Path(work.place.path(lookup.file))
        if not path.is_file():
            raise ChannelError(
                f"The look-up table {lookup.file} of {name} does not exist.",
                hint="Correct `lookup.file` in channels.yaml.",
                problem=ChannelProblem.MISSING,
            )
        text = unpacked(path, member="", max_mb=100)[0][1].decode("utf-8-sig")
    else:
        text = work.shop.text(lookup.file)
    reader = csv.DictReader(io.StringIO(text))
    if not {lookup.key, lookup.value} <= set(reader.fieldnames or ()):
        raise ChannelError(
            f"The look-up table {lookup.file} has no columns {lookup.key} and {lookup.value}.",
            hint="Correct its heading.",
            problem=ChannelProblem.WRONG_COLUMNS,
        )
    return {row[lookup.key].strip(): (row[lookup.value] or "").strip() or None for row in reader}


def _typed(work: Work, name: str, spec: MappedColumn, text: pl.Series, kind: Any, *, as_written: bool) -> pl.Series:
    """Read cells as a type; `as_written` says that a person or program wrote them as text, and not our own conversion."""
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
        return _number(work, name, spec, without_telling_cells(text, work.key), kind, as_written=as_written)
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
    moments = _moments(work, name, spec, text, zone)
    return moments.dt.convert_time_zone(zone).dt.date() if kind == pl.Date else moments


def _number(work: Work, name: str, spec: MappedColumn, text: pl.Series, kind: Any, *, as_written: bool) -> pl.Series:
    if as_written:
        note_written_currencies(work, name, text)
    found = read_numbers(text, (spec.decimal or work.channel.decimal) if as_written else "point")
    work.by_column |= found.by_column or bool(found.readings)
    for reading, count in found.readings.items():
        work.notes.append(f"{name}: {count:,} cells are read with a {reading}.")
    doubt(work, name, f"number_doubtful:{name}", found.doubtful, text, "can be read as two different numbers; give `decimal`")
    number = pl.lit(found.values) * spec.factor if spec.factor != 1.0 else pl.lit(found.values)
    if kind == pl.Int64:
        number = pl.when(number == number.round()).then(number).cast(pl.Int64, strict=False)
    return text.to_frame("cell").select(number).to_series()


def _moments(work: Work, name: str, spec: MappedColumn, text: pl.Series, zone: str) -> pl.Series:
    """Read a column of times, and say what its cells decided; a workbook may always hold days as Excel counts them."""
    forms = [*(spec.dates or work.channel.dates)]
    if work.channel.read.kind == "workbook" and not {"epoch_s", "epoch_ms", "auto"} & set(forms):
        forms.append("serial")
    found = read_times(text, forms, zone, work.place.window.end)
    work.by_column |= bool(found.told)
    for sentence, row, warns in found.told:
        where = f": {quoted(text[row])} ({work.origin.place(row)})" if row is not None else ""
        (work.warnings if warns else work.notes).append(f"{name}: {sentence}{where}.")
    if found.doubtful.any():
        doubt(work, name, f"date_doubtful:{name}", found.doubtful, text, "can be read as two different days; give `dates`")
    return found.values


def _typed_time(work: Work, spec: MappedColumn, given: pl.Series, kind: Any) -> pl.Series:
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
        .select(local_moment(column, zone) if naive else column.dt.convert_time_zone("UTC"))
        .to_series()
        .cast(UTC_TIME)
    )
    return aware.dt.convert_time_zone(zone).dt.date() if kind == pl.Date else aware
