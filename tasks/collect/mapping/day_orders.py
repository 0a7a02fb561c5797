"""Days written as numbers: whether the day or the month comes first, by what the cells of a column can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from tasks.model.columns.column import UTC_TIME

MONTHS = {
    1: ("jan", "januar", "january", "janvier", "enero", "gennaio", "janeiro", "januari", "jän", "jänner", "ene", "gen", "janv"),
    2: ("feb", "februar", "february", "février", "febrero", "febbraio", "fevereiro", "februari", "fév", "févr", "fev"),
    3: ("mar", "märz", "march", "mars", "marzo", "março", "maart", "mär", "mrz", "mrt"),
    4: ("apr", "april", "avril", "abril", "aprile", "avr", "abr"),
    5: ("may", "mai", "mayo", "maggio", "maio", "mei", "mag"),
    6: ("jun", "juni", "june", "juin", "junio", "giugno", "junho", "giu"),
    7: ("jul", "juli", "july", "juillet", "julio", "luglio", "julho", "juil", "lug"),
    8: ("aug", "august", "août", "agosto", "augustus", "ago"),
    9: ("sep", "sept", "september", "septembre", "septiembre", "settembre", "setembro", "set"),
    10: ("oct", "okt", "oktober", "october", "octobre", "octubre", "ottobre", "outubro", "ott", "out"),
    11: ("nov", "november", "novembre", "noviembre", "novembro"),
    12: ("dec", "dez", "dezember", "december", "décembre", "diciembre", "dicembre", "dezembro", "déc", "dic"),
}
_NUMBER_OF = {name: str(number) for number, names in MONTHS.items() for name in names}
_TIME = (
    r"(?:[\sT,]+(?:at\s+|um\s+|à\s+)?(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?\s*(?:Uhr)?\s*([AaPp]\.?\s?[Mm]\.?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_YEAR = r"(\d{4}|\d{2})"
_NUMBERS = rf"^\s*(\d{{1,2}})\s*[-/.]\s*(\d{{1,2}})\s*[-/.]\s*{_YEAR}{_TIME}\s*$"
_WEEKDAY = r"(?:\p{L}{2,10}\.?,?\s+)?"
_DAY_NAME = rf"^\s*{_WEEKDAY}(\d{{1,2}})(?:st|nd|rd|th|º|er|\.)?[\s/-]*(?:de\s+|of\s+)?(\p{{L}}{{3,10}})\.?,?[\s/-]*(?:de\s+)?{_YEAR}{_TIME}\s*$"
_NAME_DAY = rf"^\s*{_WEEKDAY}(\p{{L}}{{3,10}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}{_TIME}\s*$"
_SERIAL = r"^\d{5}(?:\.\d+)?$"
FIRST_SERIAL, LAST_SERIAL = 32_874, 73_415
"""1990-01-01 and 2100-12-31, as Excel counts."""


@dataclass(frozen=True)
class Moments:
    """The moments of a column.

    Args:
        values: UTC; null where a cell is none.
        doubtful: Where a cell can be two moments and the column does not decide.
        told: What was decided by the column, with the row of the cell that decided it or is in doubt: (sentence, row, is a warning).
    """

    values: pl.Series
    doubtful: pl.Series
    told: list[tuple[str, int | None, bool]] = field(default_factory=list)


def groups_of(cells: pl.Series, pattern: str) -> pl.DataFrame:
    """Take cells apart by a pattern, once: the groups as columns by number, or name where they have one."""
    return cells.to_frame("cell").select(pl.col("cell").str.extract_groups(pattern).struct.unnest())


def numeric_days(cells: pl.Series, *, day_first: bool, local: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Read `2/11/2026 3:05 PM` in one order; what is written with stops is always day first.

    Args:
        cells: Text.
        local: Turns a naive moment into UTC.
    """
    first, second = ("1", "2") if day_first else ("2", "1")
    stops = cells.str.contains(r"^\s*\d{1,2}\s*\.\s*\d{1,2}\s*\.")
    day, month = (pl.when(stops).then(pl.col(fixed)).otherwise(pl.col(other)) for fixed, other in (("1", first), ("2", second)))
    return _placed(groups_of(cells, _NUMBERS), month, day, local)


