"""Customers' words in sentences of the report: the words and the quote of a cause, and the cases of a word."""

from __future__ import annotations

from tasks.model.causes import Cause
from tasks.model.words import Keyword, Quote
from tasks.report.language.phrase import EMPTY, Phrase
from tasks.report.sections.section import SectionContext


def cause_words(context: SectionContext, cause: Cause) -> Phrase:
    """Return the words that stand out in a cause's cases, each with its cases; empty if none do."""
    voice = context.voice
    words = context.review.customer_words.cause_words.get(cause.cause_id, ())
    return voice.listed(
        voice.part(
            "saying.word",
            word=voice.data(word.word, 30),
            n=cases(context, f"cause.{cause.cause_id}.word.{word.word}", word),
        )
        for word in words
        if voice.readable(word.word)
    )


def cause_quote(context: SectionContext, cause: Cause) -> Phrase:
    """Return a cause's typical text if this edition's readers may and can read it."""
    return quoted(context, context.review.customer_words.cause_quotes.get(cause.cause_id))


def cases(context: SectionContext, id_: str, word: Keyword) -> Phrase:
    """Return the cases that use a word."""
    return context.number(id_, word.cases, "cases", method="cases that use the word", rows=",".join(word.rows))


def quoted(context: SectionContext, quote: Quote | None) -> Phrase:
    """Return a text in quotation marks if this edition's readers may and can read it."""
    voice = context.voice
    if quote is None or (quote.restricted and not context.agenda.restricted) or not voice.readable(quote.text):
        return EMPTY
    return voice.part("case.quote", text=voice.data(quote.text, 120))
