"""The mapping reads what people type, loses nothing, and gives the same rows each time."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.collect.mapping.canonical import repeated_columns
from tasks.collect.mapping.quantities import read_numbers
from tasks.collect.mapping.readings import read_times
from tasks.errors import ConfigurationError
from tasks.model.rows import PulledRows
from tasks.model.tables import TABLES
from tasks.shop.load import Shop
from tests.makers.shops import default_shop

Pull = Callable[..., PulledRows]
END = datetime(2026, 11, 8, 16, tzinfo=UTC)  # Monday 2026-11-09 00:00 in Shanghai
ALL_FORMS = ["iso", "half_day", "month_day"]


@pytest.mark.parametrize(
    ("text", "forms", "expected"),
    [
        ("2026-11-02 15:05:09", ["iso"], "2026-11-02T07:05:09"),
        ("2026/11/2 15:05", ["iso"], "2026-11-02T07:05:00"),
        ("2026-11-02T15:05:09.25Z", ["iso"], "2026-11-02T15:05:09.250000"),
        ("2026-11-02T15:05:09-05:00", ["iso"], "2026-11-02T20:05:09"),
        ("2026-11-02T15:05:09+0800", ["iso"], "2026-11-02T07:05:09"),
        ("2026年11月2日", ["iso"], "2026-11-01T16:00:00"),
        ("2026.11.2", ALL_FORMS, "2026-11-01T16:00:00"),
        ("2026/11/2 下午3:05", ALL_FORMS, "2026-11-02T07:05:00"),
        ("2026/11/2 上午12:05", ALL_FORMS, "2026-11-01T16:05:00"),
        ("2026/11/2 中午12:30", ALL_FORMS, "2026-11-02T04:30:00"),
        ("2026/11/2 晚上8点", ALL_FORMS, "2026-11-02T12:00:00"),
        ("2026/11/2 3:05 PM", ALL_FORMS, "2026-11-02T07:05:00"),
        ("11.2", ALL_FORMS, "2026-11-01T16:00:00"),
        ("11月2日 9:30", ALL_FORMS, "2026-11-02T01:30:00"),
        ("12.30", ALL_FORMS, "2025-12-29T16:00:00"),  # not yet this year: last year's
        ("1730531109", ["epoch_s"], "2024-11-02T07:05:09"),
        ("1730531109250", ["epoch_ms"], "2024-11-02T07:05:09.250000"),
        ("3/19/2015", ["%m/%d/%Y"], "2015-03-18T16:00:00"),
        ("02-11-2026 15:05", ["%d-%m-%Y %H:%M"], "2026-11-02T07:05:00"),
        ("2026-02-30", ALL_FORMS, None),
        ("13.45", ALL_FORMS, None),
        ("不详", ALL_FORMS, None),
        ("2026-11-02 25:05", ALL_FORMS, None),
    ],
)
def test_a_moment_is_read(text: str, forms: list[str], expected: str | None) -> None:
    """Every form of a typed time becomes the right moment in UTC; nonsense becomes null, never another day."""
    found = read_times(pl.Series([text], dtype=pl.String), forms, "Asia/Shanghai", END).values.item()
    assert (found.replace(tzinfo=None).isoformat() if found else None) == expected


def test_a_skipped_midnight_is_the_hour_after() -> None:
    """A zone that skips midnight loses no record of that day."""
    frame = pl.DataFrame({"cell": ["2017-10-15 00:00:00"]})
    found = read_times(frame["cell"], ["iso"], "America/Sao_Paulo", END).values.item()
    assert found == datetime(2017, 10, 15, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,499元", 1499.0),
        ("¥ 12.5", 12.5),
        ("１，４９９", 1499.0),
        ("-3", -3.0),
        ("1.2万", 12000.0),
        ("88 元/件", 88.0),
        ("1e3", 1000.0),
        ("约定", None),
        ("12-15", None),
        ("1.2.3", None),
        ("元", None),
    ],
)
def test_a_number_is_read(text: str, expected: float | None) -> None:
    """Amounts with separators, signs and units are numbers; ranges and words are not."""
    assert read_numbers(pl.Series([text])).values.to_list() == [expected]


CHANNEL = """
channels:
  - name: forms
    table: feedback
    source: form
    read: {{kind: delimited, files: [in.csv], export_limit: 0}}
    columns:
      submitted_at: time
      text: text
{more}
"""


def test_what_cannot_be_read_is_not_lost(pull: Pull, tmp_path: Path) -> None:
    """A required value that fails sends the row to quarantine, scrubbed; an optional one leaves a flag; read is the sum."""
    (tmp_path / "in.csv").write_text(
        "time,text,price,want\n2026-11-01,杯子碎了,很贵,退\n改天,打电话 19900001234,5,退\n,无声,6,退\n2026-11-02,好,7,送\n",
        "utf-8",
    )
    batch = pull(CHANNEL.format(more="      unit_price: price\n      request: {from: want, map: {退: refund}}"))
    assert batch.error == ""
    assert (batch.read, batch.frame.height, batch.unreadable.height) == (4, 2, 2)
    assert batch.frame["flags"].to_list() == [["unreadable:unit_price"], ["unmapped:request"]]
    assert batch.unreadable["rule"].to_list() == ["unreadable.submitted_at"] * 2
    assert batch.unreadable["reason"].to_list() == [
        "submitted_at cannot be read: «改天» (in.csv, row 3, column time)",
        "submitted_at is empty (in.csv, row 4, column time)",
    ]
    assert batch.notes == (
        "unit_price: «很贵» (in.csv, row 2) cannot be read and is left empty; 1 cells are flagged unreadable:unit_price.",
    )
    assert "19900001234" not in batch.unreadable["record"][0]
    assert "打电话" in batch.unreadable["record"][0]


def test_a_value_no_map_knows_rejects_a_required_field(pull: Pull, tmp_path: Path) -> None:
    """A required value outside its map is told as such."""
    (tmp_path / "in.csv").write_text("time,text,want\n2026-11-01,a,退\n2026-11-02,b,送\n", "utf-8")
    batch = pull(CHANNEL.format(more="      request: {from: want, map: {退: refund}, required: true}"))
    assert batch.unreadable["reason"].to_list() == [
        "request is not a value that channels.yaml knows: «送» (in.csv, row 3, column want)"
    ]
    assert batch.frame["request"].to_list() == ["refund"]


def test_the_first_predicate_that_holds_gives_the_code(pull: Pull, tmp_path: Path) -> None:
    """Predicates are ordered, see mapped columns before native ones, and end in `otherwise`."""
    (tmp_path / "in.csv").write_text(
        "time,text,rating\n2026-11-01,杯破了,1星\n2026-11-01,杯破了,5星\n2026-11-01,慢,1星\n", "utf-8"
    )
    batch = pull(
        CHANNEL.format(
            more="""      rating: rating
      issue:
        cases:
          - {when: "rating <= 2 AND text LIKE '%破%'", then: LOG.DAMAGE}
          - {when: "rating <= 2", then: LOG.LATE}
        otherwise: UNK
