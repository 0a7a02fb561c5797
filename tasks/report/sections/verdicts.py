"""Whether earlier actions worked, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import verdict

STEM = ReportSection.VERDICTS


@dataclass(frozen=True)
class VerdictsView:
    """Each verdict with its sentence, the certain ones first."""

    lines: tuple[tuple[str, Phrase], ...]


def build(context: SectionContext) -> VerdictsView | None:
    """Return the verdicts, or None if there are none and the period has few cases."""
    lines = verdict.sentences(context)
    return None if context.agenda.small and not lines else VerdictsView(lines)
