"""Given deadlines by kind: which are near, which were missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tasks.model.report_sections import ReportSection
from tasks.model.review import DueItem
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext

STEM = ReportSection.DEADLINES

HORIZONS = (4, 24, 48)
"""Hours ahead within which deadlines are counted."""


@dataclass(frozen=True)
class DeadlinesView:
    """A line for each kind that is near, and one for each that was missed."""

    lines: tuple[Phrase, ...]


def build(context: SectionContext) -> DeadlinesView | None:
    """Return the deadlines, or None if there are none and the period has few cases."""
    lines: list[Phrase] = []
    for kind in sorted({item.kind for item in context.review.due_items}):
        items = [item for item in context.review.due_items if item.kind == kind]
        if still_open := [item for item in items if not item.missed]:
            lines.append(_open(context, kind, still_open))
        if missed := len(items) - len(still_open):
            n = context.number(f"due.{kind}.missed", missed, "items", method="given deadline")
            lines.append(context.voice.say("due.missed", kind=context.voice.word(f"due.{kind}"), n=n))
    return None if context.agenda.small and not lines else DeadlinesView(tuple(lines))


def _open(context: SectionContext, kind: str, items: Sequence[DueItem]) -> Phrase:
    """Name the first deadline and count those of the next hours; for evidence, with the money at stake.

    Whoever acted by the last of several deadlines would miss all the others.
    """
    voice, method, as_of = context.voice, "given deadline", context.review.as_of
    counts = {hours: sum(item.must_act_by <= as_of + timedelta(hours=hours) for item in items) for hours in HORIZONS}
    within = [
        voice.part(
            "due.within",
            hours=context.number(f"due.{kind}.hours.{hours}", hours, "within_hours"),
            n=context.number(f"due.{kind}.within_{hours}h", counts[hours], "count", method=method),
        )
        for hours, fewer in zip(HORIZONS, (0, *HORIZONS), strict=False)
        if counts[hours] > counts.get(fewer, 0)
    ]
    values = {
        "first": voice.clock(min(item.must_act_by for item in items)),
        "n": context.number(f"due.{kind}.open", len(items), "items", method=method),
        "kind": voice.word(f"due.{kind}"),
        "within": voice.listed(within),
    }
    money = sum(item.amount or 0 for item in items)
    if not money or kind != "evidence":
        return voice.say("due.line_plain", **values)
    return voice.say("due.line", money=context.number(f"due.{kind}.amount", money, "money", method=method), **values)
