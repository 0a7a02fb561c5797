"""The lake: every version of every row that a source ever gave, in append-only Delta tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import TableNotFoundError

from tasks.errors import UserError
from tasks.model.tables import STAMPS, TABLES, UTC_TIME, Table
from tasks.store.fingerprint import fingerprint

QUARANTINE = "quarantine"

_QUARANTINE_COLUMNS: dict[str, Any] = dict.fromkeys(
    ("channel", "table", "source_id", "pull_id", "rule", "field", "reason", "record"), pl.String
)
_HOUSEKEEPING: dict[str, Any] = {"version": pl.Int64, "appended_at": UTC_TIME, **STAMPS}
"""Columns in front of every stored table. `version` counts the versions of one key from 1; `appended_at` is the moment
of the commit where `ingested_at` may be a stamp of the source."""


@dataclass(frozen=True)
class Appended:
    """What became of the rows of one append."""

    new: int
    changed: int
    unchanged: int


class Lake:
    """Delta tables by canonical name, and the quarantine beside them.

    Args:
        root: Folder or object-store URL; made when first written.
        storage_options: Passed on to the object store.
    """

    def __init__(self, root: str, storage_options: dict[str, str] | None = None) -> None:
        self.root = str(root).rstrip("/")
        self.storage_options = storage_options

    # ---- Writing -------------------------------------------------------------------------------

    def append(
        self,
        table: str,
        frame: pl.DataFrame,
        *,
        pull_id: str,
        channel: str,
        ingested_at: datetime,
        use_stamp: bool = False,
    ) -> Appended:
        """Append the rows that are new or differ from the newest version of their key, in one commit.

        Args:
            table: Canonical name, a key of `TABLES`.
            frame: Canonical columns (missing ones are null), further declared columns, and `source_id`,
                `source_version`, `stamp` where the source has them.
            pull_id: The pull that brought the rows.
            channel: The channel that brought them.
            ingested_at: Now, aware UTC.
            use_stamp: Take `ingested_at` of each row from its `stamp` (null or later than now: now). Then several
                versions of one key in the frame are kept as versions, oldest stamp first.

        Returns:
            Counts with `new + changed + unchanged == frame.height`. Without stamps the last of several rows with one
            key counts, the others are unchanged.

        Raises:
            UserError: If a required key column is missing or null, or a column's type cannot be stored.
        """
        if frame.is_empty():
            return Appended(0, 0, 0)
        shape = TABLES[table]
        stored = self._open(table)
        read = frame.height
        frame = frame.clone()  # who gave the rows away holds none of them: as they are prepared, they leave this clone
        rows, content = _prepared(shape, frame, stored, channel, pull_id, ingested_at, use_stamp)
        key = list(shape.key)
        rows = rows.with_columns(fingerprint(rows, content))
        small = rows.select(*key, "source_id", "row_hash", "ingested_at").with_row_index("row")
        if stored is not None:
            newest = self._newest(stored, key)
            if not newest.is_empty():
                small = small.join(newest, on=key, how="left", nulls_equal=True, maintain_order="left")
        if "old_hash" not in small.columns:
            small = small.with_columns(
                old_hash=pl.lit(None, pl.UInt64), old_version=pl.lit(None, pl.Int64), old_at=pl.lit(None, UTC_TIME)
            )
        small = self._with_reopened(small, table, channel)
        plan = _plan(small, key, use_stamp)
        if plan.height:
            self._commit(table, _placed(rows, plan).drop("row"), ingested_at, stored)
        new = plan.filter(pl.col("version") == 1).height
        return Appended(new, plan.height - new, read - plan.height)

    def add_quarantine(self, frame: pl.DataFrame, *, ingested_at: datetime, use_stamp: bool = False) -> int:
        """Append rejected rows (channel, table, source_id, pull_id, rule, field, reason, record) and return how many.

        A source row whose rejection is already known, rule by rule, is not added again; one whose reasons have changed
        is added whole, and its newest state counts. `use_stamp` as in `append`.
        """
        if frame.is_empty():
            return 0
        rows = frame.select(
            *(_text_column(frame, name) for name in _QUARANTINE_COLUMNS),
            (frame["stamp"] if use_stamp and "stamp" in frame.columns else pl.lit(None, UTC_TIME)).alias("stamp"),
        ).unique(subset=["channel", "table", "source_id", "rule", "field"], keep="last", maintain_order=True)
        rows = rows.with_columns(fingerprint(rows, [name for name in _QUARANTINE_COLUMNS if name != "pull_id"]))
        rows = rows.with_columns(
            _known_at(pl.col("stamp"), ingested_at).max().over(_RECORD).alias("ingested_at"),
            state=pl.col("row_hash").sum().over(_RECORD),
        ).drop("stamp")
        known = self._quarantine_states(ingested_at)
        if not known.is_empty():
            known = self._still_open(known, ingested_at)
            latest = known.group_by(_RECORD).agg(
                known_state=pl.col("row_hash").sum(), version=pl.col("version").max(), old_at=pl.col("ingested_at").max()
            )
            rows = rows.join(latest, on=_RECORD, how="left", nulls_equal=True, maintain_order="left")
            rows = rows.filter(pl.col("known_state").is_null() | (pl.col("known_state") != pl.col("state")))
            rows = rows.with_columns(pl.max_horizontal("ingested_at", "old_at"))
        else:
            rows = rows.with_columns(version=pl.lit(0, pl.Int64))
        if rows.is_empty():
            return 0
        stored = self._open(QUARANTINE)
        highest = self._highest_version(QUARANTINE, stored) if stored is not None else 0
        rows = rows.with_columns(version=pl.lit(highest + 1, pl.Int64))
        self._commit(QUARANTINE, rows.select(*_QUARANTINE_COLUMNS, "version", "ingested_at", "row_hash"), ingested_at, stored)
        return rows.height

    # ---- Reading -------------------------------------------------------------------------------

    def as_of(
        self,
        table: str,
        moment: datetime,
        *,
        columns: list[str] | None = None,
        without: tuple[str, ...] = (),
        since: datetime | None = None,
    ) -> pl.DataFrame:
        """Return the newest version of each key that was known at a moment, sorted by key.

        Args:
            table: Canonical name.
            moment: Aware UTC; rows with `ingested_at` after it do not exist yet.
            columns: Only these columns, in this order; default: canonical, declared, then stamps.
            without: Not these columns, where `columns` does not name what is wanted.
            since: Only rows whose time (`TABLES[table].time`) is not before this moment; rows without time stay.
        """
        shape = TABLES[table]
        stored = self._open(table)
        if stored is None:
            frame = pl.DataFrame(schema={**shape.columns, **STAMPS})
            return frame.select(columns) if columns else frame.drop(without)
        names = _stored_names(stored)
        declared = [name for name in names if name not in shape.columns and name not in _HOUSEKEEPING]
        wanted = columns or [name for name in (*shape.columns, *declared, *STAMPS) if name not in without]
        needed = dict.fromkeys([*wanted, *shape.key, "ingested_at", "version", *([shape.time] if since else [])])
        absent = [name for name in needed if name not in names]
        if absent:
            raise UserError(
                f"The table {table} has no column {absent[0]}.", hint="Name a canonical column or a declared dimension."
            )
        lazy = self._scan(stored).select(*needed).filter(pl.col("ingested_at") <= moment)
        fresh = pl.lit(True)
        if since is not None:
            earliest: datetime | date = since.date() if shape.columns[shape.time] == pl.Date else since
            fresh = pl.col(shape.time).is_null() | (pl.col(shape.time) >= earliest)
        key = list(shape.key)
        single = self._highest_version(table, stored) == 1
        frame = (lazy.filter(fresh) if single else lazy).collect()
        order = _newest_in_order(frame, key, single)
        if since is not None and not single:
            order = order.filter(frame.select(fresh).to_series().gather(order))
        frame = pl.DataFrame([frame.drop_in_place(name).gather(order) for name in frame.columns])  # never held twice
        if "row_hash" in wanted:
            frame = frame.with_columns(pl.col("row_hash").reinterpret(signed=False))
        return frame.select(wanted)

    def quarantine_as_of(self, moment: datetime) -> pl.DataFrame:
        """Return the rejected rows that had not come good at a moment, with `ingested_at`, sorted.

        A row leaves when its source row was stored as good at the same moment as its rejection or later.
        """
        columns = [*_QUARANTINE_COLUMNS, "ingested_at"]
        known = self._quarantine_states(moment)
        if known.is_empty():
            return pl.DataFrame(schema={**_QUARANTINE_COLUMNS, "ingested_at": UTC_TIME})
        return self._still_open(known, moment).select(columns).sort([*_RECORD, "rule", "field"])

    def known_from(self) -> datetime | None:
        """Return the earliest moment at which the lake knew anything; nothing for an empty lake."""
        moments = [
            moment
            for name in TABLES
            if (stored := self._open(name)) is not None
            for moment in _statistics(stored, "min.ingested_at")
        ]
        return min(moments, default=None)

    def rows(self, table: str) -> int:
        """Return how many versions of rows a table holds."""
        stored = self._open(table)
        return 0 if stored is None else sum(_statistics(stored, "num_records"))

    # ---- Inside --------------------------------------------------------------------------------

    def _open(self, table: str) -> DeltaTable | None:
        try:
            return DeltaTable(f"{self.root}/{table}", storage_options=self.storage_options)
        except TableNotFoundError:
            return None

    def _scan(self, stored: DeltaTable) -> pl.LazyFrame:
        return pl.scan_delta(stored, storage_options=self.storage_options)

    def _highest_version(self, table: str, stored: DeltaTable | None = None) -> int:
        stored = stored or self._open(table)
        return 0 if stored is None else max(_statistics(stored, "max.version"), default=0)

    def _newest(self, stored: DeltaTable, key: list[str]) -> pl.DataFrame:
        """Key, hash, version and time of the newest version of every key."""
        frame = (
            self._scan(stored)
            .select(
                *key,
                pl.col("row_hash").reinterpret(signed=False).alias("old_hash"),
                pl.col("version").alias("old_version"),
                pl.col("ingested_at").alias("old_at"),
            )
            .collect()
        )
        if max(_statistics(stored, "max.version"), default=0) > 1:
            frame = frame.sort(["old_version", "old_at"]).unique(key, keep="last", maintain_order=False)
        return frame

    def _with_reopened(self, small: pl.DataFrame, table: str, channel: str) -> pl.DataFrame:
        """Mark rows whose last word was a rejection: stored again though equal, so that they leave the quarantine."""
        stored = self._open(QUARANTINE)
        if stored is None:
            return small.with_columns(reopened=pl.lit(False))
        rejected = (
            self._scan(stored)
            .filter((pl.col("channel") == channel) & (pl.col("table") == table))
            .group_by("source_id")
            .agg(rejected_at=pl.col("ingested_at").max())
            .collect()
        )
        return (
            small.join(rejected, on="source_id", how="left", maintain_order="left")
            .with_columns(reopened=(pl.col("rejected_at") > pl.col("old_at")).fill_null(False))
            .drop("rejected_at")
        )

    def _quarantine_states(self, moment: datetime) -> pl.DataFrame:
        """Newest rejection of each source row at a moment, rule by rule."""
        stored = self._open(QUARANTINE)
        if stored is None:
            return pl.DataFrame(schema={**_HOUSEKEEPING, **_QUARANTINE_COLUMNS})
        frame = self._scan(stored).filter(pl.col("ingested_at") <= moment).collect()
        frame = frame.with_columns(pl.col("row_hash").reinterpret(signed=False))
        return frame.filter(pl.col("version") == pl.col("version").max().over(_RECORD))

    def _still_open(self, rejected: pl.DataFrame, moment: datetime) -> pl.DataFrame:
        """Leave out the rejections that a good row has followed."""
        kept = []
        for (table,), part in rejected.group_by("table", maintain_order=True):
            stored = self._open(str(table)) if table in TABLES else None
            if stored is not None:
                ids = part["source_id"].unique().to_list()
                good = (
                    self._scan(stored)
                    .filter((pl.col("ingested_at") <= moment) & pl.col("source_id").is_in(ids))
                    .group_by("channel", "source_id")
                    .agg(good_at=pl.col("appended_at").max())
                    .collect()
                )
                part = part.join(good, on=["channel", "source_id"], how="left", maintain_order="left")
                part = part.filter(pl.col("good_at").is_null() | (pl.col("good_at") < pl.col("appended_at"))).drop("good_at")
            kept.append(part)
        return pl.concat(kept)

    def _commit(self, table: str, rows: pl.DataFrame, appended_at: datetime, stored: DeltaTable | None) -> None:
        front = [name for name in _HOUSEKEEPING if name in rows.columns or name == "appended_at"]
        rows = rows.with_columns(
            pl.lit(appended_at).cast(UTC_TIME).alias("appended_at"), pl.col("row_hash").reinterpret(signed=True)
        )
        rest = [name for name in rows.columns if name not in front]
        write_deltalake(
            stored or f"{self.root}/{table}",
            rows.select(*front, *rest),
            mode="append",
            schema_mode="merge",
            storage_options=self.storage_options,
        )


_RECORD = ["channel", "table", "source_id"]


def _newest_in_order(frame: pl.DataFrame, key: list[str], single: bool) -> pl.Series:
    """Row numbers of the newest version of each key, sorted by key; `single` says that no key has two versions."""
    if single:
        return frame.select(pl.arg_sort_by(key, nulls_last=False)).to_series()
    small = frame.select(*key, "version", "ingested_at").with_row_index("row")
    later = small.filter(pl.col("version") > 1).select(key).unique()
    several = small.join(later, on=key, how="semi", nulls_equal=True).sort("version", "ingested_at")
    only = small.join(later, on=key, how="anti", nulls_equal=True)
    return pl.concat([only, several.unique(key, keep="last", maintain_order=True)]).sort(key, nulls_last=False)["row"]


def _statistics(stored: DeltaTable, name: str) -> list[Any]:
    actions = pl.DataFrame(stored.get_add_actions(flatten=True))
    return actions[name].drop_nulls().to_list() if name in actions.columns else []


def _stored_names(stored: DeltaTable) -> list[str]:
    return [field.name for field in stored.schema().fields]


def _text_column(frame: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name) if name in frame.columns else pl.lit(None)
    return column.cast(pl.String).alias(name)


def _known_at(stamp: pl.Expr, now: datetime) -> pl.Expr:
    """Stamps are believed unless they lie in the future."""
    moment = pl.lit(now).cast(UTC_TIME)
    return pl.min_horizontal(stamp.cast(UTC_TIME).fill_null(moment), moment)


def _prepared(
    shape: Table,
    frame: pl.DataFrame,
    stored: DeltaTable | None,
    channel: str,
    pull_id: str,
    ingested_at: datetime,
    use_stamp: bool,
) -> tuple[pl.DataFrame, list[str]]:
    """Bring a frame to the stored columns and types; also return the names that the row's hash covers."""
    for name in shape.key:
        if name in shape.required and name not in frame.columns:
            raise UserError(
                f"Rows of the channel {channel} have no {name}, which identifies a row of {shape.name}.",
                hint=f"Map the column {name} in channels.yaml.",
            )
        if name in shape.required and frame[name].null_count():
            raise UserError(
                f"The channel {channel} gave rows of {shape.name} whose {name} is empty.",
                hint="Such rows belong in the quarantine: require the column in expectations.",
            )
    reserved = {*_HOUSEKEEPING, "stamp", *shape.columns}
    extra = [name for name in frame.columns if name not in reserved]
    content: list[pl.Expr] = []
    for name, dtype in shape.columns.items():
        column = pl.col(name) if name in frame.columns else pl.lit(None)
        content.append(column.cast(dtype).alias(name))
    for name in extra:
        dtype = frame.schema[name]
        plain = dtype in (pl.Boolean, pl.Float64, pl.Int64, pl.Date) or dtype == pl.List(pl.String)
        content.append(pl.col(name) if plain else pl.col(name).cast(pl.String))
    now = pl.lit(ingested_at).cast(UTC_TIME)
    known_at = _known_at(pl.col("stamp"), ingested_at) if use_stamp and "stamp" in frame.columns else now
    try:
        rows = frame.select(
            pl.lit(channel).alias("channel"),
            _text_column(frame, "source_id"),
            _text_column(frame, "source_version"),
            known_at.alias("ingested_at"),
            pl.lit(pull_id).alias("pull_id"),
            *content,
        )
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"Rows of the channel {channel} do not fit the table {shape.name}: {str(error).splitlines()[0]}",
            hint="Give the column a type or a value map in channels.yaml.",
        ) from error
    if stored is not None:
        rows = _with_stored_types(rows, stored, extra, channel)
    return rows, [*shape.columns, *extra]


