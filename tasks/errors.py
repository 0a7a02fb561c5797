"""Errors that are shown to a person without a traceback."""

from enum import StrEnum


class UserError(Exception):
    """Say what happened and what to do about it.

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
    """A mistake in a configuration file, told with file, line and what would be right."""


class ChannelProblem(StrEnum):
    """Why a channel could not be read, as a report says it in its own language."""

    UNREACHABLE = "unreachable"
    REFUSED_LOGIN = "refused_login"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    WRONG_COLUMNS = "wrong_columns"
    OTHER = "other"


class ChannelError(UserError):
    """A channel that could not be read; the other channels go on without it.

    Args:
        what: One sentence for the operator.
        hint: One sentence: what to do now.
        problem: What a report says of it.
    """

    def __init__(self, what: str, *, hint: str = "", problem: ChannelProblem = ChannelProblem.OTHER) -> None:
        super().__init__(what, hint=hint)
        self.problem = problem


class LeaseHeld(UserError):
    """The same period is being worked on by another process."""


class ContentChanged(UserError):
    """A mail with this key was already claimed with other content."""


class RenderError(UserError):
    """The renderer warned, a glyph is missing, or a limit was passed; no PDF is kept."""
