"""A child process of a report: an order on one line, an answer on one line, both as JSON; it has a time limit and no secret."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tasks.settings import environment

ROOT = Path(__file__).resolve().parents[3]
_KEPT = (
    "PATH",
    "HOME",
    "LD_LIBRARY_PATH",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "PYTHONPATH",
)


class ChildProcess:
    """A module of this folder that runs until it is left, so that it loads its libraries once for all orders.

    It gets the project's folder and the few variables that it needs: where its libraries and fonts are, one language, one clock.
    """

    def __init__(self, module: str, arguments: tuple[str, ...] = (), variables: dict[str, str] | None = None) -> None:
        """Start the process; it loads while its first order is still being prepared.

        Args:
            module: Full name of the module.
            arguments: What follows it on the command line.
            variables: Further variables of its environment.
        """
        inherited = environment()
        kept = {name: inherited[name] for name in _KEPT if name in inherited}
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", **(variables or {})},
            cwd=ROOT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()  # it holds nothing that could be lost
        self._process.communicate()
        self._complaints.close()

    def answer(self, order: str, timeout_s: float) -> dict[str, Any] | None:
        """Hand over an order, which is JSON on one line, and return the answer; None if the process ended instead.

        Raises:
            TimeoutError: If there was no answer in time; the process was ended then.
        """
        given, answered = self._process.stdin, self._process.stdout
        assert given is not None and answered is not None
        late = threading.Event()
        limit = threading.Timer(timeout_s, self._end, [late])
        limit.start()
        try:
            given.write(f"{order}\n".encode())
            given.flush()
            line = answered.readline()
        except BrokenPipeError:
            line = b""
        finally:
            limit.cancel()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        if late.is_set():
            raise TimeoutError
        return None

    def ending(self) -> tuple[int, str]:
        """Return the exit code of a process that has ended, and the last line that it wrote to its standard error."""
        code = self._process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return code, "".join(lines[-1:])

    def _end(self, late: threading.Event) -> None:
        late.set()
        self._process.kill()
