from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.errors import UserError
from tasks.model.columns.column import UTC_TIME
from tasks.model.tables import STAMPS, TABLES
from tasks.store.lake import Appended, Lake

NOW = datetime(2026, 11, 9, 1, 30, tzinfo=UTC)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def lines(*rows: tuple[str, int], **columns: Any) -> pl.DataFrame:
    """Order lines from (oid, qty)."""
    return pl.DataFrame(
        {"oid": [oid for oid, _ in rows], "qty": [qty for _, qty in rows], "source_id": [f"s-{oid}" for oid, _ in rows]},
        schema={"oid": pl.String, "qty": pl.Int64, "source_id": pl.String},
    ).with_columns(tid=pl.lit("T"), sku=pl.lit("KT-11"), paid_at=pl.lit(NOW).cast(UTC_TIME), **columns)


def append(lake: Lake, frame: pl.DataFrame, at: datetime = NOW, **more: Any) -> tuple[int, int, int]:
    done = lake.append("order_line", frame, pull_id=f"p-{at:%H%M}", channel="orders", ingested_at=at, **more)
    assert done.new + done.changed + done.unchanged == frame.height
    return done.new, done.changed, done.unchanged


def known(lake: Lake, at: datetime) -> list[tuple[Any, ...]]:
    return lake.as_of("order_line", at, columns=["oid", "qty"]).rows()


