"""Periods: half-open spans of the business zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from tasks.errors import UserError

Grain = Literal["week", "month", "quarter", "range"]


@dataclass(frozen=True, order=True)
class Period:
    """A half-open span of the business zone: `start <= t < end`, both aware UTC."""

    start: datetime
    end: datetime
    id: str
    grain: Grain
    zone: str = "Asia/Shanghai"

    @classmethod
    def parse(cls, text: str, zone: str = "Asia/Shanghai") -> Period:
        """Read `2026-W45`, `2026-10`, `2026-Q4` or `2026-11-01..2026-11-15`."""
        text = text.strip()
        hint = "Write a week as 2026-W45, a month as 2026-10, a quarter as 2026-Q4, days as 2026-11-01..2026-11-15."
        try:
            if match := re.fullmatch(r"(\d{4})-W(\d{2})", text):
                first = date.fromisocalendar(int(match[1]), int(match[2]), 1)
                return cls._of(first, first + timedelta(days=7), text, "week", zone)
            if match := re.fullmatch(r"(\d{4})-Q([1-4])", text):
                year, month = int(match[1]), int(match[2]) * 3 - 2
                return cls._of(date(year, month, 1), _months_later(date(year, month, 1), 3), text, "quarter", zone)
            if (match := re.fullmatch(r"(\d{4})-(\d{2})", text)) and int(match[2]) > 12:
                raise UserError(f"There is no month {text}.", hint=f"Write {match[1]}-W{match[2]} if the week is meant.")
            if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
                first = date(int(match[1]), int(match[2]), 1)
                return cls._of(first, _months_later(first, 1), text, "month", zone)
            if match := re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", text):
                first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2])
                if last < first:
                    raise UserError(f"The period {text} ends before it begins.", hint=hint)
                return cls._of(first, last + timedelta(days=1), text, "range", zone)
        except ValueError as error:
            raise UserError(f"There is no period {text!r}: {error}.", hint=hint) from error
        raise UserError(f"{text!r} is not a period.", hint=hint)

    @classmethod
    def _of(cls, first: date, after: date, text: str, grain: Grain, zone: str) -> Period:
        return cls(_midnight(first, zone), _midnight(after, zone), text, grain, zone)

    @classmethod
    def containing(cls, moment: datetime, grain: Grain, zone: str = "Asia/Shanghai") -> Period:
        """Return the week, month or quarter in which an aware moment lies."""
        day = moment.astimezone(ZoneInfo(zone)).date()
        if grain == "week":
            year, week, _ = day.isocalendar()
            return cls.parse(f"{year}-W{week:02d}", zone)
        if grain == "month":
            return cls.parse(f"{day:%Y-%m}", zone)
        if grain == "quarter":
            return cls.parse(f"{day.year}-Q{(day.month + 2) // 3}", zone)
        raise UserError(f"No {grain} can be derived from a moment.", hint="Name its first and last day.")

    @classmethod
    def last_complete(cls, moment: datetime, grain: Grain, zone: str = "Asia/Shanghai") -> Period:
        """Return the newest period that had ended at an aware moment."""
        return cls.containing(moment, grain, zone).previous()

    def previous(self) -> Period:
        """Return the period of the same grain just before this one."""
        if self.grain == "range":
            length = self.days
            first = self.first_day - timedelta(days=length)
            return Period.parse(f"{first}..{self.first_day - timedelta(days=1)}", self.zone)
        return Period.containing(self.start - timedelta(hours=12), self.grain, self.zone)

    def next(self) -> Period:
        """Return the period of the same grain just after this one."""
        if self.grain == "range":
            after = self.last_day + timedelta(days=1)
            return Period.parse(f"{after}..{after + timedelta(days=self.days - 1)}", self.zone)
        return Period.containing(self.end + timedelta(hours=12), self.grain, self.zone)

    def is_reviewed_before(self, other: Period) -> bool:
        """Whether this period's review comes before another's: it ends earlier, or is the shorter of two that end together."""
        return self.end < other.end or (self.end == other.end and self.start > other.start)

    @classmethod
    def span(cls, text: str, zone: str = "Asia/Shanghai") -> list[Period]:
        """Read `2026-W40..2026-W45` (or months, quarters; or one period) as periods in order."""
        first_text, _, last_text = text.partition("..")
        first = cls.parse(first_text, zone)
        last = cls.parse(last_text or first_text, zone)
        if first.grain != last.grain:
            raise UserError(
                f"{text!r} mixes a {first.grain} with a {last.grain}.", hint="Name two weeks, two months or two quarters."
            )
        if last.start < first.start:
            raise UserError(f"{text!r} ends before it begins.", hint="Put the earlier period first.")
        periods = [first]
        while periods[-1].start < last.start:
            periods.append(periods[-1].next())
        return periods

    @property
    def first_day(self) -> date:
        """First day in the business zone."""
        return self.start.astimezone(ZoneInfo(self.zone)).date()

    @property
    def last_day(self) -> date:
        """Last day in the business zone."""
        return (self.end - timedelta(microseconds=1)).astimezone(ZoneInfo(self.zone)).date()

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last_day - self.first_day).days + 1

    def __str__(self) -> str:
        return self.id


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _months_later(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
