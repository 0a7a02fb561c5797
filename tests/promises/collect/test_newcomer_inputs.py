"""The small inputs of a newcomer, each a home with configuration and inbox: what the lake holds once they are pulled.

They stand in the folder of shared data; where it is absent these tests skip (the same kinds are tested on invented files).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.analyse.clocks import milestones, unmeasured
from tasks.analyse.red_lines import red_lines
from tasks.classify.coding import code
from tasks.model.facts import CodedFacts, Facts
from tasks.model.periods import Period
from tasks.run import Stores
from tasks.settings import load_settings
from tasks.shop.load import Shop
from tests.makers.pulled_homes import pulled_and_stored

SHARED = Path(os.environ.get("AFTERSALES_SHARED", Path(__file__).resolve().parents[4] / "shared"))
INPUTS = SHARED / "findings" / "inputs"
MONDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not INPUTS.is_dir(), reason="The shared inputs are not there: set AFTERSALES_SHARED to their folder"
)


@pytest.fixture
def pulled(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that copies an input and pulls it; files named `late` arrive after a first pull."""

    def pull(number: str, late: tuple[str, ...] = ()) -> Path:
        home = tmp_path / number
        shutil.copytree(INPUTS / number, home)
        if late:
            for name in late:
                (home / "inbox" / name).rename(home / name)
            pulled_and_stored(home, MONDAY - timedelta(hours=1))
            for name in late:
                (home / name).rename(home / "inbox" / name)
        pulled_and_stored(home, MONDAY)
        return home

    return pull


def rows(home: Path, table: str = "feedback") -> pl.DataFrame:
    """Return the newest versions of a table's rows, in order of their ids."""
    stores = Stores.open(load_settings(home))
    try:
        return stores.lake.as_of(table, MONDAY + timedelta(minutes=1)).sort("channel", "source_id")
    finally:
        stores.ledger.close()


def coded_records(home: Path, shop: Shop) -> CodedFacts:
    """Return the coded feedback of a pulled home."""
    return code(Facts({"feedback": rows(home)}, MONDAY), shop)


