from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.store.processes import holder_name, is_gone

ROOT = Path(__file__).resolve().parents[3]


def test_a_living_process_is_not_gone() -> None:
    assert holder_name() == holder_name()
    assert not is_gone(holder_name())
    assert not is_gone(holder_name("night-worker"))


def test_an_ended_process_is_gone() -> None:
    code = "from tasks.store.processes import holder_name; print(holder_name('w'))"
    name = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert is_gone(name)


def test_another_process_with_a_reused_id_is_not_the_holder() -> None:
    head, _, _began = holder_name().rpartition(":")
    assert is_gone(f"{head}:1")


@pytest.mark.parametrize(
    "holder",
    ["me", "w@elsewhere:1:2", f"w@elsewhere:{os.getpid()}:0", ""],
    ids=["name", "other host", "own id elsewhere", "empty"],
)
def test_of_other_hosts_and_people_nothing_is_known(holder: str) -> None:
    assert not is_gone(holder)
