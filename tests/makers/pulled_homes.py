"""A home that is pulled and stored without Prefect, so that a process can be killed at any durable step."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flows.console.init import make_home
from tasks.collect import steps as collect_steps
from tasks.model.periods import Period
from tasks.run import Run, RunKind, Stores
from tasks.settings import load_settings
from tasks.shop.load import Shop
from tasks.store import delta_table, runs
from tasks.store import steps as store_steps
from tasks.validate import quarantine
from tasks.validate import steps as validate_steps

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
CHANNELS = """
channels:
  - name: desk
    table: feedback
    source: ticket
    zone: UTC
    read: {kind: delimited, files: ["inbox/t-*.csv"]}
    source_id: Id
    stamp: Updated at
    ingested_from: stamp
    columns: {submitted_at: Created at, text: Text}
  - name: form
    table: feedback
    source: form
    zone: UTC
    read: {kind: json_records, files: ["inbox/f.jsonl"]}
    columns: {submitted_at: at, text: text}
  - name: shop
    table: product
    read: {kind: delimited, files: ["inbox/p.csv"]}
    columns: {sku: Sku, line: Line}
"""


def home_with_files(home: Path) -> Path:
    """Make a home with three channels, good rows and rows for the quarantine."""
    make_home(home)
    (home / "config" / "channels.yaml").write_text(CHANNELS, "utf-8")
    inbox = home / "inbox"
    inbox.mkdir(exist_ok=True)
    head = "Id,Created at,Updated at,Text\n"
    rows = [f"{n},2026-11-1{n} 09:00,2026-11-1{n} 09:30,the lid leaks {n}\n" for n in range(8)]
    (inbox / "t-a.csv").write_text(head + "".join(rows) + "x,yesterday,,it smokes\n", "utf-8")
    (inbox / "t-b.csv").write_text(head + rows[0].replace("leaks", "is lost"), "utf-8")
    (inbox / "f.jsonl").write_text('{"at": "2026-11-12T10:07:00Z", "text": "too loud"}\n{"at": "?", "text": "?"}\n', "utf-8")
    (inbox / "p.csv").write_text("Sku,Line\nK-1,kettle\n", "utf-8")
    for number, path in enumerate(sorted(inbox.iterdir())):
        os.utime(path, times=(NOW.timestamp() - 600 + number,) * 2)
    return home


def corrected(home: Path) -> Path:
    """Pull a home with files, and correct those whose rows have no ids and some whose rows have."""
    pulled_and_stored(home, NOW - timedelta(hours=1))
    inbox = home / "inbox"
    for name, wrong, right in (
        ("f.jsonl", "loud", "very loud"),
        ("f.jsonl", '"?"}', '"2026-11-13T10:00:00Z"}'),
        ("t-b.csv", "lost", "late"),
    ):
        (inbox / name).write_text((inbox / name).read_text("utf-8").replace(wrong, right), "utf-8")
    return home


def pulled_and_stored(home: Path, now: datetime) -> None:
    """Pull every channel of a home and store what came, as a review does."""
    for steps in (collect_steps, validate_steps, store_steps):
        steps.get_run_logger = lambda: SimpleNamespace(info=lambda *_: None, warning=lambda *_: None)  # type: ignore[assignment]
    validate_steps.judge_together = partial(quarantine.judge_together, confirm=False)  # the second count takes seconds to load
    settings = load_settings(home)
    stores, shop = Stores.open(settings), Shop.load(home)
    run = Run(stores, shop, Period.parse("2026-W46", "UTC"), RunKind.PULL, as_of=now, now=now)
    pulled = [collect_steps.collect.fn(run, channel) for channel in run.channels]
    store_steps.store.fn(run, validate_steps.validate.fn(run, pulled))
    stores.ledger.close()


def contents(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what a home knows: rows, rejections and the number of stored versions."""
    stores = Stores.open(load_settings(home))
    later = NOW + timedelta(days=30)
    found: dict[str, list[tuple[object, ...]]] = {
        "feedback": stores.lake.as_of("feedback", later, columns=["source_id", "channel", "text", "version"]).rows(),
        "product": stores.lake.as_of("product", later, columns=["sku", "line", "version"]).rows(),
        "quarantine": stores.lake.quarantine_as_of(later).select("channel", "source_id", "rule", "record").rows(),
        "versions": [(stores.lake.rows(name),) for name in ("feedback", "product", "quarantine")],
        "files": sorted(
            (channel, len(stores.ledger.known_files(channel, *_read_by(stores)).contents)) for channel in ("desk", "form", "shop")
        ),
    }
    stores.ledger.close()
    return found


def _read_by(stores: Stores) -> tuple[str, datetime]:
    from importlib.metadata import version

    from tasks.collect.file_contents import declaration_of

    return declaration_of(Shop.load(stores.settings.home), version("after-sales-review")), NOW + timedelta(days=30)


DURABLE: tuple[tuple[Any, str], ...] = (
    (delta_table, "write_deltalake"),
    (delta_table.DeltaTable, "create"),
    (runs.Runs, "record_pull"),
)


def at_each_step(before: Callable[[int], None], put: Callable[[Any, str, Any], None] = setattr) -> Callable[[], int]:
    """Call a function with the number of each durable step before and after it; return a reader of their number."""
    count = 0

    def stepped(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **more: object) -> object:
            nonlocal count
            before(count)
            count += 1
            result = real(*arguments, **more)
            before(count)
            count += 1
            return result

        return call

    for place, name in DURABLE:
        put(place, name, stepped(getattr(place, name)))
    return lambda: count


def main(home: str, at: str) -> None:
    """Pull a home, and be killed at a step; print the number of steps if it ends."""

    def before(number: int) -> None:
        if number == int(at):
            os.kill(os.getpid(), signal.SIGKILL)

    steps = at_each_step(before)
    pulled_and_stored(Path(home), NOW)
    sys.stdout.write(str(steps()))


if __name__ == "__main__":
    main(*sys.argv[1:])
