"""A localised cause, the result of every engine: where, how certain, how much."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Located:
    """A localised cause: conditions, how sure, how much."""

    conditions: tuple[tuple[str, str], ...]
    """Dimension and value, sorted by dimension."""
    llr: float
    """Log-likelihood ratio in nats, not doubled."""
    observed: float
    expected: float
    excess: float
    """What this cause alone explains: the contributions of a search's causes add up."""
    low: float
    """Lower limit of the 95 % interval of observed over expected."""
    high: float
    """Upper limit of the 95 % interval of observed over expected."""

    def text(self) -> str:
        """Return the conditions as `a=a1&b=b2`."""
        return "&".join(f"{dimension}={value}" for dimension, value in self.conditions)
