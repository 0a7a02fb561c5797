"""The main figures, on page 1."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections import figure_table
from tasks.report.sections.figure_table import FigureRow
from tasks.report.sections.section import SectionContext

STEM = ReportSection.FIGURES


@dataclass(frozen=True)
class FiguresView:
    """The table of the main figures."""

    rows: tuple[FigureRow, ...]
    caption: Phrase


def build(context: SectionContext) -> FiguresView:
    """Return the figures of page 1."""
    return FiguresView(figure_table.rows(context, context.agenda.page_one), _caption(context))


def _caption(context: SectionContext) -> Phrase:
    """Say what the rates are based on, and which days of last year they are compared with."""
    voice, figures = context.voice, context.review.figures
    banded = any(figure.low is not None for figure in figures)
    pattern = ("caption.figures_month" if context.agenda.monthly else "caption.figures") if banded else "caption.figures_plain"
    caption = voice.say(pattern)
    aligned = [figure.last_year_basis for figure in figures if figure.last_year is not None and figure.last_year_basis]
    if aligned:
        key = f"last_year.{aligned[0].split()[0]}"
        caption += voice.word(key) if key in voice.catalogue else EMPTY
    return caption
