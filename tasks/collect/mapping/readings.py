"""Moments in the many ways in which people write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tasks.collect.mapping.day_orders import Moments, decided, groups_of, named_months, numeric_days, serial_days
from tasks.model.columns.column import UTC_TIME

AUTO = ("iso", "half_day", "minguo", "numeric", "named_month", "serial")
"""What `auto` tries, in this order."""

_DATE = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
_CLOCK = r"(\d{1,2})\s*[:：点时]\s*(\d{1,2})?分?(?:[:：]?(\d{1,2})(?:[.,](\d{1,9}))?秒?)?"
_ISO = rf"^\s*{_DATE}(?:[T\s]*{_CLOCK})?\s*(Z|z|UTC|[+-]\d{{2}}:?\d{{2}})?\s*$"
_USUAL = r"^\d{4}-\d\d-\d\d \d\d:\d\d:[0-5]\d$"
_PART = r"凌晨|早上|上午|中午|下午|傍晚|晚上|[AaPp]\.?[Mm]\.?"
_HALF = rf"^\s*{_DATE}\s*(?:(?P<half>{_PART})?\s*{_CLOCK}\s*(?P<after>[AaPp]\.?[Mm]\.?)?)?\s*$"
_MINGUO = (
    r"^\s*(?:(?:中[华華])?民[国國]\s*(?P<era>\d{1,3})|(1\d\d))\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\s*"
    rf"(?:(?P<half>{_PART})?\s*{_CLOCK}\s*(?P<after>[AaPp]\.?[Mm]\.?)?)?\s*$"
)
BEFORE_MINGUO = 1911
"""The year before the first of the calendar by which Taiwan's offices and shops count: 115/11/3 is 2026-11-03."""
_MONTH_DAY = rf"^\s*(\d{{1,2}})\s*[-/.月]\s*(\d{{1,2}})\s*日?(?:\s*{_CLOCK})?\s*$"


def read_times(text: pl.Series, forms: Sequence[str], zone: str, end: Any) -> Moments:
    """Read moments in the first form that fits; a time without zone is in `zone`; the result is UTC.

    Those in the most common form are read all at once, and only the rest by patterns. Where two forms differ only in the order of
    day and month, the cells of the column decide between them.

    Args:
        text: Cells.
        forms: As in `Column.dates`.
        zone: IANA name.
        end: End of the window, aware: a day without year lies in the year before it.
    """
    forms = list(dict.fromkeys(part for form in forms for part in (AUTO if form == "auto" else (form,))))
    plain = pl.repeat(None, text.len(), dtype=UTC_TIME, eager=True)
    if forms and forms[0] == "iso":
        cell = pl.col("cell")
        usual = pl.when(cell.str.contains(_USUAL)).then(cell).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
        naive = text.to_frame("cell").select(usual.alias("cell"))
        plain = naive.select(local_moment(cell, zone)).to_series().cast(UTC_TIME)
    nowhere = pl.repeat(False, text.len(), dtype=pl.Boolean, eager=True)
    left = (plain.is_null() & text.is_not_null()).arg_true()
    if left.is_empty():
        return Moments(plain, nowhere)
    found = _in_order(text.gather(left), forms, zone, end)
    told = [(sentence, None if row is None else int(left[row]), warns) for sentence, row, warns in found.told]
    return Moments(plain.scatter(left, found.values.cast(UTC_TIME)), nowhere.scatter(left, found.doubtful), told)


def _in_order(text: pl.Series, forms: list[str], zone: str, end: Any) -> Moments:
    """Read each cell in the first form that fits; forms that are each other's mirror are read together."""
    values = pl.repeat(None, text.len(), dtype=UTC_TIME, eager=True)
    doubtful = pl.repeat(False, text.len(), dtype=pl.Boolean, eager=True)
    told: list[tuple[str, int | None, bool]] = []
    done: set[str] = set()
    for form in forms:
        if form in done:
            continue
        rest = (values.is_null() & text.is_not_null()).arg_true()
        if rest.is_empty():
            break
        cells = text.gather(rest)
        mirror = _mirrored(form)
        if form == "numeric" or mirror in forms:
            if form == "numeric":
                pair = ("month_first", "day_first") if zone.startswith(("America/", "US/")) else ("day_first", "month_first")
            else:
                pair = (form, mirror)
            done.add(pair[1])
            first, second = (_read(cells, each, zone, end) for each in pair)
            found = decided(cells, first, second, names=pair, end=end, preferred=form != "numeric")
            told += [(sentence, None if row is None else int(rest[row]), warns) for sentence, row, warns in found.told]
            doubtful = doubtful.scatter(rest, found.doubtful)
            values = values.scatter(rest, found.values)
        else:
            values = values.scatter(rest, _read(cells, form, zone, end))
    return Moments(values, doubtful, told)


def _read(cells: pl.Series, form: str, zone: str, end: Any) -> pl.Series:
    """Read cells in one form; where they repeat, each text once."""
    distinct = cells.unique()
    if 2 * distinct.len() > cells.len():
        return _moments(cells, form, zone, end).cast(UTC_TIME)
    found = pl.DataFrame({"cell": distinct, "moment": _moments(distinct, form, zone, end).cast(UTC_TIME)})
    return cells.to_frame("cell").join(found, on="cell", how="left", nulls_equal=True, maintain_order="left")["moment"]


