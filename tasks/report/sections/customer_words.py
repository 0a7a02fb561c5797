"""Growing words, and themes among unclassified records."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.report_sections import ReportSection
from tasks.model.words import Keyword, Theme
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.sections.section import SectionContext
from tasks.report.sentences.customer_words import cases, quoted

STEM = ReportSection.CUSTOMER_WORDS


@dataclass(frozen=True)
class WordRow:
    """A word used by more cases of a problem than the half year before suggests."""

    word: Phrase
    leaf: Phrase
    current: Phrase
    expected: Phrase
    judgement: Phrase


@dataclass(frozen=True)
class ThemeLine:
    """What several unclassified records are about, and a typical one."""

    line: Phrase
    quote: Phrase


@dataclass(frozen=True)
class CustomerWordsView:
    """Words that grew, and themes of what stayed unclassified."""

    rows: tuple[WordRow, ...]
    caption: Phrase
    message: Phrase
    themes: tuple[ThemeLine, ...]
    themes_caption: Phrase


def build(context: SectionContext) -> CustomerWordsView | None:
    """Return the words and themes that readers can read, or None if none passed."""
    voice, words = context.voice, context.review.customer_words
    grown = [word for word in words.grown if voice.readable(word.word)]
    themes = [theme for theme in words.themes if all(voice.readable(word) for word in theme.words)]
    if not grown and not themes:
        return None
    caption = message = themes_caption = EMPTY
    if grown:
        tested = context.number("sayings.tested", words.tested, "words", method="log-odds, Benjamini-Hochberg")
        caption = voice.say("saying.caption", tested=tested)
    if themes:
        n = context.number("sayings.unclassified", words.unclassified, "records", method="records without a leaf")
        message = voice.say("saying.unclassified", this=voice.this(), n=n)
        themes_caption = voice.word("saying.themes_caption")
    return CustomerWordsView(
        tuple(_row(context, word) for word in grown),
        caption,
        message,
        tuple(_theme(context, theme) for theme in themes),
        themes_caption,
    )


def _row(context: SectionContext, word: Keyword) -> WordRow:
    voice = context.voice
    id_ = f"word.{word.leaf}.{word.word}"
    method = "share of the 26 weeks before"
    return WordRow(
        word=voice.data(word.word, 30),
        leaf=voice.leaf(word.leaf),
        current=cases(context, f"{id_}.cases", word),
        expected=context.number(f"{id_}.expected", _shown(word.expected), "cases", method=method),
        judgement=voice.word("judge.more_said"),
    )


def _theme(context: SectionContext, theme: Theme) -> ThemeLine:
    voice = context.voice
    id_ = "theme." + "+".join(theme.words)
    words = join([voice.data(word, 30) for word in theme.words], voice.catalogue["saying.theme_join"])
    n = context.number(
        f"{id_}.records", theme.records, "records", method="texts with the theme's words", rows=",".join(theme.rows)
    )
    expected = context.number(f"{id_}.expected", _shown(theme.expected), "records", method="share of the 26 weeks before")
    key = "saying.theme_grown" if theme.grown else "saying.theme"
    return ThemeLine(voice.say(key, words=words, n=n, expected=expected), quoted(context, theme.quote))


def _shown(expected: float) -> float:
    return round(expected) if expected >= 10 else round(expected, 1)