def test_a_table_of_an_earlier_version_has_new_columns_without_values(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A canonical column that the stored table does not know is empty until rows with it come; the rows of before do not change."""
    now = TABLES["order_line"]
    before = replace(now, described={name: column for name, column in now.described.items() if name != "currency"})
    monkeypatch.setitem(TABLES, "order_line", before)
    append(lake, lines(("a", 1), ("b", 2)))
    monkeypatch.setitem(TABLES, "order_line", now)
    assert lake.as_of("order_line", NOW, columns=["oid", "currency"]).rows() == [("a", None), ("b", None)]
    later = NOW + hours(1)
    dollars = lines(("a", 1), ("b", 2), ("c", 1)).with_columns(currency=pl.Series([None, None, "USD"], dtype=pl.String))
    assert append(lake, dollars, later) == (1, 0, 2)
    assert lake.as_of("order_line", later, categories=("currency",))["currency"].to_list() == [None, None, "USD"]


def test_a_table_without_rows_is_read_like_any_other(lake: Lake) -> None:
    """A shop without orders has no table of them, and what later stages do not read may be a column that only a stored table has."""
    frame = lake.as_of("order_line", NOW, without=("flags", "oid"))
    assert frame.is_empty() and "oid" not in frame.columns and "tid" in frame.columns


def test_only_new_and_changed_rows_are_stored(lake: Lake) -> None:
    assert append(lake, lines(("b", 1), ("a", 1))) == (2, 0, 0)
    assert append(lake, lines(("b", 1), ("a", 1)), NOW + hours(1)) == (0, 0, 2)
    assert append(lake, lines(("b", 2), ("a", 1), ("c", 1)), NOW + hours(2)) == (1, 1, 1)
    assert lake.rows("order_line") == 4
    assert known(lake, NOW - hours(1)) == []
    assert known(lake, NOW + hours(1)) == [("a", 1), ("b", 1)]
    assert known(lake, NOW + hours(2)) == [("a", 1), ("b", 2), ("c", 1)]


def test_a_row_is_unknown_until_its_very_microsecond(lake: Lake) -> None:
    """A file's statistics, by which filters are left out, are cut to milliseconds."""
    late = NOW + timedelta(microseconds=1900)
    append(lake, lines(("a", 1)))
    append(lake, lines(("b", 1)), late)
    assert known(lake, late - timedelta(microseconds=1)) == [("a", 1)]
    assert known(lake, late) == known(lake, late + hours(1)) == [("a", 1), ("b", 1)]


def test_a_value_that_comes_back_is_a_version_again(lake: Lake) -> None:
    for hour, qty in enumerate((1, 2, 1)):
        assert sum(append(lake, lines(("a", qty)), NOW + hours(hour))[:2]) == 1
    assert [known(lake, NOW + hours(hour)) for hour in range(3)] == [[("a", 1)], [("a", 2)], [("a", 1)]]


def test_versions_of_the_same_moment_keep_their_order(lake: Lake) -> None:
    append(lake, lines(("a", 2)))
    append(lake, lines(("a", 1)))
    assert known(lake, NOW) == [("a", 1)]
    assert append(lake, lines(("a", 1))) == (0, 0, 1)


def test_an_unchanged_append_makes_no_commit(lake: Lake) -> None:
    append(lake, lines(("a", 1)))
    commits = sorted(Path(lake.root, "order_line", "_delta_log").iterdir())
    append(lake, lines(("a", 1)), NOW + hours(1))
    assert sorted(Path(lake.root, "order_line", "_delta_log").iterdir()) == commits


def test_the_last_of_several_rows_with_one_key_wins(lake: Lake) -> None:
    assert append(lake, lines(("a", 1), ("b", 5), ("a", 2))) == (2, 0, 1)
    assert known(lake, NOW) == [("a", 2), ("b", 5)]
    assert append(lake, lines(("a", 1), ("b", 5), ("a", 2))) == (0, 0, 3)
    assert append(lake, lines(("a", 7), ("a", 2))) == (0, 0, 2)


def test_a_first_load_takes_the_sources_stamps(lake: Lake) -> None:
    stamps = pl.Series([NOW - hours(48), None, NOW + hours(99)], dtype=UTC_TIME)
    frame = lines(("a", 1), ("b", 1), ("c", 1)).with_columns(stamp=stamps)
    assert append(lake, frame, use_stamp=True) == (3, 0, 0)
    assert known(lake, NOW - hours(1)) == [("a", 1)]
    assert known(lake, NOW) == [("a", 1), ("b", 1), ("c", 1)]
    assert lake.known_from() == NOW - hours(48)


def test_without_the_switch_a_stamp_is_only_a_column_of_the_source(lake: Lake) -> None:
    append(lake, lines(("a", 1)).with_columns(stamp=pl.lit(NOW - hours(48)).cast(UTC_TIME)))
    assert known(lake, NOW - hours(1)) == []
    assert "stamp" not in lake.as_of("order_line", NOW).columns


def test_a_first_load_keeps_every_version_it_is_given(lake: Lake) -> None:
    stamps = pl.Series([NOW - hours(h) for h in (10, 30, 20, 10, 5)], dtype=UTC_TIME)
    frame = lines(("a", 3), ("a", 1), ("a", 1), ("b", 1), ("a", 3)).with_columns(stamp=stamps)
    assert append(lake, frame, use_stamp=True) == (2, 1, 2)
    assert [known(lake, NOW - hours(h)) for h in (31, 29, 15, 9, 0)] == [
        [],
        [("a", 1)],
        [("a", 1)],
        [("a", 3), ("b", 1)],
        [("a", 3), ("b", 1)],
    ]
    assert append(lake, lines(("a", 3), ("b", 1))) == (0, 0, 2)


def test_knowledge_does_not_grow_backwards(lake: Lake) -> None:
    append(lake, lines(("a", 1)))
    late = lines(("a", 2)).with_columns(stamp=pl.lit(NOW - hours(48)).cast(UTC_TIME))
    assert append(lake, late, NOW + hours(1), use_stamp=True) == (0, 1, 0)
    assert known(lake, NOW - hours(1)) == []
    assert append(lake, lines(("a", 2)), NOW + hours(2)) == (0, 0, 1)


def test_declared_columns_travel_and_older_rows_stay_unchanged(lake: Lake) -> None:
    append(lake, lines(("a", 1)))
    wide = lines(("a", 1), ("b", 1)).with_columns(
        seller=pl.Series([None, "S1"]), flags=pl.Series([None, ["vague"]], dtype=pl.List(pl.String))
    )
    assert append(lake, wide, NOW + hours(1)) == (1, 0, 1)
    found = lake.as_of("order_line", NOW + hours(1))
    assert found.select("oid", "seller", "flags").rows() == [("a", None, None), ("b", "S1", ["vague"])]
    assert append(lake, lines(("a", 1)), NOW + hours(2)) == (0, 0, 1)


def test_a_declared_column_keeps_the_type_it_was_first_stored_with(lake: Lake) -> None:
    append(lake, lines(("a", 1), seller=pl.lit("7")))
    assert append(lake, lines(("a", 1), seller=pl.lit(7)), NOW + hours(1)) == (0, 0, 1)
    append(lake, lines(("b", 1), grams=pl.lit(7, pl.Int64)), NOW + hours(2))
    with pytest.raises(UserError, match="grams of the channel orders was stored as long"):
        append(lake, lines(("b", 1), grams=pl.lit("heavy")), NOW + hours(3))


def test_columns_and_types_are_canonical(lake: Lake) -> None:
    append(lake, lines(("a", 1)).with_columns(pl.col("qty").cast(pl.Int32), pl.col("sku").cast(pl.Categorical)))
    for frame in (lake.as_of("order_line", NOW), lake.as_of("batch", NOW)):
        name = "order_line" if "oid" in frame.columns else "batch"
        assert dict(frame.schema) == {**TABLES[name].columns, **STAMPS}
    row = lake.as_of("order_line", NOW).row(0, named=True)
    assert (row["channel"], row["source_id"], row["pull_id"], row["ingested_at"]) == ("orders", "s-a", "p-0130", NOW)


def test_rows_of_one_time_on(lake: Lake) -> None:
    paid = pl.Series([NOW - hours(50), NOW, NOW - hours(1)], dtype=UTC_TIME)
    append(lake, lines(("a", 1), ("b", 1), ("c", 1)).with_columns(paid_at=paid))
    recent = {"columns": ["oid"], "since": NOW - hours(2)}
    assert lake.as_of("order_line", NOW, **recent).rows() == [("b",), ("c",)]
    append(lake, lines(("a", 1), ("b", 1)).with_columns(paid_at=paid.gather([1, 0])), NOW + hours(1))
    assert lake.as_of("order_line", NOW + hours(1), **recent).rows() == [("a",), ("c",)]
    assert lake.as_of("order_line", NOW, **recent).rows() == [("b",), ("c",)]


def test_keys_of_several_columns_may_hold_nulls(lake: Lake) -> None:
    rows = pl.DataFrame(
        {"day": [NOW.date()] * 3, "kind": ["units_signed"] * 3, "sku": ["KT-11", None, "KT-12"], "n": [9.0, 5.0, 1.0]}
    )
    for hour, expected in ((0, (3, 0, 0)), (1, (0, 0, 3))):
        done = lake.append("exposure", rows, pull_id="p", channel="exposure", ingested_at=NOW + hours(hour))
        assert (done.new, done.changed, done.unchanged) == expected
    changed = rows.with_columns(n=pl.when(pl.col("sku").is_null()).then(6.0).otherwise("n"))
    assert lake.append("exposure", changed, pull_id="p", channel="exposure", ingested_at=NOW + hours(2)) == Appended(0, 1, 2)
    assert lake.as_of("exposure", NOW + hours(2), columns=["sku", "n"]).rows() == [(None, 6.0), ("KT-11", 9.0), ("KT-12", 1.0)]


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (lines(("a", 1)).drop("oid"), "have no oid"),
        (lines(("a", 1)).with_columns(oid=pl.lit(None, pl.String)), "with an empty oid"),
        (lines(("a", 1)).with_columns(qty=pl.lit("two")), "do not fit the table order_line"),
    ],
)
def test_rows_that_cannot_be_stored_are_told(lake: Lake, frame: pl.DataFrame, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        append(lake, frame)
    assert lake.known_from() is None


def test_a_column_that_is_not_there_is_told(lake: Lake) -> None:
    append(lake, lines(("a", 1)))
    with pytest.raises(UserError, match="no column seller"):
        lake.as_of("order_line", NOW, columns=["seller"])


def test_nothing_comes_of_nothing(lake: Lake) -> None:
    assert append(lake, lines()) == (0, 0, 0)
    assert lake.known_from() is None
    assert lake.quarantine_as_of(NOW).is_empty()
    assert lake.add_quarantine(pl.DataFrame(), ingested_at=NOW) == 0


def test_what_a_clock_that_was_ahead_has_stored_is_known_from_the_next_pull_on(lake: Lake) -> None:
    append(lake, lines(("a", 1)), NOW + timedelta(days=400))
    assert known(lake, NOW) == []
    append(lake, lines(("a", 1), ("b", 1)))
    append(lake, lines(("a", 1), ("b", 2)), NOW + hours(1))
    assert known(lake, NOW) == [("a", 1), ("b", 1)]
    assert known(lake, NOW + hours(1)) == known(lake, NOW + timedelta(days=500)) == [("a", 1), ("b", 2)]
    assert lake.rows("order_line") == 4


def test_a_history_stored_before_is_not_stored_again(lake: Lake) -> None:
    """A first load that was killed after its commit brings the same versions once more, and perhaps one that followed."""
    stamps = pl.Series("stamp", [NOW - hours(3), NOW - hours(2)], dtype=UTC_TIME)
    assert append(lake, lines(("a", 1), ("a", 2)).with_columns(stamps), use_stamp=True) == (1, 1, 0)
    assert append(lake, lines(("a", 1), ("a", 2)).with_columns(stamps), NOW + hours(1), use_stamp=True) == (0, 0, 2)
    longer = pl.Series("stamp", [NOW - hours(3), NOW - hours(2), NOW - hours(1)], dtype=UTC_TIME)
    assert append(lake, lines(("a", 1), ("a", 2), ("a", 3)).with_columns(longer), NOW + hours(1), use_stamp=True) == (0, 1, 2)
    assert known(lake, NOW) == [("a", 3)] and known(lake, NOW - hours(2)) == [("a", 2)]


def test_a_commit_that_fails_leaves_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    append(lake, lines(("a", 1)))

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr("tasks.store.delta_table.write_deltalake", fail)
        with pytest.raises(OSError, match="disk full"):
            append(lake, lines(("a", 2), ("b", 1)), NOW + hours(1))
    assert known(lake, NOW + hours(2)) == [("a", 1)]
    assert append(lake, lines(("a", 2), ("b", 1)), NOW + hours(1)) == (1, 1, 0)


# ---- Quarantine --------------------------------------------------------------------------------


def rejected(*rows: tuple[str, str]) -> pl.DataFrame:
    """Quarantine rows from (source_id, rule)."""
    return pl.DataFrame(
        [
            {
                "channel": "orders",
                "table": "order_line",
                "source_id": source_id,
                "pull_id": "p",
                "rule": rule,
                "field": "qty",
                "reason": "less than one",
                "record": "{}",
            }
            for source_id, rule in rows
        ]
    )


def test_a_rejection_that_another_pull_stored_a_second_ago_is_known(lake: Lake) -> None:
    """Of two pulls at once the later may store first."""
    lake.add_quarantine(rejected(("s-a", "positive")), ingested_at=NOW + timedelta(seconds=1))
    assert lake.add_quarantine(rejected(("s-a", "positive")), ingested_at=NOW) == 0
    assert lake.add_quarantine(rejected(("s-a", "positive")), ingested_at=NOW - hours(48)) == 1, (
        "what a clock far ahead stored is not"
    )


def held(lake: Lake, at: datetime) -> list[tuple[Any, ...]]:
    return lake.quarantine_as_of(at).select("source_id", "rule").rows()


def test_a_rejected_row_is_kept_once_with_its_reasons(lake: Lake) -> None:
    assert lake.add_quarantine(rejected(("s-a", "positive"), ("s-a", "known_sku"), ("s-b", "positive")), ingested_at=NOW) == 3
    assert (
        lake.add_quarantine(rejected(("s-b", "positive"), ("s-a", "known_sku"), ("s-a", "positive")), ingested_at=NOW + hours(1))
        == 0
    )
    assert held(lake, NOW + hours(2)) == [("s-a", "known_sku"), ("s-a", "positive"), ("s-b", "positive")]
    assert held(lake, NOW - hours(1)) == []


def test_the_newest_rejection_counts(lake: Lake) -> None:
    lake.add_quarantine(rejected(("s-a", "positive"), ("s-a", "known_sku")), ingested_at=NOW)
    assert lake.add_quarantine(rejected(("s-a", "known_sku")), ingested_at=NOW + hours(1)) == 1
    assert held(lake, NOW + hours(1)) == [("s-a", "known_sku")]
    assert held(lake, NOW) == [("s-a", "known_sku"), ("s-a", "positive")]


def test_a_row_that_comes_good_leaves_exactly_once(lake: Lake) -> None:
    lake.add_quarantine(rejected(("s-a", "positive"), ("s-b", "positive")), ingested_at=NOW)
    append(lake, lines(("a", 1)), NOW + hours(1))
    assert held(lake, NOW) == [("s-a", "positive"), ("s-b", "positive")]
    assert held(lake, NOW + hours(1)) == [("s-b", "positive")]
    lake.add_quarantine(rejected(("s-a", "positive")), ingested_at=NOW + hours(2))
    assert held(lake, NOW + hours(2)) == [("s-a", "positive"), ("s-b", "positive")]


def test_a_row_that_goes_back_to_what_it_was_leaves_too(lake: Lake) -> None:
    append(lake, lines(("a", 1)))
    lake.add_quarantine(rejected(("s-a", "positive")), ingested_at=NOW + hours(1))
    assert append(lake, lines(("a", 1)), NOW + hours(2)) == (0, 1, 0)
    assert held(lake, NOW + hours(2)) == []
    assert append(lake, lines(("a", 1)), NOW + hours(3)) == (0, 0, 1)


def test_a_good_row_of_another_channel_frees_nothing(lake: Lake) -> None:
    lake.add_quarantine(rejected(("s-a", "positive")), ingested_at=NOW)
    lake.append("order_line", lines(("a", 1)), pull_id="p", channel="other", ingested_at=NOW + hours(1))
    assert held(lake, NOW + hours(1)) == [("s-a", "positive")]


def test_a_late_first_load_frees_what_was_rejected_before(lake: Lake) -> None:
    lake.add_quarantine(rejected(("s-a", "positive")), ingested_at=NOW)
    stamped = lines(("a", 1)).with_columns(stamp=pl.lit(NOW - hours(48)).cast(UTC_TIME))
    append(lake, stamped, NOW + hours(1), use_stamp=True)
    assert held(lake, NOW + hours(1)) == []


# ---- Categories ---------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [1, 1_000])
def test_categories_hold_what_texts_hold(lake: Lake, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr("tasks.store.ordered_columns.PIECE", piece)
    append(lake, lines(("b", 1), ("a", 1), ("c", 1), platform=pl.Series([None, "乙", "甲"], dtype=pl.String)))
    append(lake, lines(("a", 2), platform=pl.lit("甲")), NOW + hours(1))
    for moment in (NOW, NOW + hours(1)):
        texts = lake.as_of("order_line", moment)
        read = lake.as_of("order_line", moment, categories=("platform", "warehouse"))
        kinds = {name: kind for name, kind in read.schema.items() if kind != texts.schema[name]}
        assert kinds == {"platform": pl.Categorical, "warehouse": pl.Categorical}
        assert read.cast(dict.fromkeys(kinds, pl.String)).equals(texts)
    assert texts["platform"].to_list() == ["甲", None, "甲"]


def test_categories_of_an_empty_table_have_their_type_too(lake: Lake) -> None:
    read = lake.as_of("order_line", NOW, columns=["oid", "platform"], categories=("platform",))
    assert dict(read.schema) == {"oid": pl.String, "platform": pl.Categorical} and read.is_empty()


def test_a_category_that_the_table_lacks_is_left_out(lake: Lake) -> None:
    append(lake, lines(("a", 1)))
    assert lake.as_of("order_line", NOW, columns=["oid"], categories=("no_such_dimension",)).rows() == [("a",)]


# ---- Against a plain model ---------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pulls=st.lists(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3)), max_size=6), min_size=1, max_size=5))
def test_any_sequence_of_pulls_reads_as_a_dict_would(
    pulls: list[list[tuple[str, int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    model: dict[str, int] = {}
    moments = []
    for number, rows in enumerate(pulls):
        newest = dict(rows)
        new = sum(key not in model for key in newest)
        changed = sum(key in model and model[key] != value for key, value in newest.items())
        assert append(lake, lines(*rows), NOW + hours(number)) == (new, changed, len(rows) - new - changed)
        model |= newest
        moments.append(sorted(model.items()))
    assert [[tuple(row) for row in known(lake, NOW + hours(number))] for number in range(len(pulls))] == moments
