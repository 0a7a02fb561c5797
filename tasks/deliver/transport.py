"""What every way of sending promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from tasks.deliver.message import Mail


@dataclass(frozen=True)
class Outcome:
    """How one attempt to send one mail ended.

    `accepted`: it is out. `refused`: it never will be. `later`: it is not out, try again. `unknown`: nobody can say.
    """

    result: Literal["accepted", "refused", "later", "unknown"]
    detail: str = ""


class Transport(Protocol):
    """A way of sending."""

    def send(self, mail: Mail) -> Outcome:
        """Try once to send one mail to its one recipient."""
        ...


class Probe(Protocol):
    """A place that shows which mails went out."""

    lag_seconds: float
    """How long a mail that went out may take to show."""

    def find(self, message_id: str) -> Literal["found", "absent", "unknown"]:
        """Look for a mail by its Message-ID; `unknown` if the place cannot be read."""
        ...
