"""A change of a shop-level rate in words: how much of it is composition."""

from __future__ import annotations

from tasks.model.figures import MixEffect
from tasks.report.language.phrase import Phrase
from tasks.report.sections.section import SectionContext

FINE = {"points": "points_fine"}
"""Units of the parts of a change: two decimals, so that the printed rows add up."""

_CHANGES = {"share": "points", "per_100": "change_per_100", "money": "money_change"}


def unit(context: SectionContext, effect: MixEffect) -> str:
    """Return the unit of the figure that a mix effect splits."""
    figure = context.review.figure(effect.figure)
    return figure.unit if figure is not None else "share"


def fine_unit(context: SectionContext, effect: MixEffect) -> str:
    """Return the unit of the parts of the change."""
    whole = _CHANGES.get(unit(context, effect), "count_change")
    return FINE.get(whole, whole)


def number_id(effect: MixEffect, name: str) -> str:
    """Return the id of one of a mix effect's numbers."""
    return f"mix.{effect.figure}.{effect.dimension}.{name}"


def change(context: SectionContext, effect: MixEffect) -> Phrase:
    """Return the change of the figure."""
    whole = _CHANGES.get(unit(context, effect), "count_change")
    return context.number(number_id(effect, "change"), effect.after - effect.before, whole, method="decomposition")


def sentence(context: SectionContext, effect: MixEffect) -> Phrase:
    """Say where a change of a shop-level rate came from."""
    voice = context.voice
    figure, fine = voice.figure_inside(effect.figure), fine_unit(context, effect)
    if effect.verdict == "none":
        return voice.say("finding.mix_none", figure=figure)
    inside = context.number(number_id(effect, "own"), effect.own, fine, method="decomposition")
    if effect.verdict == "own":
        return voice.say("finding.mix_own", figure=figure, change=change(context, effect), own=inside)
    values = {
        "figure": figure,
        "change": change(context, effect),
        "leading": voice.value(effect.dimension, effect.leading),
        "before": context.number(number_id(effect, "share_before"), effect.share_before, "share", method="share of orders"),
        "after": context.number(number_id(effect, "share_after"), effect.share_after, "share", method="share of orders"),
    }
    if effect.verdict == "composition":
        return voice.say("finding.mix", **values)
    composition = context.number(number_id(effect, "composition"), effect.composition, fine, method="decomposition")
    return voice.say("finding.mix_both", composition=composition, own=inside, **values)
