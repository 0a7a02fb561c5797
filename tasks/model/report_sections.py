"""The sections of a report by name, as configuration lists and the report prints them."""

from __future__ import annotations

from enum import StrEnum


class ReportSection(StrEnum):
    """A section's stem, shared by its module, template and messages; the comments say what each prints."""

    FIGURES = "figures"  # page 1: the main figures
    ACTION_PROGRESS = "action_progress"  # page 1: actions agreed, done and late
    MATTERS = "matters"  # page 1: the three matters of the period
    DECISIONS = "decisions"  # page 1: decisions that a person must take
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
