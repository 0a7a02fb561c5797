"""New actions: who, by when, with which target."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tasks.model.actions import Action
from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.sections.section import SectionContext

STEM = ReportSection.NEW_ACTIONS


@dataclass(frozen=True)
class NewActionRow:
    """One new action."""

    what: Phrase
    owner: Phrase
    due: Phrase
    goal: Phrase
    effect: Phrase
    kind: Phrase


@dataclass(frozen=True)
class NewActionsView:
    """The new actions, how many more there are, and why there is none."""

    rows: tuple[NewActionRow, ...]
    more: Phrase
    missing: Phrase


def build(context: SectionContext) -> NewActionsView:
    """Return the new actions in the order of their causes."""
    voice, agenda = context.voice, context.agenda
    more = EMPTY
    if agenda.more_actions:
        n = context.number("actions.more", agenda.more_actions, "items", method="ledger")
        more = voice.say("actions.more", n=n)
    return NewActionsView(_rows(context), more, voice.word(f"missing.{_missing(context)}"))


def _rows(context: SectionContext) -> tuple[NewActionRow, ...]:
    """Return a row for each action; a target equal to that of the row above is not repeated."""
    rows: list[NewActionRow] = []
    above = ("", "")
    same = context.voice.word("col.same")
    for action in context.agenda.new_actions:
        row = _row(context, action)
        here = (row.goal.plain, row.effect.plain)
        rows.append(replace(row, goal=same, effect=same) if here == above else row)
        above = here
    return tuple(rows)


def _row(context: SectionContext, action: Action) -> NewActionRow:
    voice = context.voice
    words = voice.action(action)
    goal = voice.data(words.target, 140)
    if words.metric and words.metric not in words.target:
        goal = join([voice.data(words.metric, 40), goal], " → ")
    return NewActionRow(
        what=voice.data(words.what, 120),
        owner=voice.owner(action),
        due=_due(context, action),
        goal=goal,
        effect=voice.data(words.effect, 80),
        kind=voice.word(f"kind.{action.kind.value}"),
    )


def _due(context: SectionContext, action: Action) -> Phrase:
    """Return when an action is due: a date, or how late it is since an earlier revision asked for it."""
    if context.days_late(action.due) is None:
        return context.voice.due(action.due)
    return context.by(f"action.{action.action_id}", action.due)


def _missing(context: SectionContext) -> str:
    """Return why there is no new action."""
    causes = context.agenda.causes
    if context.agenda.withheld:
        return "actions_restricted"
    if not causes:
        return "actions"
    return "actions_running" if any(cause.life == "continuing" for cause in causes) else "actions_unfit"