def _moments(cells: pl.Series, form: str, zone: str, end: Any) -> pl.Series:
    def local(naive: pl.Expr) -> pl.Expr:
        return local_moment(naive, zone)

    if form in ("day_first", "month_first"):
        return numeric_days(cells, day_first=form == "day_first", local=local)
    if form == "named_month":
        return named_months(cells, local=local)
    pattern = _PATTERNS.get(form)
    if pattern is not None:
        return groups_of(cells, pattern[0]).select(pattern[1](zone, end)).to_series()
    return cells.to_frame("cell").select(_time(pl.col("cell"), form, zone)).to_series()


def _mirrored(form: str) -> str:
    """Return a form with day and month exchanged."""
    if form in ("day_first", "month_first"):
        return "month_first" if form == "day_first" else "day_first"
    if "%d" not in form or "%m" not in form:
        return ""
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def _time(cell: pl.Expr, form: str, zone: str) -> pl.Expr:
    if form in ("epoch_s", "epoch_ms"):
        scale = 1_000_000 if form == "epoch_s" else 1_000
        ticks = (cell.cast(pl.Float64, strict=False) * scale).round().cast(pl.Int64, strict=False)
        return ticks.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if form == "serial":
        return serial_days(cell, local=lambda naive: local_moment(naive, zone))
    if "%z" in form or "%Z" in form:
        return cell.str.to_datetime(form, time_unit="us", strict=False, time_zone="UTC")
    if any(mark in form for mark in ("%H", "%I", "%T", "%R", "%s")):
        return local_moment(cell.str.to_datetime(form, time_unit="us", strict=False), zone)
    return local_moment(cell.str.to_date(form, strict=False).cast(pl.Datetime("us")), zone)


def _iso(zone: str, _: Any) -> pl.Expr:
    naive = _moment([pl.col(str(index)) for index in range(1, 8)])
    offset = pl.col("8")
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    digits = offset.str.replace_all(r"[^\d]", "")
    hours, rest = (digits.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (0, 2))
    minutes = sign * (hours * 60 + rest)
    fixed = (naive - pl.duration(minutes=minutes.fill_null(0))).dt.replace_time_zone("UTC")
    return pl.when(offset.is_null()).then(local_moment(naive, zone)).otherwise(fixed)


def _half_day(zone: str, _: Any) -> pl.Expr:
    return _of_half_days([pl.col(name) for name in ("1", "2", "3", "5", "6", "7", "8")], zone)


def _minguo(zone: str, _: Any) -> pl.Expr:
    year = (pl.coalesce("era", "2").cast(pl.Int64, strict=False) + BEFORE_MINGUO).cast(pl.String)
    return _of_half_days([year, *(pl.col(name) for name in ("3", "4", "6", "7", "8", "9"))], zone)


def _of_half_days(parts: list[pl.Expr], zone: str) -> pl.Expr:
    """Combine year, month, day, hour, minute, second and fraction with the half of the day that stands before or after the hour."""
    year, month, day, clock, minute, second, fraction = parts
    half = pl.coalesce("half", "after")
    hour = clock.cast(pl.Int64, strict=False)
    late = half.str.contains("下午|傍晚|晚上|[Pp]") | ((half == "中午") & (hour < 3))
    early = half.str.contains("凌晨|早上|上午|[Aa]")
    full = pl.when(late & (hour < 12)).then(hour + 12).when(early & (hour == 12)).then(0).otherwise(hour).cast(pl.String)
    return local_moment(_moment([year, month, day, full, minute, second, fraction]), zone)


def _month_day(zone: str, end: Any) -> pl.Expr:
    local = end.astimezone(ZoneInfo(zone))
    this, last = (
        local_moment(_moment([pl.lit(str(year)), *(pl.col(str(index)) for index in range(1, 7))]), zone)
        for year in (local.year, local.year - 1)
    )
    return pl.when(this < pl.lit(end + timedelta(days=1)).dt.convert_time_zone("UTC")).then(this).otherwise(last)


_PATTERNS: dict[str, tuple[str, Callable[[str, Any], pl.Expr]]] = {
    "iso": (_ISO, _iso),
    "half_day": (_HALF, _half_day),
    "minguo": (_MINGUO, _minguo),
    "month_day": (_MONTH_DAY, _month_day),
}
"""Form → its pattern, and what makes moments of the pattern's groups, of a zone and the window's end."""


def _moment(parts: list[pl.Expr]) -> pl.Expr:
    """Combine year, month, day, hour, minute, second and fraction (text, maybe null); impossible dates are null."""
    year, month, day, *clock = parts
    hour, minute, second = (item.fill_null("0").str.zfill(2) for item in clock[:3])
    fraction = clock[3].fill_null("0").str.pad_end(6, "0").str.slice(0, 6)
    text = pl.concat_str(
        [year, month.str.zfill(2), day.str.zfill(2), hour, minute, second, fraction],
        separator="-",
    )
    return text.str.to_datetime("%Y-%m-%d-%H-%M-%S-%6f", time_unit="us", strict=False)


def local_moment(naive: pl.Expr, zone: str) -> pl.Expr:
    """Place a local time in its zone; a time that the clocks skipped (midnight, in some zones) moves one hour later."""
    placed = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = naive.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(placed, later).dt.convert_time_zone("UTC")
