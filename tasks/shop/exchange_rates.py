"""The shop's table of exchange rates, `config/exchange_rates.csv`: what one unit of a currency cost in another, and since when."""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from tasks.errors import ConfigurationError
from tasks.shop.currencies import CODES

FILE = "exchange_rates.csv"
STALE_DAYS = 35
"""A rate older than this on the day it is used for is told: a month's table has been forgotten."""
COLUMNS = ("from", "to", "date", "rate")
_HINT = (
    "Write lines such as USD,GBP,2026-11-02,0.7612 under the heading from,to,date,rate: one USD cost 0.7612 GBP from that day on."
)


@dataclass(frozen=True)
class Rate:
    """What one unit of a currency costs in the shop's, and the day on which this was noted."""

    value: float
    noted: date


Course = list[tuple[date, float]]
"""Days, ascending, with the rate that holds from each on."""


@dataclass(frozen=True)
class ExchangeRates:
    """Rates by day. A rate holds until the next one; the other direction is its reciprocal; two rates may meet in a third currency."""

    courses: Mapping[tuple[str, str], Course] = field(default_factory=dict)

    def course(self, currency: str, home: str) -> Course:
        """Return the rates of a currency in the shop's: as written, else the reciprocals, else by way of a third currency."""
        if written := self._either(currency, home):
            return written
        others = sorted({code for pair in self.courses for code in pair} - {currency, home})
        for third in others:
            first, second = self._either(currency, third), self._either(third, home)
            if first and second:
                start = max(first[0][0], second[0][0])
                days = sorted({day for day, _ in (*first, *second) if day >= start} | {start})
                return [(day, _at(first, day) * _at(second, day)) for day in days]
        return []

    def rate(self, currency: str, home: str, day: date) -> Rate | None:
        """Return the last rate noted at or before a day, or None."""
        course = self.course(currency, home)
        place = bisect_right(course, day, key=lambda one: one[0])
        return Rate(course[place - 1][1], course[place - 1][0]) if place else None

    def convertible(self, home: str) -> frozenset[str]:
        """Return the shop's currency and all that have a rate to it."""
        return frozenset({home} | {code for pair in self.courses for code in pair if code != home and self.course(code, home)})

    def _either(self, currency: str, other: str) -> Course:
        if (currency, other) in self.courses:
            return self.courses[currency, other]
        return [(day, 1 / rate) for day, rate in self.courses.get((other, currency), [])]


def exchange_rates(text: str, origin: str) -> ExchangeRates:
    """Read a table of rates: columns `from`, `to`, `date`, `rate` in any order, lines that begin with # left out.

    Args:
        text: CSV with commas, semicolons (then decimal commas are fine) or tabs.
        origin: The file's name, for messages.

    Raises:
        ConfigurationError: If a line cannot be read, or two lines of a day contradict each other.
    """
    lines = [
        (number, line) for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1) if line.strip() and line[0] != "#"
    ]
    if not lines:
        return ExchangeRates()
    delimiter = next((sign for sign in (";", "\t") if sign in lines[0][1]), ",")
    heading = [name.strip().lower() for name in next(csv.reader([lines[0][1]], delimiter=delimiter))]
    if not set(COLUMNS) <= set(heading):
        raise ConfigurationError(f"{origin}, line {lines[0][0]}: the heading is not from,to,date,rate.", hint=_HINT)
    found: dict[tuple[str, str], dict[date, float]] = {}
    for number, line in lines[1:]:
        cells = dict(zip(heading, (cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))), strict=False))
        where = f"{origin}, line {number}"
        pair = (_code(cells.get("from", ""), where), _code(cells.get("to", ""), where))
        day, rate = _day(cells.get("date", ""), where), _rate(cells.get("rate", ""), where, decimal_comma=delimiter != ",")
        known = found.setdefault(pair, {})
        if known.setdefault(day, rate) != rate:
            raise ConfigurationError(f"{where}: {pair[0]} to {pair[1]} has two rates on {day}.", hint="Keep one of the lines.")
    return ExchangeRates({pair: sorted(days.items()) for pair, days in sorted(found.items())})


def _at(course: Course, day: date) -> float:
    return course[bisect_right(course, day, key=lambda one: one[0]) - 1][1]


def _code(cell: str, where: str) -> str:
    code = cell.upper()
    if code not in CODES:
        raise ConfigurationError(f"{where}: {cell!r} is not the code of a currency.", hint=_HINT)
    return code


def _day(cell: str, where: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError as error:
        raise ConfigurationError(f"{where}: {cell!r} is not a date as 2026-11-02.", hint=_HINT) from error


def _rate(cell: str, where: str, *, decimal_comma: bool) -> float:
    try:
        rate = float(cell.replace(",", ".") if decimal_comma else cell)
    except ValueError:
        rate = math.nan
    if not (math.isfinite(rate) and rate > 0):
        raise ConfigurationError(f"{where}: {cell!r} is not a rate above 0.", hint=_HINT)
    return rate
