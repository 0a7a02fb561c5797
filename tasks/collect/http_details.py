"""Records that a list only names: each is asked for by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urljoin

from tasks.collect.http_requests import HttpServer, Wish, host_of
from tasks.collect.json_text import may_hold_half_characters, whole_texts
from tasks.collect.source_rows import at_path
from tasks.errors import ChannelError, ChannelProblem
from tasks.shop.sources.http_api import Details

MOST_IN_A_ROW = 5
"""So many records in a row that cannot be had are a failure of the server, not of the records."""


class Detailed:
    """Asks for the records that a list names, each once in a pull.

    refused: Records that could not be had, as (id, reason).
    """

    def __init__(self, server: HttpServer, details: Details, address: str, received: Callable[[int], None]) -> None:
        self._server, self._details, self._received = server, details, received
        self._address = urljoin(address, details.url)
        self._known: set[str] = set()
        self._failed_in_a_row = 0
        self.refused: list[tuple[str, str]] = []

    def records(self, entries: list[Any]) -> list[Any]:
        """Return the records behind the entries of a list, without those that were asked for before or cannot be had.

        Raises:
            ChannelError: If there are too many, or the server refuses our credentials or several in a row, or time is over.
        """
        found: list[Any] = []
        for entry in entries:
            name = self._name(entry)
            if name in self._known:
                continue
            self._known.add(name)
            if len(self._known) > self._details.most:
                raise ChannelError(
                    f"{host_of(self._address)} has more than {self._details.most:,} records to ask for one by one.",
                    hint="Raise `most` in `details`, or pull a shorter window (`first_days`).",
                    problem=ChannelProblem.TOO_LARGE,
                )
            found += self._had(name)
        return found

    def _name(self, entry: Any) -> str:
        name = at_path(entry, self._details.id)
        if isinstance(name, bool) or not isinstance(name, (str, int)) or name == "":
            raise ChannelError(
                f"An entry of the list of {host_of(self._address)} has no id at `{self._details.id or 'the entry itself'}`.",
                hint="Correct `id` of `details` in channels.yaml.",
                problem=ChannelProblem.WRONG_COLUMNS,
            )
        return str(name)

    def _had(self, name: str) -> list[Any]:
        """Return the record of an id, in a list; none if it cannot be had."""
        try:
            answer = self._server.ask(self._wish(name))
        except ChannelError as error:
            self._failed_in_a_row += 1
            lost = error.problem is ChannelProblem.REFUSED_LOGIN or self._server.patience.is_over
            if lost or self._failed_in_a_row >= MOST_IN_A_ROW:
                raise
            self.refused.append((name, error.what))
            return []
        self._failed_in_a_row = 0
        self._received(len(answer.data))
        record = at_path(answer.body, self._details.record)
        if not isinstance(record, dict):
            self.refused.append((name, f"Its answer has no record at `{self._details.record or 'the top'}`."))
            return []
        if may_hold_half_characters(answer.data):
            whole, broken = whole_texts([record])
            self.refused += [(name, reason) for _, reason in broken]
            return whole
        return [record]

    def _wish(self, name: str) -> Wish:
        details = self._details
        address = self._address.replace("{id}", quote(name, safe=""))
        return Wish(address, {details.param: name} if details.param else {}, details.method)
