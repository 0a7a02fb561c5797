"""What a kind of warning is: its detector, its wording, and its default rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tasks.model.facts import CodedFacts
from tasks.model.warnings import EarlyWarning, WarningWording
from tasks.shop.load import Shop
from tasks.shop.warnings import WarningRule


class Watch(StrEnum):
    """The step of the daily watch that looks for a kind."""

    CLOCKS = "safety and clocks"
    CLUSTERS = "clusters"
    TEXTS = "moods and words"


@dataclass(frozen=True)
class WarningKind:
    """One kind of warning, as declared by the module that looks for it."""

    code: str
    watch: Watch
    look: Callable[[CodedFacts, Shop], list[EarlyWarning]]
    wording: WarningWording
    default: WarningRule