"""
        )
    )
    assert batch.frame.sort("source_id").select("text", "rating", "issue").sort("rating", "issue").rows() == [
        ("杯破了", 1.0, "LOG.DAMAGE"),
        ("慢", 1.0, "LOG.LATE"),
        ("杯破了", 5.0, "UNK"),
    ]


def test_every_way_to_make_a_column(pull: Pull, tmp_path: Path) -> None:
    """Constants, coalescing, concatenation, SQL, extraction, look-up, lists, booleans, digests and factors."""
    (tmp_path / "in.csv").write_text("time,text,a,b,flag,tags,code\n2026-11-01,x,/,B-12,是,坏;慢,k1\n", "utf-8")
    batch = pull(
        CHANNEL.format(
            more="""      platform: "=平台甲"
      sku: {from: [a, b]}
      order_ref: {concat: [a, b, code], separator: "-"}
      title: {sql: "UPPER(code)"}
      batch_no: {from: b, extract: '-(\\d+)'}
      source_code: {from: code, lookup: {file: codes.csv}}
      milestone_met: flag
      causes: {from: tags, split: ";"}
      serial_no: {digest: [a, b]}
      unit_price: {from: b, extract: '\\d+', factor: 0.5}
    extras:
      seats: {from: b, extract: '\\d+', type: int}
