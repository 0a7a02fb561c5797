"""The registry of printed numbers: a template can print a number only through it."""

from __future__ import annotations

import json

from tasks.errors import RenderError
from tasks.model.editions import Number
from tasks.report.language.phrase import Phrase, Piece
from tasks.report.language.registry import LANGUAGES


class Numbers:
    """Every number of one edition, by id, with its text in every language.

    Args:
        language: Code of the language in which `show` prints.
        currency: ISO code of the shop's money.
    """

    def __init__(self, language: str, currency: str = "CNY") -> None:
        self.language = language
        self.currency = currency
        self._numbers: dict[str, Number] = {}

    def add(
        self,
        id: str,
        value: float | int | None,
        unit: str = "count",
        n: float | int | None = None,
        range: str = "",
        method: str = "",
        rows: str = "",
    ) -> Phrase:
        """Register a number and return it as a phrase.

        Args:
            id: Name of the number; the same id must always have the same value.
            value: The number in the unit's base.
            unit: Unit of `Language.value`.
            n: The number of cases or units it is based on.
            range: The span of time it covers, ISO.
            method: The method behind it, in a word.
            rows: A description that finds its rows again.

        Raises:
            RenderError: If the id was registered with another value.
        """
        kept = None if value is None else round(float(value), 10)
        text = {code: language.value(kept, unit, self.currency) for code, language in LANGUAGES.items()}
        number = Number(id, _plain(kept), unit, _plain(n), range, method, rows, text)
        known = self._numbers.get(id)
        if known is None:
            self._numbers[id] = number
        elif (known.value, known.unit) != (number.value, number.unit):
            raise RenderError(
                f"The number {id} has two values: {known.value} {known.unit} and {number.value} {number.unit}.",
                hint="Give the second number its own id.",
            )
        return self.show(id)

    def show(self, id: str) -> Phrase:
        """Return a registered number as it is printed in this edition's language."""
        if id not in self._numbers:
            raise RenderError(f"The template prints {id}, which is not a registered number.", hint="Register it in the context.")
        return Phrase((Piece(self._numbers[id].text[self.language], "number", id),))

    def __contains__(self, id: str) -> bool:
        return id in self._numbers

    def __getitem__(self, id: str) -> Number:
        return self._numbers[id]

    @property
    def all(self) -> list[Number]:
        """All numbers, sorted by id."""
        return [self._numbers[id] for id in sorted(self._numbers)]

    def to_json(self, printed: set[str]) -> bytes:
        """Return the printed numbers as `numbers.json`: sorted, one to a line, the same bytes for the same numbers."""
        lines = [
            json.dumps(
                {
                    "id": number.id,
                    "value": number.value,
                    "unit": number.unit,
                    "n": number.n,
                    "range": number.range,
                    "method": number.method,
                    "rows": number.rows,
                    "text": number.text,
                },
                ensure_ascii=False,
            )
            for number in self.all
            if number.id in printed
        ]
        return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def _plain(value: float | int | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if float(value).is_integer() else float(value)
