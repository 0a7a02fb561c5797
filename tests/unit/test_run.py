"""What a run does with its period, and whether it pulls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.console.init import make_home
from tasks.errors import UserError
from tasks.model.facts import Pull
from tasks.model.periods import Period
from tasks.run import Run, Stores, plan, plan_watch
from tasks.settings import load_settings
from tasks.shop.load import Shop

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
EARLIER = NOW - timedelta(days=2)
CHANNELS = """
channels:
  - {name: aa, table: product, read: {kind: delimited, files: [a.csv]}, columns: {sku: Sku, line: Line}}
  - {name: bb, table: product, read: {kind: delimited, files: [b.csv]}, columns: {sku: Sku, line: Line}}
"""


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    make_home(tmp_path / "shop")
    (tmp_path / "shop" / "config" / "channels.yaml").write_text(CHANNELS, "utf-8")
    return Stores.open(load_settings(tmp_path / "shop"))


def planned(stores: Stores, as_of: datetime | None) -> Run:
    shop = Shop.load(stores.settings.home)
    return plan(stores, shop, Period.parse("2026-W46", "UTC"), as_of=as_of, now=NOW, revise=False, send=False)


def watched(stores: Stores, as_of: datetime | None) -> Run:
    return plan_watch(stores, Shop.load(stores.settings.home), as_of=as_of, now=NOW, send=False)


def loaded(stores: Stores, *channels: str, at: datetime = EARLIER - timedelta(days=1), error: str = "") -> None:
    """Let channels have been pulled, and the lake know a product since then."""
    row = pl.DataFrame({"sku": ["K"], "line": ["L"], "source_id": ["K"], "listed_on": [None]})
    stores.lake.append("product", row.with_columns(listed_on=pl.lit(None, pl.Date)), pull_id="p", channel="aa", ingested_at=at)
    for channel in channels:
        stores.ledger.record_pull(Pull(f"p-{channel}", channel, "product", at, at, at, error=error))


def test_a_half_loaded_lake_is_pulled_to_its_end_even_for_an_earlier_moment(stores: Stores) -> None:
    assert planned(stores, EARLIER).pulls, "nothing is there"
    loaded(stores)
    assert planned(stores, EARLIER).pulls and watched(stores, EARLIER).pulls, "killed before any channel was recorded"
    loaded(stores, "aa")
    loaded(stores, "bb", error="the server was away")
    assert planned(stores, EARLIER).pulls, "one channel never came to its end"
    loaded(stores, "bb", at=NOW + timedelta(days=400))
    assert planned(stores, EARLIER).pulls, "a pull of a time to come counts for nothing"


def test_a_whole_lake_is_only_read_for_an_earlier_moment(stores: Stores) -> None:
    loaded(stores, "aa", "bb")
    assert not planned(stores, EARLIER).pulls and not watched(stores, EARLIER).pulls
    assert planned(stores, None).pulls
    with pytest.raises(UserError, match="Nothing was known"):
        planned(stores, EARLIER - timedelta(days=3))