def named_months(cells: pl.Series, *, local: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Read `2 Nov 2026`, `2. März 2026 15:05`, `November 2nd, 2026`, `2 de noviembre de 2026`."""
    names, numbers = pl.Series(list(_NUMBER_OF)), pl.Series(list(_NUMBER_OF.values()))

    def month(name: str) -> pl.Expr:
        return pl.col(name).str.to_lowercase().replace_strict(names, numbers, default=None, return_dtype=pl.String)

    after = _placed(groups_of(cells, _DAY_NAME), month("2"), pl.col("1"), local)
    if not after.null_count():
        return after
    before = _placed(groups_of(cells, _NAME_DAY), month("1"), pl.col("2"), local)
    return pl.select(pl.coalesce(after, before)).to_series()


def serial_days(cell: pl.Expr, *, local: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Read days as Excel counts them since 1899-12-30, with the time as their fraction, within 1990 to 2100."""
    days = pl.when(cell.str.contains(_SERIAL)).then(cell).cast(pl.Float64, strict=False)
    days = pl.when((days >= FIRST_SERIAL) & (days < LAST_SERIAL)).then(days)
    seconds = (days * 86_400).round().cast(pl.Int64)
    return local(pl.datetime(1899, 12, 30, time_unit="us") + pl.duration(seconds=seconds))


def _placed(groups: pl.DataFrame, month: pl.Expr, day: pl.Expr, local: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Put moments together from groups: year in 3, then hour, minute, second, half of the day and zone; UTC."""
    year, hour, minute, second, half, zone = (pl.col(str(index)) for index in range(3, 9))
    number = hour.cast(pl.Int64, strict=False)
    late, early = half.str.contains("[Pp]"), half.str.contains("[Aa]")
    valid = half.is_null() | ((number >= 1) & (number <= 12))
    number = pl.when(late & (number < 12)).then(number + 12).when(early & (number == 12)).then(0).otherwise(number)
    full = pl.when(year.str.len_chars() == 2).then(pl.lit("20") + year).otherwise(year)
    clock = [number.cast(pl.String).fill_null("0"), minute.fill_null("0"), second.fill_null("0")]
    text = pl.concat_str([full, *(item.str.zfill(2) for item in (month, day, *clock))], separator="-")
    moments = groups.select(naive=text.str.to_datetime("%Y-%m-%d-%H-%M-%S", time_unit="us", strict=False), zone=zone, valid=valid)
    naive, zone = pl.col("naive"), pl.col("zone")
    if moments["zone"].null_count() == moments.height:
        return moments.select(pl.when("valid").then(local(naive))).to_series()
    digits = zone.str.replace_all(r"[^\d]", "").str.pad_end(4, "0")
    hours, rest = (digits.str.slice(at, 2).cast(pl.Int64, strict=False).fill_null(0) for at in (0, 2))
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    fixed = (naive - pl.duration(minutes=sign * (hours * 60 + rest))).dt.replace_time_zone("UTC")
    return moments.select(pl.when("valid").then(pl.when(zone.is_null()).then(local(naive)).otherwise(fixed))).to_series()


def decided(
    text: pl.Series, first: pl.Series, second: pl.Series, *, names: tuple[str, str], end: datetime, preferred: bool
) -> Moments:
    """Choose between two readings of a column by the cells that fit only one of them.

    Args:
        text: The cells.
        first, second: Their moments in either order, UTC.
        names: What the orders are called.
        end: End of the window, aware: a reading that lies beyond it is not what was meant.
        preferred: Whether the first order was declared first, so that the other one is worth a warning.
    """
    both = first.is_not_null() & second.is_not_null() & (first != second)
    nowhere = pl.repeat(False, text.len(), dtype=pl.Boolean, eager=True)
    only_first = first.is_not_null() & second.is_null()
    only_second = second.is_not_null() & first.is_null()
    mixed = _merged(first, second)
    if not both.any():
        return Moments(mixed, nowhere)
    row, count = int(both.arg_true()[0]), int(both.sum())
    sentence = f"{count:,} cells fit {names[0]} and {names[1]}"
    if only_first.any() and only_second.any():
        more_second = int(only_second.sum()) > int(only_first.sum())
        chosen, name = (_merged(second, first), names[1]) if more_second else (mixed, names[0])
        return Moments(chosen, both, [(f"{sentence}, and other cells fit only one or only the other; read as {name}", row, True)])
    if only_first.any() or only_second.any():
        way, mask, chosen = (1, only_second, _merged(second, first)) if only_second.any() else (0, only_first, mixed)
        told = (f"{sentence}; read as {names[way]} because of", int(mask.arg_true()[0]), preferred and way == 1)
        return Moments(chosen, nowhere, [told])
    limit = pl.lit(end + timedelta(days=1)).dt.convert_time_zone("UTC")
    late_first, late_second = (
        bool(pl.DataFrame({"moment": series.filter(both)}).select((pl.col("moment") >= limit).any()).item())
        for series in (first, second)
    )
    if late_first != late_second:
        chosen, name = (_merged(second, first), names[1]) if late_first else (mixed, names[0])
        return Moments(
            chosen, nowhere, [(f"{sentence}; read as {name} because the other lies in the future, as would", row, False)]
        )
    return Moments(mixed, both, [(f"{sentence}, and no cell decides; read as {names[0]}", row, True)])


def _merged(preferred: pl.Series, other: pl.Series) -> pl.Series:
    return pl.select(pl.coalesce(preferred, other)).to_series().cast(UTC_TIME)
