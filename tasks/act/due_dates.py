"""When a step of the playbook is due: counted from the moment at which its edition is issued, so that nothing is asked for in the past."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tasks.shop.load import Shop
from tasks.shop.playbook import DUE


def due_at(due: str, issued: datetime, shop: Shop) -> datetime:
    """Return when a step is due, counted from the edition that asks for it.

    Hours count from the moment of issue, or from `clock_starts` of that day if it is earlier. The n-th working day counts in the
    statutory (`d`) or supplier's (`sd`) calendar; the day of issue is the first one only if work on it has not begun.

    Args:
        due: `4h`, `2d`, `5sd`, `D-14` or `next_session`.
        issued: The moment of knowledge of the edition, aware.
        shop: Configuration; its zone is the business zone.

    Returns:
        Aware UTC moment after `issued`; days end at `day_ends` of the playbook.
    """
    book, zone = shop.playbook, ZoneInfo(shop.identity.zone)
    local = issued.astimezone(zone)
    begins = datetime.combine(local.date(), time.fromisoformat(book.clock_starts), zone)
    first = local.date() if local <= begins else local.date() + timedelta(days=1)
    match = DUE.fullmatch(due)
    if match and match["unit"] == "h":
        return max(local, begins).astimezone(UTC) + timedelta(hours=int(match["n"]))
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
