"""Processes that pull the same home at the same moment, round after round, without the lease that keeps pulls apart.

    python -m tests.makers.racing_pulls 200

ends with an error if any home holds other rows than one that was pulled undisturbed.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

from tests.makers.pulled_homes import NOW, contents, corrected, home_with_files, pulled_and_stored
from tests.makers.racing_appends import together


def _works(folder: Path, rounds: int, worker: int, barrier: Barrier) -> None:
    for number in range(rounds):
        home = folder / f"home-{number}"
        if worker == 0:
            shutil.copytree(folder / ("corrected" if number % 2 else "fresh"), home)
        barrier.wait(120)
        pulled_and_stored(home, NOW + timedelta(seconds=worker))
        barrier.wait(120)
        if worker == 0 and contents(home) != contents(folder / ("straight-corrected" if number % 2 else "straight-fresh")):
            (folder / f"wrong-{number}").write_text(str(contents(home)), "utf-8")
        if worker == 0:
            shutil.rmtree(home)


def race(folder: Path, rounds: int, workers: int = 2) -> list[str]:
    """Let processes pull at once, in turn a new home and one whose files were corrected; return the rounds that ended otherwise."""
    corrected(home_with_files(folder / "corrected"))
    home_with_files(folder / "fresh")
    for name in ("fresh", "corrected"):
        pulled_and_stored(shutil.copytree(folder / name, folder / f"straight-{name}"), NOW)
    together(_works, folder, rounds, workers)
    return sorted(path.name for path in folder.glob("wrong-*"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        wrong = race(Path(made), int(sys.argv[1]))
        sys.stdout.write(f"{sys.argv[1]} rounds of two pulls at once; {len(wrong)} ended with other rows {wrong}\n")
    sys.exit(bool(wrong))
