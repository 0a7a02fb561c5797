"""The lake: every version of every row that a source ever delivered, in append-only Delta tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from deltalake import DeltaTable

from tasks.errors import UserError
from tasks.model.columns.column import UTC_TIME
from tasks.model.tables import STAMPS, TABLES
from tasks.model.waiting_rows import WaitingRows
from tasks.store.delta_table import (
    all_known,
    check_folder,
    commit,
    opened,
    opened_or_created,
    retried,
    scanned,
    statistics,
    stored_names,
)
from tasks.store.fingerprint import fingerprint
from tasks.store.ordered_columns import ordered_columns
from tasks.store.row_versions import (
    HOUSEKEEPING,
    append_plan,
    identified,
    known_at,
    newest_in_order,
    newest_of,
    placed,
    prepared,
    stored_form,
    text_column,
)
from tasks.store.withdrawn_rows import NOTHING_GONE, WITHDRAWN, gone_rows, with_gone

QUARANTINE = "quarantine"

_QUARANTINE_COLUMNS: dict[str, Any] = dict.fromkeys(
    ("channel", "table", "source_id", "pull_id", "rule", "field", "reason", "record"), pl.String
)
_QUARANTINE_STAMPS = ("version", "appended_at", "ingested_at", "row_hash")


@dataclass(frozen=True)
class Appended:
    """The outcome of one append, in rows."""

    new: int
    changed: int
    unchanged: int


class Lake:
    """Delta tables by canonical name, and the quarantine beside them.

    Args:
        root: Folder or object-store URL; made when first written.
        storage_options: Passed on to the object store.

    Raises:
        UserError: If the folder's path holds what no lake can be kept under.
    """

    def __init__(self, root: str, storage_options: dict[str, str] | None = None) -> None:
        check_folder(root)
        self.root = str(root).rstrip("/")
        self.storage_options = storage_options

    # ---- Writing -------------------------------------------------------------------------------

    def append(
        self,
        table: str,
        rows: pl.DataFrame | WaitingRows,
        *,
        pull_id: str,
        channel: str,
        ingested_at: datetime,
        use_stamp: bool = False,
    ) -> Appended:
        """Append the rows that are new or differ from the newest version of their key, in one commit.

        If another process commits to the table meanwhile, the rows are compared anew with what it wrote.

        Args:
            table: Canonical name, a key of `TABLES`.
            rows: Canonical columns (missing ones are null), further declared columns, and `source_id`, `source_version`,
                `stamp` where the source has them. Rows that wait are taken part by part.
            pull_id: The pull that brought the rows.
            channel: The channel that brought them.
            ingested_at: Now, aware UTC.
            use_stamp: Take `ingested_at` of each row from its `stamp` (null or later than now: now). Then several
                versions of one key in the rows are kept as versions, oldest stamp first.

        Returns:
            Counts with `new + changed + unchanged == rows.height`. Without stamps, the last of several rows with the same
            key counts, the others are unchanged.

        Raises:
            UserError: If a required key column is missing or null, or a column's type cannot be stored.
        """
        if not rows.height:
            return Appended(0, 0, 0)
        waiting = WaitingRows(rows) if isinstance(rows, pl.DataFrame) else rows
        done = retried(lambda: self._append(table, waiting, pull_id, channel, ingested_at, use_stamp))
        waiting.release()
        return done

    def _append(
        self, table: str, waiting: WaitingRows, pull_id: str, channel: str, ingested_at: datetime, use_stamp: bool
    ) -> Appended:
        shape = TABLES[table]
        stored = self._made(table, {**HOUSEKEEPING, **shape.columns})

        def prepare(part: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
            return prepared(shape, part, stored, channel, pull_id, ingested_at, use_stamp)

        plan = self._plan(table, stored, (prepare(part) for part in waiting.parts(keep=True)), channel, ingested_at, use_stamp)
        if plan.height:
            chosen = placed((prepare(part)[0] for part in waiting.parts(keep=True)), plan)
            self._commit(table, chosen, ingested_at, stored)
        new = plan.filter(pl.col("version") == 1).height
        return Appended(new, plan.height - new, waiting.height - plan.height)

    def _plan(
        self,
        table: str,
        stored: DeltaTable,
        parts: Iterable[tuple[pl.DataFrame, list[str]]],
        channel: str,
        ingested_at: datetime,
        use_stamp: bool,
    ) -> pl.DataFrame:
        """Compare prepared rows with what is stored and return the plan of `append_plan`; keys are held no longer than that."""
        key = list(TABLES[table].key)
        small = pl.concat(identified(*part, key) for part in parts).with_row_index("row")
        newest = self._newest(stored, key, self._gone(table, ingested_at))
        if not newest.is_empty():
            small = small.join(newest, on=key, how="left", nulls_equal=True, maintain_order="left")
        if "old_hash" not in small.columns:
            small = small.with_columns(
                old_hash=pl.lit(None, pl.UInt64),
                old_version=pl.lit(None, pl.Int64),
                old_at=pl.lit(None, UTC_TIME),
                old_gone=pl.lit(False),
            )
        # stored by a clock that was more than a day ahead: it would not be known for long, so it is stored again
        ahead = pl.col("old_at") > ingested_at + timedelta(days=1)
        small = small.with_columns(pl.when(~ahead).then(pl.col(name)).alias(name) for name in ("old_hash", "old_at"))
        small = self._with_reopened(small, table, channel)
        return append_plan(small, key, use_stamp)

    def add_quarantine(self, frame: pl.DataFrame, *, ingested_at: datetime, use_stamp: bool = False) -> int:
        """Append rejected rows (channel, table, source_id, pull_id, rule, field, reason, record) and return how many.

        A source row whose rejection is already known, rule by rule, is not added again; one whose reasons have changed
        is added whole, and its newest state counts. `use_stamp` as in `append`.
        """
        return retried(lambda: self._add_quarantine(frame, ingested_at, use_stamp)) if frame.height else 0

    def _add_quarantine(self, frame: pl.DataFrame, ingested_at: datetime, use_stamp: bool) -> int:
        stored = self._made(QUARANTINE, _QUARANTINE_COLUMNS | {name: HOUSEKEEPING[name] for name in _QUARANTINE_STAMPS})
        rows = frame.select(
            *(text_column(frame, name) for name in _QUARANTINE_COLUMNS),
            (frame["stamp"] if use_stamp and "stamp" in frame.columns else pl.lit(None, UTC_TIME)).alias("stamp"),
        ).unique(subset=["channel", "table", "source_id", "rule", "field"], keep="last", maintain_order=True)
        rows = rows.with_columns(fingerprint(rows, [name for name in _QUARANTINE_COLUMNS if name != "pull_id"]))
        rows = rows.with_columns(
            known_at(pl.col("stamp"), ingested_at).max().over(RECORD).alias("ingested_at"),
            state=pl.col("row_hash").sum().over(RECORD),
        ).drop("stamp")
        later = ingested_at + timedelta(
            days=1
        )  # what another pull stored meanwhile is known; what a clock far ahead stored is not
        known = self._quarantine_states(later)
        if not known.is_empty():
            known = self._still_open(known, later)
            latest = known.group_by(RECORD).agg(
                known_state=pl.col("row_hash").sum(), version=pl.col("version").max(), old_at=pl.col("ingested_at").max()
            )
            rows = rows.join(latest, on=RECORD, how="left", nulls_equal=True, maintain_order="left")
            rows = rows.filter(pl.col("known_state").is_null() | (pl.col("known_state") != pl.col("state")))
            rows = rows.with_columns(pl.max_horizontal("ingested_at", "old_at"))
        else:
            rows = rows.with_columns(version=pl.lit(0, pl.Int64))
        if rows.is_empty():
            return 0
        highest = self._highest_version(QUARANTINE, stored)
        rows = rows.with_columns(version=pl.lit(highest + 1, pl.Int64))
        columns = (*_QUARANTINE_COLUMNS, *(name for name in _QUARANTINE_STAMPS if name != "appended_at"))
        self._commit(QUARANTINE, iter([rows.select(columns)]), ingested_at, stored)
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
        categories: tuple[str, ...] = (),
    ) -> pl.DataFrame:
        """Return the newest version of each key that was known at a moment, sorted by key.

        Args:
            table: Canonical name.
            moment: Aware UTC; rows with `ingested_at` after it do not exist yet.
            columns: Only these columns, in this order; default: canonical, declared, then stamps.
            without: Not these columns, where `columns` does not name what is wanted.
            since: Only rows whose time (`TABLES[table].time`) is not before this moment; rows without time stay.
            categories: Texts that are given as categories, where the table has them.
        """
        shape = TABLES[table]
        stored = self._open(table)
        if stored is None:
            frame = pl.DataFrame(schema={**shape.columns, **STAMPS, **dict.fromkeys(categories, pl.Categorical)})
            return frame.select(columns) if columns else frame.drop(without, strict=False)
        names = stored_names(stored)
        declared = [name for name in names if name not in shape.columns and name not in HOUSEKEEPING]
        wanted = columns or [name for name in (*shape.columns, *declared, *STAMPS) if name not in without]
        needed = dict.fromkeys([*wanted, *shape.key, "ingested_at", "version", *([shape.time] if since else [])])
        absent = [name for name in needed if name not in names and name not in shape.columns]
        if absent:
            raise UserError(
                f"The table {table} has no column {absent[0]}.", hint="Name a canonical column or a declared dimension."
            )
        gone = self._gone(table, moment)
        lazy = self.scan(stored) if gone.is_empty() else with_gone(self.scan(stored), gone).filter(~pl.col("is_gone"))
        # a table that was last written by a version without a canonical column has it without values
        lazy = lazy.select(pl.col(name) if name in names else pl.lit(None, shape.columns[name]).alias(name) for name in needed)
        if not all_known(stored, moment):
            lazy = lazy.filter(pl.col("ingested_at") <= moment)
        fresh = pl.lit(True)
        if since is not None:
            earliest: datetime | date = since.date() if shape.columns[shape.time] == pl.Date else since
            fresh = pl.col(shape.time).is_null() | (pl.col(shape.time) >= earliest)
        key = list(shape.key)
        single = self._highest_version(table, stored) <= 1
        lazy = lazy.filter(fresh) if single else lazy
        ordering = lazy.select({*key, "version", "ingested_at", *([shape.time] if since else [])}).collect()
        order = newest_in_order(ordering, key)
        if since is not None and not single:
            order = order.filter(ordering.select(fresh).to_series().gather(order))
        ordering = ordering.clear()
        frame = ordered_columns(lazy, wanted, order, [name for name in categories if name in names])
        return frame.with_columns(pl.col("row_hash").reinterpret(signed=False)) if "row_hash" in wanted else frame

    def quarantine_as_of(self, moment: datetime) -> pl.DataFrame:
        """Return the rejected rows that no good row had replaced at a moment, with `ingested_at`, sorted.

        A row leaves when its source row was stored as good at the same moment as its rejection or later, and when its file no longer
        holds it.
        """
        columns = [*_QUARANTINE_COLUMNS, "ingested_at"]
        known = self._quarantine_states(moment).filter(pl.col("rule") != WITHDRAWN)
        if known.is_empty():
            return pl.DataFrame(schema={**_QUARANTINE_COLUMNS, "ingested_at": UTC_TIME})
        return self._still_open(known, moment).select(columns).sort([*RECORD, "rule", "field"])

    def known_from(self) -> datetime | None:
        """Return the moment of the lake's first knowledge, or None for an empty lake."""
        moments = [
            moment
            for name in TABLES
            if (stored := self._open(name)) is not None
            for moment in statistics(stored, "min.ingested_at")
        ]
        return min(moments, default=None)

    def rows(self, table: str) -> int:
        """Return the number of row versions in a table."""
        stored = self._open(table)
        return 0 if stored is None else sum(statistics(stored, "num_records"))

    # ---- Inside --------------------------------------------------------------------------------

    def _open(self, table: str) -> DeltaTable | None:
        return opened(f"{self.root}/{table}", self.storage_options)

    def _made(self, table: str, columns: dict[str, Any]) -> DeltaTable:
        """Open a table to write to, or create it; stored hashes are signed."""
        kinds = {name: pl.Int64 if kind == pl.UInt64 else kind for name, kind in columns.items()}
        return opened_or_created(f"{self.root}/{table}", kinds, self.storage_options)

    def scan(self, stored: DeltaTable) -> pl.LazyFrame:
        """Scan a table as it was opened."""
        return scanned(stored, self.storage_options)

    def _highest_version(self, table: str, stored: DeltaTable | None = None) -> int:
        stored = stored or self._open(table)
        return 0 if stored is None else max(statistics(stored, "max.version"), default=0)

    def _newest(self, stored: DeltaTable, key: list[str], gone: pl.DataFrame) -> pl.DataFrame:
        """Key, hash, version and time of the newest version of every key, and whether it is gone."""
        frame = (
            with_gone(self.scan(stored), gone)
            .select(
                *key,
                pl.col("row_hash").reinterpret(signed=False).alias("old_hash"),
                pl.col("version").alias("old_version"),
                pl.col("ingested_at").alias("old_at"),
                pl.col("is_gone").alias("old_gone"),
            )
            .collect()
        )
        return newest_of(frame, key, ["old_version", "old_at"])

    def _with_reopened(self, small: pl.DataFrame, table: str, channel: str) -> pl.DataFrame:
        """Mark rows last seen as rejected or withdrawn: they are stored again even if unchanged, so that they count again."""
        stored = self._open(QUARANTINE) if small["old_at"].null_count() < small.height else None
        if stored is None:  # what was never stored is new anyway
            return small.with_columns(reopened=pl.lit(False))
        rejected = (
            self.scan(stored)
            .filter((pl.col("channel") == channel) & (pl.col("table") == table))
            .group_by("source_id")
            .agg(rejected_at=pl.col("ingested_at").max())
            .collect()
        )
        return (
            small.join(rejected, on="source_id", how="left", maintain_order="left")
            .with_columns(reopened=((pl.col("rejected_at") > pl.col("old_at")) | pl.col("old_gone")).fill_null(False))
            .drop("rejected_at")
        )

    def _gone(self, table: str, moment: datetime) -> pl.DataFrame:
        stored = self._open(QUARANTINE)
        return gone_rows(self.scan(stored), table, moment) if stored is not None else NOTHING_GONE

    def _quarantine_states(self, moment: datetime) -> pl.DataFrame:
        """Newest rejection of each source row at a moment, rule by rule."""
        stored = self._open(QUARANTINE)
        if stored is None:
            return pl.DataFrame(schema={**HOUSEKEEPING, **_QUARANTINE_COLUMNS})
        frame = self.scan(stored).filter(pl.col("ingested_at") <= moment).collect()
        frame = frame.with_columns(pl.col("row_hash").reinterpret(signed=False)).unique(
            [*RECORD, "rule", "field", "version"], maintain_order=True
        )
        return frame.filter(pl.col("version") == pl.col("version").max().over(RECORD))

    def _still_open(self, rejected: pl.DataFrame, moment: datetime) -> pl.DataFrame:
        """Drop the rejections followed by a good row."""
        kept = []
        for (table,), part in rejected.group_by("table", maintain_order=True):
            stored = self._open(str(table)) if table in TABLES else None
            if stored is not None:
                ids = part["source_id"].unique().to_list()
                good = (
                    self.scan(stored)
                    .filter((pl.col("ingested_at") <= moment) & pl.col("source_id").is_in(ids))
                    .group_by("channel", "source_id")
                    .agg(good_at=pl.col("appended_at").max())
                    .collect()
                )
                followed = part.join(good, on=["channel", "source_id"], how="left", maintain_order="left")
                open_still = pl.col("good_at").is_null() | (pl.col("good_at") < pl.col("appended_at"))
                kept.append(followed.filter(open_still).drop("good_at"))
            else:
                kept.append(part)
        return pl.concat(kept)

    def _commit(self, table: str, parts: Iterator[pl.DataFrame], appended_at: datetime, stored: DeltaTable) -> None:
        address = f"{self.root}/{table}"
        commit(address, stored, (stored_form(part, appended_at) for part in parts), self.storage_options)


RECORD = ["channel", "table", "source_id"]
