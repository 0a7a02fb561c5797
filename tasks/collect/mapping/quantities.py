"""Quantities in the many ways in which people and programs write them, read by the evidence of the whole column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

Decimal = Literal["auto", "point", "comma"]

_GAP = "[ '’`´]"
"""What separates thousands without being a decimal sign; NFKC has made every kind of narrow or fixed space a plain one."""
_CELL = (
    rf"^(?P<before>[^\d]{{0,12}}?)(?P<core>\d(?:[\d.,]|{_GAP}\d)*\d|\d|[.,]\d+)"
    r"(?P<dash>[.,]\s?[-–—]{1,2})?(?P<after>[^\d]{0,12})$"
)
_ABBREVIATION = r"^(\s*[-+(]?\s*[A-Za-z]{1,3})\.\s*"
"""`Rs. 500`, `Fr.12.50`: the stop belongs to the word."""
_OPEN = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
"""A plain number that may as well be thousands: 1.000."""


@dataclass(frozen=True)
class Quantities:
    """The numbers of a column.

    Args:
        values: Float64; null where a cell is no number.
        doubtful: Where a cell can be read in two ways and no other cell of the column decides.
        readings: What was understood beyond plain digits → number of cells.
        by_column: Whether a cell was read by what the others look like.
    """

    values: pl.Series
    doubtful: pl.Series
    readings: dict[str, int] = field(default_factory=dict)
    by_column: bool = False


def read_numbers(text: pl.Series, decimal: Decimal = "auto") -> Quantities:
    """Read numbers: `1,499元`, `€ 29,90`, `1.234,56`, `(15,00)`, `15.00-`, `1 299,-`, `1.2万`, `12 %` (which is 0.12).

    A sign that stands once before exactly three digits (`1.000`, `3,000`) separates decimals or thousands. Cells that leave no
    doubt decide it for their column; where there are none, a comma separates thousands and a point is doubtful; where cells
    contradict each other, the more frequent way is taken and the cell is doubtful.

    Args:
        text: Cells, stripped; null for empty ones.
        decimal: The decimal sign, where it is known.
    """
    plain = text.cast(pl.Float64, strict=False)
    plain = pl.select(pl.when(plain.is_finite()).then(plain)).to_series()
    unsure = text.str.contains(_OPEN).fill_null(False) if decimal != "point" else pl.repeat(False, text.len(), eager=True)
    nowhere = pl.repeat(False, text.len(), dtype=pl.Boolean, eager=True)
    written = (plain.is_null() & text.is_not_null()) | unsure
    if not written.any():
        return Quantities(plain, nowhere)
    rows = written.arg_true()
    cells = _parts(text.gather(rows))
    commas, points = int(cells["comma"].sum()), int(cells["point"].sum())
    if cells["open"].any():
        points += int((text.str.contains(".", literal=True) & plain.is_not_null() & ~unsure).sum())
    cells = _decided(cells, decimal, commas, points)
    values = plain.scatter(rows, cells["value"])
    doubtful = nowhere.scatter(rows, cells["doubtful"] & cells["value"].is_not_null())
    readings = {
        name: count
        for name in ("decimal comma", "thousands separator", "minus in brackets or at the end", "percent sign")
        if (count := int((cells[name] & cells["value"].is_not_null()).sum()))
    }
    return Quantities(values, doubtful, readings, bool(cells["open"].any()))


def _parts(text: pl.Series) -> pl.DataFrame:
    """Take cells apart, and tell what each shows about the decimal sign by itself."""
    cell = pl.col("cell").str.normalize("NFKC").str.replace_all("[−﹣]", "-").str.replace(_ABBREVIATION, "${1} ")
    frame = text.to_frame("cell").select(cell.str.strip_chars().str.extract_groups(_CELL).struct.unnest())
    core, before, after = pl.col("core"), pl.col("before"), pl.col("after").fill_null("").str.strip_chars()
    frame = frame.with_columns(
        core=pl.when(core.str.contains(rf"^\d{{1,3}}({_GAP}\d{{3}})+([.,]\d+)?$") | ~core.str.contains(_GAP)).then(
            core.str.replace_all(_GAP, "")
        ),
        gaps=core.str.contains(_GAP),
        bracket=before.str.contains(r"\(") & after.str.contains(r"\)"),
        after=after,
    )
    core, dash = pl.col("core"), pl.col("dash").fill_null("")
    shape = [
        ("whole", core.str.contains(r"^\d+$")),
        ("point_last", core.str.contains(r"^(\d{1,3}(,\d{2,3})*,\d{3}|\d*)\.\d+$")),
        ("comma_last", core.str.contains(r"^(\d{1,3}(\.\d{3})+|\d*),\d+$")),
        ("comma_groups", core.str.contains(r"^\d{1,3}(,\d{2,3})+,\d{3}$")),
        ("point_groups", core.str.contains(r"^\d{1,3}(\.\d{3}){2,}$")),
    ]
    frame = frame.with_columns(condition.fill_null(False).alias(name) for name, condition in shape)
    either = core.str.contains(r"^[1-9]\d{0,2}[.,]\d{3}$").fill_null(False) & ~pl.col("gaps")
    comma_dash, point_dash = dash.str.starts_with(","), dash.str.starts_with(".")
    frame = frame.with_columns(open=either & (dash == ""))
    sure = ~pl.col("open")
    return frame.with_columns(
        comma=(sure & (pl.col("comma_last") | pl.col("point_groups")) & ~point_dash | comma_dash).fill_null(False),
        point=(sure & (pl.col("point_last") | pl.col("comma_groups")) & ~comma_dash | point_dash).fill_null(False),
        dashed=dash != "",
    )


def _decided(cells: pl.DataFrame, decimal: Decimal, commas: int, points: int) -> pl.DataFrame:
    """Add the value of each cell, whether it is doubtful, and how it was read."""
    known = decimal != "auto"
    way = decimal if known else "comma" if commas > points else "point"
    contested = not known and commas > 0 and points > 0
    no_evidence = not known and commas == 0 and points == 0
    core, has_comma = pl.col("core"), pl.col("core").str.contains(",", literal=True)
    by_comma = (
        pl.when("open")
        .then(pl.lit(way == "comma"))
        .when("dashed")
        .then(pl.col("comma"))
        .otherwise(pl.col("comma_last") | pl.col("point_groups"))
    )
    if no_evidence:  # `1.000` alone is left as it is written; `1,000` is what everybody types for a thousand
        by_comma = pl.when("open").then(pl.lit(False)).otherwise(by_comma)
    fits = pl.any_horizontal("whole", "point_last", "comma_last", "comma_groups", "point_groups", "open")
    digits = (
        pl.when(by_comma)
        .then(core.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .otherwise(core.str.replace_all(",", "", literal=True))
    )
    only_groups = pl.col("dashed") & core.str.contains(r"^\d{1,3}([.,]\d{3})+$")
    digits = pl.when(only_groups).then(core.str.replace_all("[.,]", "")).otherwise(digits)
    after, before = pl.col("after"), pl.col("before").fill_null("")
    scale = (
        pl.when(after.str.starts_with("万") | after.str.contains(r"^[wW]$"))
        .then(1e4)
        .when(after.str.starts_with("亿"))
        .then(1e8)
        .when(after.str.starts_with("千") & ~after.str.contains("^千[克米瓦]") | after.str.contains(r"^[kK](?:\s|[€$£¥]|$)"))
        .then(1e3)
        .when(after.str.starts_with("%"))
        .then(0.01)
        .otherwise(1.0)
    )
    at_end = after.str.contains(r"^-\s*[^\s-]{0,4}$") & ~pl.col("dashed")
    minus = before.str.contains("[-负]") | pl.col("bracket") | at_end
    value = digits.cast(pl.Float64, strict=False) * scale * pl.when(minus).then(-1.0).otherwise(1.0)
    point_open = pl.col("open") & ~has_comma
    against = pl.lit(known) & ~pl.col("open") & (pl.col("comma") if decimal == "point" else pl.col("point"))
    return cells.with_columns(
        pl.when(fits).then(value.round(9)).alias("value"),
        doubtful=((pl.col("open") & pl.lit(contested)) | (point_open & pl.lit(no_evidence)) | against).fill_null(False),
    ).with_columns(
        (by_comma & has_comma).fill_null(False).alias("decimal comma"),
        (pl.col("gaps") | pl.col("comma_groups") | pl.col("point_groups") | only_groups)
        .fill_null(False)
        .alias("thousands separator"),
        (pl.col("bracket") | at_end).fill_null(False).alias("minus in brackets or at the end"),
        after.str.starts_with("%").fill_null(False).alias("percent sign"),
    )
