"""Phrases that code a text, words with legal effect, and practices that may never be proposed."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Self

from pydantic import Field, model_validator

from tasks.shop.names import LanguageTag, Name, gathered
from tasks.shop.section import ConfigSection

_SPACELESS = r"\u3040-\u30ff\u3400-\u9fff"
"""Letters of scripts without spaces between words: such a word is found anywhere in a text."""

_NO_LETTER_BEFORE, _NO_LETTER_AFTER = rf"(?<![^\W{_SPACELESS}])", rf"(?![^\W{_SPACELESS}])"
"""Edges of a word of any other script; a letter of a script without spaces is one too: 属defect批次."""


class PhraseGroup(ConfigSection):
    """Phrases of one leaf (and symptom); a phrase `a … b` needs both parts in the same text."""

    written: dict[LanguageTag, list[str]] = Field(default_factory=dict, description="Phrases by language: `zh`, `en`.")
    symptom: str = ""
    negatable: bool = Field(default=True, description="False where absence is the complaint itself: 没有赠品.")
    weight: float = Field(default=2.0, description="Score of each phrase of the group; the leaf with the highest sum wins.")

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        return gathered(value, "written", taken=cls.model_fields)

    @property
    def phrases(self) -> list[str]:
        """All phrases of all languages, in lower case."""
        return [phrase.lower() for phrases in self.written.values() for phrase in phrases]


class GateWord(Name):
    """A word with legal effect, by language, and what a general edition prints instead (docs/method.md, 10)."""

    instead: dict[LanguageTag, str] = Field(description="The replacement by language: `instead_en` beside `en`.")
    unless_after: list[str] = Field(default_factory=list, description="What may stand right before the word: 功能 before 缺陷.")

    @model_validator(mode="before")
    @classmethod
    def _gather_replacements(cls, value: Any) -> Any:
        return gathered(value, "instead", prefix="instead_")

    @model_validator(mode="after")
    def _replaces_itself_by_something_else(self) -> Self:
        if {code for code, word in self.texts.items() if word} != {code for code, word in self.instead.items() if word}:
            raise ValueError("a gate word needs its replacement in the same language")
        return self

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Word and replacement in each language."""
        return [(word, self.instead[code]) for code, word in self.texts.items() if word]


class Forbidden(Name):
    """A practice that must never be proposed or drafted (docs/method.md, 10)."""

    id: str
    patterns: list[str] = Field(description="Regular expressions, case ignored.")

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        for pattern in self.patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"the pattern {pattern!r} of {self.id} cannot be read: {error}") from error
        return self


class Cues(ConfigSection):
    """Words that are not problems themselves but change what a text means."""

    negation: list[str] = Field(
        default_factory=list, description="What negates the phrase right after it; no cue may end with another one."
    )
    not_negation: list[str] = Field(
        default_factory=list, description="What ends with a negation cue but takes nothing back: 是不是, 有没有."
    )
    question: list[str] = []
    polite: list[str] = Field(
        default_factory=list, description="What opens or closes a mere question, even if it names a problem."
    )
    question_end: list[str] = []
    suggestion: list[str] = []
    praise: list[str] = []
    dissatisfied: list[str] = []
    strong: list[str] = Field(default_factory=list, description="Intensifiers and marks of anger.")
    mild: list[str] = []
    sarcasm: list[str] = []
    hedge: list[str] = []
    vague: list[str] = []
    legal: list[str] = []
    repeat: list[str] = []
    time_critical: list[str] = []
    no_reason_return: list[str] = []
    request: dict[str, list[str]] = {}

    @model_validator(mode="after")
    def _negations_are_minimal(self) -> Self:
        for cue in self.negation:
            for other in self.negation:
                if cue != other and cue.endswith(other):
                    raise ValueError(f"the negation {cue!r} ends with the negation {other!r}; drop the longer one")
        for cue in self.not_negation:
            if not any(cue.endswith(other) for other in self.negation):
                raise ValueError(f"not_negation {cue!r} ends with no negation, so it has no effect; drop it")
        return self


class Vocabulary(ConfigSection):
    """What counts as a word where words are counted."""

    stop: list[str] = Field(
        default_factory=list, description="Words that mean nothing by themselves, in any language, in lower case."
    )
    keep: list[str] = Field(
        default_factory=list, description="Trade words that look like a person's name or that a dictionary would split."
    )


class Words(ConfigSection):
    """All word lists of the shop."""

    leaves: dict[str, list[PhraseGroup]] = {}
    safety_leaves: list[str] = Field(
        default=["PRD.SAFETY", "PRD.HEALTH"], description="Leaves that override every other code of a record."
    )
    cues: Cues = Cues()
    gate: list[GateWord] = []
    forbidden: list[Forbidden] = []
    vocabulary: Vocabulary = Vocabulary()

    @cached_property
    def _gate(self) -> list[tuple[re.Pattern[str], str]]:
        """Pattern and replacement of each word with legal effect: scripts without spaces first, then the longest."""
        words = [(word, instead, gate.unless_after) for gate in self.gate for word, instead in gate.pairs]
        words.sort(key=lambda each: (not _spaceless(each[0]), -len(each[0])))
        return [(_gate_pattern(word, unless_after), instead) for word, instead, unless_after in words]

    def gated(self, text: str) -> str:
        """Return a text with every word with legal effect replaced, as a general edition prints it."""
        for pattern, instead in self._gate:
            text = pattern.sub(instead, text)
        return text

    def gate_hits(self, text: str) -> list[str]:
        """Return the words with legal effect in a text."""
        return [match[0] for pattern, _ in self._gate for match in pattern.finditer(text)]

    def forbidden_practice(self, text: str) -> Forbidden | None:
        """Return the forbidden practice that a proposal or reply amounts to, or None if there is none."""
        return next((rule for rule in self.forbidden if any(re.search(p, text, re.IGNORECASE) for p in rule.patterns)), None)


def _spaceless(word: str) -> bool:
    return re.search(f"[{_SPACELESS}]", word) is not None


def _gate_pattern(word: str, unless_after: list[str]) -> re.Pattern[str]:
    """Return the pattern for a word: anywhere in a script without spaces, else as a whole word in any case."""
    before = "".join(f"(?<!{re.escape(each)})" for each in unless_after)
    if _spaceless(word):
        return re.compile(before + re.escape(word))
    return re.compile(f"{before}{_NO_LETTER_BEFORE}{re.escape(word)}{_NO_LETTER_AFTER}", re.IGNORECASE)
