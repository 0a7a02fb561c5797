"""How far causes were sought, in words: what was not compared is never called normal."""

from __future__ import annotations

from tasks.model.causes import SearchBasis, SearchLack
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections.section import SectionContext
from tasks.report.sentences import cause as cause_sentence

LACK_UNITS = {SearchLack.WEEKS: "weeks", SearchLack.KINDS: "cases", SearchLack.CASES: "cases"}
"""Unit of what is known and needed, by what is lacking."""


def lacking(context: SectionContext) -> Phrase:
    """Say why causes were not sought against the past; empty if they were."""
    voice, search = context.voice, context.review.search
    if search.basis is SearchBasis.HISTORY:
        return EMPTY if context.review.tested else voice.say("search.nothing", this=voice.this())
    if search.lack not in LACK_UNITS:
        return voice.say("search.dimensions", this=voice.this())
    unit = LACK_UNITS[search.lack]
    known = context.number("search.known", search.known, unit, method="history")
    needed = context.number("search.needed", search.needed, unit, method="method")
    return voice.say(f"search.{search.lack}", this=voice.this(), known=known, needed=needed)


def nothing_found(context: SectionContext) -> Phrase:
    """Say that no cause was found where that says little: what was compared, what could have been seen, and what only just fell short.

    Empty if the search would have found whatever matters.
    """
    voice, search = context.voice, context.review.search
    if context.agenda.causes and search.basis is SearchBasis.HISTORY:
        return EMPTY
    if search.basis is SearchBasis.SAME_WEEKS:
        compared = context.number("search.compared", search.compared, "places", method="conditional scan")
        said = lacking(context) + voice.say("search.same_weeks", this=voice.this(), compared=compared)
    elif not context.review.tested or search.basis is SearchBasis.NOTHING:
        return lacking(context)
    else:
        said = EMPTY if search.able else _little_seen(context)
    return said + _nearest(context) if search.near and not context.agenda.causes else said


def _little_seen(context: SectionContext) -> Phrase:
    """Say how large a fault would have had to be."""
    voice, search = context.voice, context.review.search
    if not search.searched:
        return voice.say("search.nothing", this=voice.this())
    searched = context.number("search.searched", search.searched, "places", method="scan")
    visible = context.number("search.visible", search.visible, "cases", method="least fault seen")
    weeks = context.number("search.weeks", search.weeks, "weeks", method="span searched")
    return voice.say("search.little", this=voice.this(), searched=searched, visible=visible, weeks=weeks)


def _nearest(context: SectionContext) -> Phrase:
    """Name the place that came closest to a finding."""
    voice, best = context.voice, context.review.strongest_rejected
    if best is None or not best.slice:
        return EMPTY
    value = round(best.expected) if best.expected >= 10 else round(best.expected, 1)
    observed = context.number("search.near.observed", best.observed, "cases", n=best.exposure, method="scan")
    expected = context.number("search.near.expected", value, "cases", n=best.exposure, method="scan")
    where, leaf = voice.where(best.slice), cause_sentence.leaf(context, best)
    return voice.say("search.near", this=voice.this(), where=where, leaf=leaf, observed=observed, expected=expected)
