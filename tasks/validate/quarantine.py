"""The quarantine: rows that break a row rule go into it, the others pass with their flags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.rules import Given, Rule
from expectations.suites import suite
from tasks.errors import UserError
from tasks.model.rows import QUARANTINE_SCHEMA, CheckedRows, RuleResult
from tasks.model.tables import TABLES
from tasks.model.waiting_rows import WaitingRows

if TYPE_CHECKING:
    from tasks.shop.load import Shop
from tasks.shop.names import HOUSE_LANGUAGE, text_in

SEPARATOR = "\x1f"


def judge(
    table: str,
    frame: pl.DataFrame,
    shop: Shop | None,
    *,
    now: datetime,
    known: Mapping[str, frozenset[str] | set[str]] | None = None,
    channel: str = "",
    pull_id: str = "",
    language: str = HOUSE_LANGUAGE,
    confirm: bool = True,
) -> CheckedRows:
    """Judge the rows of one pull by the rules of their table.

    Args:
        table: Name of a canonical table.
        frame: Rows in its columns and further ones; a missing column counts as empty.
        shop: The shop, for its currency; None for the default.
        now: The moment of the pull, aware UTC.
        known: Codes that exist elsewhere, by name (`sku`, `issue`); rules without their codes are left out.
        channel: The source's channel, where the frame has no such column.
        pull_id: Id of the pull, where the frame has no such column.
        language: Language of the reasons in the quarantine.
        confirm: Let Great Expectations count the failures too.

    Raises:
        UserError: If a column's type cannot hold the table's values, or the two counts of a rule differ.
    """
    pull = Pulled(WaitingRows(frame), channel, pull_id)
    return judge_together(table, [pull], shop, now=now, known=known, language=language, confirm=confirm)[0]


@dataclass(frozen=True)
class Pulled:
    """Rows of one pull, with its channel and id in case they have no such columns; judging takes the rows away."""

    rows: WaitingRows
    channel: str = ""
    pull_id: str = ""


def judge_together(
    table: str,
    pulls: list[Pulled],
    shop: Shop | None,
    *,
    now: datetime,
    known: Mapping[str, frozenset[str] | set[str]] | None = None,
    language: str = HOUSE_LANGUAGE,
    confirm: bool = True,
) -> list[CheckedRows]:
    """Judge several pulls of one table, each by itself, with one count by Great Expectations over all their rows.

    Its cost is per expectation, not per row, so one count of ten pulls costs a tenth of ten counts. Arguments and errors as in
    `judge`.
    """
    given = Given(
        now=now,
        currency=shop.identity.currency if shop else "CNY",
        rated=shop.exchange_rates.convertible(shop.identity.currency) if shop else frozenset(),
        known={name: frozenset(codes) for name, codes in (known or {}).items()},
    )
    rules = suite(table, given)
    frames = [pull.rows.look() for pull in pulls]
    completions = [_completions(table, frame) for frame in frames]
    frames = [frame.with_columns(columns) for frame, columns in zip(frames, completions, strict=True)]
    wides = [with_derived(frame, rules) for frame in frames]
    masks = [
        wide.select(rule.definition.failing().alias(rule.name) for rule in rules).collect(engine="streaming") for wide in wides
    ]
    failed = [
        dict(zip(mask.columns, mask.sum().row(0), strict=True)) if mask.height else dict.fromkeys(mask.columns, 0)
        for mask in masks
    ]
    filled = [wide for wide, mask in zip(wides, masks, strict=True) if mask.height]
    counts = _confirmed(filled, rules, failed) if confirm and filled else {}
    del wides, filled
    return [
        _parted(table, pull, frames.pop(0), columns, mask, fails, rules, counts, language)
        for pull, columns, mask, fails in zip(pulls, completions, masks, failed, strict=True)
    ]


def _confirmed(wides: list[pl.LazyFrame], rules: list[Rule], failed: list[dict[str, int]]) -> dict[str, int]:
    """Let Great Expectations count the failures of every rule over all pulls."""
    from tasks.validate.gx_count import counted_by_gx

    names = sorted({name for rule in rules for name in _read_by(rule)})
    counts = counted_by_gx(pl.concat([wide.select(names) for wide in wides], how="vertical_relaxed"), rules)
    for rule in rules:
        masked = sum(fails[rule.name] for fails in failed)
        if counts[rule.name] != masked:
            raise UserError(
                f"The rule {rule.name} counts {masked} rows by its mask, {counts[rule.name]} by its expectation.",
                hint="The mask and the expectation disagree: correct the rule's kind in expectations/rules.py.",
            )
    return counts


def _read_by(rule: Rule) -> list[str]:
    """Return the columns that a rule's expectation reads."""
    _, arguments = rule.definition.expectation()
    return [arguments[name] for name in ("column", "column_A", "column_B") if name in arguments]


def _parted(
    table: str,
    pull: Pulled,
    frame: pl.DataFrame,
    completions: list[pl.Series],
    masks: pl.DataFrame,
    failed: dict[str, int],
    rules: list[Rule],
    counts: dict[str, int],
    language: str,
) -> CheckedRows:
    """Split a pull's rows into good ones, which wait on with their flags, and the quarantine."""
    read = frame.height
    row_rules = [rule for rule in rules if rule.level == "row"]
    flag_rules = [rule for rule in rules if rule.level == "flag" and failed[rule.name]]
    good = pl.repeat(True, read, eager=True)
    rejected = pl.DataFrame(schema=QUARANTINE_SCHEMA)
    if any(failed[rule.name] for rule in row_rules):
        bad = masks.select(pl.any_horizontal([rule.name for rule in row_rules])).to_series()
        rejected = _quarantined(frame.filter(bad), masks.filter(bad), row_rules, table, pull, language)
        good = ~bad
    own = frame["flags"].filter(good)
    del frame  # waits where the pull waits, and need not be here a second time
    marks, flags = _flagged(own, masks.filter(good), flag_rules)
    columns = [column.filter(good) for column in completions if column.name != "flags"]
    return CheckedRows(
        rows=pull.rows.amended(good, pl.DataFrame([*columns, marks])),
        quarantine=rejected,
        flags=flags,
        results=tuple(RuleResult(rule.name, rule.level, read, failed[rule.name], counts.get(rule.name)) for rule in rules),
    )


