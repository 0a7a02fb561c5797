"""What the cells of a column show by themselves, whatever its heading says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from tasks.collect.mapping.quantities import read_numbers
from tasks.collect.mapping.readings import AUTO, read_times

ROWS = 2_000
"""Rows of a sample whose cells are looked at."""
NULLS = ("", "/", "-", "无", "nan", "NaN", "null", "NULL", "None", "N/A")
_MAIL = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
_CLOCK = r"^(上午|下午|[AaPp][Mm])?\s*([01]?\d|2[0-3])[:：][0-5]\d([:：][0-5]\d)?\s*([AaPp]\.?[Mm]\.?)?$"
_NUMERIC = r"^\s*\d{1,2}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d"
_CUE = r"\d.*[-/.:年月日 ].*\d|^\d{5}(\.\d+)?$|^\d{10}$|^\d{13}$"
ORDERS = ("day_first", "month_first")
"""Forms of a date in numbers; without evidence the first is taken."""
REST = ("iso", "half_day")
"""Forms that stand beside one order of numbers; the other order is then never read by itself."""


@dataclass(frozen=True)
class TimeCells:
    """How the cells of a column are read as moments.

    forms: As in `dates` of a channel; empty where the forms that are tried by themselves suffice.
    read: Share of the filled cells that are read.
    order: `day_first` or `month_first` where days and months are numbers and one comes first; empty otherwise.
    doubtful: A cell that the other order would read as another day, where no cell of the column decides.
    """

    forms: tuple[str, ...] = ()
    read: float = 0.0
    order: str = ""
    doubtful: str = ""


@dataclass(frozen=True)
class ColumnEvidence:
    """What the cells of one column show.

    rows, filled, distinct: Rows of the sample, those with a cell, and different cells.
    moments: As moments.
    numbers, mails, whole: Shares of the filled cells that are numbers, mail addresses and whole numbers.
    days, clocks: Whether all filled cells are days without a time, or times of day without a day.
    zeros: A number that stands among the cells with and without leading zeros: short and whole.
    length: Mean length of a cell.
    spaced: Share of the cells that are several words or a Chinese sentence.
    """

    heading: str
    rows: int
    filled: int
    distinct: int
    moments: TimeCells
    numbers: float
    mails: float
    whole: float
    length: float
    spaced: float
    zeros: tuple[str, str] = ("", "")
    days: bool = False
    clocks: bool = False

    @property
    def unique(self) -> bool:
        """Whether every row has a cell of its own."""
        return 0 < self.rows == self.filled == self.distinct


def column_evidence(heading: str, column: pl.Series, *, zone: str, now: datetime) -> ColumnEvidence:
    """Look at the cells of a column.

    Args:
        heading: Its name at the source.
        column: Its cells.
        zone: Zone of times without one.
        now: No moment of a source is much later.
    """
    text = column.head(ROWS).cast(pl.String, strict=False).str.strip_chars()
    cells = text.filter(text.is_not_null() & ~text.is_in(NULLS))
    filled = cells.len()
    if not filled:
        return ColumnEvidence(heading, text.len(), 0, 0, TimeCells(), 0, 0, 0, 0, 0)
    return ColumnEvidence(
        heading=heading,
        rows=text.len(),
        filled=filled,
        distinct=cells.n_unique(),
        moments=moments_of(cells, zone, now),
        numbers=1 - read_numbers(cells).values.null_count() / filled,
        mails=_share(cells.str.contains(_MAIL)),
        whole=_share(cells.str.contains(r"^\d+$")),
        length=float(cells.str.len_chars().mean() or 0),  # type: ignore[arg-type]
        spaced=_share(cells.str.contains(r"\S+\s+\S+\s+\S+|[\u4e00-\u9fff]{5}")),
        zeros=_zeros(cells),
        days=not cells.str.contains(r"\d\s*[:：点时]\s*\d|^\d+(\.\d+)?$").any(),
        clocks=bool(cells.str.contains(_CLOCK).all()),
    )


def moments_of(cells: pl.Series, zone: str, now: datetime) -> TimeCells:
    """Find the forms in which cells are moments; where days and months may be exchanged, the cells decide or a doubt stays.

    Args:
        cells: Filled cells.
        zone: Zone of times without one.
        now: A reading that lies later is the wrong one.
    """
    texts = cells.unique(maintain_order=True).head(400)
    if not _share(texts.str.contains(_CUE)):
        return TimeCells()
    for form, pattern in (("epoch_s", r"^1\d{9}(\.\d+)?$"), ("epoch_ms", r"^1\d{12}$")):
        if texts.str.contains(pattern).all():
            return TimeCells((form,), 1.0)
    if not texts.str.contains(_NUMERIC).any():
        return TimeCells((), _read(texts, AUTO, zone, now))
    rivals = [TimeCells((order, *REST), _read(texts, (order, *REST), zone, now), order) for order in ORDERS]
    if rivals[0].read != rivals[1].read:
        return max(rivals, key=lambda one: one.read)
    return _ordered(cells, rivals, zone, now)


def _ordered(cells: pl.Series, rivals: list[TimeCells], zone: str, now: datetime) -> TimeCells:
    """Choose between two orders that both read every cell: exports are sorted and lie in the past; else the doubt stays."""
    readings = [read_times(cells, one.forms, zone, now).values for one in rivals]
    if readings[0].equals(readings[1]):
        return TimeCells((), rivals[0].read)
    late = [int((reading > now).sum()) for reading in readings]
    steps = [reading.diff().dt.total_seconds().drop_nulls() for reading in readings]
    unsorted = [min(int((step < 0).sum()), int((step > 0).sum())) for step in steps]
    place = min((0, 1), key=lambda index: (late[index], unsorted[index], index))
    decided = cells.len() >= 5 and (late[0] != late[1] or (unsorted[place] == 0 and unsorted[1 - place] > 1))
    other = (readings[0] != readings[1]).fill_null(True)
    example = str(cells.filter(other)[0])
    best = rivals[place]
    return TimeCells(best.forms, best.read, best.order, "" if decided else example)


def _read(texts: pl.Series, forms: Sequence[str], zone: str, now: datetime) -> float:
    """Return the share of texts that are plausible moments in some forms."""
    moments = read_times(texts, forms, zone, now).values
    return float(moments.dt.year().is_between(1990, now.year + 5).sum()) / texts.len()


def _zeros(cells: pl.Series) -> tuple[str, str]:
    """Return the first number that occurs with and without its leading zeros, short and whole; nothing if there is none."""
    numbers = cells.filter(cells.str.contains(r"^\d+$")).unique()
    whole = numbers.filter(numbers.str.starts_with("0")).sort()
    short = whole.str.strip_chars_start("0")
    lost = short.is_in(numbers.implode()) & (short != "")
    return (str(short.filter(lost)[0]), str(whole.filter(lost)[0])) if lost.any() else ("", "")


def _share(mask: pl.Series) -> float:
    return float(mask.mean() or 0.0)  # type: ignore[arg-type]
