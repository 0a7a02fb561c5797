"""A pull never raises, reads files whole, and says how far it is complete."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tasks.collect.preview import preview
from tasks.collect.pull import READERS
from tasks.collect.readers import parquet
from tasks.collect.source_rows import ReadContext, SourceRows
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.load import Shop
from tasks.shop.sources.parquet import Parquet

CHANNEL = """
channels:
  - name: orders
    table: order_line
    read: {kind: parquet, files: ["*.parquet"]}
    stamp: etl
    overlap_hours: 24
    %s
    columns: {oid: "no", tid: "no", sku: sku, qty: n, paid_at: paid}
"""
NOW = datetime(2026, 11, 9, 2, tzinfo=UTC)
FIRST = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def orders(tmp_path: Path) -> None:
    """Ten order lines, one a day, with columns that nobody maps; a second file holds a newer version of the first line."""
    days = [FIRST + timedelta(days=day) for day in range(10)]
    frame = pl.DataFrame(
        {"no": [f"o{day:02d}" for day in range(10)], "sku": "KT-01", "n": 1, "paid": days, "etl": days, "unused": "x"}
    )
    frame.write_parquet(tmp_path / "b.parquet")
    frame.head(1).with_columns(n=pl.lit(2), etl=pl.lit(days[5])).write_parquet(tmp_path / "c.parquet")


@pytest.mark.usefixtures("orders")
def test_versions_of_a_line_come_in_order_of_stamp(pull: Callable[..., PulledRows]) -> None:
    batch = pull(CHANNEL % "")
    assert batch.error == ""
    assert batch.frame.filter(pl.col("oid") == "o00")["qty"].to_list() == [1, 2]
    assert batch.watermark == "2026-11-09T00:00:00+00:00", "never later than now"
    assert batch.frame["source_version"][0] == "2026-11-01T00:00:00.000000Z"


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("keys", ["", "window_by: stamp", "window_by: all"])
def test_a_file_is_read_whole_whatever_its_stamps(pull: Callable[..., PulledRows], keys: str) -> None:
    """Files arrive when they like: a window of stamps would lose what comes late."""
    batch = pull(CHANNEL % keys, start=FIRST + timedelta(days=6), end=FIRST + timedelta(days=8))
    assert (batch.read, batch.frame.height) == (11, 11)


@pytest.mark.usefixtures("orders")
def test_only_used_columns_are_read(pull: Callable[..., PulledRows], monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that the mapping does not name are never loaded."""
    seen: list[list[str]] = []
    read = parquet.read

    def watched(spec: Parquet, place: ReadContext) -> SourceRows:
        native = read(spec, place)
        seen.append(native.frame.columns)
        return native

    monkeypatch.setitem(READERS, "parquet", watched)
    assert pull(CHANNEL % "").error == ""
    assert sorted(seen[0]) == ["etl", "n", "no", "paid", "sku"]


@pytest.mark.usefixtures("orders")
def test_a_file_is_complete_to_the_end_of_its_newest_day(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """The newest row is of the 7th (08:00 in Shanghai), so the file is complete through that day's midnight, but never beyond now."""
    assert pull(CHANNEL % "").complete_through == NOW
    (tmp_path / "c.parquet").unlink()
    pl.read_parquet(tmp_path / "b.parquet").head(7).write_parquet(tmp_path / "b.parquet")
    assert pull(CHANNEL % "").complete_through == datetime(2026, 11, 7, 16, tzinfo=UTC)


def test_a_failure_is_a_sentence(pull: Callable[..., PulledRows], tmp_path: Path) -> None:
    """No file, a broken file, and a broken secret are errors of the batch, which still has its columns."""
    assert "No file matches" in pull(CHANNEL % "").error
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nonsense")
    batch = pull(CHANNEL % "")
    assert "not a readable Parquet file" in batch.error
    assert "oid" in batch.frame.columns
    assert not batch.ok


@pytest.mark.usefixtures("orders")
def test_the_same_pull_twice_is_the_same(pull: Callable[..., PulledRows]) -> None:
    """Same input, same rows in the same order, same pull id."""
    one, two = pull(CHANNEL % ""), pull(CHANNEL % "")
    assert one.pull_id == two.pull_id
    assert one.frame.equals(two.frame)


def test_a_preview_shows_rows_and_rejections(tmp_path: Path) -> None:
    """`channels try` shows the first rows, what the mapping and the judge reject, and columns that stay empty."""
    (tmp_path / "config").mkdir()
    (tmp_path / "in.csv").write_text(
        "time,text,sku,x\n" + "2026-11-01,漏水,KT-01,\n" * 30 + "改天,慢,KT-01,\n2026-11-02,坏,?,\n", "utf-8"
    )
    (tmp_path / "config" / "channels.yaml").write_text(
        "channels:\n  - {name: forms, table: feedback, source: form, read: {kind: delimited, files: [in.csv]},\n"
        "     columns: {submitted_at: time, text: text, sku: sku, region: x}}\n"
    )
    shop = Shop.load(tmp_path)

    def judge(table: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        bad = pl.col("sku") == "?"
        line = {"rule": pl.lit(f"{table}.sku"), "field": pl.lit("sku"), "reason": pl.lit("unknown"), "record": pl.lit("{}")}
        return frame.filter(~bad), frame.filter(bad).select("source_id", **line)

    settings = Settings(home=tmp_path, secret="a key for tests only")  # type: ignore[arg-type]
    shown = preview(shop.channels.channels[0], shop=shop, settings=settings, now=datetime(2026, 11, 9, tzinfo=UTC), judge=judge)
    assert shown.rows.height == 20
    assert shown.counts == {"feedback.sku": 1, "unreadable.submitted_at": 1}
    assert shown.empty == ("region",)
    assert shown.batch.read == 32


@pytest.mark.parametrize("named", ["19900001234_export.parquet", "wang.wu@mail.example.parquet", "微信wx_12345.parquet"])
def test_what_a_pull_says_names_nobody(pull: Callable[..., PulledRows], tmp_path: Path, named: str) -> None:
    """The name of a broken file stands in the error, and errors go to the ledger, the report and Prefect."""
    (tmp_path / named).write_bytes(b"no parquet")
    batch = pull(CHANNEL.replace("b.parquet", named).replace("c.parquet", named).replace("*.parquet", named) % "")
    assert batch.error
    said = " ".join(
        [
            batch.error,
            batch.hint,
            *batch.warnings,
            *batch.unreadable["reason"].to_list(),
            *batch.unreadable["source_id"].to_list(),
        ]
    )
    assert not any(trace in said for trace in ("19900001234", "wang.wu", "wx_12345"))
    assert "***" in said
