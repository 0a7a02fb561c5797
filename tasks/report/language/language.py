"""The interface of a language: numbers, money, days, periods and names as its readers write them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from tasks.model.periods import Period
from tasks.report.language.messages import Catalogue, catalogue

OVER_TIMES = 20
"""From this ratio on, the exact figure is no longer printed."""

_UNSIGNED = {
    "money_change": "money",
    "count_change": "count",
    "change_minutes": "minutes",
    "change": "share",
}
"""Unit of a difference → unit in which its size is written."""

_POINTS = {"points": 1, "points_fine": 2}
"""Units of a difference of shares → decimals."""


_CHANGES = {"change_per_100": 1, "change_score": 2, "change_score_coarse": 1}
"""Units of other differences → decimals."""


class Language(ABC):
    """A language of the reports; defaults cover what most languages share, and each language implements the rest."""

    code: str
    """Tag of the language (BCP 47): in file names, in HTML, in configuration."""

    longest_label: int
    """Letters of a bar's label up to which two bar charts are printed side by side."""

    unknown_letters: tuple[tuple[str, str], ...] = ()
    """First and last letters of scripts that its readers cannot read."""

    @cached_property
    def messages(self) -> Catalogue:
        """The fixed words, from the message catalogue of this language."""
        return catalogue(self.code)

    # ---- Numbers -------------------------------------------------------------------------------

    def number(self, value: float, places: int, *, hundredfold: bool = False) -> str:
        """Round half away from zero and group thousands: 1234.5 with 0 places → `1,235`; minus is a real minus sign.

        `hundredfold` multiplies in decimals: 0.0185 is exactly 1.85 %, while a binary product is not.
        """
        exact = Decimal(repr(float(value))) * (100 if hundredfold else 1)
        rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        if rounded == 0:
            rounded = abs(rounded)
        return f"{rounded:,.{places}f}".replace("-", "−")

    def percent(self, share: float) -> str:
        """Return a fraction as a percentage: one decimal, two below 1 % (0.019 → `1.9%`, 0.0035 → `0.35%`)."""
        points = abs(share) * 100
        if points == 0:
            return "0%"
        if points < 0.005:
            return "<" + self.number(0.0001, 2, hundredfold=True) + "%"
        return self.number(share, 2 if points < 0.995 else 1, hundredfold=True) + "%"

    def signed(self, text: str) -> str:
        """Put a plus sign before a positive printed number; zero stays without sign."""
        if text.startswith("−") or not any(digit in text for digit in "123456789"):
            return text
        return "+" + text

    def score(self, value: float) -> str:
        """Return a score: two decimals below ten, else one, so that scores beside each other have the same."""
        return self.number(value, 2 if abs(value) < 10 else 1)

    def count(self, value: float) -> str:
        """Return a count; a mean below ten has one decimal."""
        return self.number(value, 0 if value.is_integer() or abs(value) >= 10 else 1)

    def duration(self, minutes: float) -> str:
        """Return a time span: seconds below two minutes, minutes below two hours, then hours, then days."""
        for limit, factor, key, places in ((2, 60, "seconds", 0), (120, 1, "minutes", 0), (2880, 1 / 60, "hours", 1)):
            if minutes < limit:
                return self._filled(f"unit.{key}", self.number(minutes * factor, places))
        return self._filled("unit.days.many", self.number(minutes / 1440, 1))

    def value(self, value: float | int | None, unit: str, currency: str) -> str:
        """Return a registered number as printed.

        Args:
            value: The number in the unit's base (share: fraction; money: currency units; minutes: minutes).
            unit: One of the units of the catalogue (`cases`, `orders`, …) or a measure: `share`, `points` (a difference of
                shares, signed), `points_fine` (the same with two decimals), `change` (signed relative change), `per_100`,
                `per_1000`, `change_per_100`, `money`, `money_change`, `count`, `count_change`, `ordinal`, `minutes`,
                `change_minutes`, `score`, `change_score`, `change_score_coarse`, `times`, `tenths`; `share_fine` and
                `per_100_fine` have two decimals.
            currency: ISO code of money.
        """
        if value is None:
            return self.messages["word.none"]
        number = float(value)
        if unit in _POINTS:
            return self._filled("unit.points", self.signed(self.number(number, _POINTS[unit], hundredfold=True)))
        if unit == "change_minutes":
            return ("−" if number < 0 else "+") + self.duration(abs(number))
        if unit in _UNSIGNED:
            return self.signed(self.value(number, _UNSIGNED[unit], currency))
        if unit in _CHANGES:
            return self.signed(self.number(number, _CHANGES[unit]))
        if unit == "times":
            if number > OVER_TIMES:
                return self.messages["unit.over_20_times"]
            return self._filled("unit.times", self.number(number, 0 if number >= 5 else 1))
        measured = self._measure(number, unit, currency)
        if measured is not None:
            return measured
        text = self.count(number)
        return self._filled(f"unit.{unit}.one" if text == "1" else f"unit.{unit}.many", text)

    def _measure(self, value: float, unit: str, currency: str) -> str | None:
        """Return an unsigned measure as printed, or None if the unit is one of the catalogue."""
        match unit:
            case "share":
                return self.percent(value)
            case "share_fine":
                return self.number(value, 2, hundredfold=True) + "%"
            case "per_100":
                return self.number(value, 1 if abs(value) >= 0.995 else 2)
            case "per_100_fine":
                return self.number(value, 2)
            case "per_1000":
                return self.number(value, 1)
            case "money":
                return self.money(value, currency)
            case "minutes":
                return self.duration(value)
            case "score":
                return self.score(value)
            case "tenths":
                return self.tenths(value)
            case "count" | "ordinal":
                return self.count(value)
        return None

    def _filled(self, key: str, text: str) -> str:
        return self.messages[key].replace("{v}", text)

    @abstractmethod
    def money(self, value: float, currency: str) -> str:
        """Return an amount with its currency."""

    @abstractmethod
    def tenths(self, share: float) -> str:
        """Return a share as a manager would say it: «four tenths», «38%»."""

    # ---- Dates ---------------------------------------------------------------------------------

    @abstractmethod
    def day(self, day: date, *, year: bool = False) -> str:
        """Return a day, with its year on request."""

    @abstractmethod
    def span(self, first: date, last: date) -> str:
        """Return the days from first to last, both included; one day is that day."""

    def short_span(self, first: date, last: date) -> str:
        """Return the days from first to last without their year, for small print."""
        return f"{self.day(first)}–{self.day(last)}"

    @abstractmethod
    def moment(self, day: str, time: str) -> str:
        """Put a day and a time of day together."""

    def clock(self, moment: datetime, zone: str, *, year: bool = False) -> str:
        """Return an aware moment in the business zone."""
        local = moment.astimezone(ZoneInfo(zone))
        return self.moment(self.day(local.date(), year=year), f"{local:%H:%M}")

    def due(self, moment: datetime, zone: str) -> str:
        """Return a deadline: the day alone where it is the day's end, else day and time."""
        local = moment.astimezone(ZoneInfo(zone))
        at_day_end = (local.hour, local.minute) in ((0, 0), (23, 59))
        return self.day(local.date()) if at_day_end else self.clock(moment, zone)

    @abstractmethod
    def week(self, days: str, week: int) -> str:
        """Name a week by its days and its ISO number."""

    @abstractmethod
    def month(self, year: int, month: int) -> str:
        """Name a month of a year."""

    @abstractmethod
    def quarter(self, year: int, quarter: int) -> str:
        """Name a quarter of a year."""

    def period(self, period: Period) -> str:
        """Return a period as printed in a heading."""
        first = period.first_day
        days = self.span(first, period.last_day)
        match period.grain:
            case "week":
                return self.week(days, first.isocalendar().week)
            case "month":
                return self.month(first.year, first.month)
            case "quarter":
                return self.quarter(first.year, (first.month + 2) // 3)
        return days

    @abstractmethod
    def short_week(self, week: int) -> str:
        """Return an ISO week as the label of an axis."""

    @abstractmethod
    def short_month(self, month: int) -> str:
        """Return a month as the label of an axis."""

    def short_label(self, label: str, grain: str = "week") -> str:
        """Return an axis label for a week (`2026-W45`), a month (`2026-10`) or a day; others stay as they are."""
        if len(label) == 8 and label[4:6] == "-W":
            return self.short_week(int(label[6:]))
        if len(label) == 7 and label[4] == "-" and label[5:].isdigit():
            return self.short_month(int(label[5:]))
        if len(label) == 10 and label[4] == "-":
            return self.short_month(int(label[5:7])) if grain == "month" else f"{int(label[5:7])}-{int(label[8:])}"
        return label

    # ---- Words ---------------------------------------------------------------------------------

    def begin(self, sentence: str) -> str:
        """Return a sentence with its first letter as the language requires at the beginning."""
        return sentence[:1].upper() + sentence[1:]

    @abstractmethod
    def inside(self, name: str) -> str:
        """Return a name or clause as written inside a sentence."""

    def reads(self, text: str) -> bool:
        """Whether readers of this language can read the script of a text."""
        return not any(first <= letter <= last for letter in text for first, last in self.unknown_letters)
