"""The sections of a report by name, so that configuration can list them and the report can print them."""

from __future__ import annotations

from enum import StrEnum


class ReportSection(StrEnum):
    """The stem that a section's module, template and messages bear; under each title line comes what it prints."""

    FIGURES = "figures"  # page 1: the main figures
    ACTION_PROGRESS = "action_progress"  # page 1: what was promised, what is late
    MATTERS = "matters"  # page 1: the three matters of the period
    DECISIONS = "decisions"  # page 1: what a person must decide
    CAUSES = "causes"
    VERDICTS = "verdicts"  # whether earlier actions worked, in sentences
    EARLIER_ACTIONS = "earlier_actions"  # the table of earlier actions, and the verdicts
    NEW_ACTIONS = "new_actions"
    MIX = "mix"
    PROBLEMS = "problems"
    STRUCTURE = "structure"  # problems with their chart, arrivals by day, main figures over time
    PROJECTIONS = "projections"
    EXAMPLE_CASE = "example_case"
    CUSTOMER_WORDS = "customer_words"
    SCORECARD = "scorecard"  # all figures by family
    RANKINGS = "rankings"
    BREAKDOWNS = "breakdowns"
    DEADLINES = "deadlines"
    WARNINGS = "warnings"
    BREAKS = "breaks"
    DATA = "data"  # data quality, revisions, definitions, method
