"""Whether the month's warnings were right."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext
from tasks.report.warning_text import grade_lines

STEM = ReportSection.WARNINGS


@dataclass(frozen=True)
class WarningsView:
    """How many were sent and how many were real, then each."""

    lines: tuple[Phrase, ...]


def build(context: SectionContext) -> WarningsView | None:
    """Return the graded warnings, or None if there is no daily watch."""
    lines = grade_lines(context.review.warnings, context.voice, restricted=context.agenda.restricted)
    return WarningsView(tuple(lines)) if lines else None
