"""Words with legal effect: replaced in every general edition (docs/method.md, 10)."""

from __future__ import annotations

from tasks.errors import RenderError
from tasks.shop.words import Words


class Gate:
    """Replaces words with legal effect, and checks that none is left.

    Args:
        words: The shop's words with their replacements.
        open_: True in a restricted edition: words stay as they are.
    """

    def __init__(self, words: Words, *, open_: bool = False) -> None:
        self.words = words
        self.open = open_

    def pass_text(self, text: str) -> str:
        """Return the text with every gated word replaced."""
        return text if self.open else self.words.gated(text)

    def check(self, text: str) -> None:
        """Refuse a general edition that still contains a gated word.

        Raises:
            RenderError: If a word with legal effect stands in the text.
        """
        if not self.open and (found := sorted(set(self.words.gate_hits(text)))):
            raise RenderError(
                f"The general edition contains words with legal effect: {', '.join(found)}.",
                hint="Check the replacements in words.yaml: a replacement must not contain a gated word.",
            )
