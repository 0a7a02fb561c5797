"""Progress at the console: which stage is running, and how long each took."""

from __future__ import annotations

import threading
import time

from rich.console import Console
from rich.status import Status


class StageClock:
    """Print each finished stage with its seconds; call it with a stage's name as the stage begins.

    Args:
        console: Where to print.
        status: The terminal's status line.
    """

    def __init__(self, console: Console, status: Status) -> None:
        self._console = console
        self._status = status
        self._lock = threading.Lock()
        self._stage = self._shown = ""
        self._parts = 0
        self._begun = time.monotonic()

    def __enter__(self) -> StageClock:
        """Show the running stage with its seconds in the status line."""
        self._status.update(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Print the last stage."""
        with self._lock:
            self._finish()
            self._stage = ""

    def __rich__(self) -> str:
        """Return the status line; a terminal asks for it several times a second."""
        return f"{self._shown} … {time.monotonic() - self._begun:.0f} s" if self._stage else "…"

    def __call__(self, stage: str) -> None:
        """Begin a stage; the channels of one pull count as one stage."""
        kind, _, part = stage.partition(" ")
        name = kind if kind == "collect" and part else stage
        with self._lock:
            if name != self._stage:
                self._finish()
                self._stage, self._parts, self._begun = name, 0, time.monotonic()
            self._parts += 1
            self._shown = stage

    def _finish(self) -> None:
        if self._stage:
            channels = f" ({self._parts} channels)" if self._stage == "collect" else ""
            self._console.print(f"  {time.monotonic() - self._begun:6.1f} s  {self._stage}{channels}")
