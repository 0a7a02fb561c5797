"""The stranger shops' generator is sound, and their checker sees what a review says falsely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
import yaml

from benchmarks.strangers.checks import false_sentences, kept_records, printed_text
from benchmarks.strangers.exports import ExportLayout, ShopExports
from benchmarks.strangers.mondays import MondayReview
from benchmarks.strangers.world import PlantedPlace, StrangerShop, at, invent
from tasks.run import Stores
from tasks.settings import load_settings
from tasks.shop.load import Shop

SEEDS = range(1, 9)


@pytest.fixture(scope="module")
def shops() -> list[StrangerShop]:
    return [invent(seed, scale=0.1) for seed in SEEDS]


def test_a_seed_is_always_the_same_shop(shops: list[StrangerShop]) -> None:
    again = invent(SEEDS[0], scale=0.1)
    assert again.cases.equals(shops[0].cases) and again.faults == shops[0].faults


def test_shops_differ_in_trade_language_history_and_orders(shops: list[StrangerShop]) -> None:
    assert len({shop.trade.name for shop in shops}) == 4
    assert {shop.language for shop in shops} == {"zh", "en"}
    assert {shop.has_orders for shop in shops} == {True, False}
    assert len({shop.weeks for shop in shops}) >= 4


def test_cases_lie_within_the_history_and_no_local_time_comes_twice(shops: list[StrangerShop]) -> None:
    for shop in shops:
        assert shop.cases["ref"].n_unique() == shop.cases.height
        assert shop.cases["submitted_at"].min() >= shop.begins - timedelta(minutes=1)  # type: ignore[operator]
        assert shop.cases["submitted_at"].max() < shop.ends + timedelta(hours=3)  # type: ignore[operator]


def test_a_fault_has_more_nats_the_longer_it_lasts_and_none_before_it_begins() -> None:
    shop = next(shop for shop in (invent(seed) for seed in (5, 9)) if shop.faults)
    fault = max(shop.faults, key=lambda one: shop.nats(one, shop.ends))
    assert shop.nats(fault, shop.ends) > 12
    assert shop.nats(fault, fault.since) == 0


def delivered(shop: StrangerShop, home: Path, weeks: int = 2) -> ShopExports:
    delivery = ShopExports(shop, ExportLayout.drawn(shop), home)
    delivery.configure()
    for week in range(weeks):
        delivery.write(week)
    return delivery


@pytest.mark.parametrize("seed", SEEDS)
def test_every_shop_has_a_configuration_that_is_accepted_and_files_to_read(seed: int, tmp_path: Path) -> None:
    shop = invent(seed, scale=0.1)
    delivery = delivered(shop, tmp_path)
    Shop.load(tmp_path).check()
    declared = yaml.safe_load((tmp_path / "config" / "channels.yaml").read_text("utf-8"))["channels"]
    for channel in declared:
        globs = channel["read"].get("files", [f"{channel['read'].get('maildir', '')}/new"])
        assert any(list(tmp_path.glob(pattern)) for pattern in globs) or channel["name"] == "mail"
    ended = [row for row in delivery.rows if row["when"] < shop.periods[1].end]
    late = delivery.held.get(-1, [])
    assert set(delivery.records) | set(late) == {row["ref"] for row in ended}


# ---- The checker ----------------------------------------------------------------------------------


def monday(shop: StrangerShop, page: str, **review: Any) -> MondayReview:
    found = SimpleNamespace(**{"causes": [], "channels": [], "proposals": [], "completeness": None, "tested": 9, **review})
    return MondayReview(shop.periods[1], at(shop.periods[1]), found, {"x": page}, [], {})  # type: ignore[arg-type]


def kinds(found: list[str]) -> set[str]:
    return {line.split(":")[0] for line in found}


@pytest.fixture(scope="module")
def english(shops: list[StrangerShop]) -> StrangerShop:
    return next(shop for shop in shops if shop.language == "en" and not shop.mixed and shop.trade.physical)


def test_printed_text_leaves_out_styles_and_drawings() -> None:
    assert printed_text("<style>a{}</style><p>No <b>red</b> lines</p><svg><text>9</text></svg>") == "No red lines"


def test_a_plain_page_is_not_blamed(english: StrangerShop, tmp_path: Path) -> None:
    delivery = delivered(english, tmp_path)
    assert false_sentences(monday(english, "<p>Complaints are up.</p>"), delivery, unnamed=[]) == []


def test_calm_that_is_false_is_seen(english: StrangerShop, tmp_path: Path) -> None:
    delivery = delivered(english, tmp_path)
    week = english.periods[1]
    inside = [row["ref"] for row in delivery.rows if week.start <= row["when"] < week.end and row["ref"] in delivery.records]
    english.cases = english.cases.with_columns(
        danger=pl.when(pl.col("ref") == inside[0]).then(statement=True).otherwise(pl.col("danger")),
        grievance=pl.when(pl.col("ref") == inside[0]).then(pl.lit("late")).otherwise(pl.col("grievance")),
    )
    page = "<p>No red lines this week. No complaints this week. All fine; carry on as planned.</p>"
    found = false_sentences(monday(english, page, tested=0), delivery, unnamed=[])
    assert kinds(found) == {"no_red_lines", "no_complaints", "calm_without_search"}


def test_calm_under_an_undeniable_fault_is_seen(tmp_path: Path) -> None:
    shop = invent(5)
    fault = max(shop.faults, key=lambda one: shop.nats(one, shop.periods[1].end))
    delivery = ShopExports(shop, ExportLayout.drawn(shop), tmp_path)
    known = monday(shop, "<p>carry on as planned</p>")
    heavy = PlantedPlace(fault.number, fault.dimension, fault.value, fault.grievance, fault.since, fault.times)
    found = false_sentences(known, delivery, unnamed=[heavy])
    assert kinds(found) <= {"calm_under_fault"}
    assert bool(found) == (shop.nats(heavy, shop.periods[1].end) >= 30)


def test_other_false_sentences_are_seen(english: StrangerShop, tmp_path: Path) -> None:
    delivery = delivered(english, tmp_path)
    channel = SimpleNamespace(channel="tickets", error="", excluded={}, records=0, quarantined=0)
    action = SimpleNamespace(what="Check the lot", due=datetime(2026, 1, 1, tzinfo=UTC))
    cause = SimpleNamespace(slice={"sku": "A"}, leaf="PRD.FAULT")
    page = "<p>双十一 Swiftline: complaints clearly high (new), 2.4 per 100 (about 0.9 times as many).</p>"
    wrong = monday(english, page, channels=[channel], proposals=[action], causes=[cause, cause], completeness=0.2)
    found = kinds(false_sentences(wrong, delivery, unnamed=[]))
    assert {"foreign", "raised_below_one", "total", "past_deadline", "named_twice"} <= found


def test_an_empty_lake_has_lost_everything_unless_the_pull_says_so(english: StrangerShop, tmp_path: Path) -> None:
    delivery = delivered(english, tmp_path)
    Stores.open(load_settings(tmp_path)).ledger.close()
    lost, doubled, _ = kept_records(tmp_path, delivery, english.ends, {})
    assert len(lost) == len(delivery.records) + len(delivery.lines) and not doubled
    told = dict.fromkeys(("tickets", "orders", "mail"), "not read")
    assert kept_records(tmp_path, delivery, english.ends, told) == ([], [], [])
