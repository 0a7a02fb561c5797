"""Exports of one thing whose headings changed over time: one channel that knows the old and the new names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tasks.connect.headings import KnownHeadings
from tasks.connect.proposal import Proposal, ProposedColumn
from tasks.connect.samples import LANDMARKS, Note, Sample

SHARED = 0.5
"""Least share of their headings that two exports of one thing have in common."""
_OF_THE_HEADING = ("heading", "skip_rows")


def alike(first: Sample, second: Sample) -> bool:
    """Return whether two files are read in one way, their heading row aside, and share most of their columns."""
    forms = [{key: value for key, value in one.read.items() if key not in _OF_THE_HEADING} for one in (first, second)]
    ours, others = set(first.rows.columns), set(second.rows.columns)
    return forms[0] == forms[1] and len(ours & others) >= SHARED * min(len(ours), len(others))


def read_of(samples: Sequence[Sample], words: KnownHeadings) -> dict[str, Any]:
    """Return how files of changing headings are read: their heading row is recognised by headings that all of them have."""
    read = dict(samples[0].read)
    if any("heading" in one.read for one in samples):
        shared = [name for name in samples[0].rows.columns if all(name in one.rows.columns for one in samples)]
        read["heading"] = list(dict.fromkeys([*(name for name in shared if words.known(name)), *shared]))[:LANDMARKS]
    if any("skip_rows" in one.read for one in samples):
        read["skip_rows"] = "auto"
    return read


def merged(proposals: Sequence[Proposal]) -> Proposal | None:
    """Return one proposal for exports of one thing; None if they do not say the same under other names.

    Args:
        proposals: One for each form of the headings.
    """
    first, *others = proposals
    columns = {column.name: column for column in first.columns}
    for other in others:
        if other.table != first.table:
            return None
        for column in other.columns:
            both = column if column.name not in columns else _both(columns[column.name], column)
            if both is None:
                return None
            columns[column.name] = both
    names = list(dict.fromkeys(column.name for one in proposals for column in one.columns))
    used = {name for column in columns.values() for name in _names(column.spec)}
    unused = tuple(dict.fromkeys(name for one in proposals for name in one.unused if name not in used))
    doubts = list[Note]()
    for doubt in (doubt for one in proposals for doubt in one.doubts):
        if doubt not in doubts:
            doubts.append(doubt)
    return replace(first, columns=tuple(columns[name] for name in names), unused=unused, doubts=tuple(doubts))


def _both(ours: ProposedColumn, theirs: ProposedColumn) -> ProposedColumn | None:
    """Return a column with the headings of both, where nothing but its heading differs."""
    if ours.spec == theirs.spec:
        return ours
    first, second = (spec if isinstance(spec, dict) else {"from": spec} for spec in (ours.spec, theirs.spec))
    rests = [{key: value for key, value in spec.items() if key != "from"} for spec in (first, second)]
    if rests[0] != rests[1] or not (_names(ours.spec) and _names(theirs.spec)) or "concat" in rests[0]:
        return None
    names = list(dict.fromkeys([*_names(ours.spec), *_names(theirs.spec)]))
    spec = {"from": names, **rests[0]} if rests[0] else names
    return replace(ours, spec=spec, confidence=min(ours.confidence, theirs.confidence))


def _names(spec: Any) -> list[str]:
    given = spec.get("from", []) if isinstance(spec, dict) else spec
    if isinstance(given, str):
        return [] if given.startswith("=") and not isinstance(spec, dict) else [given]
    return list(given) if isinstance(given, list) else []
