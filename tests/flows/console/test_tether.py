"""A process tied to its starter ends with it, even if that one is killed before the other has loaded."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.makers.homes import ROOT

STARTER = """
import sys, time
from flows.console.tether import tethered
print(tethered(["http.server", "0", "--bind", "127.0.0.1"], {}, output=open(sys.argv[1], "wb")).pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("pause", [0.0, 2.0])
def test_it_ends_after_a_kill(tmp_path: Path, pause: float) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as starter:
        assert starter.stdout is not None
        child = int(starter.stdout.readline())
        time.sleep(pause)
        os.kill(starter.pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while time.monotonic() < until and _lives(child):
        time.sleep(0.1)
    assert not _lives(child)


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
