"""One line of the check-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "bad"]
PATIENCE_S = 10
"""How long a check waits for a program or a server."""


@dataclass(frozen=True)
class Finding:
    """One line of the check-up: `what` was checked, `text` is the result, `advice` what to do."""

    level: Level
    what: str
    text: str
    advice: str = ""
