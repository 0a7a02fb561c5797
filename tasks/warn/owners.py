"""Who is notified of a warning, in which order, and what would be done about it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tasks.errors import ConfigurationError
from tasks.model.facts import CodedFacts
from tasks.model.warnings import CLUSTER, SAFETY, EarlyWarning
from tasks.shop.load import Shop
from tasks.shop.people import Person
from tasks.shop.playbook import Entry, Trigger
from tasks.warn.kinds.catalogue import rule_of


def assigned(warning: EarlyWarning, facts: CodedFacts, shop: Shop) -> EarlyWarning:
    """Return a warning with its owner, the role in which that person owns it, and the playbook's first step.

    Args:
        warning: What was found.
        facts: Give the product line of a SKU and the supplier of a batch.
        shop: People, playbook and rules.
    """
    rule = rule_of(warning.kind, shop)
    found = _step(warning, shop)
    role = rule.owner or (found[1] if found else "") or _leaf_owner(warning, shop)
    person = shop.people.owner(
        role,
        line=warning.slice.get("line") or _looked_up(facts, "product", "sku", "line", warning.slice.get("sku", "")),
        supplier=_looked_up(facts, "batch", "batch_no", "supplier", warning.slice.get("batch_no", "")),
        platform=warning.slice.get("platform", ""),
    )
    named = replace(warning, role=role, owner=person.name, restricted=rule.restricted, playbook=found[0] if found else "")
    return replace(named, owner=ladder(named, shop)[0].name)


def ladder(warning: EarlyWarning, shop: Shop) -> list[Person]:
    """Return the people to notify in turn until someone answers; each can be reached and may read it.

    Raises:
        ConfigurationError: If nobody qualifies.
    """
    rule = rule_of(warning.kind, shop)
    people = [shop.people.person(warning.owner), *(shop.people.owner(role) for role in rule.ladder)]
    allowed = set(shop.warnings.restricted_roles)
    fit = [person for person in people if person.mail and (not rule.restricted or allowed & set(person.roles))]
    if not fit:
        raise ConfigurationError(
            f"Nobody can be notified of {warning.kind} warnings.",
            hint=f"Give a person in people.yaml a mail address and one of the roles {', '.join([warning.role, *rule.ladder])}.",
        )
    return list({person.name: person for person in fit}.values())


def _step(warning: EarlyWarning, shop: Shop) -> tuple[str, str] | None:
    """Return the mark and role of the playbook's first step for a warning, containment first; empty if there is none."""
    if warning.kind not in (CLUSTER, SAFETY):
        return None
    for entry in shop.playbook.entries:
        if _answers(entry, warning):
            steps = sorted(entry.actions, key=lambda step: step.kind != "contain")
            chosen = next((step for step in steps if step.owner == rule_of(warning.kind, shop).owner), steps[0])
            return f"{entry.id}/{chosen.step}", chosen.owner
    return None


def _answers(entry: Entry, warning: EarlyWarning) -> bool:
    when: Trigger = entry.when
    if warning.kind == SAFETY:
        return "safety" in when.tracks
    held = set(warning.slice)
    return (
        not when.tracks
        and (not when.leaves or warning.leaf in when.leaves)
        and (not when.symptoms or warning.symptom in when.symptoms)
        and set(when.all_of) <= held
        and (not when.any_of or bool(set(when.any_of) & held))
        and not set(when.none_of) & held
        and (not when.kinds or "slice" in when.kinds)
        and bool(when.leaves)
    )


def _leaf_owner(warning: EarlyWarning, shop: Shop) -> str:
    leaf = shop.taxonomy.every_leaf.get(warning.leaf)
    return leaf.owner if leaf else shop.people.person(shop.people.default_owner).roles[0]


def _looked_up(facts: CodedFacts, table: str, key: str, column: str, value: str) -> str:
    if not value:
        return ""
    found = facts[table].filter(pl.col(key) == value)[column].drop_nulls()
    return str(found[0]) if len(found) else ""
