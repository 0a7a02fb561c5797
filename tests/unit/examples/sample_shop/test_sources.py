"""The sample shop's sources: native shapes that parse back, the same bytes again, and a ledger that is true."""

from __future__ import annotations

import csv
import email
import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from examples.sample_shop import forms
from examples.sample_shop.dirt import DirtLedger
from examples.sample_shop.earlier_actions import earlier_actions
from examples.sample_shop.home import write_configuration
from examples.sample_shop.rows import nested
from examples.sample_shop.server import DATABASE, serving
from examples.sample_shop.sources import write_sources
from tasks.collect.pull import pull_channel
from tasks.settings import Settings
from tasks.shop.load import Shop
from tests.makers.tiny_world import TinyWorld

NOW = datetime(2026, 11, 9, 4, tzinfo=UTC)
ONLY_BY_RULE = ("out_of_range",)
"""Faults that can be read and are refused by a rule of validation, not by the reader."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sources(TinyWorld(), folder, 7)
    return folder


@pytest.fixture(scope="module")
def ledger(home: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((home / "truth" / "truth.json").read_text(encoding="utf-8"))["sources"]
    return truth


def desk_rows(home: Path, endpoint: str) -> list[dict[str, Any]]:
    connection = sqlite3.connect(home / "sources" / DATABASE)
    rows = [json.loads(body) for (body,) in connection.execute(f"SELECT body FROM {endpoint} ORDER BY seq")]
    connection.close()
    return rows


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(home: Path, tmp_path: Path) -> None:
    for folder, seed in (("again", 7), ("other", 8)):
        write_sources(TinyWorld(), tmp_path / folder, seed)
    files = sorted(path.relative_to(home) for path in home.rglob("*") if path.is_file())
    assert files
    assert [name for name in files if (home / name).read_bytes() != (tmp_path / "again" / name).read_bytes()] == []
    posts = "sources/social/posts-2026-09.json"
    assert (home / posts).read_bytes() != (tmp_path / "other" / posts).read_bytes()


def test_tickets_are_nested_and_speak_the_desks_words(home: Path, ledger: dict[str, Any]) -> None:
    rows = desk_rows(home, "tickets")
    assert len(rows) == ledger["tickets"]["rows"]
    row = next(row for row in rows if row.get("ticketId") == "F00000" and row["serve"].get("reopenTime"))
    assert row["createTime"] == "2026-09-01 12:00:00"
    assert row["channelNo"] == 101
    assert row["bizStatus"] == 50
    assert isinstance(row["problem"]["reasonCode"], int)
    assert row["trade"]["price"] == "1499.00"
    assert "leaf" not in json.dumps(rows)


def test_a_case_that_was_opened_again_is_given_as_it_was_and_as_it_is(home: Path, ledger: dict[str, Any]) -> None:
    ids = Counter(row["ticketId"] for row in desk_rows(home, "tickets") if row["serve"].get("finishTime") and "ticketId" in row)
    versions = [row for row in desk_rows(home, "tickets") if row.get("ticketId") == "F00000"]
    assert ids["F00000"] == 2
    assert [("reopenTime" in row["serve"]) for row in versions] == [False, True]
    assert ledger["tickets"]["repeated"]["earlier_version"] == 1


def test_chats_hold_the_robots_words_beside_the_buyers(home: Path) -> None:
    messages = desk_rows(home, "chats")[0]["messages"]
    assert [message["role"] for message in messages] == ["buyer", "bot", "seat"]
    assert messages[0]["content"]


def test_json_leaves_empty_fields_out_and_texts_whole() -> None:
    rows = pl.DataFrame({"a": [None, 1], "b.c": ['x","d":null,', None], "b.d": [None, None], "e": ["y", None]})
    assert [json.loads(line) for line in nested(rows)] == [{"b": {"c": 'x","d":null,'}, "e": "y"}, {"a": 1, "b": {}}]


def test_reviews_come_as_csv_and_as_lines(home: Path, ledger: dict[str, Any]) -> None:
    cells: list[dict[str, str]] = []
    for path in sorted((home / "sources" / "reviews").glob("jia-*.csv")):
        cells += csv.DictReader(path.read_bytes().decode("gb18030").splitlines())
    assert len(cells) == ledger["reviews_jia"]["rows"]
    assert {row["星级"] for row in cells if row["星级"]} <= {"1.0", "2.0", "3.0", "4.0", "5.0", "9.0"}
    lines = [
        json.loads(line) for path in (home / "sources" / "reviews").glob("yi-*.jsonl") for line in path.read_text().splitlines()
    ]
    assert len(lines) == ledger["reviews_yi"]["rows"]
    repeated = sum(count - 1 for count in Counter(json.dumps(line) for line in lines).values())
    assert repeated == sum(ledger["reviews_yi"]["repeated"].values()) > 1


def test_the_first_export_stops_at_five_thousand_rows(tmp_path: Path) -> None:
    world = TinyWorld()
    reviews = world.tables["feedback"].filter((pl.col("source") == "review") & (pl.col("platform") == "平台甲"))
    many = pl.concat(
        [reviews.with_columns(pl.format("{}-{}", "source_id", pl.lit(copy)).alias("source_id")) for copy in range(110)]
    )
    book = DirtLedger()
    lost = forms.write_reviews(tmp_path, "reviews_jia", many, 1, book)
    (first,) = tmp_path.glob("jia-until-*.csv")
    assert len(list(csv.reader(first.read_bytes().decode("gb18030").splitlines()))) == 5_001
    rest = sum(
        len(list(csv.DictReader(path.read_bytes().decode("gb18030").splitlines()))) for path in tmp_path.glob("jia-2*.csv")
    )
    assert 5_000 + rest == book.rows["reviews_jia"]
    added = sum(book.quarantine["reviews_jia"].values()) + sum(book.repeated["reviews_jia"].values())
    assert book.rows["reviews_jia"] - added + len(lost) == many.height
    assert book.lost["reviews_jia"] == len(lost) > 0


def test_mails_are_real_messages_in_several_charsets(home: Path, ledger: dict[str, Any]) -> None:
    paths = [path for part in ("cur", "new") for path in sorted((home / "sources" / "mail" / part).iterdir())]
    messages = [email.message_from_bytes(path.read_bytes()) for path in paths]
    assert len(messages) == ledger["mails"]["rows"]
    charsets = {part.get_content_charset() for message in messages for part in message.walk() if not part.is_multipart()}
    assert charsets == {"utf-8", "gb18030"}
    texts = [
        part.get_payload(decode=True).decode(str(part.get_content_charset()))
        for part in (m if not m.is_multipart() else m.get_payload(0) for m in messages)
    ]  # type: ignore[union-attr]
    assert sum("写道" in text for text in texts) > 5
    assert all("售后反馈" in str(make_header(decode_header(message["Subject"]))) for message in messages)
    assert {message["From"].partition("@")[2] for message in messages} == {"example.com"}


def test_store_forms_look_typed_by_hand(home: Path, ledger: dict[str, Any]) -> None:
    rows: list[tuple[Any, ...]] = []
    merged = 0
    for path in sorted((home / "sources" / "store").glob("*.xlsx")):
        sheet = openpyxl.load_workbook(path)["登记表"]
        merged += sum(1 for span in sheet.merged_cells.ranges if span.min_row > 4)
        values = list(sheet.iter_rows(values_only=True))
        assert "登记表" in str(values[0][0])
        assert values[3][0] == "登记编号"
        assert str(values[-1][0]).startswith("合计")
        rows += values[4:-1]
    assert len(rows) == ledger["store_forms"]["rows"]
    assert merged > 0
    cells = [str(cell) for row in rows for cell in row]
    assert "同上" in cells
    assert any("下午" in cell for cell in cells)
    assert any(cell.count(".") == 1 and cell.replace(".", "").isdigit() for cell in cells)
    assert "1,499元" in cells


def test_the_app_form_is_a_table_and_posts_are_documents(home: Path, ledger: dict[str, Any]) -> None:
    connection = sqlite3.connect(home / "sources" / "app.sqlite")
    assert connection.execute("SELECT count(*) FROM feedback_form").fetchone()[0] == ledger["forms"]["rows"]
    connection.close()
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in (home / "sources" / "social").glob("*.json")]
    assert sum(len(document["data"]["posts"]) for document in documents) == ledger["social"]["rows"]
    assert all(document["total"] == len(document["data"]["posts"]) for document in documents)


def test_order_lines_stand_in_one_file_a_month(home: Path, ledger: dict[str, Any]) -> None:
    files = sorted((home / "sources" / "orders").glob("*.parquet"))
    assert [path.stem for path in files] == ["order_lines-2026-08", "order_lines-2026-09", "order_lines-2026-10"]
    assert sum(pl.read_parquet(path).height for path in files) == ledger["order_lines"]["rows"]


def test_labels_stand_beside_the_sources_never_in_them(home: Path) -> None:
    gold = pl.read_parquet(home / "truth" / "gold.parquet")
    assert gold.height == TinyWorld().tables["feedback"].height
    assert gold["record_id"].n_unique() == gold.height
    assert not [path for path in (home / "sources").rglob("*") if "gold" in path.name or "truth" in path.name]


def test_a_bad_row_is_a_further_row_so_that_no_true_record_is_lost(home: Path) -> None:
    ids = {row["ticketId"] for row in desk_rows(home, "tickets") if "ticketId" in row}
    gold = pl.read_parquet(home / "truth" / "gold.parquet").filter(pl.col("channel") == "tickets")
    assert set(gold["source_id"]) <= ids


def test_every_channel_reads_what_the_ledger_says(home: Path, ledger: dict[str, Any]) -> None:
    write_configuration(home)
    shop, settings = Shop.load(home), Settings(home=home)
    gold = pl.read_parquet(home / "truth" / "gold.parquet")
    names = []
    with serving(home):
        for channel in shop.channels:
            batch = pull_channel(channel, window_start=None, window_end=NOW, shop=shop, settings=settings, now=NOW)
            entry = ledger[channel.name]
            refused = sum(count for reason, count in entry["quarantined"].items() if reason not in ONLY_BY_RULE)
            assert (batch.error, batch.read, batch.unreadable.height) == ("", entry["rows"], refused), channel.name
            if channel.table == "feedback":
                told = gold.filter(pl.col("channel") == channel.name)
                assert set(told["record_id"]) <= set(batch.frame["record_id"]), channel.name
            names.append(channel.name)
    assert sorted(names) == sorted(ledger)


def test_the_samples_configuration_holds_and_follows_the_defaults(tmp_path: Path) -> None:
    write_configuration(tmp_path, scale=0.1)
    shop = Shop.load(tmp_path)
    shop.check()
    assert shop.identity.name == "朴岸生活"
    assert {event.kind for event in shop.calendar.events} >= {"taxonomy", "freight_insurance", "formula", "missing_data"}
    assert shop.calendar.promotions == Shop.load(None).calendar.promotions
    assert {channel.expected_daily for channel in shop.channels} == {0}
    owners = {person.name for person in shop.people.people}
    assert {action["owner"] for action in earlier_actions("CP-07", "2026-11-08T16:00:00Z")} <= owners
