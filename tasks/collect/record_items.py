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
    columns: Columns that are wanted; of a record with many items, only their fields are repeated. None means all.
    """

    def __init__(self, path: str, origin: str, columns: frozenset[str] | None = None) -> None:
        self._parts = path.split(".") if path else []
        self._wanted = None if columns is None else {name[:at] for name in columns for at in _ends(name)}
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
        rows, found = self._unfolded(record, self._parts, "")
        self._lists += found
        return rows

    def _unfolded(self, value: dict[str, Any], parts: list[str], above: str) -> tuple[list[dict[str, Any]], bool]:
        """Return the rows of one object, and whether there was a list."""
        key, rest = parts[0], parts[1:]
        inside = value.get(key)
        if not isinstance(inside, list) and not (isinstance(inside, dict) and rest):
            return [], False
        beside = value
        if self._wanted is not None:
            beside = {name: cell for name, cell in value.items() if f"{above}{name}" in self._wanted}
        if isinstance(inside, dict):
            rows, found = self._unfolded(inside, rest, f"{above}{key}.")
            return [{**beside, key: row} for row in rows], found
        unfolded: list[dict[str, Any]] = []
        for item in inside:
            below = self._unfolded(item, rest, f"{above}{key}.")[0] if rest and isinstance(item, dict) else []
            unfolded += [{**beside, key: row} for row in below] or [{**beside, key: item}]
        return unfolded, True


def _ends(name: str) -> list[int]:
    """Return where the parts of a dotted name end."""
    return [*(at for at, letter in enumerate(name) if letter == "."), len(name)]