def red_texts(home: Path, week: str) -> set[str]:
    """Return the texts behind the red lines of a week."""
    shop = Shop.load(home)
    coded = coded_records(home, shop)
    records = {record for line in red_lines(coded, Period.parse(week, shop.identity.zone), shop) for record in line.rows}
    return set(coded["feedback"].filter(pl.col("record_id").is_in(sorted(records)))["text"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def column(home: Path, name: str, table: str = "feedback") -> list[Any]:
    return rows(home, table)[name].to_list()


def test_01_cells_of_an_order_are_carried_down_to_its_lines(pulled: Callable[..., Path]) -> None:
    lines = rows(pulled("01"), "order_line")
    assert lines.height == 17 and lines["paid_at"].null_count() == 0
    mug = lines.row(by_predicate=pl.col("source_id") == "#1001/MUG", named=True)
    assert (mug["paid_at"], mug["shipped_at"]) == (at("2026-11-02 10:00"), at("2026-11-03 09:00"))


def test_02_day_serials_of_a_workbook_are_days(pulled: Callable[..., Path]) -> None:
    days = ["2026-11-16 09:30", "2026-11-17", "2026-11-18", "2026-11-18 12:00", "2026-11-19", "2026-11-20"]
    assert sorted(column(pulled("02"), "submitted_at")) == [at(day) for day in days]


def test_03_one_return_in_two_reports_counts_once(pulled: Callable[..., Path]) -> None:
    returns = rows(pulled("03"))
    assert returns["source_id"].to_list() == ["LPN01", "LPN02", "LPN03"]
    assert returns["submitted_at"][0] == at("2026-11-12 16:00")


def test_04_windows_1252_is_read_as_it_was_written(pulled: Callable[..., Path]) -> None:
    texts = column(pulled("04"), "text")
    assert texts[:4] == ["Größe passt nicht – zu groß", "Câble cassé", "Lamp won’t charge £29", "Übergröße geliefert"]
    assert texts[4:] == ["Größe falsch", "Maßgröße übel"]


def test_06_a_mail_without_a_date_loses_nothing(pulled: Callable[..., Path]) -> None:
    home = pulled("06")
    mails = rows(home)
    burnt = mails.row(by_predicate=pl.col("text").str.contains("burnt my hand"), named=True)
    assert (mails.height, burnt["submitted_at"]) == (9, at("2026-11-17 10:15"))
    assert red_texts(home, "2026-W47") == {"The heat pad burnt my hand."}


def test_07_a_line_that_names_the_separator_is_no_heading(pulled: Callable[..., Path]) -> None:
    assert column(pulled("07"), "text") == ["leaks", "broken"] * 2


def test_08_amounts_are_what_their_writer_meant(pulled: Callable[..., Path]) -> None:
    amounts = rows(pulled("08")).sort("text").select("refund_amount", "flags").rows()
    assert [amount for amount, _ in amounts] == [
        1234.56, 12.5, 1299.0, 1000.0, 29.9, 29.9, 1299.0, -15.0, -15.0, 1299.0, 3.0, 29.9, 1299.0,
    ]  # fmt: skip
    doubtful = [number for number, (_, flags) in enumerate(amounts) if "number_doubtful:refund_amount" in flags]
    assert doubtful == [3, 10]  # «1.000» and «3,000» say one thing or a thousand times as much


def test_09_one_column_of_dates_has_one_order_of_day_and_month(pulled: Callable[..., Path]) -> None:
    days = rows(pulled("09")).filter(pl.col("channel") == "us_first")["submitted_at"].to_list()
    assert days == [at(f"2026-11-{day:02}") for day in (3, 15, 4, 17, 5, 12)]


def test_10_a_changed_row_with_the_same_stamp_is_a_change(pulled: Callable[..., Path]) -> None:
    assert column(pulled("10", late=("t-2.csv",)), "status") == ["solved", "open"]


def test_11_weeks_end_in_the_zone_of_the_shop(pulled: Callable[..., Path]) -> None:
    zone = "America/New_York"
    moments = rows(pulled("11"))["submitted_at"]
    inside = {week: Period.parse(week, zone) for week in ("2026-W46", "2026-W47", "2026-W48")}
    counts = {week: sum(period.start <= moment < period.end for moment in moments) for week, period in inside.items()}
    assert counts == {"2026-W46": 2, "2026-W47": 3, "2026-W48": 1}


def test_14_columns_renamed_in_a_later_file_are_told_on_its_rows(pulled: Callable[..., Path]) -> None:
    for late in ((), ("w47.csv",)):
        home = pulled("14", late=late)
        told = rows(home).filter(pl.col("flags").list.contains("column_missing:order_ref"))
        assert told["source_id"].to_list() == ["3", "4"]
        shutil.rmtree(home)


def test_16_empty_files_beside_a_good_one_hide_nothing(pulled: Callable[..., Path]) -> None:
    assert column(pulled("16"), "text") == ["leaks"]


@pytest.mark.parametrize(("number", "late", "records"), [("17", "t-queueB.csv", 4), ("18", "t-W47.csv", 4)])
def test_17_and_18_a_file_that_comes_after_a_good_pull_is_read_whole(
    pulled: Callable[..., Path], number: str, late: str, records: int
) -> None:
    home = pulled(number, late=(late,))
    assert rows(home).height == records
    assert red_texts(home, "2026-W47") == {"heat pad burnt my hand"}


def test_20_a_clock_that_no_column_records_is_no_data_and_not_missed(pulled: Callable[..., Path]) -> None:
    home = pulled("20")
    shop = Shop.load(home)
    period = Period.parse("2026-W47", shop.identity.zone)
    coded = coded_records(home, shop)
    judged = milestones(coded, shop, period)
    assert judged.height > 0 and judged["met"].all()
    assert [clock.channels for clock in unmeasured(coded, shop, period)]
