"""Figures that rest on a source which brought too little: not judged, not compared, and told so (absence of data is no news)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tasks.model.figures import Attainment, Figure, Judgement
from tasks.model.review import ChannelQuality

DEGRADED = 0.05
"""Share of a table's usual rows from which on what is missing spoils every figure that rests on it."""

Gaps = Mapping[str, tuple[str, ...]]
"""Table → channels of which so much is missing that its figures cannot be judged."""


def gaps(channels: Iterable[ChannelQuality], tables: Mapping[str, str], *, failures: bool = True) -> Gaps:
    """Return the channels whose missing rows spoil the figures of their tables.

    Args:
        channels: What each channel delivered for a period.
        tables: Channel → its table.
        failures: Whether to count channels that failed or were left out now; an earlier period lacks only its missing days.
    """
    lost: dict[str, dict[str, float | None]] = {}
    usual: dict[str, float] = {}
    for channel in channels:
        if (table := tables.get(channel.channel)) is None:
            continue
        missing = channel.lost if failures or not (channel.error or channel.excluded) else 0.0
        lost.setdefault(table, {})[channel.channel] = missing
        usual[table] = usual.get(table, 0.0) + max(channel.usual, float(channel.records))
    found: dict[str, tuple[str, ...]] = {}
    for table, by_channel in lost.items():
        unknown = any(missing is None for missing in by_channel.values())
        known = sum(missing or 0.0 for missing in by_channel.values())
        if unknown or (usual[table] > 0 and known >= DEGRADED * usual[table]):
            found[table] = tuple(name for name, missing in by_channel.items() if missing is None or missing > 0)
    return found


def with_gaps(figures: Iterable[Figure], now: Gaps, before: Gaps) -> list[Figure]:
    """Take judgement and comparison from the figures that rest on missing data, and name the channels.

    Args:
        figures: Figures of the period.
        now: Gaps of the period.
        before: Gaps of the period before.
    """
    made = []
    for figure in figures:
        missing = _of(now, figure)
        earlier = _of(before, figure)
        if missing:
            made.append(
                replace(
                    figure,
                    judgement=Judgement.INCOMPLETE,
                    attainment=Attainment.NONE,
                    streak=0,
                    low=None,
                    high=None,
                    p=None,
                    without=missing,
                )
            )
        elif earlier:
            made.append(replace(figure, previous=None, without_before=earlier))
        else:
            made.append(figure)
    return made


def _of(found: Gaps, figure: Figure) -> tuple[str, ...]:
    return tuple(dict.fromkeys(channel for table in sorted(figure.kind.rests_on) for channel in found.get(table, ())))
