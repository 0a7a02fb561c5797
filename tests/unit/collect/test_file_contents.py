"""Files are known by content: what has not been read is read, whatever its stamps; what has been read is not read again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tasks.collect.pull import pull_channel
from tasks.model.facts import Pull
from tasks.model.rows import PulledRows
from tasks.settings import Settings
from tasks.shop.load import Shop
from tasks.store.lake import Lake
from tasks.store.ledger import Ledger

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
DESK = """
channels:
  - name: desk
    table: feedback
    source: ticket
    zone: UTC
    read: {kind: delimited, files: ["inbox/t-*.csv"]}
    source_id: Id
    stamp: Updated at
    columns: {submitted_at: Created at, text: Text, status: {from: Status, map: {Open: open, Solved: solved}}}
"""
HEAD = "Id,Created at,Updated at,Status,Text\n"
ONE = "1,2026-11-16 09:00,2026-11-16 09:30,Open,the pad is too hot\n"
TWO = "2,2026-11-09 09:00,2026-11-09 09:30,Open,burnt my hand\n"


class PulledHome:
    """A home whose one channel is pulled into a lake, one hour after the other."""

    def __init__(self, home: Path, channels: str) -> None:
        self.home, self.hours = home, 0
        (home / "config").mkdir()
        (home / "inbox").mkdir()
        (home / "config" / "channels.yaml").write_text(channels, "utf-8")
        self.lake = Lake(str(home / "lake"))
        self.ledger = Ledger(f"sqlite:///{home}/ledger.sqlite")
        self.ledger.migrate()

    def write(self, name: str, text: str, minutes: int = 0) -> None:
        """Write a file, changed so many minutes after the first hour."""
        path = self.home / "inbox" / name
        path.write_text(text, "utf-8")
        os.utime(path, times=(NOW.timestamp() + minutes * 60,) * 2)

    def pull(self, *, stored: bool = True) -> PulledRows:
        """Pull an hour later; `stored`: and store what came."""
        now = NOW + timedelta(hours=self.hours)
        self.hours += 1
        channel = (shop := Shop.load(self.home)).channels.channels[0]
        last = self.ledger.last_pulls(good=True).get(channel.name)
        rows = pull_channel(
            channel,
            window_start=last.window_end if last else None,
            window_end=now,
            shop=shop,
            settings=Settings(home=self.home, secret="a key for tests only"),  # type: ignore[arg-type]
            now=now,
            known=self.ledger.known_files(channel.name, "d", now),
        )
        if stored:
            done = self.lake.append(rows.table, rows.frame, pull_id=rows.pull_id, channel=channel.name, ingested_at=now)
            counts = {"read": rows.read, "quarantined": rows.unreadable.height, "error": rows.error}
            pull = Pull(rows.pull_id, channel.name, rows.table, NOW, now, now, **counts, **vars(done))  # type: ignore[arg-type]
            self.ledger.record_pull(pull, rows.files, "d")
        return rows

    def known(self) -> dict[str, str]:
        """Return text → status of the records, as of the last pull."""
        frame = self.lake.as_of("feedback", NOW + timedelta(days=9), columns=["text", "status"])
        return dict(frame.iter_rows())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PulledHome]:
    home = PulledHome(tmp_path, DESK)
    yield home
    home.ledger.close()


def test_a_file_that_comes_late_is_read_whatever_its_stamps(desk: PulledHome) -> None:
    desk.write("t-a.csv", HEAD + ONE)
    assert desk.pull().read == 1
    desk.write("t-b.csv", HEAD + TWO)
    assert desk.pull().read == 1
    assert desk.known() == {"the pad is too hot": "open", "burnt my hand": "open"}


def test_what_has_been_stored_is_not_read_again_under_any_name(desk: PulledHome) -> None:
    desk.write("t-a.csv", HEAD + ONE)
    desk.pull()
    desk.write("t-copy.csv", HEAD + ONE)
    again = desk.pull()
    assert (again.read, again.error, again.ok) == (0, "", True)


def test_what_was_pulled_but_not_stored_is_read_again(desk: PulledHome) -> None:
    desk.write("t-a.csv", HEAD + ONE)
    desk.pull(stored=False)
    assert desk.pull().read == 1
    assert desk.known() == {"the pad is too hot": "open"}


def test_a_changed_row_counts_though_its_stamp_did_not_change(desk: PulledHome) -> None:
    desk.write("t-a.csv", HEAD + ONE)
    desk.pull()
    desk.write("t-b.csv", HEAD + ONE.replace("Open", "Solved"))
    desk.pull()
    assert desk.known() == {"the pad is too hot": "solved"}


@pytest.mark.parametrize("later", ["t-a.csv", "t-b.csv"])
def test_of_two_files_with_the_same_row_and_stamp_the_later_one_counts(desk: PulledHome, later: str) -> None:
    (earlier,) = {"t-a.csv", "t-b.csv"} - {later}
    desk.write(later, HEAD + ONE.replace("Open", "Solved"), minutes=1)
    desk.write(earlier, HEAD + ONE)
    assert desk.pull().read == 2
    assert desk.known() == {"the pad is too hot": "solved"}


def test_of_two_files_with_the_same_row_the_newer_stamp_counts(desk: PulledHome) -> None:
    desk.write("t-a.csv", HEAD + ONE.replace("09:30,Open", "10:30,Solved"))
    desk.write("t-b.csv", HEAD + ONE, minutes=1)
    desk.pull()
    assert desk.known() == {"the pad is too hot": "solved"}


def test_a_file_that_cannot_be_read_is_tried_again_and_stops_no_other(desk: PulledHome) -> None:
    desk.write("t-a.csv", HEAD + ONE)
    (desk.home / "inbox" / "t-b.csv").write_bytes(bytes(range(256)))
    assert "t-b.csv" in desk.pull().error
    assert desk.known() == {"the pad is too hot": "open"}
    desk.write("t-b.csv", HEAD + TWO)
    assert (desk.pull().read, desk.pull().read) == (1, 0)
    assert len(desk.known()) == 2


def test_a_stamp_far_ahead_is_told_and_moves_nothing(desk: PulledHome) -> None:
    desk.write("t-a.csv", HEAD + ONE.replace("2026-11-16 09:30", "2027-12-31 09:30"))
    rows = desk.pull()
    assert rows.read == 1 and rows.watermark == ""
    assert rows.warnings == ("1 rows are stamped later than tomorrow: the clock of their source is ahead.",)
    desk.write("t-b.csv", HEAD + TWO)
    assert desk.pull().read == 1


def test_a_selection_is_read_whole_when_one_of_its_files_is_new(tmp_path: Path) -> None:
    home = PulledHome(
        tmp_path,
        """
