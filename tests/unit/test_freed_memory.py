"""Memory that was freed goes back to the system."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.settings import return_freed_memory

MB = 1024


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells what is resident")
def test_what_lies_freed_below_something_in_use_is_returned() -> None:
    pieces = [bytes(1000) + bytes([index % 7]) for index in range(60 * MB)]
    last = pieces[-1]
    del pieces
    before = _resident_kb()
    return_freed_memory()
    assert last
    assert before - _resident_kb() > 20 * MB
