"""An action in words: what to do, how it is measured, and its target."""

from __future__ import annotations

from tasks.model.actions import Action, ActionWords, TargetBasis
from tasks.report.language.language import Language
from tasks.shop.playbook import Entry, Playbook


def action_words(action: Action, playbook: Playbook, language: Language) -> ActionWords:
    """Return an action's wording in a language; an action not from the playbook keeps its original words."""
    found = playbook.step(action.playbook)
    if found is None:
        return ActionWords(
            action.what, action.metric, action.exposure, action.target_text, action.expected_effect,
            action.evidence_required, action.side_effect_metric,
        )  # fmt: skip
    entry, step = found
    code = language.code
    return ActionWords(
        what=step.do.of(code),
        metric=entry.metric.name.of(code),
        exposure=entry.metric.exposure_name.of(code),
        target=_target(entry, action, language),
        effect=_effect(entry, action, language),
        evidence=(step.evidence.of(code),) if step.evidence else (),
        side_effect=entry.side.of(code) if entry.side else "",
    )


def _basis(entry: Entry, action: Action, language: Language) -> str:
    """Return what a target rests on: the playbook's own words where its rule gave it."""
    if action.target_basis is TargetBasis.RULE:
        return entry.target.name.of(language.code)
    return language.messages[f"target_basis.{action.target_basis.value}"]


def _target(entry: Entry, action: Action, language: Language) -> str:
    basis, unit = _basis(entry, action, language), entry.metric.unit
    if action.target is None:
        return basis
    say = language.messages
    values = {"name": entry.metric.name.of(language.code), "basis": basis, "goal": rate_text(action.target, unit)}
    if unit == "count":
        return say["target.count"].format(**values)
    values["age"] = say["target.at_age"].format(days=action.age_days) if action.age_days else ""
    now = dict(action.numbers).get("observed_rate")
    if now is None or entry.metric.good == "up":
        return say["target.bound"].format(sign="≥" if entry.metric.good == "up" else "≤", **values)
    return say["target.from_to"].format(before=rate_text(now, unit), **values)


def _effect(entry: Entry, action: Action, language: Language) -> str:
    per_week = dict(action.numbers).get("fewer_per_week")
    if per_week is not None and per_week >= 1:
        return language.messages["target.fewer"].format(n=f"{per_week:.0f}")
    return _basis(entry, action, language)


def rate_text(value: float, unit: str) -> str:
    """Write a rate in its unit: share as percent (two decimals below 1 %), ppm, per 1,000, or a count."""
    if unit == "ppm":
        return f"{value * 1e6:,.0f}ppm"
    if unit == "per_1000":
        return f"{value * 1000:.2f}‰"
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value * 100:.1f}%" if value >= 0.01 or value == 0 else f"{value * 100:.2f}%"
