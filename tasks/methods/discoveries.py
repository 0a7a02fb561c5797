"""False discovery rate over many tests (Benjamini and Hochberg 1995)."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import false_discovery_control

FALSE_SHARE = 0.05
"""Share of false discoveries among all; also the chance of any discovery when nothing changed."""


def discoveries(p_values: Sequence[float]) -> list[bool]:
    """Return which of many tests found a change, with the false discovery rate controlled (Benjamini and Hochberg 1995).

    Args:
        p_values: Two-sided probabilities of each distance when nothing changed.

    Returns:
        Whether each test passes, so that at most `FALSE_SHARE` of those that pass are expected to be false.
    """
    if not p_values:
        return []
    return [bool(adjusted <= FALSE_SHARE) for adjusted in false_discovery_control(p_values, method="bh")]
