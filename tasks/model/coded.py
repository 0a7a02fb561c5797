"""What coding determines about a record."""

from __future__ import annotations

from enum import StrEnum


class Nature(StrEnum):
    """What a record is; only a complaint counts in a figure named 投诉."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


class Severity(StrEnum):
    """How urgent, P0 first."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class Track(StrEnum):
    """Which route a case takes, apart from its severity."""

    STANDARD = "standard"
    DISPUTE = "dispute"
    SAFETY = "safety"
    BATCH = "batch"
