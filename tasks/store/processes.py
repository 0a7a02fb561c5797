"""Names of processes in leases and claims, and whether such a process is still there."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

FIRST_NAMESPACE = "pid:[4026531836]"
"""The kernel's name of a machine's own process ids; containers have others."""


def holder_name(name: str = "") -> str:
    """Return this process's name: the given name or the host, the process id, when it began, and where its id counts.

    A process id means something only on one running kernel and in one namespace of it: two containers, or two machines, may have
    the same host name.
    """
    host = socket.gethostname()
    return f"{name or host}@{host}:{os.getpid()}:{_began(os.getpid())}:{_machine()}:{_boot()}:{_namespace()}"


def shown_holder(holder: str) -> str:
    """Return what a person needs of a holder's name: name, host and process id."""
    head, _, rest = holder.rpartition("@")
    return f"{head}@{':'.join(rest.split(':')[:2])}" if head else holder


def is_gone(holder: str) -> bool:
    """Return whether a holder named by `holder_name` has certainly ended: it ran here, or here before this machine was restarted.

    Of a process of another host, or of another container of the same name, nothing is known.
    """
    parts = holder.rpartition("@")[2].split(":", 5)
    if len(parts) != 6 or not parts[1].isdigit():
        return False
    host, pid, began, machine, boot, namespace = parts
    if host != socket.gethostname() or namespace != _namespace() or not namespace:
        return False
    if boot != _boot():
        return bool(machine) and machine == _machine() and namespace == FIRST_NAMESPACE
    return _began(int(pid)) != began


def _machine() -> str:
    """A short mark of this machine, empty where it has none."""
    identity = _first_line("/etc/machine-id")
    return hashlib.sha256(identity.encode()).hexdigest()[:8] if identity else ""


def _boot() -> str:
    """A short mark of this start of the kernel."""
    return _first_line("/proc/sys/kernel/random/boot_id")[:8]


def _namespace() -> str:
    """Return the kernel's name of the space in which this process has its id."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _began(pid: int) -> str:
    """Start time of a process in clock ticks since boot; a process id alone may be reused."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
