"""A window reaches back as far as a source's own lateness asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flows.console.init import make_home
from tasks.collect import steps
from tasks.collect.mapping.canonical import no_canonical_rows
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import Pull
from tasks.model.periods import Period
from tasks.model.rows import PulledRows
from tasks.model.waiting_rows import WaitingRows
from tasks.run import Run, RunKind, Stores
from tasks.settings import load_settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop
from tasks.store.lake import Lake
from tasks.store.lateness import hours_late, overlap_hours

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WEEK = timedelta(weeks=1)
CHANNEL = {
    "name": "api",
    "table": "feedback",
    "source": "ticket",
    "zone": "UTC",
    "read": {"kind": "http_api", "url": "http://127.0.0.1/t"},
    "source_id": "id",
    "stamp": "updated",
    "columns": {"submitted_at": "created", "text": "text"},
}


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def stored(lake: Lake, pull_id: str, at: datetime, *stamps: datetime, mark: str = "") -> Pull:
    """Store a row for each stamp, as a pull of a week does."""
    ids = [f"{stamp:%m%d%H%M%S}" for stamp in stamps]
    frame = pl.DataFrame(
        {"record_id": ids, "source_id": ids, "submitted_at": list(stamps), "text": [f"leaks{mark}"] * len(ids)},
        schema={"record_id": pl.String, "source_id": pl.String, "submitted_at": UTC_TIME, "text": pl.String},
    ).with_columns(source=pl.lit("ticket"), source_version=pl.col("submitted_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
    done = lake.append("feedback", frame, pull_id=pull_id, channel="api", ingested_at=at)
    return Pull(pull_id, "api", "feedback", at - WEEK, at, at, read=len(ids), **vars(done))


@pytest.mark.parametrize("version", [{}, {"version": "updated"}])
def test_rows_that_should_have_come_a_pull_before_are_late(tmp_path: Path, version: dict[str, str]) -> None:
    lake, channel = Lake(str(tmp_path)), Channel.model_validate(CHANNEL | version)
    first = stored(lake, "p1", NOW - WEEK, NOW - 9 * WEEK, NOW - 8 * WEEK)
    second = stored(lake, "p2", NOW, NOW - WEEK - hours(50), NOW - WEEK - hours(1.5), NOW - hours(3))
    assert hours_late(lake, channel, [first, second], NOW).sort().to_list() == [1.5, 50]
    assert hours_late(lake, channel, [first], NOW).is_empty(), "a first load brings the past"
    again = stored(lake, "p3", NOW + WEEK, NOW - WEEK - hours(50), NOW - hours(3), mark=" more")
    assert hours_late(lake, channel, [first, second, again], NOW + WEEK).len() == 2, "changed rows say nothing"
    assert hours_late(lake, channel, [first, second], NOW + timedelta(days=120)).is_empty(), "so long ago says nothing"


def test_a_home_without_rows_is_not_late(tmp_path: Path) -> None:
    pulls = [Pull(f"p{n}", "api", "feedback", NOW, NOW, NOW + hours(n)) for n in range(2)]
    assert hours_late(Lake(str(tmp_path)), Channel.model_validate(CHANNEL), pulls, NOW).is_empty()


@pytest.mark.parametrize(
    ("late", "expected"),
    [([], 72), ([300.0] * 9, 72), ([1.0] * 50, 72), ([60.0] * 50, 120), ([900.0] * 50, 720), ([1.0] * 98 + [100.0] * 2, 200)],
)
def test_the_overlap_is_twice_what_was_late_between_its_bounds(late: list[float], expected: float) -> None:
    assert overlap_hours(72, pl.Series(late, dtype=pl.Float64)) == expected
    assert overlap_hours(1000, pl.Series(late, dtype=pl.Float64)) == 1000, "what a shop declares is the least"


@given(st.lists(st.floats(0.01, 5000), max_size=60), st.floats(0, 2000))
def test_the_overlap_never_falls_below_what_is_declared(late: list[float], declared: float) -> None:
    found = overlap_hours(declared, pl.Series(late, dtype=pl.Float64))
    assert declared <= found <= max(declared, 720)


def test_a_pull_of_a_server_reaches_back_as_far_as_its_rows_are_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    make_home(home)
    (home / "config" / "channels.yaml").write_text(yaml.safe_dump({"channels": [CHANNEL]}), "utf-8")
    stores, shop = Stores.open(load_settings(home)), Shop.load(home)
    past = [stored(stores.lake, "p1", NOW - WEEK, NOW - 9 * WEEK)]
    past.append(stored(stores.lake, "p2", NOW - hours(1), *(NOW - WEEK - hours(61 + n / 60) for n in range(12))))
    for pull in past:
        stores.ledger.record_pull(pull)
    asked: list[float] = []

    def pulled(channel: Channel, **_: object) -> PulledRows:
        asked.append(channel.overlap_hours)
        return PulledRows("p3", "api", "feedback", WaitingRows(no_canonical_rows(channel)))

    monkeypatch.setattr(steps, "pull_channel", pulled)
    monkeypatch.setattr(steps, "get_run_logger", lambda: SimpleNamespace(info=lambda *_: None, warning=lambda *_: None))
    run = Run(stores, shop, Period.parse("2026-W46", "UTC"), RunKind.PULL, as_of=NOW, now=NOW)
    steps.collect.fn(run, shop.channels.channels[0])
    stores.ledger.close()
    assert asked == [pytest.approx(2 * 60.2, abs=0.1)]
