"""Errors shown to a person without a traceback."""

from enum import StrEnum


class UserError(Exception):
    """An error with two sentences: what happened, and what to do about it.

    Args:
        what: One sentence: what happened and where.
        hint: One sentence: what to do now.
    """

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n  → {self.hint}" if self.hint else self.what


class ConfigurationError(UserError):
    """A mistake in a configuration file; it names the file, the line and the fix."""


class ChannelProblem(StrEnum):
    """Why a channel could not be read; each has a sentence in every report language."""

    UNREACHABLE = "unreachable"
    REFUSED_LOGIN = "refused_login"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    WRONG_COLUMNS = "wrong_columns"
    UNFINISHED = "unfinished"
    OTHER = "other"


class ChannelError(UserError):
    """A channel could not be read; the other channels continue without it.

    Args:
        what: One sentence for the operator.
        hint: One sentence: what to do now.
        problem: What reports say about it.
    """

    def __init__(self, what: str, *, hint: str = "", problem: ChannelProblem = ChannelProblem.OTHER) -> None:
        super().__init__(what, hint=hint)
        self.problem = problem


class LeaseHeld(UserError):
    """Another process is working on the same period."""


class ContentChanged(UserError):
    """A mail with this key was already claimed with different content."""


class RenderError(UserError):
    """The renderer warned, a glyph is missing, or a limit was passed; no PDF is kept."""