"""
        ),
        codes__csv="key,value\nk1,异响\n",
    )
    assert batch.error == ""
    row = batch.frame.row(0, named=True)
    assert (row["platform"], row["sku"], row["order_ref"], row["title"]) == ("平台甲", "B-12", "B-12-k1", "K1")
    assert (row["batch_no"], row["source_code"], row["milestone_met"], row["causes"]) == ("12", "异响", True, ["坏", "慢"])
    assert (len(row["serial_no"]), row["unit_price"], row["seats"]) == (16, 6.0, 12)


def test_rows_without_id_are_numbered_whatever_their_order(pull: Pull, tmp_path: Path) -> None:
    """Equal rows stay rows of their own under ids that do not depend on the file's order."""
    lines = ["2026-11-01,a", "2026-11-01,a", "2026-11-01,b", "2026-11-02,a"]
    ids = []
    for seed in (1, 2):
        random.Random(seed).shuffle(lines)
        (tmp_path / "in.csv").write_text("time,text\n" + "\n".join(lines) + "\n", "utf-8")
        batch = pull(CHANNEL.format(more=""))
        ids.append(sorted(batch.frame["record_id"].to_list()))
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 4


def test_the_same_row_given_again_can_be_one_record(pull: Pull, tmp_path: Path) -> None:
    """With `repeats: drop` equal rows carry one id, so that the lake knows them as one."""
    (tmp_path / "in.csv").write_text("time,text\n2026-11-01,a\n2026-11-01,a\n", "utf-8")
    batch = pull(CHANNEL.format(more="    repeats: drop"))
    assert batch.frame["record_id"].n_unique() == 1
    assert batch.read == 2


def test_a_missing_heading_is_an_error_with_the_headings_that_are_there(pull: Pull, tmp_path: Path) -> None:
    """A source that changed its headings fails by name instead of bringing empty columns."""
    (tmp_path / "in.csv").write_text("when,text\n2026-11-01,a\n", "utf-8")
    batch = pull(CHANNEL.format(more=""))
    assert "has no column time" in batch.error
    assert "when, text" in batch.error
    assert batch.hint


def test_a_customer_is_a_keyed_reference_within_platform(pull: Pull, tmp_path: Path) -> None:
    """The same id on two platforms gives two references, and none shows the id."""
    (tmp_path / "in.csv").write_text(
        "time,text,who,mall\n2026-11-01,a,u7,甲\n2026-11-01,b,u7,乙\n2026-11-01,c,U7 ,甲\n,d,u7,乙\n", "utf-8"
    )
    batch = pull(CHANNEL.format(more="      customer_ref: who\n      platform: mall"))
    first, second, third = batch.frame.sort("text")["customer_ref"].to_list()
    assert first == third != second
    assert not any("u7" in str(cell) for row in batch.frame.rows() for cell in row)
    assert "u7" not in batch.unreadable["record"][0]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("      nonsense: a", "not a column of feedback"),
        ("    extras: {text: a}", "belongs to the table itself"),
        ("      sku: {from: a, const: b}", "exactly one of"),
        ("      sku: no", "in quotes"),
        ("    ingested_from: stamp", "needs `stamp`"),
        ("    colour: red", "Extra inputs"),
    ],
)
def test_a_wrong_channel_is_told_with_its_line(pull: Pull, more: str, words: str) -> None:
    """A mistake in channels.yaml is found before anything is read, with file and line."""
    with pytest.raises(ConfigurationError) as caught:
        pull(CHANNEL.format(more=more))
    assert words in caught.value.what
    assert "channels.yaml, line" in caught.value.what


def test_wrong_sql_names_channel_and_expression(pull: Pull, tmp_path: Path) -> None:
    """An expression that is no SQL stops the channel with a sentence."""
    (tmp_path / "in.csv").write_text("time,text\n2026-11-01,a\n", "utf-8")
    batch = pull(CHANNEL.format(more='      issue: {cases: [{when: "text LIKE", then: X}]}'))
    assert "not valid SQL" in batch.error
    assert "forms" in batch.error