channels:
  - name: desk
    table: feedback
    source: ticket
    zone: UTC
    read:
      kind: selection
      sql: joined.sql
      tables:
        t: {kind: delimited, files: ["inbox/t-*.csv"]}
        n: {kind: delimited, files: ["inbox/n.csv"]}
    source_id: Id
    stamp: Updated at
    columns: {submitted_at: Created at, text: Name, status: {from: Status, map: {Open: open}}}
""",
    )
    (tmp_path / "config" / "joined.sql").write_text('SELECT t.*, n."Name" FROM t LEFT JOIN n ON t."Id" = n."Id"', "utf-8")
    home.write("t-a.csv", HEAD + ONE)
    home.write("n.csv", "Id,Name\n1,old\n")
    assert (home.pull().read, home.pull().read) == (1, 0)
    home.write("n.csv", "Id,Name\n1,new\n")
    assert home.pull().read == 1
    assert home.known() == {"new": "open"}


def test_a_maildir_is_known_by_its_messages(tmp_path: Path) -> None:
    home = PulledHome(
        tmp_path,
        """
channels:
  - name: post
    table: feedback
    source: mail
    zone: UTC
    read: {kind: mailbox, maildir: inbox}
    source_id: id
    stamp: date
    columns: {submitted_at: date, text: text}
""",
    )
    (tmp_path / "inbox" / "new").mkdir()
    mail = "From: a@mail.example\nMessage-ID: <%s@mail.example>\nDate: Mon, %s Nov 2026 10:00:00 +0000\n\n%s\n"
    home.write("new/1", mail % ("1", "16", "it rattles"))
    assert (home.pull().read, home.pull().read) == (1, 0)
    home.write("new/2", mail % ("2", "02", "it smokes"))
    home.pull()
    assert sorted(home.known()) == ["it rattles", "it smokes"]


def test_a_changed_configuration_reads_everything_again(desk: PulledHome) -> None:
    from tasks.collect.file_contents import declaration_of

    before = declaration_of(Shop.load(desk.home), "1")
    assert before == declaration_of(Shop.load(desk.home), "1") != declaration_of(Shop.load(desk.home), "2")
    (desk.home / "config" / "channels.yaml").write_text(DESK.replace("UTC", "Asia/Tokyo"), "utf-8")
    assert declaration_of(Shop.load(desk.home), "1") != before


def test_live_rows_with_a_clock_far_ahead_are_not_lost(tmp_path: Path) -> None:
    from tasks.collect.pull import _within
    from tasks.collect.source_rows import Window

    stamps = [NOW - timedelta(days=9), NOW - timedelta(hours=1), NOW + timedelta(hours=1), NOW + timedelta(days=400), None]
    frame = pl.DataFrame({"stamp": stamps}, schema={"stamp": pl.Datetime("us", "UTC")})
    window = Window(NOW - timedelta(days=1), NOW, NOW, "UTC")
    assert _within(frame, window).to_list() == [False, True, False, True, True]
