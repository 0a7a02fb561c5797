"""What a source wrote is printed as text: no markup, no order to the terminal; `channels try` names every file and cell."""

import io
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.table import Table

from flows.console.cli import main
from flows.console.init import make_home
from flows.console.plain_console import PlainConsole
from flows.console.printed_text import printable
from tasks.errors import UserError

CHANNEL = """
channels:
  - name: desk
    label: {zh: "工单[/red]", en: "Desk[/red]"}
    table: feedback
    source: ticket
    source_id: id
    read: {kind: delimited, files: ["inbox/*.csv"]}
    columns: {submitted_at: date, sku: sku, text: text, refund_amount: refund}
"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("RV[/red]9", "RV[/red]9"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
        (":warning:", ":warning:"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\u202eb\u200bc\x00\x9b", "abc"),
        ("\x1b", ""),
    ],
)
def test_text_is_printed_as_text(text: str, shown: str) -> None:
    """In a line, in a cell, in a heading."""
    assert printable(text) == shown
    out = io.StringIO()
    console = PlainConsole(file=out, width=80, force_terminal=False)
    console.print(text)
    table = Table(text, box=None)
    table.add_row(text)
    console.print(table)
    assert [line.strip() for line in out.getvalue().splitlines()] == [shown] * 3


def _try(home: Path) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "channels", "try", "desk"], catch_exceptions=False)


def test_a_trial_names_every_file_and_cell(tmp_path: Path) -> None:
    """Good files are shown, bad ones named each with its reason; what was understood, and what was not, with its cell."""

    home = tmp_path / "home"
    make_home(home)
    (home / "config" / "channels.yaml").write_text(CHANNEL, "utf-8")
    inbox = home / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "a.csv").write_text(
        'id;date;sku;text;refund\n1;15/11/2026;RV[/red]9;leaks;"12,50"\n2;03/11/2026;LMP;\x1b[31mred;abc\n3;soon;LMP;x;1\n',
        "utf-8",
    )
    (inbox / "b.csv").write_bytes("id,date,text\n9,2026-11-02,Лампа не работает\n".encode("cp1251"))
    (inbox / "c.csv").write_bytes("id,date,text\n8,2026-11-02,Стекло разбито\n".encode("cp1251"))
    result = _try(home)
    assert result.exit_code == 1
    out = result.output
    assert "Not read: b.csv is in no encoding" in out
    assert "Not read: c.csv is in no encoding" in out
    assert "RV[/red]9" in out
    assert "\x1b" not in out
    assert "a.csv has semicolons between its columns" in out
    assert "refund_amount: 1 cells are read with a decimal comma" in out
    assert "read as day_first because of: «15/11/2026» (a.csv, row 2)" in out
    assert "refund_amount: «abc» (a.csv, row 3) cannot be read" in out
    assert "submitted_at cannot be read: «soon» (a.csv, row 4, column date)" in out


def test_a_discreet_console_masks_what_a_source_wrote_and_spares_the_shop_s_own_words(tmp_path: Path) -> None:
    make_home(tmp_path)
    (tmp_path / "config" / "channels.yaml").write_text("channels: []  # ask desk@shop.example\n", "utf-8")
    out = io.StringIO()
    console = PlainConsole(file=out, width=200)
    table = Table("reason")
    table.add_row("call me on 199-0000-1234")

    def shown() -> None:
        with console.discreet(tmp_path):
            console.print("Write to p@x.example or desk@shop.example.")
            console.print(table)
            raise UserError("p@x.example cannot be read.")

    with pytest.raises(UserError, match=re.escape("*** cannot be read")):
        shown()
    console.print("desk: http://127.0.0.1:4200, 199-0000-1234")
    printed = out.getvalue()
    assert "p@x.example" not in printed and "desk@shop.example" in printed and "call me on ***" in printed
    assert "127.0.0.1:4200, 199-0000-1234" in printed, "afterwards it is as before"
