"""Signing weeks that are too young to be compared, and their projected complaint rate."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.figures import Projection
from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext

STEM = ReportSection.PROJECTIONS


@dataclass(frozen=True)
class ProjectionRow:
    """One signing week that is still too young to be compared."""

    week: Phrase
    units: Phrase
    so_far: Phrase
    reached: Phrase
    rate: Phrase
    low: Phrase
    high: Phrase


@dataclass(frozen=True)
class ProjectionsView:
    """The young weeks, and whether they head above or below what is usual."""

    message: Phrase
    rows: tuple[ProjectionRow, ...]
    caption: Phrase


def build(context: SectionContext) -> ProjectionsView | None:
    """Return the young weeks, or None if there are none."""
    young = context.agenda.projections
    if not young:
        return None
    age = context.number("projection.age", young[0].age_days, "days", method="targets")
    caption = context.voice.say("projection.caption", age=age)
    return ProjectionsView(_message(context), tuple(_row(context, projection) for projection in young), caption)


def _row(context: SectionContext, projection: Projection) -> ProjectionRow:
    id_, n = f"projection.{projection.first_day}", projection.units

    def share(name: str, value: float, method: str) -> Phrase:
        return context.number(f"{id_}.{name}", value, "share", n=n, method=method)

    rows = f"signed_at in {projection.first_day}..{projection.last_day}"
    return ProjectionRow(
        week=context.voice.span(projection.first_day, projection.last_day),
        units=context.number(f"{id_}.units", n, "count", method="order lines signed", rows=rows),
        so_far=context.number(f"{id_}.so_far", projection.so_far, "count", n=n, method="complaining units", rows=rows),
        reached=share("reached", projection.reached, "lag curve"),
        rate=share("rate", projection.rate, "chain ladder"),
        low=share("low", projection.low, "negative binomial, 90%"),
        high=share("high", projection.high, "negative binomial, 90%"),
    )


def _message(context: SectionContext) -> Phrase:
    """Say whether the young weeks head above, below or about what is usual: only an interval that excludes it counts."""
    young = context.agenda.projections
    usual = context.number("projection.usual", young[0].usual, "share", method="lag curve of half a year")
    above = any(projection.low > projection.usual for projection in young)
    below = any(projection.high < projection.usual for projection in young)
    word = "mixed" if above and below else "above" if above else "below" if below else "usual"
    return context.voice.say(f"projection.{word}", usual=usual)
