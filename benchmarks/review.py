"""How long one review takes and how much memory it needs: pull to settled mail, in a process that has reviewed before.

Usage: python -m benchmarks.review [--records 20000] [--seed 1] [--keep FOLDER]

The sample shop is written and its desk is served by processes of their own, so that neither counts. A small shop is reviewed
first; libraries are loaded and Prefect's server runs by then, started as `aftersales review` starts it. CPU seconds are those of
this process and of the children it has waited for (workbooks, renderer); the Prefect server is a child that lives on and is not in
them. `cold_start_s` is the wall time
of a fresh process until its first channel is pulled, Prefect's server included.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from tasks.settings import choose_home, put_environment

AS_OF = "2026-11-10T14:00"
PERIOD = "2026-W45"
WEEKS = 60
RECORDS_AT_FULL_SCALE = 113_000
WARM_SCALE = 0.02
SAMPLED_S = 0.05
STAGES = (
    "collect",
    "validate",
    "store",
    "recall",
    "classify",
    "find root causes",
    "check prior actions",
    "propose actions",
    "analyse",
    "render report",
    "deliver",
)
FIRST_STAGE = "collect"


class Clock:
    """A listener to the stages; sums CPU and wall seconds by stage."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self.stage = "open"
        self._lock = threading.Lock()
        self._cpu, self._wall = _cpu(), time.perf_counter()
        self.begun = (self._cpu, self._wall)

    def __call__(self, stage: str) -> None:
        """Note that a stage begins; the channels of one pull are one stage."""
        with self._lock:
            name = "collect" if stage.startswith("collect ") else stage
            if name != self.stage:
                self._close()
                self.stage = name

    def stop(self) -> tuple[float, float]:
        """Close the last stage and return CPU and wall seconds of all."""
        with self._lock:
            self._close()
            return self._cpu - self.begun[0], self._wall - self.begun[1]

    def _close(self) -> None:
        cpu, wall = _cpu(), time.perf_counter()
        self.cpu[self.stage] = self.cpu.get(self.stage, 0.0) + cpu - self._cpu
        self.wall[self.stage] = self.wall.get(self.stage, 0.0) + wall - self._wall
        self._cpu, self._wall = cpu, wall


class Memory:
    """Watches the resident memory of this process together with the children that work for it (`beside` not among them).

    `by_stage` is the most that was seen while each stage of the clock ran, in kilobytes.
    """

    def __init__(self, beside: set[int], clock: Clock) -> None:
        self.peak_kb = 0
        self.by_stage: dict[str, int] = {}
        self._beside, self._clock = beside, clock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # the kernel's own high-water mark begins here
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.peak_kb = max(self.peak_kb, _kilobytes(os.getpid(), "VmHWM"))

    def _watch(self) -> None:
        while not self._over.wait(SAMPLED_S):
            command = _command(os.getpid())
            pids = [pid for pid in children() if pid not in self._beside and _command(pid) != command]
            now = sum(_kilobytes(pid, "VmRSS") for pid in (os.getpid(), *pids))
            self.peak_kb = max(self.peak_kb, now)
            self.by_stage[self._clock.stage] = max(self.by_stage.get(self._clock.stage, 0), now)


def children() -> set[int]:
    """Return the ids of this process's children and theirs."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, edge = set[int](), {os.getpid()}
    while edge:
        edge = {pid for pid, parent in parents.items() if parent in edge} - found
        found |= edge
    return found


def _kilobytes(pid: int, field: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    return 0


def _command(pid: int) -> bytes:
    """Return a process's command line: a child that has not yet loaded its own program still has its parent's, and its memory."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


# ---- Homes and desks ---------------------------------------------------------------------------


def write_home(home: Path, records: int, seed: int) -> int:
    """Write a sample shop of about the given number of records in a separate process and return their exact number."""
    scale = records / RECORDS_AT_FULL_SCALE
    code = (
        "import json, sys; from examples.sample_shop.home import write_home as w; "
        "print(json.dumps(w(sys.argv[1], seed=int(sys.argv[2]), weeks=int(sys.argv[3]), scale=float(sys.argv[4]))['records']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home), str(seed), str(WEEKS), str(scale)], check=True, capture_output=True, text=True
    )
    return int(done.stdout.splitlines()[-1])


