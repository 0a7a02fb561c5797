"""The verdict on a channel's pull: good enough for the edition, or excluded from it by name."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import betaincinv

from expectations.channel import CERTAINTY, EXPORT_CUTS, FEWEST_ROWS, MOSTLY_READABLE, NOT_CUT_OFF, QUARANTINE_SHARE


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


def verdict(channel: str, good: int, rejected: int, rules: dict[str, int]) -> ChannelVerdict:
    """Judge a channel by the share of rejected rows in one period, with its chance.

    It is left out only if the share is certainly above a tenth: by the lower bound of a one-sided 95 % interval (Clopper & Pearson
    1934), and never for fewer than thirty rows.

    Args:
        channel: Its name.
        good: Its stored rows of the period.
        rejected: Its rows of the period in quarantine.
        rules: Rule → rows that it rejected.
    """
    read = good + rejected
    excluded = read >= FEWEST_ROWS and _certain_share(rejected, read) > QUARANTINE_SHARE
    return ChannelVerdict(
        channel=channel,
        read=read,
        quarantined=rejected,
        excluded=excluded,
        reason=dict(MOSTLY_READABLE.reason) if excluded else {},
        hint=dict(MOSTLY_READABLE.hint) if excluded else {},
        warnings=(NOT_CUT_OFF.name,) if read in EXPORT_CUTS else (),
        rules=rules,
    )


def _certain_share(bad: int, rows: int) -> float:
    """Return the share that the true share exceeds with 95 % confidence."""
    return float(betaincinv(bad, rows - bad + 1, 1 - CERTAINTY)) if bad else 0.0
