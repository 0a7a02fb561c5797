"""Arrivals by day. Part of the section on structure."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from tasks.report.language.phrase import Phrase
from tasks.report.paper import charts
from tasks.report.sections.section import SectionContext

MINIMUM_DAYS = 5


@dataclass(frozen=True)
class DailyView:
    """A line of complaints by day."""

    chart: Markup
    caption: Phrase


def build(context: SectionContext) -> DailyView | None:
    """Return arrivals by day as a line, or None if there are too few days for one."""
    review, voice = context.review, context.voice
    until = review.partial.partition("..")[2]
    period = review.period
    inside = sorted((day, n) for day, n in review.daily if period.first_day <= day <= period.last_day)
    ordered = [(day, n) for day, n in inside if not until or day.isoformat() <= until]
    if len(inside) < MINIMUM_DAYS or not ordered:
        return None
    last_day, last_count = ordered[-1]
    points = [
        charts.Point(f"{day.month}-{day.day}", float(n), immature=context.agenda.partial and day == last_day)
        for day, n in ordered
    ]
    last = context.draw(context.number("daily.last", last_count, "cases", method="arrivals"))
    chart = charts.line(points, name="daily", aria=voice.word("section.daily"), last=last, width=500, height=80)
    total = context.number("daily.total", sum(n for _, n in ordered), "count", method="arrivals")
    caption = context.caption(context.whole_shop(), voice.word("caption.per_day"), voice.part("caption.n", n=total))
    return DailyView(chart, caption)