@contextlib.contextmanager
def desk(home: Path) -> Iterator[None]:
    """Serve a home's service desk from a process of its own."""
    code = (
        "import sys, signal; from examples.sample_shop.server import serving\n"
        "with serving(sys.argv[1]): print('ready', flush=True); signal.pause()"
    )
    server = subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
    try:
        if server.stdout is None or server.stdout.readline().strip() != "ready":
            raise SystemExit("The sample desk did not start.")
        yield
    finally:
        server.terminate()
        server.wait()


# ---- Measuring ---------------------------------------------------------------------------------


def review_once(home: Path, clock: Clock) -> None:
    """Review the last week of a home by Prefect in this process, mails included, with the clock listening to each stage."""
    from flows.review import review
    from flows.run_context import PROGRESS

    choose_home(home)
    token = PROGRESS.set(clock)
    try:
        state = review(period=PERIOD, as_of=AS_OF, send=True, return_state=True)
    finally:
        PROGRESS.reset(token)
    if not state.is_completed():
        raise SystemExit(f"The review failed: {state.message}")


def cold_start(home: Path) -> float:
    """Return the wall seconds of a fresh `aftersales review` until its first channel is pulled; it is ended there."""
    code = (
        "import os, sys, time\n"
        "from tasks.collect import pull\n"
        "pull.pull_channel = lambda *a, **k: (print('first', flush=True), time.sleep(60))\n"
        "from flows.console.cli import main\n"
        f"sys.argv = ['aftersales', '--home', sys.argv[1], 'review', '--period', '{PERIOD}', '--as-of', '{AS_OF}']\n"
        "main()\n"
    )
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        for line in process.stdout or ():
            if line.strip().endswith("first"):
                return time.perf_counter() - begun
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait()
    raise SystemExit("The fresh process never pulled a channel.")


def measure(records: int, seed: int, folder: Path) -> dict[str, Any]:
    """Write both homes, warm up, review, and return what the last line prints, with wall seconds by stage besides."""
    from flows.console.local_prefect import QUIET
    from flows.console.local_server import LocalServer

    put_environment(**QUIET, PREFECT_HOME=str(folder / "prefect"))
    small, home = folder / "small", folder / "shop"
    print(f"Writing a sample shop of {records:,} records …", flush=True)
    write_home(small, int(WARM_SCALE * RECORDS_AT_FULL_SCALE), seed)
    written = write_home(home, records, seed)
    fresh = folder / "fresh"
    shutil.copytree(small, fresh)
    print("Starting cold, then warming up …", flush=True)
    cold = cold_start(fresh)
    server = LocalServer()
    put_environment(**server.variables)
    server.wait()
    with desk(small):
        review_once(small, Clock())
    with desk(home):
        clock = Clock()
        with Memory(children(), clock) as memory:
            review_once(home, clock)
            cpu, wall = clock.stop()
    server.stop()
    return {
        "records": written,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "peak_mb": round(memory.peak_kb / 1024),
        "stages": {name: round(clock.cpu.get(name, 0.0), 2) for name in ("open", *STAGES)},
        "stages_mb": {name: round(memory.by_stage.get(name, 0) / 1024) for name in ("open", *STAGES)},
        "cold_start_s": round(cold, 2),
        "walls": clock.wall,
    }


def main() -> None:
    """Print the table and the line of numbers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=20_000, help="Feedback records of the sample shop.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="Work in this empty folder and leave it.")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        folder = given.keep.resolve() if given.keep else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="review-")))
        result = measure(given.records, given.seed, folder)
    walls = result.pop("walls")
    print(f"\n{'stage':<22}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}")
    for name, cpu in result["stages"].items():
        print(f"{name:<22}{cpu:>8.2f}{walls.get(name, 0.0):>8.2f}{result['stages_mb'][name]:>9,}")
    print(f"{'all':<22}{result['cpu_s']:>8.2f}{result['wall_s']:>8.2f}{result['peak_mb']:>9,}\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
