"""Problems and trends of a month: the table with its chart, arrivals by day, the main figures over time."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections import daily, over_time, problems
from tasks.report.sections.daily import DailyView
from tasks.report.sections.over_time import OverTimeView
from tasks.report.sections.problems import ProblemTable
from tasks.report.sections.section import SectionContext

STEM = ReportSection.STRUCTURE


@dataclass(frozen=True)
class StructureView:
    """The parts of the section, each only if there is something to print."""

    table: ProblemTable | None
    chart: Markup
    unit: Phrase
    daily: DailyView | None
    over_time: OverTimeView | None


def build(context: SectionContext) -> StructureView:
    """Return problems, arrivals and figures over time."""
    table, chart, unit = problems.table(context), Markup(""), EMPTY
    if table is not None:
        chart = problems.chart(context, table.rows)
        unit = context.voice.word("chart.unit_problems" if table.expected else "chart.unit_problems_plain")
    return StructureView(table, chart, unit, daily.build(context), over_time.build(context))