def test_order_lines_map_fast(pull: Pull, tmp_path: Path) -> None:
    """180,000 order lines of 31 columns are mapped in well under a second of CPU: there is no loop over rows."""
    n = 180_000
    moment = pl.select(pl.datetime_range(datetime(2025, 9, 15), datetime(2026, 11, 8), "3m", time_zone="UTC")).to_series().head(n)
    columns = {
        name: moment if str(kind).startswith("Datetime") else pl.select(pl.int_range(n).cast(kind)).to_series()
        for name, kind in TABLES["order_line"].columns.items()
    }
    pl.DataFrame(columns).with_columns(stamp=moment).write_parquet(tmp_path / "o.parquet")
    mapped = "\n".join(f"      {name}: {name}" for name in columns)
    started = time.process_time()
    batch = pull(
        f"channels:\n  - name: orders\n    table: order_line\n    read: {{kind: parquet, files: [o.parquet]}}\n    stamp: stamp\n    columns:\n{mapped}\n"
    )
    assert (batch.error, batch.frame.height) == ("", n)
    assert time.process_time() - started < 2.0


ORDERS = """
channels:
  - name: orders
    table: order_line
    read: {{kind: parquet, files: [in.parquet]}}
{more}    columns:
      oid: order
      tid: trade
      qty: pieces
      paid_at: paid
      platform: shop_site
      warehouse: house
{columns}
"""


@pytest.mark.parametrize(
    ("columns", "more", "expected"),
    [
        ("      sku: article", "", {"shop_site", "house", "article"}),
        ("      sku: {concat: [article, colour]}", "", {"shop_site", "house"}),
        ("      sku: {from: [article, old_article]}", "", {"shop_site", "house"}),
        ("      sku: {concat: [article, house]}", "", {"shop_site"}),  # a text is needed elsewhere
        ("      sku: article\n      carrier: house", "", {"shop_site", "house", "article"}),  # twice the same way
        ("      sku: article\n      waybill: house", "", {"shop_site", "article"}),
        ('      sku: {sql: "UPPER(house)"}', "", {"shop_site"}),
        ('      sku: {sql: "UPPER(platform)"}', "", {"house"}),  # by its canonical name
        ("      sku: article", "    where: \"house <> 'closed'\"\n", {"shop_site", "article"}),
        ("      sku: article", "    scrub: [house]\n", {"shop_site", "article"}),
    ],
)
def test_a_text_of_few_values_is_a_category_where_nothing_else_needs_it(columns: str, more: str, expected: set[str]) -> None:
    text = ORDERS.format(columns=columns, more=more)
    shop = Shop({**default_shop().files, "channels.yaml": text.encode()})
    assert repeated_columns(shop.channels.channels[0]) == expected


def test_other_tables_than_order_lines_hold_no_categories() -> None:
    text = """
channels:
  - name: forms
    table: feedback
    source: form
    read: {kind: parquet, files: [in.parquet]}
    columns: {submitted_at: time, text: text, sku: article, platform: shop_site}
"""
    shop = Shop({**default_shop().files, "channels.yaml": text.encode()})
    assert repeated_columns(shop.channels.channels[0]) == set()


def test_a_second_column_multiplies_a_number_or_moves_a_time(pull: Pull, tmp_path: Path) -> None:
    """An empty second cell leaves no value; one that cannot be read leaves none either, and a flag."""
    (tmp_path / "t.csv").write_text(
        'id,at,text,each,pieces,minutes\n1,2026-11-02 10:00,x,"2,50",3,25\n2,2026-11-02 10:00,x,2,,\n3,2026-11-02 10:00,x,2,two,1.5\n'
    )
    batch = pull(
        """
channels:
  - name: forms
    table: feedback
    source: form
    zone: UTC
    read: {kind: delimited, files: ["t.csv"]}
    source_id: id
    columns:
      submitted_at: at
      text: text
      refund_amount: {from: each, times: pieces}
      first_human_at: {from: at, plus_minutes: minutes}
"""
    )
    assert batch.error == ""
    rows = batch.frame.sort("source_id")
    assert rows["refund_amount"].to_list() == [7.5, None, None]
    assert (rows["first_human_at"] - rows["submitted_at"]).dt.total_seconds().to_list() == [1500, None, 90]
    assert ["unreadable:refund_amount" in flags for flags in rows["flags"].to_list()] == [False, False, True]
