"""The console: what is printed is text, whatever a source wrote into it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from flows.console.printed_text import printable


class PlainConsole(Console):
    """A console on which a bracket is a bracket: no text is read as markup, an emoji's name or an order to the terminal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a text as it is."""
        return super().render_str(printable(text), **options)
