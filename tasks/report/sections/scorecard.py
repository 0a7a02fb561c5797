"""All figures by family, for a monthly edition."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import Phrase
from tasks.report.sections import figure_table
from tasks.report.sections.figure_table import FigureRow
from tasks.report.sections.section import SectionContext

STEM = ReportSection.SCORECARD


@dataclass(frozen=True)
class ScorecardView:
    """A table of figures for each family that has any."""

    families: tuple[tuple[Phrase, tuple[FigureRow, ...]], ...]


def build(context: SectionContext) -> ScorecardView:
    """Return the figures of each family under its name."""
    return ScorecardView(
        tuple((_name(context, family), figure_table.rows(context, figures)) for family, figures in context.agenda.scorecard)
    )


def _name(context: SectionContext, family: str) -> Phrase:
    voice = context.voice
    named = f"family.{family}_{voice.shop.base}"
    return voice.word(named if named in voice.catalogue else f"family.{family}")
