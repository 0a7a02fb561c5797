"""The sections that an edition prints, in order."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from tasks.model.report_sections import ReportSection
from tasks.report.sections import (
    action_progress,
    breakdowns,
    breaks,
    causes,
    customer_words,
    data,
    deadlines,
    decisions,
    earlier_actions,
    example_case,
    figures,
    matters,
    mix,
    new_actions,
    problems,
    projections,
    rankings,
    scorecard,
    structure,
    verdicts,
    warnings,
)
from tasks.report.sections.section import Section

FIRST_PAGE: tuple[Section, ...] = (figures, action_progress, matters, decisions)
"""Sections printed on page 1 below its head, wherever an edition lists them."""

WEEKLY: tuple[Section, ...] = (
    *FIRST_PAGE,
    causes,
    verdicts,
    new_actions,
    mix,
    problems,
    projections,
    breakdowns,
    deadlines,
    breaks,
    data,
)
MONTHLY: tuple[Section, ...] = (
    *FIRST_PAGE,
    earlier_actions,
    structure,
    projections,
    causes,
    mix,
    example_case,
    customer_words,
    new_actions,
    scorecard,
    rankings,
    breakdowns,
    deadlines,
    warnings,
    breaks,
    data,
)

SECTIONS = MappingProxyType({section.STEM: section for section in (*WEEKLY, *MONTHLY)})
"""Every section by its stem."""


def sections(grain: str, wanted: Sequence[ReportSection] = ()) -> tuple[Section, ...]:
    """Return the sections of an edition in their order.

    Args:
        grain: Grain of the reviewed period: weeks have the weekly layout, all others the monthly one.
        wanted: The audience's own list; empty means the layout of the grain.
    """
    if wanted:
        return tuple(SECTIONS[stem] for stem in wanted)
    return WEEKLY if grain == "week" else MONTHLY
