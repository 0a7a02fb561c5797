"""Main figures over time: a line each, two side by side. Part of the section on structure."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from tasks.model.figures import Figure
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.paper import charts
from tasks.report.sections import figure_table
from tasks.report.sections.section import SectionContext


@dataclass(frozen=True)
class FigureLine:
    """One figure over time."""

    message: Phrase
    tone: str
    unit: Phrase
    chart: Markup
    caption: Phrase


@dataclass(frozen=True)
class OverTimeView:
    """Lines in rows of two, so that a page can end between rows."""

    rows: tuple[tuple[FigureLine, ...], ...]


def build(context: SectionContext) -> OverTimeView | None:
    """Return the main figures as lines, or None if none has enough periods."""
    lines = tuple(_line(context, index, figure) for index, figure in enumerate(context.agenda.over_time))
    return OverTimeView(tuple(lines[index : index + 2] for index in range(0, len(lines), 2))) if lines else None


def _line(context: SectionContext, index: int, figure: Figure) -> FigureLine:
    voice = context.voice
    word, tone = figure_table.judgement(context, figure)
    message = name = figure_table.name(context, figure)
    if figure.judgement not in ("untested", "insufficient"):
        message = voice.say("chart.line_message", figure=name, judgement=word)
    unit = f"chart.unit_{figure.unit}"
    caption = context.caption(context.whole_shop(figure.scope), figure_table.note(context, figure))
    return FigureLine(
        message, tone, voice.word(unit) if unit in voice.catalogue else EMPTY, _chart(context, index, figure), caption
    )


def _chart(context: SectionContext, index: int, figure: Figure) -> Markup:
    voice = context.voice
    breaks = figure_table.level_breaks(context, figure)
    last = len(figure.series) - 1
    points = [
        charts.Point(
            voice.language.short_label(label, context.review.period.grain),
            value,
            segment=sum(place >= at for at in breaks),
            immature=place == last and figure_table.immature(context, figure),
        )
        for place, (label, value) in enumerate(figure.series)
    ]
    band = figure_table.band(figure)
    return charts.line(
        points,
        name=f"line{index}",
        aria=voice.say("chart.aria_line", figure=figure_table.name(context, figure)),
        last=context.draw(figure_table.value(context, figure, "value", figure.value)),
        band=band,
        band_name=voice.word("chart.band") if band else None,
        share=figure.unit == "share",
        width=232,
        height=100,
    )
