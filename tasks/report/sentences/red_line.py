"""A red line in words."""

from __future__ import annotations

from tasks.model.review import RedLine
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.language.voice import NOT_PLACES
from tasks.report.sections.section import SectionContext


def leaf(context: SectionContext, line: RedLine) -> Phrase:
    """Return the name of a red line's problem."""
    return context.voice.leaf(line.leaf, line.slice.get("symptom", "")) if line.leaf else EMPTY


def where(context: SectionContext, line: RedLine) -> Phrase:
    """Return what a red line is about; a case whose product is not known is not one of the whole shop."""
    if any(name not in NOT_PLACES for name in line.slice):
        return context.voice.where(line.slice)
    return context.voice.word("red.unknown_product" if line.kind == "safety" else f"red.kind_{line.kind}")


def cases(context: SectionContext, index: int) -> Phrase:
    """Return the cases of a red line of the review."""
    line = context.review.red_lines[index]
    return context.number(f"red.{index}.cases", line.cases, "cases", method="case list", rows=",".join(line.rows))


def counted_cases(context: SectionContext) -> Phrase:
    """Return the cases of the red lines that page 1 only counts."""
    total = sum(context.review.red_lines[index].cases for index in context.agenda.red_counted)
    return context.number("red.rest", total, "cases", method="case list")


def lines(context: SectionContext) -> tuple[Phrase, ...]:
    """Describe the gravest red lines and count the others; several share one line on what to do."""
    several = sum(line.kind == "safety" for line in context.review.red_lines) > 1
    sentences = [_sentence(context, index, short=several) for index in context.agenda.red_told]
    last = context.voice.say("red.rest", n=counted_cases(context)) if context.agenda.red_counted else EMPTY
    if several:
        last += context.voice.word("red.instruction")
    return (*sentences, last) if last else tuple(sentences)


def _sentence(context: SectionContext, index: int, *, short: bool) -> Phrase:
    voice, line = context.voice, context.review.red_lines[index]
    n, place, days = cases(context, index), where(context, line), voice.days(line.days)
    match line.kind:
        case "safety":
            return _safety(context, index, short=short)
        case "regulator":
            return voice.say("red.regulator", n=n, days=voice.span(min(line.days), max(line.days)) if line.days else days)
        case "evidence_missed":
            return voice.say("red.evidence_missed", n=n, days=days)
        case "platform_warn":
            return voice.say("red.platform_warn", where=place, days=days)
    return voice.say("red.other", where=place, leaf=leaf(context, line), n=n, days=days)


def _safety(context: SectionContext, index: int, *, short: bool) -> Phrase:
    """Describe a safety report by the problem's name: a customer's word may name a thing and no symptom."""
    voice, line = context.voice, context.review.red_lines[index]
    sentence = voice.say(
        "red.safety_short" if short else "red.safety",
        where=where(context, line),
        n=cases(context, index),
        days=voice.days(line.days),
        leaf=leaf(context, line),
    )
    if line.sold:
        sold = context.number(f"red.{index}.sold", line.sold, "units", method="units signed")
        weeks = context.number(f"red.{index}.sold_weeks", line.sold_weeks, "weeks", method="units signed")
        sentence += voice.say("red.sold", n=sold, weeks=weeks)
    if line.unverified:
        sentence += voice.word("red.unverified")
    return sentence
