"""English as a shop's managers write it."""

from __future__ import annotations

from datetime import date

from tasks.report.language.language import Language

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_HAN = ("\u3400", "\u9fff")


class English(Language):
    """English: day before month, currency code before the amount."""

    code = "en"
    longest_label = 40
    unknown_letters = (_HAN,)

    def money(self, value: float, currency: str) -> str:
        """Return an amount in whole units: `CNY 86,400`."""
        return ("−" if value < 0 else "") + f"{currency} {self.number(abs(value), 0)}"

    def tenths(self, share: float) -> str:
        """Return a share as a whole percentage."""
        return self.number(share * 100, 0) + "%"

    def day(self, day: date, *, year: bool = False) -> str:
        """Return a day: `20 Nov`."""
        return f"{day.day} {self.short_month(day.month)}" + (f" {day.year}" if year else "")

    def span(self, first: date, last: date) -> str:
        """Return days from first to last: `2–8 Nov 2026`."""
        if first == last:
            return self.day(first)
        if first.year != last.year:
            return f"{self.day(first, year=True)} – {self.day(last, year=True)}"
        if first.month != last.month:
            return f"{self.day(first)} – {self.day(last, year=True)}"
        return f"{first.day}–{self.day(last, year=True)}"

    def moment(self, day: str, time: str) -> str:
        """Return `10 Nov 12:00`."""
        return f"{day} {time}"

    def week(self, days: str, week: int) -> str:
        """Return `2–8 Nov 2026 (week 45)`."""
        return f"{days} (week {week})"

    def month(self, year: int, month: int) -> str:
        """Return `October 2026`."""
        return f"{_MONTHS[month - 1]} {year}"

    def quarter(self, year: int, quarter: int) -> str:
        """Return `Q4 2026`."""
        return f"Q{quarter} {year}"

    def short_week(self, week: int) -> str:
        """Return `W45`."""
        return f"W{week}"

    def short_month(self, month: int) -> str:
        """Return `Oct`."""
        return _MONTHS[month - 1][:3]

    def inside(self, name: str) -> str:
        """Lower the first letter, unless the first word is an abbreviation."""
        return name[:1].lower() + name[1:] if len(name) > 1 and name[1].islower() else name
