"""A corrected file takes back the rows it no longer holds; a later export under the same name takes nothing back."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from flows.console.init import make_home
from tasks.run import Stores
from tasks.settings import load_settings
from tests.makers.pulled_homes import NOW, pulled_and_stored

DESK = """
channels:
  - name: desk
    table: feedback
    source: ticket
    zone: UTC
    read: {kind: delimited, files: ["inbox/t*.csv"]}
    columns: {submitted_at: At, text: Text, status: {from: State, map: {Open: open, Closed: closed}}}
"""
IDS = DESK + "    source_id: Id\n"
COUNTS = """
channels:
  - name: sales
    table: exposure
    zone: UTC
    read: {kind: delimited, files: ["inbox/t*.csv"]}
    columns: {day: At, kind: =units_signed, sku: Text, n: State}
"""
HEAD = "At,Text,State\n"
LEAKS = "2026-11-03 09:07,the lid leaks,Open\n"
LOUD = "2026-11-04 10:11,too loud,Open\n"
BURNS = "2026-11-05 11:13,it burns,Open\n"
NEXT = "2026-11-12 12:17,never came,Open\n"


class CorrectedHome:
    """A home of one channel whose files are written over and pulled, an hour apart."""

    def __init__(self, home: Path) -> None:
        self.home, self.hours = home, 0
        make_home(home)
        self.declare(DESK)

    def declare(self, channels: str) -> None:
        (self.home / "config" / "channels.yaml").write_text(channels, "utf-8")

    def write(self, name: str, *rows: str, head: str = HEAD) -> None:
        (self.home / "inbox").mkdir(exist_ok=True)
        (self.home / "inbox" / name).write_text(head + "".join(rows), "utf-8")

    def pull(self) -> list[str]:
        """Pull and store, and return the texts that are known, with their states, in order of time."""
        self.hours += 1
        pulled_and_stored(self.home, NOW + timedelta(hours=self.hours))
        return self.known()

    def known(self, hours: int = 999) -> list[str]:
        stores = Stores.open(load_settings(self.home))
        columns = ["submitted_at", "text", "status"]
        rows = stores.lake.as_of("feedback", NOW + timedelta(hours=hours), columns=columns).sort(columns)
        stores.ledger.close()
        return [f"{text}: {status}" for _, text, status in rows.iter_rows()]

    def rejected(self) -> list[str]:
        stores = Stores.open(load_settings(self.home))
        found = stores.lake.quarantine_as_of(NOW + timedelta(hours=999))["reason"].to_list()
        stores.ledger.close()
        return found


@pytest.fixture
def desk(tmp_path: Path) -> CorrectedHome:
    return CorrectedHome(tmp_path / "home")


def closed(row: str) -> str:
    return row.replace("Open", "Closed")


def test_rows_without_ids_are_replaced_by_their_corrected_file(desk: CorrectedHome) -> None:
    desk.write("t.csv", LEAKS, LOUD)
    assert desk.pull() == ["the lid leaks: open", "too loud: open"]
    desk.write("t.csv", closed(LEAKS).replace("leaks", "leaks a lot"), closed(LOUD))
    assert desk.pull() == ["the lid leaks a lot: closed", "too loud: closed"]
    assert desk.known(hours=1) == ["the lid leaks: open", "too loud: open"], "an earlier moment knows what was known then"


def test_a_row_deleted_from_a_corrected_file_no_longer_counts(desk: CorrectedHome) -> None:
    desk.write("t.csv", LEAKS, LOUD, BURNS)
    desk.pull()
    desk.write("t.csv", LEAKS, BURNS)
    assert desk.pull() == ["it burns: open", "the lid leaks: open"][::-1]


def test_a_correction_that_is_taken_back_counts_again(desk: CorrectedHome) -> None:
    for rows in ((LEAKS, LOUD), (closed(LEAKS), LOUD), (LEAKS, LOUD)):
        desk.write("t.csv", *rows)
        desk.pull()
    assert desk.known() == ["the lid leaks: open", "too loud: open"]
    assert desk.known(hours=2) == ["the lid leaks: closed", "too loud: open"]


@pytest.mark.parametrize("day", [False, True])
def test_the_next_export_under_the_same_name_takes_nothing_back(desk: CorrectedHome, day: bool) -> None:
    shorten = (lambda row: row[:10] + row[16:]) if day else str
    desk.write("t.csv", shorten(LEAKS), shorten(LOUD), shorten(BURNS))
    desk.pull()
    desk.write("t.csv", shorten(BURNS.replace("11:13,it burns", "11:14,burnt my hand")), shorten(NEXT))
    assert len(desk.pull()) == 5


def test_a_rolling_export_corrects_only_what_it_reaches(desk: CorrectedHome) -> None:
    desk.write("t.csv", LEAKS, LOUD, BURNS)
    desk.pull()
    desk.write("t.csv", LOUD, closed(BURNS), NEXT)
    assert desk.pull() == ["the lid leaks: open", "too loud: open", "it burns: closed", "never came: open"]


def test_another_export_of_the_same_days_takes_nothing_back(desk: CorrectedHome) -> None:
    desk.write("t.csv", "2026-11-03,the lid leaks,Open\n", "2026-11-05,too loud,Open\n")
    desk.pull()
    desk.write("t.csv", "2026-11-03,smells,Open\n", "2026-11-05,too small,Open\n")
    assert len(desk.pull()) == 4


def test_what_another_file_still_holds_still_counts(desk: CorrectedHome) -> None:
    desk.write("t-oct.csv", LEAKS, LOUD, BURNS)
    desk.write("t-oct-nov.csv", LOUD, BURNS, NEXT)
    assert len(desk.pull()) == 4
    desk.write("t-oct.csv", LEAKS, BURNS)
    assert len(desk.pull()) == 4


def test_a_copy_of_what_was_corrected_is_no_witness_and_is_not_read_again(desk: CorrectedHome) -> None:
    for name in ("t.csv", "t (1).csv"):
        desk.write(name, LEAKS, LOUD)
    desk.pull()
    desk.write("t.csv", closed(LEAKS), LOUD)
    assert desk.pull() == ["the lid leaks: closed", "too loud: open"]
    desk.declare(DESK + "    expected_daily: 1\n")  # everything is read again
    assert desk.pull() == ["the lid leaks: closed", "too loud: open"]


@pytest.mark.parametrize("removed", [False, True])
def test_a_correction_downloaded_beside_the_first_file_replaces_it(desk: CorrectedHome, removed: bool) -> None:
    desk.write("t.csv", LEAKS, LOUD)
    desk.pull()
    desk.write("t (1).csv" if not removed else "t-corrected.csv", closed(LEAKS), LOUD)
    if removed:
        (desk.home / "inbox" / "t.csv").unlink()
    assert desk.pull() == ["the lid leaks: closed", "too loud: open"]


def test_a_file_that_is_moved_away_takes_nothing_with_it(desk: CorrectedHome) -> None:
    desk.write("t-1.csv", LEAKS, LOUD)
    desk.pull()
    (desk.home / "inbox" / "t-1.csv").unlink()
    desk.write("t-2.csv", BURNS, NEXT)
    assert len(desk.pull()) == 4


def test_a_file_read_otherwise_replaces_its_rows(desk: CorrectedHome) -> None:
    """What a mended declaration makes of the same bytes counts instead of what the wrong one made."""
    desk.declare(DESK.replace("kind: delimited", "kind: delimited, encoding: cp1252"))
    desk.write("t.csv", LEAKS.replace("leaks", "ist undicht, Größe M").replace(",the", ',"the').replace("M,", 'M",'), LOUD)
    assert any("GrÃ¶ÃŸe" in text for text in desk.pull())
    desk.declare(DESK)
    assert desk.pull() == ["the lid ist undicht, Größe M: open", "too loud: open"]


def test_a_rejected_row_leaves_with_its_correction(desk: CorrectedHome) -> None:
    desk.write("t.csv", LEAKS, LOUD, "yesterday,burnt my hand,Open\n")
    desk.pull()
    assert len(desk.rejected()) == 1
    desk.write("t.csv", LEAKS, LOUD, BURNS)
    assert len(desk.pull()) == 3
    assert desk.rejected() == []


def test_a_row_with_an_id_stays_unless_the_shop_says_otherwise(tmp_path: Path) -> None:
    """An export of open cases drops the closed ones: that a row with an id is gone does not say that it was wrong."""
    for rule, left in (("auto", 2), ("withdraw", 1)):
        desk = CorrectedHome(tmp_path / rule)
        desk.declare(IDS + f"    rows_gone: {rule}\n")
        desk.write("t.csv", "1," + LEAKS, "2," + LOUD, head="Id," + HEAD)
        desk.pull()
        desk.write("t.csv", "1," + LEAKS, "3," + LOUD.replace("10:11", "10:12").replace("too loud", "late"), head="Id," + HEAD)
        assert len(desk.pull()) == left + 1


def test_rows_kept_for_good_stay(desk: CorrectedHome) -> None:
    desk.declare(DESK + "    rows_gone: keep\n")
    desk.write("t.csv", LEAKS, LOUD)
    desk.pull()
    desk.write("t.csv", LEAKS)
    assert len(desk.pull()) == 2


def test_a_count_under_a_corrected_name_is_counted_once(desk: CorrectedHome) -> None:
    desk.declare(COUNTS)
    desk.write("t.csv", "2026-11-03,K-1,10\n", "2026-11-03,K-2,20\n")
    desk.pull()
    desk.write("t.csv", "2026-11-03,K-1,10\n", "2026-11-03,K-3,20\n")
    desk.pull()
    stores = Stores.open(load_settings(desk.home))
    assert stores.lake.as_of("exposure", NOW + timedelta(days=9), columns=["sku", "n"]).rows() == [("K-1", 10), ("K-3", 20)]
    stores.ledger.close()


@pytest.mark.parametrize("together", [True, False])
def test_an_overlapping_export_counts_its_rows_once_and_a_row_twice_in_one_file_twice(
    desk: CorrectedHome, together: bool
) -> None:
    desk.write("t-oct.csv", LEAKS, LOUD, LOUD)
    if not together:
        desk.pull()
    desk.write("t-oct-nov.csv", LOUD, LOUD, BURNS)
    assert desk.pull() == ["the lid leaks: open", "too loud: open", "too loud: open", "it burns: open"]


def test_unreadable_rows_of_two_files_are_two(desk: CorrectedHome) -> None:
    """Rows that lack their id were numbered, so that the second file's took the place of the first's, red line and all."""
    desk.declare(IDS)
    desk.write("t-a.csv", "1," + LEAKS, "," + BURNS, head="Id," + HEAD)
    desk.write("t-b.csv", "2," + LOUD, "," + NEXT, head="Id," + HEAD)
    desk.pull()
    assert len(desk.rejected()) == 2


@pytest.mark.parametrize("together", [True, False])
def test_a_row_whose_state_differs_in_an_overlapping_export_is_one(desk: CorrectedHome, together: bool) -> None:
    """Last fourteen days, exported each week under another name, without ids: the case was open and is closed."""
    desk.write("t-45.csv", LEAKS, LOUD)
    os.utime(desk.home / "inbox" / "t-45.csv", (1, 1))
    if not together:
        desk.pull()
    desk.write("t-46.csv", closed(LOUD), BURNS, closed(BURNS))
    expected = ["the lid leaks: open", "too loud: closed", "it burns: closed", "it burns: open"]
    assert desk.pull() == expected
    desk.declare(DESK + "    expected_daily: 1\n")  # everything is read again
    assert desk.pull() == expected
