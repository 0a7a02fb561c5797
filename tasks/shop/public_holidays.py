"""Public holidays that follow from rules, for the countries whose calendar a new shop gets.

Sources: GB (England and Wales) gov.uk/bank-holidays; US 5 U.S.C. 6103; DE the days that are holidays in all sixteen states. One-off
days (a coronation) and regional ones are not in a rule: they are added to the shop's calendar.yaml. China's are announced year by
year and stand in config/calendar.yaml.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


def public_holidays(country: str, year: int) -> tuple[date, ...] | None:
    """Return a year's public holidays of a country (`GB`, `US`, `DE`) in order, or None where no rule is known."""
    rule = _RULES.get(country)
    return tuple(sorted(set(rule(year)))) if rule else None


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm in Meeus, Astronomical Algorithms, ch. 8)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, leap_rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - correction + 15) % 30
    weekday = (32 + 2 * leap_rest + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    """Return the n-th weekday of a month; the last one for n = -1."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = (date(year, month + 1, 1) if month < 12 else date(year + 1, 1, 1)) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _british(year: int) -> list[date]:
    new_year, christmas = date(year, 1, 1), date(year, 12, 25)
    easter_day = easter(year)
    days = [easter_day - timedelta(days=2), easter_day + timedelta(days=1)]
    days += [_nth(year, 5, MONDAY, 1), _nth(year, 5, MONDAY, -1), _nth(year, 8, MONDAY, -1)]
    days.append(new_year + timedelta(days={SATURDAY: 2, SUNDAY: 1}.get(new_year.weekday(), 0)))
    # Of Christmas and Boxing Day, one that falls on a weekend is given on the next weekday that is not taken.
    for day in (christmas, christmas + timedelta(days=1)):
        days.append(day + timedelta(days=2) if day.weekday() >= SATURDAY else day)
    return days


def _american(year: int) -> list[date]:
    def observed(day: date) -> date:
        return day + timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))

    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    moving = [
        _nth(year, 1, MONDAY, 3), _nth(year, 2, MONDAY, 3), _nth(year, 5, MONDAY, -1), _nth(year, 9, MONDAY, 1),
        _nth(year, 10, MONDAY, 2), _nth(year, 11, THURSDAY, 4),
    ]  # fmt: skip
    next_new_year = observed(date(year + 1, 1, 1))  # a Saturday's is kept on the Friday before, in this year
    return [day for day in (*map(observed, fixed), *moving, next_new_year) if day.year == year]


def _german(year: int) -> list[date]:
    moving = [easter(year) + timedelta(days=days) for days in (-2, 1, 39, 50)]
    return [date(year, 1, 1), date(year, 5, 1), date(year, 10, 3), date(year, 12, 25), date(year, 12, 26), *moving]


_RULES: dict[str, Callable[[int], list[date]]] = {"GB": _british, "US": _american, "DE": _german}
