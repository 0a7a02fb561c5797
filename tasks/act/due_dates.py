"""When a step of the playbook is due: counted from the period's close, or from the day of a review made much later."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tasks.model.periods import Period
from tasks.shop.load import Shop
from tasks.shop.playbook import DUE

LATE = {"week": timedelta(days=2)}
LATE_ELSE = timedelta(days=14)
"""A review of a period that closed longer ago (a first one, a backfill) would propose steps that are overdue at once. A week's final
revision comes after a day and a half, a month's review within two weeks."""


def clock_period(period: Period, as_of: datetime | None) -> Period:
    """Return the period from whose close due dates count: the reviewed one, or the review's day if it closed long ago.

    Args:
        period: The reviewed period.
        as_of: The review's moment, aware; None if it is not known.
    """
    if as_of is None or as_of - period.end < LATE.get(period.grain, LATE_ELSE):
        return period
    day = as_of.astimezone(ZoneInfo(period.zone)).date()
    return Period.parse(f"{day}..{day}", period.zone)


def due_at(due: str, period: Period, shop: Shop) -> datetime:
    """Return when a step is due, counted from the period's close.

    Hours count from the time at which the review is available (`clock_starts`) on the day after the period; the n-th
    working day is the n-th day from then on that is a working day in the statutory (`d`) or supplier's (`sd`) calendar.

    Args:
        due: `4h`, `2d`, `5sd`, `D-14` or `next_session`.
        period: The period under review.
        shop: Configuration.

    Returns:
        Aware UTC moment; days end at `day_ends` of the playbook.
    """
    book, zone = shop.playbook, ZoneInfo(period.zone)
    first = period.last_day + timedelta(days=1)
    match = DUE.fullmatch(due)
    if match and match["unit"] == "h":
        start = datetime.combine(first, time.fromisoformat(book.clock_starts), zone)
        return start.astimezone(UTC) + timedelta(hours=int(match["n"]))
    if match and match["unit"]:
        supplier = match["unit"] == "sd"
        day, left = first - timedelta(days=1), int(match["n"])
        while left > 0:
            day += timedelta(days=1)
            left -= shop.calendar.is_working_day(day, "supplier" if supplier else "statutory")
    elif match and match["before"]:
        day = _before_promotion(int(match["before"]), first, shop)
    else:
        day = first + timedelta(days=book.session_days - 1)
    return datetime.combine(day, time.fromisoformat(book.day_ends), zone).astimezone(UTC)


def _before_promotion(days: int, first: date, shop: Shop) -> date:
    """Return the day that many days before the next promotion far enough off; two weeks from now if none is known."""
    begins = sorted(promotion.first - timedelta(days=days) for promotion in shop.calendar.promotions)
    return next((day for day in begins if day >= first), first + timedelta(days=14))
