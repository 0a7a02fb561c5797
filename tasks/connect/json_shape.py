"""Where the records of a JSON document lie, and whether each of them holds a list of what the rows are."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from tasks.collect.encodings import decode
from tasks.collect.json_text import parsed
from tasks.collect.limits import unpacked
from tasks.collect.source_rows import at_path
from tasks.connect.headings import EXACT, KnownHeadings

DEEPEST = 4
"""Objects within objects that are looked into for the list of records."""
LOOKED_AT = 200
"""Records that are looked at for lists within them."""
MOST = 0.5
"""Share of the records that must hold a list."""


def json_form(file: Path, words: KnownHeadings) -> dict[str, str]:
    """Return the keys `records` and `each` of a file; without them it is a list of records, or has one in each line."""
    data = unpacked(file, member="", max_mb=2_000)[0][1]
    found = decode(data)
    if found is None or ".jsonl" in file.name.lower() or ".ndjson" in file.name.lower():
        return {}
    try:
        document = parsed(found.text)
    except (ValueError, RecursionError):
        return {}
    path = records_path(document)
    form = {"records": path} if path else {}
    records = at_path(document, path)
    each = lines_path(records, words) if isinstance(records, list) else ""
    return form | ({"each": each} if each else {})


def records_path(document: Any) -> str:
    """Return the path of the longest list of objects in a document; nothing if it is a list itself, or has none."""
    if not isinstance(document, dict):
        return ""
    best: tuple[int, str] = (0, "")
    waiting: deque[tuple[str, dict[str, Any], int]] = deque([("", document, 1)])
    while waiting:
        above, inside, depth = waiting.popleft()
        for key, value in inside.items():
            if "." in key or not key:
                continue
            if isinstance(value, dict) and depth < DEEPEST:
                waiting.append((f"{above}{key}.", value, depth + 1))
            if isinstance(value, list) and sum(isinstance(item, dict) for item in value) > best[0]:
                best = (len(value), f"{above}{key}")
    return best[1]


def lines_path(records: list[Any], words: KnownHeadings) -> str:
    """Return the name of the list of order lines that records hold: its items name an article and how many of it; or nothing."""
    looked_at = [record for record in records[:LOOKED_AT] if isinstance(record, dict)]
    keys: dict[str, None] = dict.fromkeys(key for record in looked_at for key in record if "." not in key)
    for key in keys:
        lists = [record[key] for record in looked_at if isinstance(record.get(key), list)]
        items = [item for items in lists for item in items if isinstance(item, dict)]
        if len(lists) >= MOST * len(looked_at) and items:
            names = {name for item in items for name in item}
            if all(any(words.score("order_line", column, name)[0] > EXACT - 0.1 for name in names) for column in ("sku", "qty")):
                return key
    return ""
