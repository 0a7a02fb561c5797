"""The verdict on a channel's pull: good enough for the edition, or excluded from it by name."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from expectations.channel import EXPORT_CUTS, MOSTLY_READABLE, NOT_CUT_OFF, QUARANTINE_SHARE


@dataclass(frozen=True)
class ChannelVerdict:
    """Whether an edition uses a channel.

    Args:
        channel: Its name.
        read: Rows that the source gave.
        quarantined: Rows in quarantine.
        excluded: Whether the channel is left out.
        reason: Why it is left out, by language; empty if it is not.
        hint: What to do, by language.
        warnings: Marks of rules that do not exclude.
        rules: Rule → rows it put into quarantine, most frequent first.
    """

    channel: str
    read: int
    quarantined: int
    excluded: bool
    reason: dict[str, str]
    hint: dict[str, str]
    warnings: tuple[str, ...]
    rules: dict[str, int]

    @property
    def share(self) -> float:
        """Share of quarantined rows, 0 to 1."""
        return self.quarantined / self.read if self.read else 0.0


def verdict(channel: str, read: int, quarantine: pl.DataFrame) -> ChannelVerdict:
    """Judge a channel by the share of its rows in quarantine.

    Args:
        channel: Its name.
        read: Rows that the source gave.
        quarantine: Its quarantined rows, unreadable ones included: one row each, with the column `rule`.
    """
    quarantined = quarantine.height
    excluded = read > 0 and quarantined > QUARANTINE_SHARE * read
    counts = quarantine["rule"].value_counts().sort(["count", "rule"], descending=[True, False])
    return ChannelVerdict(
        channel=channel,
        read=read,
        quarantined=quarantined,
        excluded=excluded,
        reason=dict(MOSTLY_READABLE.reason) if excluded else {},
        hint=dict(MOSTLY_READABLE.hint) if excluded else {},
        warnings=(NOT_CUT_OFF.name,) if read in EXPORT_CUTS else (),
        rules=dict(counts.iter_rows()),
    )
