"""Rows of the sample shop in each source's own words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from examples.sample_shop.problems import PROBLEMS
from examples.sample_shop.shapes import CODES, SHAPES, Field

ZONE = "Asia/Shanghai"
CLOCK = "%Y-%m-%d %H:%M:%S"


def reason_codes() -> dict[str, tuple[int, str]]:
    """Return the desk's reason codes: the source's own wording → (code, our leaf; empty where it says too little)."""
    codes: dict[str, tuple[int, str]] = {}
    for problem in PROBLEMS:
        if problem.code not in codes:
            vague = problem.code in ("其他", "其他质量", "质量问题")
            codes[problem.code] = (3001 + len(codes), "" if vague else problem.leaf)
    return codes


def native_rows(frame: pl.DataFrame, channel: str) -> pl.DataFrame:
    """Return rows in the source's own words.

    Args:
        frame: Canonical columns with `source_id` and `stamp`.
        channel: A key of SHAPES.

    Returns:
        One column a native field that the frame has a canonical column for, sorted by stamp where there is one.
    """
    if "stamp" in frame.columns:
        frame = frame.sort("stamp", "source_id" if "source_id" in frame.columns else frame.columns[0])
    return frame.select(_written(item).alias(item.native) for item in SHAPES[channel] if item.column in frame.columns)


def _written(item: Field) -> pl.Expr:
    value = pl.col(item.column)
    local = value.dt.convert_time_zone(ZONE) if item.manner in ("time", "iso") else value
    match item.manner:
        case "time":
            return local.dt.strftime(CLOCK)
        case "iso":
            return local.dt.strftime("%Y-%m-%dT%H:%M:%S+08:00")
        case "epoch_ms":
            return value.dt.epoch("ms")
        case "day":
            return value.dt.strftime("%Y/%m/%d")
        case "money":
            return (value.fill_null(0.0) if item.column == "refund_amount" else value).map_batches(_money, return_dtype=pl.String)
        case "yuan":
            return value.map_batches(_yuan, return_dtype=pl.String)
        case "yes_no":
            return (
                value.cast(pl.Int64)
                if not item.native.startswith("是否")
                else value.replace_strict({True: "是", False: "否"}, default=None)
            )
        case "code":
            codes: dict[str, Any] = (
                {key: code for key, (code, _) in reason_codes().items()} if item.codes == "reason_code" else CODES[item.codes]
            )
            whole = all(isinstance(code, int) for code in codes.values())
            if whole and item.codes != "status":
                return value.replace_strict(codes, default=None, return_dtype=pl.Int64)
            if whole:
                return value.replace_strict(codes, default=CODES["status"]["closed"], return_dtype=pl.Int64)
            return value.replace_strict(codes, default=value, return_dtype=pl.String)
    return value


def _money(values: pl.Series) -> pl.Series:
    return pl.Series([None if value is None else f"{value:.2f}" for value in values.to_list()], dtype=pl.String)


def _yuan(values: pl.Series) -> pl.Series:
    return pl.Series(
        [
            None if value is None else f"{value:,.0f}元" if index % 4 else f"{value:.2f}"
            for index, value in enumerate(values.to_list())
        ],
        dtype=pl.String,
    )


def nested(rows: pl.DataFrame) -> pl.Series:
    """Return rows as JSON text; dots in column names nest, and fields without a value are left out, as servers do."""
    body = pl.struct(_nest(list(rows.columns))).struct.json_encode()
    # A quote inside a text is escaped, so only a field's own name can match.
    body = body.str.replace_all(r',"[A-Za-z]+":null', "").str.replace_all(r'"[A-Za-z]+":null,?', "")
    return rows.select(body.alias("body")).to_series()


def _nest(columns: Sequence[str], prefix: str = "") -> list[pl.Expr]:
    parts: dict[str, list[str]] = {}
    for column in columns:
        parts.setdefault(column.removeprefix(prefix).split(".")[0], []).append(column)
    return [
        pl.col(names[0]).alias(head) if names == [prefix + head] else pl.struct(_nest(names, f"{prefix}{head}.")).alias(head)
        for head, names in parts.items()
    ]
