"""How to read a figure or finding: how certain it is, and whether its change is good news."""

from __future__ import annotations

from typing import Literal

from tasks.model.figures import Figure

Strength = Literal["clear", "watch", "normal"]


def strength(observed: float, low: float, minimum: float = 10) -> Strength:
    """Return the strength of a tested excess: clear only with enough cases and an interval that excludes one."""
    if low <= 1:
        return "normal" if observed < minimum else "watch"
    return "clear" if observed >= minimum else "watch"


def direction(figure: Figure) -> str:
    """Return how to read a figure's change: which direction is good is a property of the figure."""
    if figure.judgement in (
        "incomplete",
        "insufficient",
        "level_break",
        "normal",
        "slightly_over",
        "untested",
        "watch",
        "short_history",
    ):
        return figure.judgement
    if figure.value is None or figure.previous is None or figure.good == "none":
        return figure.judgement
    return figure.judgement if figure.judgement in ("worse", "better") else "normal"


def enough(n: float | None, minimum: int) -> bool:
    """Whether percentages may be printed: thirty cases or units, or the shop's own minimum."""
    return n is None or n >= minimum


def counts_only(figure: Figure, minimum: int) -> bool:
    """Whether a figure is a rate of too few units to be printed as one, so that only its cases are printed."""
    return figure.unit in ("share", "per_100") and not enough(figure.n, minimum)
