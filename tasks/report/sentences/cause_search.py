"""How far causes were sought, in words: what was not compared is never called normal."""

from __future__ import annotations

from tasks.model.causes import SearchBasis, SearchLack
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections.section import SectionContext

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
    """Say that no cause was found where the past could not tell, and what was compared instead."""
    voice, search = context.voice, context.review.search
    if search.basis is not SearchBasis.SAME_WEEKS:
        return lacking(context)
    compared = context.number("search.compared", search.compared, "places", method="conditional scan")
    return lacking(context) + voice.say("search.same_weeks", this=voice.this(), compared=compared)
