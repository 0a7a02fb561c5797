"""Identity of a row: its id at the source, its version, and the keyed reference of its customer."""

from __future__ import annotations

import polars as pl

from tasks.collect.mapping.cells import Work, as_text, expression_of, provide, row_digests
from tasks.collect.mapping.columns import canonical_column
from tasks.model.columns.feedback import CHANGING
from tasks.model.tables import TABLES


def customer_references(work: Work, columns: dict[str, pl.Series]) -> pl.Series:
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
        rows = (scopes == scope).arg_true()
        result = result.scatter(rows, work.key.references(values.gather(rows), scope))
    return result.alias("customer_ref")


def source_ids(work: Work, columns: dict[str, pl.Series]) -> pl.Series:
    """Return each row's id at its source; made from the key, or from a hash of the row if the source has no key."""
    spec, table = work.channel.source_id, TABLES[work.channel.table]
    if spec is not None and not spec.digest:
        return canonical_column(work, "source_id", spec, pl.String, {}, required=True)
    if spec is None and table.key != ("record_id",):
        parts = [as_text(columns[name]).fill_null("").alias(name) for name in table.key if name in columns]
        return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator="|")).to_series().alias("source_id")
    names = spec.digest if spec is not None else _lasting(work)
    provide(work, names, "source_id")
    digests = row_digests(work.rows.select(names))
    if work.channel.repeats == "drop":
        return digests
    # rows with equal hashes may differ elsewhere; the whole row orders them, so that numbers do not depend on the file's order
    whole = digests if set(names) == set(work.rows.columns) else row_digests(work.rows.select(sorted(work.rows.columns)))
    numbers = _numbers(work, digests, whole, lasting=spec is None)
    frame = pl.DataFrame({"digest": digests, "whole": whole, "number": numbers})
    text = pl.concat_str(["digest", pl.col("number").cast(pl.String)], separator=".")
    return frame.select(pl.when(pl.col("number") > 0).then(text).otherwise(pl.col("digest"))).to_series()


def _lasting(work: Work) -> list[str]:
    """Return the native columns by which a row without id is known: all but those that only become what changes while a case is handled.

    A later export that overlaps, or a corrected one, then has the same row with another state, and not another row.
    """
    channel = work.channel
    uses: dict[str, set[bool]] = {}
    for name, spec in {**channel.columns, **channel.extras, "stamp": channel.stamp, "version": channel.version}.items():
        if spec is not None:
            texts = [text for text in (spec.sql, *(case.when for case in spec.cases)) if text]
            computed = {root for text in texts for root in expression_of(channel, text).meta.root_names()}
            for column in {*spec.from_, *spec.concat, *spec.digest, *computed}:
                uses.setdefault(column, set()).add(name in CHANGING or name in ("stamp", "version"))
    return sorted(column for column in work.rows.columns if uses.get(column) != {True}) or sorted(work.rows.columns)


def _numbers(work: Work, digests: pl.Series, whole: pl.Series, *, lasting: bool) -> pl.Series:
    """Number the rows of equal digest from 0: a row that stands twice in one file is two, one that stands in two files is one.

    lasting: The digest holds all that lasts, so that rows of two files that differ elsewhere are versions of one.
    """
    files = work.origin.path_numbers()
    rows = pl.DataFrame({"digest": digests, "whole": whole}).with_columns(file=pl.lit(0, pl.UInt32) if files is None else files)
    if lasting:
        ordered = rows.with_row_index("row").sort("file", "digest", "whole", "row")
        return ordered.with_columns(number=pl.int_range(pl.len()).over("file", "digest")).sort("row")["number"]
    rows = rows.with_columns(time=pl.int_range(pl.len()).over("file", "whole"))
    distinct = rows.select("digest", "whole", "time").unique().sort("digest", "whole", "time")
    distinct = distinct.with_columns(number=pl.int_range(pl.len()).over("digest"))
    return rows.join(distinct, on=["digest", "whole", "time"], how="left", maintain_order="left")["number"]


def named(work: Work, source_id: pl.Series) -> pl.Series:
    """Name the rows that lack their id after their content, so that unreadable rows of two files are never taken for one."""
    lacking = source_id.is_null().arg_true()
    if not len(lacking):
        return source_id
    return source_id.scatter(lacking, "row " + row_digests(work.rows.select(sorted(work.rows.columns))[lacking]))


def versions(frame: pl.DataFrame, stamp: pl.Series) -> pl.Series:
    """Return the stamp as text, or a hash of the row's content if there is no stamp."""
    if stamp.null_count() == 0:
        return stamp.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    content = frame.cast({pl.Categorical: pl.String}).hash_rows(seed=0).cast(pl.String)
    return (
        pl.DataFrame({"stamp": stamp, "content": content})
        .select(pl.coalesce(pl.col("stamp").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"), pl.col("content")))
        .to_series()
    )
