from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.store import processes
from tasks.store.processes import holder_name, is_gone, shown_holder

ROOT = Path(__file__).resolve().parents[3]


def with_part(place: int, value: str) -> str:
    """This process's name with one of its parts replaced."""
    parts = holder_name().split(":", 5)
    parts[place] = value
    return ":".join(parts)


def test_a_living_process_is_not_gone() -> None:
    assert holder_name() == holder_name()
    assert not is_gone(holder_name())
    assert not is_gone(holder_name("night-worker"))


def test_an_ended_process_is_gone() -> None:
    code = "from tasks.store.processes import holder_name; print(holder_name('w'))"
    name = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert is_gone(name)


def test_another_process_with_a_reused_id_is_not_the_holder() -> None:
    assert is_gone(with_part(2, "1"))


@pytest.mark.parametrize(
    "holder",
    [
        with_part(5, "pid:[17]").replace(f":{os.getpid()}:", ":999999999:"),
        with_part(4, "otherboo").replace("pid:[", "pid:[9"),
        f"{holder_name().split(':')[0]}:1:1",
    ],
    ids=["another container of the same name", "another start of the kernel in a container", "an older program"],
)
def test_of_another_space_of_process_ids_nothing_is_known(holder: str) -> None:
    assert not is_gone(holder)


def test_a_process_before_a_restart_of_this_machine_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_namespace", lambda: processes.FIRST_NAMESPACE)
    monkeypatch.setattr(processes, "_machine", lambda: "12345678")
    before = with_part(4, "otherboo")
    assert is_gone(before)
    monkeypatch.setattr(processes, "_machine", lambda: "87654321")
    assert not is_gone(before)


def test_people_are_shown_the_name_and_the_process_only() -> None:
    assert shown_holder(holder_name("night")) == f"night@{socket.gethostname()}:{os.getpid()}"
    assert shown_holder("someone") == "someone"


@pytest.mark.parametrize(
    "holder",
    ["me", "w@elsewhere:1:2", f"w@elsewhere:{os.getpid()}:0", ""],
    ids=["name", "other host", "own id elsewhere", "empty"],
)
def test_of_other_hosts_and_people_nothing_is_known(holder: str) -> None:
    assert not is_gone(holder)
