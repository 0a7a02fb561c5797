"""Phrases that code a text, words with legal effect, and practices that may never be proposed."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from tasks.shop.names import Name
from tasks.shop.section import Section


class PhraseGroup(Section):
    """Phrases of one leaf (and symptom); a phrase `a … b` needs both parts in the same text."""

    zh: list[str] = []
    en: list[str] = []
    symptom: str = ""
    negatable: bool = Field(default=True, description="False where absence is the complaint itself: 没有赠品.")
    weight: float = Field(default=2.0, description="What one phrase of the group counts; the leaf with the highest sum is taken.")

    @property
    def phrases(self) -> list[str]:
        """All phrases, both languages, lower case."""
        return [phrase.lower() for phrase in (*self.zh, *self.en)]


class GateWord(Section):
    """A word with legal effect and what a general edition prints instead (docs/method.md, 10)."""

    zh: str = ""
    en: str = ""
    instead_zh: str = ""
    instead_en: str = ""
    unless_after: list[str] = Field(
        default_factory=list, description="What may stand right before the Chinese word: 功能 before 缺陷."
    )

    @model_validator(mode="after")
    def _replaces_itself_by_something_else(self) -> Self:
        if bool(self.zh) != bool(self.instead_zh) or bool(self.en) != bool(self.instead_en):
            raise ValueError("a gate word needs its replacement in the same language")
        return self


class Forbidden(Name):
    """A practice that may never be proposed or drafted (docs/method.md, 10)."""

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


class Cues(Section):
    """Words that are no problem themselves but change what a text means."""

    negation: list[str] = Field(
        default_factory=list, description="What stands right before a phrase and takes it back; no cue may end with another one."
    )
    not_negation: list[str] = Field(
        default_factory=list, description="What ends with a negation cue but takes nothing back: 是不是, 有没有."
    )
    question: list[str] = []
    polite: list[str] = Field(
        default_factory=list, description="What opens or closes a mere question, also where a problem is named."
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
                raise ValueError(f"not_negation {cue!r} ends with no negation, so it changes nothing")
        return self


class Vocabulary(Section):
    """What counts as a word of its own where words are counted."""

    stop: list[str] = Field(
        default_factory=list, description="Words that say nothing by themselves, in any language, small letters."
    )
    keep: list[str] = Field(
        default_factory=list, description="Words of the trade that look like a person's name or that a dictionary cuts apart."
    )


class Words(Section):
    """All words of the house, as data."""

    leaves: dict[str, list[PhraseGroup]] = {}
    safety_leaves: list[str] = Field(
        default=["PRD.SAFETY", "PRD.HEALTH"], description="Leaves that overrule every other code of a record."
    )
    cues: Cues = Cues()
    gate: list[GateWord] = []
    forbidden: list[Forbidden] = []
    vocabulary: Vocabulary = Vocabulary()

    @cached_property
    def _gate_zh(self) -> list[tuple[re.Pattern[str], str]]:
        words = sorted((g for g in self.gate if g.zh), key=lambda g: -len(g.zh))
        return [
            (re.compile("".join(f"(?<!{re.escape(b)})" for b in g.unless_after) + re.escape(g.zh)), g.instead_zh) for g in words
        ]

    @cached_property
    def _gate_en(self) -> list[tuple[re.Pattern[str], str]]:
        pairs = sorted(((g.en, g.instead_en) for g in self.gate if g.en), key=lambda pair: -len(pair[0]))
        return [(re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE), instead) for word, instead in pairs]

    def gated(self, text: str) -> str:
        """Return a text with every word of legal effect replaced, as a general edition prints it."""
        for pattern, instead in (*self._gate_zh, *self._gate_en):
            text = pattern.sub(instead, text)
        return text

    def gate_hits(self, text: str) -> list[str]:
        """Return the words with legal effect that stand in a text."""
        return [match[0] for pattern, _ in (*self._gate_zh, *self._gate_en) for match in pattern.finditer(text)]

    def forbidden_practice(self, text: str) -> Forbidden | None:
        """Return the practice that a proposal or reply would amount to, or nothing."""
        return next((rule for rule in self.forbidden if any(re.search(p, text, re.IGNORECASE) for p in rule.patterns)), None)
