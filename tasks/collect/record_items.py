"""Records that hold a list of what the rows are: an order with its lines, an order with its refunds and their lines."""

from __future__ import annotations

from typing import Any

from tasks.errors import ChannelError, ChannelProblem


class ItemRows:
    """Makes one record of each item of a list inside the records; the item takes the place of the list, the rest stays beside it.

    A record without items gives none. Where lists lie within each other (`refunds.lines`), an item of the outer one whose inner list
    is empty is still one record: a refund of money without goods.

    path: Dotted path of the list; empty leaves records as they are.
    origin: Whose records these are, for messages.
    """

    def __init__(self, path: str, origin: str) -> None:
        self._parts = path.split(".") if path else []
        self._origin = origin
        self._records, self._lists = 0, 0

    def of(self, records: list[Any]) -> list[Any]:
        """Return the records of a page's items; what is no object stays, for it to be rejected by its reason."""
        if not self._parts:
            return records
        self._records += len(records)
        return [row for record in records for row in self._rows(record)]

    def check(self) -> None:
        """Compare what came with the path.

        Raises:
            ChannelError: If no record had such a list, empty or not.
        """
        if self._parts and self._records and not self._lists:
            raise ChannelError(
                f"No record of {self._origin} has a list at `{'.'.join(self._parts)}`.",
                hint="Correct `each` in channels.yaml.",
                problem=ChannelProblem.WRONG_COLUMNS,
            )

    def _rows(self, record: Any) -> list[Any]:
        if not isinstance(record, dict):
            self._lists += 1
            return [record]
        rows, found = _unfolded(record, self._parts)
        self._lists += found
        return rows


def _unfolded(value: dict[str, Any], parts: list[str]) -> tuple[list[dict[str, Any]], bool]:
    """Return the rows of one object, and whether there was a list."""
    key, rest = parts[0], parts[1:]
    inside = value.get(key)
    if isinstance(inside, dict) and rest:
        rows, found = _unfolded(inside, rest)
        return [{**value, key: row} for row in rows], found
    if not isinstance(inside, list):
        return [], False
    unfolded: list[dict[str, Any]] = []
    for item in inside:
        below = _unfolded(item, rest)[0] if rest and isinstance(item, dict) else []
        unfolded += [{**value, key: row} for row in below] or [{**value, key: item}]
    return unfolded, True
