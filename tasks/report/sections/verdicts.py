"""Whether earlier actions worked, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import Phrase
from tasks.report.sections import action_progress
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import verdict

STEM = ReportSection.VERDICTS


@dataclass(frozen=True)
class VerdictsView:
    """Late actions that page 1 only counts, then each verdict with its sentence, the certain ones first."""

    late: tuple[Phrase, ...]
    lines: tuple[tuple[str, Phrase], ...]


def build(context: SectionContext) -> VerdictsView | None:
    """Return the verdicts and the late actions beyond page 1, or None if there are neither."""
    lines = verdict.sentences(context)
    late = tuple(action_progress.late_line(context, result) for result in context.agenda.earlier.late[action_progress.LATE :])
    return VerdictsView(late, lines) if lines or late else None
