"""`python -m flows.console.tether MODULE …` runs a module that ends with the process that started it, however that one ended.

The starter holds the other end of standard input, and the system closes it even after `kill -9`.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from typing import IO, Any

from tasks.settings import environment

GOODBYE_S = 10


def tethered(arguments: list[str], variables: dict[str, str], *, output: IO[Any] | None = None) -> subprocess.Popen[bytes]:
    """Start a module with its arguments in a process group of its own, tied to this process.

    Ctrl-C then reaches this process alone, which can still report how it ended.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "flows.console.tether", *arguments],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=environment(**variables),
        start_new_session=True,
    )


def _end_with_starter() -> None:
    """Wait until nobody holds the other end; then ask this process group to end, and end it."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GOODBYE_S)
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
