"""The interface of every transport and probe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from tasks.deliver.message import Mail


@dataclass(frozen=True)
class Outcome:
    """How one attempt to send one mail ended.

    `accepted`: sent. `refused`: it can never be sent. `later`: not sent, try again. `unknown`: it may have been sent.
    """

    result: Literal["accepted", "refused", "later", "unknown"]
    detail: str = ""


class Transport(Protocol):
    """A way of sending."""

    def send(self, mail: Mail) -> Outcome:
        """Try once to send one mail to its one recipient."""
        ...


class Probe(Protocol):
    """A place that shows which mails were sent."""

    lag_seconds: float
    """How long a sent mail may take to appear."""

    def find(self, message_id: str) -> Literal["found", "absent", "unknown"]:
        """Look for a mail by its Message-ID; `unknown` if the place cannot be read."""
        ...
