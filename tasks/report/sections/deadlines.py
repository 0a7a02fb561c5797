"""Given deadlines by kind: which are near, which were missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.model.review import DueItem
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext

STEM = ReportSection.DEADLINES


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
    """Say how many fall due and by when; for evidence, with the money at stake."""
    voice, method = context.voice, "given deadline"
    values = {
        "until": voice.clock(max(item.must_act_by for item in items)),
        "n": context.number(f"due.{kind}.open", len(items), "items", method=method),
        "kind": voice.word(f"due.{kind}"),
    }
    money = sum(item.amount or 0 for item in items)
    if not money or kind != "evidence":
        return voice.say("due.line_plain", **values)
    return voice.say("due.line", money=context.number(f"due.{kind}.amount", money, "money", method=method), **values)