def _with_stored_types(rows: pl.DataFrame, stored: DeltaTable, extra: list[str], channel: str) -> pl.DataFrame:
    """Cast declared columns to the type under which an earlier pull stored them."""
    types = {field.name: str(getattr(field.type, "type", field.type)) for field in stored.schema().fields}
    plain = {"string": pl.String, "long": pl.Int64, "double": pl.Float64, "boolean": pl.Boolean, "date": pl.Date}
    for name in extra:
        known = plain.get(types.get(name, ""))
        if known is not None and rows.schema[name] != known:
            try:
                rows = rows.with_columns(pl.col(name).cast(known))
            except pl.exceptions.PolarsError as error:
                raise UserError(
                    f"The column {name} of the channel {channel} was stored as {types[name]} and now holds {rows.schema[name]}.",
                    hint="Give the new content another name in channels.yaml.",
                ) from error
    return rows


def _plan(small: pl.DataFrame, key: list[str], use_stamp: bool) -> pl.DataFrame:
    """Decide which rows are appended: `row`, `version` and `ingested_at`, in row order.

    `small` has per row its key, row_hash, ingested_at and, of the key's newest stored version, old_hash, old_version, old_at.
    """
    repeated = small.select(pl.struct(key).is_duplicated()).to_series() if len(key) > 1 else small[key[0]].is_duplicated()
    differs = pl.col("old_hash").is_null() | (pl.col("row_hash") != pl.col("old_hash"))
    parts = [small.filter(~repeated).with_columns(differs=differs | pl.col("reopened"), step=pl.lit(1, pl.Int64))]
    if repeated.any():  # windows over keys are dear, and few keys come twice
        several = small.filter(repeated).sort(["ingested_at", "row"] if use_stamp else ["row"])
        if use_stamp:
            before = pl.col("row_hash").shift(1).over(key)
            first = pl.col("row").cum_count().over(key) == 1
            several = several.with_columns(
                differs=pl.when(first).then(differs | pl.col("reopened")).otherwise(pl.col("row_hash") != before)
            ).with_columns(step=pl.col("differs").cast(pl.Int64).cum_sum().over(key))
        else:
            last = several.unique(key, keep="last", maintain_order=True)
            several = last.with_columns(differs=differs | pl.col("reopened"), step=pl.lit(1, pl.Int64))
        parts.append(several)
    chosen = pl.concat([part.filter("differs") for part in parts])
    return chosen.select(
        "row",
        version=pl.col("old_version").fill_null(0) + pl.col("step"),
        # knowledge never grows backwards: a change is known no earlier than what it changes
        ingested_at=pl.max_horizontal("ingested_at", "old_at"),
    ).sort("row")


def _placed(rows: pl.DataFrame, plan: pl.DataFrame) -> pl.DataFrame:
    """Take the planned rows with their versions, column by column out of `rows`, so that they are never held twice."""
    chosen = rows
    if plan.height < rows.height:
        chosen = pl.DataFrame([rows.drop_in_place(name).gather(plan["row"]) for name in rows.columns])
    return chosen.with_columns(plan["row"], plan["version"], plan["ingested_at"])
