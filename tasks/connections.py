"""Exchanges with a server that have an end: a socket's own limit counts each silence, and a server that drips is never silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Cutoff:
    """Whether an exchange has been cut off."""

    def __init__(self) -> None:
        self.is_over = False


@contextmanager
def cut_off_after(seconds: float, socket_of: Callable[[], socket.socket | None]) -> Iterator[Cutoff]:
    """Shut the socket of an exchange once it has taken too long; whoever reads or writes then finds it closed.

    Args:
        seconds: Limit of the whole exchange.
        socket_of: The socket at that moment; encryption replaces it.
    """
    cutoff, ended = Cutoff(), threading.Event()

    def watch() -> None:
        pause = seconds
        while not ended.wait(pause):
            cutoff.is_over, pause = True, 0.5
            if (line := socket_of()) is not None:
                with suppress(OSError):
                    socket.socket.shutdown(line, socket.SHUT_RDWR)  # of the connection itself, not of the encryption on it

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield cutoff
    finally:
        ended.set()
        watcher.join()
