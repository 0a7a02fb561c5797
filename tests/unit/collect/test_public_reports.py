"""Faults that users of other programs have reported in public, each as a small input of our own; the address is the source."""

import base64
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tasks.collect.mails.charsets import decoded
from tasks.collect.mails.quotations import own_words
from tasks.collect.mapping.quantities import read_numbers
from tasks.collect.source_rows import is_leftover
from tasks.model.rows import PulledRows

Pull = Callable[..., PulledRows]
CHANNEL = """
channels:
  - name: desk
    table: feedback
    source: ticket
    zone: Europe/Berlin
    source_id: id
    read: {kind: delimited, files: [t.csv]}
    columns: {submitted_at: date, text: text, order_ref: order, refund_amount: refund}
"""
ROWS = "id,date,text,order,refund\n1,2026-11-02,leaks,A1,5\n2,2026-11-03,won’t start,A2,7\n"
RIGHT = [("1", "leaks", "A1", 5.0), ("2", "won’t start", "A2", 7.0)]


def rows_of(pull: Pull, home: Path, data: bytes) -> PulledRows:
    """Read a file as the channel's only one."""
    (home / "t.csv").write_bytes(data)
    batch = pull(CHANNEL)
    assert batch.error == ""
    return batch


@pytest.mark.parametrize(
    ("source", "data"),
    [
        ("https://github.com/microsoft/vscode-mssql/issues/774", ROWS.encode("utf-16-le")),
        ("https://github.com/SpartnerNL/Laravel-Excel/issues/2598", ROWS.replace(",", "\t").encode("utf-16")),
        ("https://github.com/directus/directus/issues/12970", ROWS.encode("utf-8-sig")),
        (
            "https://github.com/firefly-iii/firefly-iii/issues/3105",
            ("Account;1\nFrom;2\nTo;3\n" + ROWS.replace(",", ";")).encode(),
        ),
    ],
)
def test_the_same_rows_come_out(pull: Pull, tmp_path: Path, source: str, data: bytes) -> None:
    """UTF-16 with and without its mark, a mark before the first heading, lines above the heading."""
    batch = rows_of(pull, tmp_path, data)
    assert batch.frame.select("source_id", "text", "order_ref", "refund_amount").rows() == RIGHT, source


def test_a_statement_with_a_preamble_and_decimal_commas(pull: Pull, tmp_path: Path) -> None:
    """https://github.com/firefly-iii/import-configurations/issues/17 and https://github.com/plaintextaccounting/hledger/issues/177."""
    text = (
        '"Karte:";"1234****";\n  \n"Zeitraum:";"letztes Jahr";\n"Saldo:";"0 EUR";\n""\n'
        '"id";"date";"text";"order";"refund";\n"1";"02.11.2026";"läuft aus";"A1";"35,00";\n"2";"03.11.26";"Größe falsch";"A2";"1.050,00";\n'
    )
    batch = rows_of(pull, tmp_path, text.encode("cp1252"))
    assert batch.frame["text"].to_list() == ["läuft aus", "Größe falsch"]
    assert batch.frame["refund_amount"].to_list() == [35.0, 1050.0]
    days = batch.frame["submitted_at"].dt.convert_time_zone("Europe/Berlin").dt.strftime("%Y-%m-%d").to_list()
    assert days == ["2026-11-02", "2026-11-03"]


def test_long_numbers_that_excel_has_cut(pull: Pull, tmp_path: Path) -> None:
    """https://github.com/microsoftgraph/powershell-intune-samples/issues/140, https://github.com/react-csv/react-csv/issues/136."""
    batch = rows_of(pull, tmp_path, ROWS.replace("A1", "8.96529E+19").encode())
    assert batch.frame["flags"].to_list() == [["digits_lost:order_ref"], []]


@pytest.mark.parametrize(
    ("source", "cell", "expected"),
    [
        ("https://github.com/rustledger/rustledger/pull/1473", "1,200.00-", -1200.0),
        ("https://github.com/moneymanagerex/moneymanagerex/issues/2898", "(123.45)", -123.45),
        ("https://github.com/actualbudget/actual/issues/807", "$(12.34)", -12.34),
        ("https://github.com/buckets/application/issues/740", "$+1500", 1500.0),
        ("https://github.com/firefly-iii/firefly-iii/issues/1087", "€(63.12)", -63.12),
        ("https://github.com/firefly-iii/firefly-iii/issues/1087", "€1,44", 1.44),
        ("https://github.com/tidyverse/readr/issues/358", "-3,000", -3000.0),
    ],
)
def test_amounts_keep_their_sign(source: str, cell: str, expected: float) -> None:
    """A minus at the end, in brackets inside or outside the currency's sign."""
    found = read_numbers(pl.Series([cell]))
    assert (found.values.to_list(), found.doubtful.to_list()) == ([expected], [False]), source


def test_gb2312_is_declared_and_gbk_is_written() -> None:
    """https://github.com/mailgun/flanker/issues/80, https://github.com/osTicket/osTicket/pull/2000: a unit sign that GB2312 lacks."""
    assert decoded(base64.b64decode(base64.b64encode("查收㎎，谢谢".encode("gbk"))), "gb2312") == "查收㎎，谢谢"


OLD = "> Gammel besked"


@pytest.mark.parametrize(
    ("source", "history"),
    [
        (
            "https://github.com/crisp-oss/email-reply-parser/pull/46",
            f"Am Fr., 28. Nov. 2025 um 15:57 Uhr schrieb Test Mailer <\ntesting@mail.example>:\n\n{OLD}",
        ),
        (
            "https://github.com/crisp-oss/email-reply-parser/pull/29",
            f"Aa Bb <abc@mail.example> schrieb am So., 23.\nJuni 2024, 21:08:\n{OLD}",
        ),
        (
            "https://github.com/crisp-oss/email-reply-parser/pull/29",
            f"Aa Bb <abc@mail.example> schrieb am So., 23. Juni 2024, 21:08:\n{OLD}",
        ),
        ("https://github.com/humanmade/Falcon/issues/37", f"On 1 October 2015 at 10:00, Shop said:\n\n\nGammel besked\n{OLD}"),
        (
            "https://github.com/twentyhq/twenty/pull/25561",
            f"Fra: Shop <shop@mail.example>\nSendt: 3. november 2026\nTil: mig\n\n{OLD[2:]}",
        ),
        (
            "https://github.com/willdurand/EmailReplyParser/pull/93",
            f"Von: Shop <shop@mail.example>\nDatum: 3. November 2026\n\n{OLD[2:]}",
        ),
        (
            "https://github.com/crisp-oss/email-reply-parser/issues/32",
            f"----------- Original Message -----------\nFrom: S.\n\n{OLD}\n >\n > more",
        ),
    ],
)
def test_quoted_history_in_other_languages(source: str, history: str) -> None:
    """Only the customer's own words are kept."""
    assert own_words(f"It leaks.\n\n{history}") == "It leaks.", source


@pytest.mark.parametrize("name", ["~$ordnungssystem.xlsx", ".~lock.orders.csv#", ".DS_Store", "orders.csv.part"])
def test_locks_are_no_exports(name: str) -> None:
    """https://github.com/4teamwork/opengever.core/pull/1702, https://github.com/IBM/watson-assistant-workbench/issues/9."""
    assert is_leftover(name)
    assert not is_leftover("orders~1.csv")
