"""What the child processes of a report are given: the project's folder, and the few variables that they need."""

from __future__ import annotations

from pathlib import Path

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


def child_environment() -> dict[str, str]:
    """Return the variables of a child process: where its libraries and fonts are, one language, one clock, no secret."""
    inherited = environment()
    return {
        **{name: inherited[name] for name in _KEPT if name in inherited},
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
    }