def with_derived(frame: pl.DataFrame, rules: list[Rule]) -> pl.LazyFrame:
    """Return the frame with the columns that its rules compute first, computed piece by piece at each reading.

    Only what needs all rows at once is computed now: about twenty such columns of millions of rows would take as much memory as
    the rows themselves.
    """
    derived = {name: derive(frame) for rule in rules for name, derive in rule.derived.items()}
    whole = [column.alias(name) for name, column in derived.items() if isinstance(column, pl.Series)]
    later = [column.alias(name) for name, column in derived.items() if isinstance(column, pl.Expr)]
    return frame.lazy().cast({pl.Categorical: pl.String}).with_columns(whole).with_columns(later)


def _completions(table: str, frame: pl.DataFrame) -> list[pl.Series]:
    """Return what makes a frame complete: each column of its table that is missing or of another type; NaN becomes null.

    Raises:
        UserError: If a column holds values that its type cannot.
    """
    columns: list[pl.Series] = []
    for name, kind in TABLES[table].columns.items():
        if name not in frame.columns:
            columns.append(pl.Series(name, [None], dtype=kind).new_from_index(0, frame.height))
        elif frame.schema[name] == pl.Categorical and kind == pl.String:
            continue  # read as texts only piece by piece
        elif frame.schema[name] != kind:
            columns.append(_cast(table, frame[name], kind))
        elif kind == pl.Float64 and frame[name].is_nan().any():
            columns.append(frame[name].fill_nan(None))
    if "flags" not in frame.columns:
        columns.append(pl.Series("flags", [[]], dtype=pl.List(pl.String)).new_from_index(0, frame.height))
    return columns


def _cast(table: str, column: pl.Series, kind: Any) -> pl.Series:
    try:
        cast = column.cast(kind)
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"The column {column.name} of {table} arrived as {column.dtype}, which does not fit {kind}.",
            hint="Correct this column's mapping in channels.yaml.",
        ) from error
    return cast.fill_nan(None) if kind == pl.Float64 else cast


def _flagged(flags: pl.Series, masks: pl.DataFrame, rules: list[Rule]) -> tuple[pl.Series, dict[str, int]]:
    """Append the names of the failing flag rules to the rows' flags, in the rules' order, and count the rows of each flag.

    Rows have few different sets of flags, so a list is made for each set and not for each row.
    """
    present = [rule.name for rule in rules if masks[rule.name].any()]
    bits = (pl.col(name).cast(pl.Int64) * 2**bit for bit, name in enumerate(present))
    own = flags.fill_null([]).list.join(SEPARATOR).alias("own")
    rows = masks.with_columns(own).select("own", pl.sum_horizontal(pl.lit(0, dtype=pl.Int64), *bits).alias("code"))
    sets = rows.group_by("own", "code", maintain_order=True).len()
    lists = [
        [*(own.split(SEPARATOR) if own else []), *(name for bit, name in enumerate(present) if code >> bit & 1)]
        for own, code, _ in sets.iter_rows()
    ]
    counts: dict[str, int] = {}
    for marks, number in zip(lists, sets["len"], strict=True):
        for mark in marks:
            counts[mark] = counts.get(mark, 0) + number
    sets = sets.with_columns(pl.Series("flags", lists, dtype=pl.List(pl.String)))
    return rows.join(sets, on=["own", "code"], how="left", maintain_order="left")["flags"], dict(sorted(counts.items()))


def _quarantined(
    bad: pl.DataFrame, masks: pl.DataFrame, rules: list[Rule], table: str, pull: Pulled, language: str
) -> pl.DataFrame:
    """Return for each rejected row the first failing rule with its reason, all failing rules, and the row itself."""
    if not bad.height:
        return pl.DataFrame(schema=QUARANTINE_SCHEMA)
    names = [rule.name for rule in rules]
    failing = masks.select(
        pl.concat_list(pl.when(pl.col(name)).then(pl.lit(name)) for name in names).list.drop_nulls().alias("rules")
    )
    first = failing["rules"].list.first()
    identity = {"channel": pull.channel, "pull_id": pull.pull_id, "source_id": None}
    own = [
        bad[name] if name in bad.columns else pl.Series(name, [value], dtype=pl.String).new_from_index(0, bad.height)
        for name, value in identity.items()
    ]
    return pl.DataFrame(
        [
            *own,
            failing["rules"],
            first.alias("rule"),
            first.replace_strict(names, [", ".join(rule.fields) for rule in rules], return_dtype=pl.String).alias("field"),
            first.replace_strict(names, [text_in(rule.reason, language) for rule in rules], return_dtype=pl.String).alias(
                "reason"
            ),
            pl.Series("table", [table], dtype=pl.String).new_from_index(0, bad.height),
            _as_json(bad),
        ]
    ).select(list(QUARANTINE_SCHEMA))


def _as_json(frame: pl.DataFrame) -> pl.Series:
    rows = ({key: value for key, value in row.items() if value is not None} for row in frame.iter_rows(named=True))
    return pl.Series(
        "record", [json.dumps(row, ensure_ascii=False, default=str, sort_keys=True) for row in rows], dtype=pl.String
    )
