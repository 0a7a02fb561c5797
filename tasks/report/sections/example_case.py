"""One case in words without personal data."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections.section import SectionContext

STEM = ReportSection.EXAMPLE_CASE


@dataclass(frozen=True)
class ExampleCaseView:
    """Day, place and problem of a case, and its text; both empty where there is none."""

    line: Phrase
    quote: Phrase


def build(context: SectionContext) -> ExampleCaseView:
    """Return the example case."""
    case, voice = context.review.example_case, context.voice
    if case is None or not case.text.strip():
        return ExampleCaseView(EMPTY, EMPTY)
    line = voice.say("case.line", day=voice.day(case.on), where=voice.where(case.slice), leaf=voice.leaf(case.leaf))
    return ExampleCaseView(line, voice.say("case.quote", text=voice.data(case.text, 240)))
