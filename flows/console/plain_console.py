"""The console: what is printed is text, whatever a source wrote into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from flows.console.printed_text import printable
from tasks.errors import UserError
from tasks.privacy.log_net import discreet_errors
from tasks.privacy.second_net import SecondNet


class PlainConsole(Console):
    """A console on which a bracket is a bracket: no text is read as markup, an emoji's name or an order to the terminal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)
        self._net: SecondNet | None = None

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a text as it is, or masked while the console is discreet."""
        plain = printable(text)
        return super().render_str(self._net.words(plain) if self._net is not None else plain, **options)

    @contextmanager
    def discreet(self, home: Path) -> Iterator[None]:
        """Mask personal data in all that is printed and in errors, but the home's own configuration, for commands that show sources."""
        spared = _own_words(home)
        self._net = SecondNet(spared)
        try:
            with discreet_errors(spared):
                yield
        finally:
            self._net = None


def _own_words(home: Path) -> frozenset[str]:
    from tasks.shop.load import Shop  # most commands need no shop to be printed

    try:
        return Shop.load(home).own_words
    except UserError:  # the command itself will say what is wrong with it
        return frozenset()
