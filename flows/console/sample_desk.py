"""The sample shop's service desk, running beside whatever pulls from it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from examples.sample_shop.server import DATABASE, serving


def is_sample(home: Path) -> bool:
    """Say whether a home is the sample shop."""
    return (home / "sources" / DATABASE).is_file()


@contextmanager
def desk_beside(home: Path) -> Iterator[str]:
    """Let the sample shop's desk answer while something pulls; any other shop, and a desk that answers already, is left alone.

    Returns:
        The desk's address; empty where none was started.
    """
    if not is_sample(home) or _answers(home / "secrets" / "desk_tickets"):
        yield ""
        return
    with serving(home) as desk:
        yield desk.url


def _answers(secret: Path) -> bool:
    if not secret.is_file():
        return False
    address = urlsplit(secret.read_text("utf-8").strip())
    try:
        with socket.create_connection((address.hostname or "127.0.0.1", address.port or 80), timeout=1):
            return True
    except OSError:
        return False
