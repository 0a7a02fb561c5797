"""`aftersales connect`: what it prints, writes and refuses."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from flows.console.cli import main
from flows.console.init import make_home

TICKETS = """\
Ticket ID,Created at,Order number,Email,Description
1,2026-11-03 10:21,1001,ann@mail.example,"[red]The lamp[/red] went dark, call 199-0000-1234"
2,2026-11-04 09:10,1002,bob@mail.example,Water leaks out of the lid
"""
LATER = """\
Ticket ID,Created at,Order number,Email,Description,Status
3,2026-11-10 10:21,1003,cem@mail.example,It smells of smoke after an hour,open
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AFTERSALES_HOME", "unused")
    home = tmp_path / "shop"
    make_home(home)
    (home / "inbox" / "tickets-2026-11-09.csv").write_text(TICKETS, "utf-8")
    return home


def _run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *arguments])


def test_a_proposal_is_shown_with_rows_and_costs_and_nothing_is_written(home: Path) -> None:
    before = (home / "config" / "channels.yaml").read_bytes()
    shown = _run(home, "connect", str(home / "inbox" / "tickets-2026-11-09.csv"), "--language", "en")
    assert shown.exit_code == 0, shown.output
    assert "table: feedback" in shown.output and "files: [inbox/tickets-*.csv]" in shown.output
    assert "2 rows, 0 would be rejected" in shown.output
    assert "[red]The lamp[/red]" in shown.output
    assert "199-0000-1234" not in shown.output and "ann@mail.example" not in shown.output
    assert "No channel brings orders yet" in shown.output
    assert (home / "config" / "channels.yaml").read_bytes() == before


def test_each_language_says_it_alone(home: Path) -> None:
    (home / "inbox" / "tickets-2026-11-09.csv").write_text(LATER, "utf-8")
    file = str(home / "inbox" / "tickets-2026-11-09.csv")
    assert not re.search(r"[\u4e00-\u9fff]", _run(home, "connect", file, "--language", "en").output)
    chinese = _run(home, "connect", file).output
    assert "按此声明读到 1 行" in chinese
    assert not re.search(r"\b(sure|likely|guess|missing)\b", chinese)


def test_written_channels_are_read_by_try(home: Path) -> None:
    (home / "inbox" / "tickets-2026-11-16.csv").write_text(LATER, "utf-8")
    files = [str(file) for file in sorted((home / "inbox").iterdir())]
    written = _run(home, "connect", *files, "--write", "--name", "desk")
    assert written.exit_code == 0, written.output
    [channel] = yaml.safe_load((home / "config" / "channels.yaml").read_text("utf-8"))["channels"]
    assert channel["name"] == "desk" and channel["columns"]["status"] == "Status"
    tried = _run(home, "channels", "try", "desk")
    assert tried.exit_code == 0 and "3 rows read, 0 would be rejected" in tried.output
    again = _run(home, "connect", *files, "--write", "--name", "desk")
    assert again.exit_code == 1 and "has a channel desk already" in again.output


def test_mistakes_are_told_in_two_sentences(home: Path, tmp_path: Path) -> None:
    file = str(home / "inbox" / "tickets-2026-11-09.csv")
    for arguments, words in (
        (["--table", "elephants"], "Use one of feedback"),
        (["--language", "xx"], "Use one of zh-CN, en"),
        (["--table", "product"], "no column for sku"),
    ):
        refused = _run(home, "connect", file, *arguments)
        assert refused.exit_code == 1 and words in refused.output and "Traceback" not in refused.output
    nowhere = _run(tmp_path / "mistyped", "connect", file)
    assert nowhere.exit_code == 1 and "There is no shop at" in nowhere.output
    assert not (tmp_path / "mistyped").exists()


def test_a_vendors_declaration_is_shown_and_written(home: Path) -> None:
    shown = _run(home, "connect", "--vendor", "zendesk")
    assert shown.exit_code == 0 and "secret: zendesk_token" in shown.output
    assert "有变动的再读" in shown.output and "changed ones again" not in shown.output
    english = _run(home, "connect", "--vendor", "zendesk", "--language", "en")
    assert "changed ones again" in english.output and "有变动的再读" not in english.output
    assert _run(home, "connect", "--vendor", "zendesk", "--write").exit_code == 0
    assert _run(home, "connect", "--vendor", "freshdesk", "--write").exit_code == 0
    channels = yaml.safe_load((home / "config" / "channels.yaml").read_text("utf-8"))["channels"]
    assert [channel["name"] for channel in channels] == ["zendesk", "freshdesk"]
    assert _run(home, "connect", "--vendor", "shopify", "--write").exit_code == 0
    channels = yaml.safe_load((home / "config" / "channels.yaml").read_text("utf-8"))["channels"]
    assert [channel["table"] for channel in channels[2:]] == ["order_line", "aftersale", "product"]
    for arguments in (["--vendor", "nobody"], [], ["--vendor", "zendesk", str(home / "inbox" / "tickets-2026-11-09.csv")]):
        refused = _run(home, "connect", *arguments)
        assert refused.exit_code == 1 and "Traceback" not in refused.output


def test_one_file_that_fits_nothing_does_not_hide_the_others(home: Path) -> None:
    """A folder of exports holds a list of phone numbers too: the tickets are proposed and written, the odd file is named at the end."""
    odd = home / "inbox" / "shelf.csv"
    odd.write_text("colour,height\nred,12\n", "utf-8")
    shown = _run(home, "connect", str(odd), str(home / "inbox" / "tickets-2026-11-09.csv"), "--write", "--language", "en")
    assert shown.exit_code == 1
    assert "The columns of shelf.csv fit no table: colour, height." in " ".join(shown.output.split())
    assert "Nothing was proposed for shelf.csv" in shown.output + shown.stderr
    assert [
        channel["name"] for channel in yaml.safe_load((home / "config" / "channels.yaml").read_text("utf-8"))["channels"]
    ] == ["tickets"]


def test_exports_of_one_pattern_with_renamed_headings_are_one_channel(home: Path) -> None:
    """Two exports of one shop system, before and after it renamed two headings: two channels would each refuse the other's file."""
    rows = "A{n},1,LMP,2,2026-11-0{n},2026-11-0{n}\n"
    old = "Shop export\n\nOrder no.,Line,Item no.,Pieces,Ordered on,Delivered\n"
    new = "Shop export\n\nOrder no.,Line,Item no.,Quantity,Order date,Delivered\n"
    for name, heading, first in (("orders_2026_10.csv", old, 1), ("orders_2026_11.csv", new, 5)):
        (home / "inbox" / name).write_text(heading + "".join(rows.format(n=n) for n in range(first, first + 4)), "utf-8")
    files = [str(file) for file in sorted((home / "inbox").glob("orders_*.csv"))]
    shown = _run(home, "connect", *files, "--write", "--language", "en")
    assert shown.exit_code == 0, shown.output
    [orders] = yaml.safe_load((home / "config" / "channels.yaml").read_text("utf-8"))["channels"]
    assert orders["columns"]["qty"] == ["Pieces", "Quantity"] and orders["columns"]["paid_at"] == ["Ordered on", "Order date"]
    assert set(orders["read"]["heading"]) <= {"Order no.", "Line", "Item no.", "Delivered"}  # what both files have
    assert "8 rows, 0 would be rejected" in shown.output
    assert "8 rows read, 0 would be rejected" in _run(home, "channels", "try", "orders").output
