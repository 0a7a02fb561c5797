"""The second net under logs and errors: personal data in a message or a traceback are masked before any handler or server sees them."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tasks.errors import UserError
from tasks.privacy.second_net import SecondNet


class LogNet:
    """Makes the records of all loggers and masks them; what the shop itself has written is spared.

    Args:
        makes: What made the records before.
        spared: Texts of the shop's own configuration.
    """

    def __init__(self, makes: Any, spared: frozenset[str]) -> None:
        self.makes = makes
        self.spared = spared

    def __call__(self, *args: Any, **named: Any) -> logging.LogRecord:
        """Make a record; one without personal data stays as it is."""
        record: logging.LogRecord = self.makes(*args, **named)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a broken call of the logger is the handlers' to report
            return record
        clean = SecondNet(self.spared).words(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[1] is not None:
            told = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
            clean = SecondNet(self.spared).words(told)
            if clean != told:
                record.exc_text = clean  # a formatter prints this text instead of the exception
        return record


def spread_log_net(spared: frozenset[str] = frozenset()) -> None:
    """Mask the records of every logger of this process from now on; called again, it only learns what is spared."""
    factory = logging.getLogRecordFactory()
    if isinstance(factory, LogNet):
        factory.spared |= spared
    else:
        logging.setLogRecordFactory(LogNet(factory, spared))


@contextmanager
def discreet_errors(spared: frozenset[str] = frozenset()) -> Iterator[None]:
    """Let errors through whose message names nobody, and raise another in place of one that does: Prefect stores messages.

    Raises:
        UserError: In place of a UserError.
        RuntimeError: In place of any other, with its kind and its masked message.
    """
    try:
        yield
    except UserError as error:
        net = SecondNet(spared)
        what, hint = net.words(error.what), net.words(error.hint)
        if not net.found:
            raise
        raise UserError(what, hint=hint) from None
    except Exception as error:
        net = SecondNet(spared)
        clean = net.words(str(error))
        if not net.found:
            raise
        raise RuntimeError(f"{type(error).__name__}: {clean}") from None
