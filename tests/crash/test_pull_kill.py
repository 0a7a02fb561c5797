"""kill -9, and an error of the disk, at every durable step of a pull: run again, every home ends with the same rows."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.makers.homes import ROOT
from tests.makers.pulled_homes import NOW, at_each_step, contents, corrected, home_with_files, pulled_and_stored

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def _child(home: Path, at: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.makers.pulled_homes", str(home), str(at)]
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)


def _straight(tmp_path: Path, again: bool) -> tuple[Path, int, dict[str, list[tuple[object, ...]]]]:
    """Return a home with files only, the number of steps of its pull, and what a home knows that nobody disturbs.

    again: The files have been pulled before, and were corrected since.
    """
    fresh = home_with_files(tmp_path / "fresh")
    if again:
        corrected(fresh)
    straight = shutil.copytree(fresh, tmp_path / "straight")
    done = _child(straight, -1)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10
    return fresh, int(done.stdout), contents(straight)


@pytest.mark.parametrize("again", [False, True])
def test_killed_at_any_step_every_rerun_converges_to_the_same_lake(tmp_path: Path, again: bool) -> None:
    fresh, steps, expected = _straight(tmp_path, again)
    for at in range(steps):
        home = shutil.copytree(fresh, tmp_path / f"at-{at}")
        assert _child(home, at).returncode == -9
        pulled_and_stored(home, NOW + timedelta(minutes=1))
        assert contents(home) == expected, f"step {at} of {steps}"
        shutil.rmtree(home)


@pytest.mark.parametrize("again", [False, True])
def test_a_disk_that_fails_at_any_two_steps_ends_with_the_same_lake(tmp_path: Path, again: bool) -> None:
    fresh, steps, expected = _straight(tmp_path, again)
    for at in range(steps):
        home = shutil.copytree(fresh, tmp_path / f"at-{at}")
        for number, again in enumerate((at, at // 2)):

            def before(step: int, broken: int = again) -> None:
                if step == broken:
                    raise OSError("the disk is full")

            with pytest.MonkeyPatch.context() as patched, contextlib.suppress(OSError):
                at_each_step(before, patched.setattr)
                pulled_and_stored(home, NOW + timedelta(minutes=number))
        pulled_and_stored(home, NOW + timedelta(minutes=2))
        assert contents(home) == expected, f"step {at} of {steps}"
        shutil.rmtree(home)
