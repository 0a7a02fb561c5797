"""The kind of channel by which words of customers came, told by a file's name and columns."""

from __future__ import annotations

from collections.abc import Collection

from tasks.traditional import simplified

_NAMES = (
    ("review", "review"), ("评价", "review"), ("mail", "mail"), ("chat", "chat"), ("call", "call"), ("来电", "call"),
    ("store", "store"), ("门店", "store"), ("survey", "survey"),
    ("ticket", "ticket"), ("工单", "ticket"), ("complaint", "ticket"), ("客服", "ticket"),
)  # fmt: skip
"""Word in a file's name → kind; the first that is found wins."""


def source_of(file_name: str, columns: Collection[str]) -> str:
    """Return the kind of channel of a file: by its name, else by the columns that it fills."""
    name = simplified(file_name.lower())
    for word, source in _NAMES:
        if word in name:
            return source
    if "rating" in columns:
        return "review"
    return "ticket" if {"status", "closed_at", "agent_ref", "first_human_at"} & set(columns) else "form"
