"""The three real shops, by configuration alone: every row of the raw files arrives, and the known counts come out."""

import gzip
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.collect.pull import pull_channel
from tasks.collect.source_rows import REPOSITORY
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.load import Shop

SHARED = Settings().shared or REPOSITORY.parent / "shared"
pytestmark = pytest.mark.skipif(
    not (SHARED / "data").is_dir(), reason="The shared data sets are not there: set AFTERSALES_SHARED to their folder"
)
NOW = datetime(2026, 11, 9, tzinfo=UTC)


@pytest.fixture
def batches(tmp_path: Path) -> Callable[[str], tuple[Shop, dict[str, PulledRows]]]:
    """Pull all channels of an example from a copy of its folder."""

    def run(name: str) -> tuple[Shop, dict[str, PulledRows]]:
        home = tmp_path / name
        shutil.copytree(REPOSITORY / "examples" / name, home)
        shop = Shop.load(home)
        settings = Settings(home=home, shared=SHARED, secret="a key for tests only")  # type: ignore[arg-type]
        pulled = [
            pull_channel(channel, window_start=None, window_end=NOW, shop=shop, settings=settings, now=NOW)
            for channel in shop.channels
        ]
        for batch in pulled:
            assert batch.error == ""
            assert batch.read == batch.frame.height + batch.unreadable.height
            assert batch.frame["source_id"].is_unique().all()
        return shop, {batch.channel: batch for batch in pulled}

    return run


def local_day(frame: pl.DataFrame, zone: str, column: str = "submitted_at") -> pl.Series:
    """Return the day of each row in a zone."""
    return frame[column].dt.convert_time_zone(zone).dt.date()


def test_appliance_reviews(batches: Callable[[str], tuple[Shop, dict[str, PulledRows]]]) -> None:
    """35,675 reviews; in 2016-11 as many as the raw file has, 1,602 of them before 双11; complaints are three stars or fewer."""
    shop, pulled = batches("zh_jd_haier_aspects")
    frame = pulled["reviews"].frame
    assert frame.height == 35_675
    day = local_day(frame, shop.identity.zone)
    month = frame.filter((day.dt.year() == 2016) & (day.dt.month() == 11))
    assert (
        local_day(month, shop.identity.zone).is_between(datetime(2016, 11, 1).date(), datetime(2016, 11, 10).date()).sum()
        == 1_602
    )
    with zipfile.ZipFile(SHARED / "data/zh_jd_haier_aspects/combine_result_7_utf8.zip") as archive:
        raw = pl.read_csv(archive.read("combine_result.csv"), infer_schema=False)
    raw = raw.filter(pl.col("Comment_time").str.starts_with("2016-11"))
    assert month.height == raw.height == 4_457
    low = shop.identity.complaint_max_rating
    assert (
        month.filter(pl.col("rating") <= low).height
        == raw.filter(pl.col("Customer satisfaction").cast(pl.Int8) <= 3).height
        == 290
    )
    assert frame["region"].null_count() == 13_605  # the file writes / where it knows no region
    known = set(shop.taxonomy.every_leaf)
    assert set(frame["issue"].drop_nulls()) <= known


def test_finance_complaints(batches: Callable[[str], tuple[Shop, dict[str, PulledRows]]]) -> None:
    """28,156 complaints, every issue mapped to a leaf of the shop's own; the data end on 2015-03-19."""
    shop, pulled = batches("en_cfpb")
    batch = pulled["complaints"]
    assert batch.frame.height == 28_156
    months = local_day(batch.frame, shop.identity.zone).dt.strftime("%Y-%m").value_counts().sort("submitted_at")
    assert months.rows() == [("2015-01", 12_600), ("2015-02", 12_258), ("2015-03", 3_298)]
    raw = pl.read_csv(gzip.decompress((SHARED / "data/en_cfpb/cfpb_2015q1_28156.csv.gz").read_bytes()), infer_schema=False)
    assert raw.filter(pl.col("Date received").str.starts_with("2/")).height == 12_258
    assert batch.complete_through == datetime(2015, 3, 20, 4, tzinfo=UTC)
    assert batch.frame["issue"].null_count() == raw["Issue"].null_count() == 2
    assert set(batch.frame["issue"].drop_nulls()) <= set(shop.taxonomy.every_leaf)
    assert batch.frame["flags"].list.len().sum() == 0


def test_marketplace(batches: Callable[[str], tuple[Shop, dict[str, PulledRows]]]) -> None:
    """8,225 reviews and 8,365 units; the shares of low scores by state equal those counted from the raw files."""
    shop, pulled = batches("pt_olist_subset")
    survey, units = pulled["survey"].frame, pulled["order_items"].frame
    assert (survey.height, units.height) == (8_225, 8_365)
    day = local_day(survey, shop.identity.zone)
    month = survey.filter((day.dt.year() == 2018) & (day.dt.month() == 3))
    found = month.group_by("region").agg(n=pl.len(), low=(pl.col("rating") <= 2).sum()).filter(pl.col("n") >= 30).sort("region")

    def raw(name: str) -> pl.DataFrame:
        data = (SHARED / f"data/pt_olist_subset/olist_{name}_dataset.csv.gz").read_bytes()
        return pl.read_csv(gzip.decompress(data), infer_schema=False)

    expected = (
        raw("order_reviews")
        .filter(pl.col("review_answer_timestamp").str.starts_with("2018-03"))
        .join(raw("orders"), on="order_id")
        .join(raw("customers"), on="customer_id")
        .group_by(region="customer_state")
        .agg(n=pl.len(), low=(pl.col("review_score").cast(pl.Int8) <= 2).sum())
        .filter(pl.col("n") >= 30)
        .sort("region")
    )
    assert found.rows() == expected.rows()
    assert found.height >= 3
    assert "health_beauty" in set(survey["category"].drop_nulls())
    assert units["signed_at"].null_count() == 2_454
