"""The sample shop's service desk, running beside whatever pulls from it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tasks.errors import UserError

DATABASE = "desk.sqlite"
"""The desk's store, as `examples.sample_shop.server` names it; repeated here because an installed program has no examples."""


def not_installed(missing: ModuleNotFoundError) -> Exception:
    """Return the error to raise if the sample shop cannot be imported: a UserError if only the examples are missing."""
    if (missing.name or "").partition(".")[0] != "examples":
        return missing
    return UserError(
        "The sample shop comes with the project's source, not with the installed program.",
        hint="Run `make demo` in a clone of the project; for a shop of your own, start with `aftersales --home myshop init`.",
    )


def is_sample(home: Path) -> bool:
    """Whether a home is the sample shop."""
    return (home / "sources" / DATABASE).is_file()


@contextmanager
def desk_beside(home: Path) -> Iterator[str]:
    """Run the sample shop's desk while something pulls; do nothing for any other shop or if a desk answers already.

    Returns:
        The desk's address; empty if none was started.
    """
    if not is_sample(home) or _answers(home / "secrets" / "desk_tickets"):
        yield ""
        return
    try:
        from examples.sample_shop.server import serving
    except ModuleNotFoundError as missing:
        raise not_installed(missing) from missing
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
