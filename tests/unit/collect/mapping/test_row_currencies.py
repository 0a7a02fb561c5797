"""The currency of a row is that of its column, of its channel, or of the sign in its cell; silence is the shop's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.model.rows import PulledRows

CHANNEL = """\
channels:
  - name: orders
    table: order_line
    read: {{kind: delimited, files: [o.csv], separator: ';'}}
    columns: {{oid: id, tid: id, sku: sku, qty: n, paid_at: paid, paid_amount: money{more}}}
"""
GBP = "name: Dusk Lamps\nzone: Europe/London\ncurrency: GBP\nlanguages: [en]\n"
Pull = Callable[..., PulledRows]


def _pulled(pull: Pull, home: Path, cells: list[str], more: str = "", codes: list[str] | None = None) -> PulledRows:
    lines = [f"{n};A;1;2026-11-03;{cell};{codes[n] if codes else ''}" for n, cell in enumerate(cells)]
    (home / "o.csv").write_text("id;sku;n;paid;money;code\n" + "\n".join(lines) + "\n", "utf-8")
    return pull(CHANNEL.format(more=more), shop__yaml=GBP)


def test_amounts_of_several_currencies_in_one_column(pull: Pull, tmp_path: Path) -> None:
    batch = _pulled(pull, tmp_path, ["£10.00", "€ 12.50", "US$7", "8.00", "$9", "HKD 90.00", "100 kr"])
    assert batch.frame["paid_amount"].to_list() == [10.0, 12.5, 7.0, 8.0, 9.0, 90.0, 100.0]
    assert batch.frame["currency"].to_list() == [None, "EUR", "USD", None, "USD", "HKD", "KR"]


def test_amounts_in_the_shops_currency_leave_the_rows_as_they_were(pull: Pull, tmp_path: Path) -> None:
    assert _pulled(pull, tmp_path, ["£10.00", "GBP 3", "8.00"]).frame["currency"].to_list() == [None] * 3


def test_a_column_of_codes_names_and_signs(pull: Pull, tmp_path: Path) -> None:
    codes = ["usd", "RMB", "欧元", "", "GBP", "doubloons"]
    batch = _pulled(pull, tmp_path, ["1.50"] * 6, ", currency: code", codes)
    assert batch.frame["currency"].cast(str).to_list() == ["USD", "CNY", "EUR", None, "GBP", "doubloons"]


def test_a_column_goes_before_a_shared_sign_and_a_contradiction_is_told(pull: Pull, tmp_path: Path) -> None:
    batch = _pulled(pull, tmp_path, ["$1.00", "€2.00", "€3.00"], ", currency: code", ["CAD", "CAD", "EUR"])
    assert batch.frame["currency"].cast(str).to_list() == ["CAD", "CAD", "EUR"]
    assert batch.frame["flags"].to_list() == [[], ["currency_doubtful:paid_amount"], []]
    assert any("«EUR» (o.csv, row 3) is not the currency that its row names" in note for note in batch.notes)


def test_a_channel_of_one_market_says_so_of_all_its_rows(pull: Pull, tmp_path: Path) -> None:
    """One channel for each site of a marketplace: the market is that of the channel, as platform and store are."""
    (tmp_path / "o.csv").write_text("id;sku;n;paid;money;code\n1;A;1;2026-11-03;1;\n", "utf-8")
    batch = pull(CHANNEL.format(more="").replace("table: order_line", "table: order_line\n    market: DE"))
    assert batch.frame["market"].to_list() == ["DE"]


@pytest.mark.parametrize(("const", "dollars"), [("AUD", "AUD"), ("EUR", "USD")])
def test_a_channels_currency_gives_way_to_a_cells_own_sign(pull: Pull, tmp_path: Path, const: str, dollars: str) -> None:
    batch = _pulled(pull, tmp_path, ["1.00", "$2.00", "£3.00"], f", currency: '={const}'")
    assert batch.frame["currency"].to_list() == [const, dollars, "GBP"]
    plain = _pulled(pull, tmp_path, ["1.00", "2.00"], f", currency: '={const}'")
    assert plain.frame["currency"].to_list() == [const, const]
