"""Names of processes in leases and claims, and whether such a process is still there."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def holder_name(name: str = "") -> str:
    """Return this process's name: the given name or the host, the process id, and when the process began."""
    return f"{name or socket.gethostname()}@{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def is_gone(holder: str) -> bool:
    """Return whether a holder named by `holder_name` on this host has ended; a process of another host may still be alive."""
    place, _, rest = holder.rpartition("@")[2].partition(":")
    pid, _, began = rest.partition(":")
    if place != socket.gethostname() or not pid.isdigit():
        return False
    return _began(int(pid)) != began


def _began(pid: int) -> str:
    """Start time of a process in clock ticks since boot; a process id alone may be reused."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
