"""The rows and tables that an edition prints, in order."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.model.figures import Breakdown, Judgement, ProblemRow, Ranking
from tasks.model.review import ChannelQuality

MAXIMUM_ROWS = 40
"""Rows of one table in print; all tables together stay far below the 300 rows that the renderer can handle."""

MIX_TABLES = 3
RANKINGS = 3
CHANNELS = 8
"""With more channels, a weekly edition lists only those with a gap."""
CHANNELS_WITH_GAPS = 12


def problems(rows: Sequence[ProblemRow], main_lens: str) -> tuple[ProblemRow, ...]:
    """Return the labels of the main lens, or of the first lens if the main one has none; most cases first."""
    if not rows:
        return ()
    lens = main_lens if any(row.lens == main_lens for row in rows) else rows[0].lens
    chosen = sorted((row for row in rows if row.lens == lens), key=lambda row: (-row.cases, row.label))
    return tuple(chosen[:MAXIMUM_ROWS])


def breakdowns(tables: Sequence[Breakdown], *, monthly: bool, orders: bool) -> tuple[Breakdown, ...]:
    """Return the breakdowns worth a table; in a shop with orders only rates, and at most three."""
    if not orders:
        return tuple(tables[: 10 if monthly else 2])
    rated = [table for table in tables if any(row[1] is not None for row in table.rows) and len(table.rows) > 2]
    rated = [table for place, table in enumerate(rated) if not any(_says_the_same(table, earlier) for earlier in rated[:place])]
    return tuple((rated or tables)[:3]) if monthly else ()


def _says_the_same(table: Breakdown, earlier: Breakdown) -> bool:
    """Whether most values of a dimension are those of another one under other names: suppliers that make one line each."""
    if table.code != earlier.code:
        return False
    counts = {(share, n) for _, share, n, _, _ in earlier.rows}
    return 2 * sum((share, n) in counts for _, share, n, _, _ in table.rows) >= len(table.rows)


def rankings(tables: Sequence[Ranking]) -> tuple[Ranking, ...]:
    """Return the rankings worth a table: those in which something stands out first."""
    weight = {Judgement.WORSE: 0, Judgement.WATCH: 1}
    return tuple(sorted(tables, key=lambda table: min(weight.get(row.judgement, 2) for row in table.rows))[:RANKINGS])


def channels(known: Sequence[ChannelQuality], *, monthly: bool) -> tuple[ChannelQuality, ...]:
    """Return the channels to list: all in a monthly edition or if they are few, else those with a gap."""
    if monthly or len(known) <= CHANNELS:
        return tuple(known[:MAXIMUM_ROWS])
    gaps = [channel for channel in known if channel.error or channel.excluded or channel.missing_days]
    return tuple(gaps[:CHANNELS_WITH_GAPS])
