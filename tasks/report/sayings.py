"""What customers say as words of the report: lines of a cause's sheet, and the monthly section on words and themes."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.model.causes import Cause
from tasks.model.words import Keyword, Quote, Theme
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.language.voice import Voice
from tasks.report.sentences import Sentences


@dataclass(frozen=True)
class WordRow:
    """A word that more cases of a problem use than the half year before lets expect."""

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
class CustomerWordsSection:
    """Words that grew, and themes of what stayed unclassified."""

    rows: list[WordRow]
    caption: Phrase
    message: Phrase
    themes: list[ThemeLine]
    themes_caption: Phrase


class CustomerWordsLines:
    """Says the words and quotes of a review.

    Args:
        voice: Language, names and numbers.
        sentences: Registers the numbers of the reviewed period.
        restricted: Whether quotes of safety and dispute cases may be printed.
    """

    def __init__(self, voice: Voice, sentences: Sentences, *, restricted: bool) -> None:
        self.voice = voice
        self.number = sentences.number
        self.sayings = sentences.review.customer_words
        self.restricted = restricted

    def words_of(self, cause: Cause) -> Phrase:
        """Return the words that stand out in a cause's cases, each with its cases; empty where none does."""
        voice = self.voice
        words = [word for word in self.sayings.cause_words.get(cause.cause_id, ()) if voice.readable(word.word)]
        return voice.listed(
            voice.part(
                "saying.word",
                word=voice.data(word.word, 30),
                n=self._cases(f"cause.{cause.cause_id}.word.{word.word}", word),
            )
            for word in words
        )

    def quote_of(self, cause: Cause) -> Phrase:
        """Return a cause's typical text where this edition's readers may and can read it."""
        return self._quoted(self.sayings.cause_quotes.get(cause.cause_id))

    def section(self) -> CustomerWordsSection | None:
        """Return the section on words and themes, or nothing where nothing passed."""
        voice = self.voice
        grown = [word for word in self.sayings.grown if voice.readable(word.word)]
        themes = [theme for theme in self.sayings.themes if all(voice.readable(word) for word in theme.words)]
        if not grown and not themes:
            return None
        caption = message = themes_caption = EMPTY
        if grown:
            tested = self.number("sayings.tested", self.sayings.tested, "words", method="log-odds, Benjamini-Hochberg")
            caption = voice.say("saying.caption", tested=tested)
        if themes:
            n = self.number("sayings.unclassified", self.sayings.unclassified, "records", method="records without a leaf")
            message = voice.say("saying.unclassified", this=voice.this(), n=n)
            themes_caption = voice.word("saying.themes_caption")
        return CustomerWordsSection(
            [self._row(word) for word in grown],
            caption,
            message,
            [self._theme(theme) for theme in themes],
            themes_caption,
        )

    def _row(self, word: Keyword) -> WordRow:
        voice = self.voice
        id_ = f"word.{word.leaf}.{word.word}"
        return WordRow(
            word=voice.data(word.word, 30),
            leaf=voice.leaf(word.leaf),
            current=self._cases(f"{id_}.cases", word),
            expected=self.number(f"{id_}.expected", _shown(word.expected), "cases", method="share of the 26 weeks before"),
            judgement=voice.word("judge.more_said"),
        )

    def _theme(self, theme: Theme) -> ThemeLine:
        voice = self.voice
        id_ = "theme." + "+".join(theme.words)
        words = join([voice.data(word, 30) for word in theme.words], voice.catalogue["saying.theme_join"])
        n = self.number(
            f"{id_}.records", theme.records, "records", method="texts with the theme's words", rows=",".join(theme.rows)
        )
        expected = self.number(f"{id_}.expected", _shown(theme.expected), "records", method="share of the 26 weeks before")
        key = "saying.theme_grown" if theme.grown else "saying.theme"
        return ThemeLine(voice.say(key, words=words, n=n, expected=expected), self._quoted(theme.quote))

    def _cases(self, id_: str, word: Keyword) -> Phrase:
        return self.number(id_, word.cases, "cases", method="cases that use the word", rows=",".join(word.rows))

    def _quoted(self, quote: Quote | None) -> Phrase:
        voice = self.voice
        if quote is None or (quote.restricted and not self.restricted) or not voice.readable(quote.text):
            return EMPTY
        return voice.part("case.quote", text=voice.data(quote.text, 120))


def _shown(expected: float) -> float:
    return round(expected) if expected >= 10 else round(expected, 1)
