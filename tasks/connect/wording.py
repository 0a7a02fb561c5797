"""Notes on a proposal as sentences in the reader's language."""

from __future__ import annotations

from tasks.connect.declaration import Say, certainty
from tasks.connect.proposal import Proposal
from tasks.connect.samples import Note
from tasks.report.language.registry import language as language_of

OTHERS = 2
"""Tables that are named beside the proposed one."""


def speaker(language: str) -> Say:
    """Return what writes notes in a language.

    Raises:
        ConfigurationError: If there are no messages in it.
    """
    messages = language_of(language).messages

    def say(note: Note) -> str:
        return messages[note.key].format(**note.values)

    return say


def fit_said(proposal: Proposal, say: Say) -> str:
    """Say which table a sample fits, how well, and which others it might feed."""
    others = ", ".join(f"{table} {fit:.0%}" for table, fit in proposal.others[:OTHERS]) or "–"
    sure = say(certainty(proposal.confidence))
    return say(
        Note("connect.fits", {"table": proposal.table, "fit": f"{proposal.confidence:.0%}", "sure": sure, "others": others})
    )


def export_said(export: str, say: Say) -> str:
    """Say that a sample is a vendor's export with a ready-made declaration."""
    return say(Note("connect.recognised", {"export": export}))


def trial_said(read: int, rejected: int, shown: int, say: Say) -> str:
    """Say how many rows a declaration read, rejected and shows."""
    return say(Note("connect.mapped", {"read": f"{read:,}", "rejected": f"{rejected:,}", "shown": f"{shown:,}"}))


def flag_said(flag: str, rows: int, say: Say) -> str:
    """Say how many rows carry a flag."""
    return say(Note("connect.flagged", {"rows": f"{rows:,}", "flag": flag}))


def end_said(file: str, names: str, say: Say) -> str:
    """Say which channels were added to a file, or that none were."""
    return say(Note("connect.written", {"file": file, "names": names}) if names else Note("connect.not_written", {"file": file}))
