"""The check-up says which currencies have no rate and which rates are old; `connect` says it of samples."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from flows.console.checks.money import currencies
from flows.console.cli import main
from flows.console.init import make_home
from flows.console.new_shop import beginning
from tasks.model.columns.column import UTC_TIME
from tasks.run import Stores
from tasks.settings import load_settings
from tasks.shop.load import Shop

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
RATES = "from,to,date,rate\nUSD,GBP,{day},0.76\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AFTERSALES_HOME", "unused")
    home = tmp_path / "shop"
    make_home(home, beginning(name="Dusk Lamps", languages=("en",), zone="Europe/London", currency="GBP"), 2026)
    return home


def _found(home: Path, *codes: str | None, rates: str = "") -> tuple[str, str, str]:
    (home / "config" / "exchange_rates.csv").write_text(rates, "utf-8")
    stores = Stores.open(load_settings(home))
    rows = pl.DataFrame(
        {"oid": [str(n) for n in range(len(codes))], "currency": pl.Series(codes, dtype=pl.String)}
    ).with_columns(
        source_id="oid", tid="oid", sku=pl.lit("A"), qty=pl.lit(1), paid_amount=pl.lit(5.0),
        paid_at=pl.lit(datetime(2026, 11, 20, tzinfo=UTC)).cast(UTC_TIME),
    )  # fmt: skip
    stores.lake.append("order_line", rows, pull_id="p", channel="orders", ingested_at=datetime(2026, 11, 21, tzinfo=UTC))
    finding = currencies(stores, Shop.load(home), NOW)
    stores.ledger.close()
    return finding.level, finding.text, finding.advice


def test_one_currency_is_fine(home: Path) -> None:
    assert _found(home, None, "GBP") == ("ok", "All amounts are in GBP.", "")


def test_a_currency_without_a_rate_is_told_with_the_line_to_add(home: Path) -> None:
    level, text, advice = _found(home, None, "USD", "USD", "HKD", rates=RATES.format(day="2026-11-23"))
    assert level == "warn"
    assert text == (
        "Amounts without a rate to GBP are counted nowhere: 1 in HKD (from 2026-11-20 on); 2 in USD (from 2026-11-20 on)."
    )
    assert "HKD,GBP,2026-11-20,RATE" in advice


def test_old_rates_are_told(home: Path) -> None:
    assert _found(home, "USD", rates=RATES.format(day="2026-10-01"))[:2] == ("warn", "The last rate is old: USD (2026-10-01).")


def test_both_are_told_together(home: Path) -> None:
    level, text, _ = _found(home, "USD", "HKD", rates=RATES.format(day="2026-10-01"))
    assert level == "warn" and "1 in HKD (from 2026-11-20 on)." in text and "The last rate is old: USD (2026-10-01)." in text


def test_current_rates_are_fine(home: Path) -> None:
    assert _found(home, "USD", None, rates=RATES.format(day="2026-11-02"))[:2] == ("ok", "Amounts in USD are converted to GBP.")


@pytest.mark.parametrize(("language", "told"), [("en", "No rate to GBP for EUR, USD"), ("zh-CN", "EUR, USD 没有对 GBP 的汇率")])
def test_connect_says_which_currencies_a_sample_has(home: Path, language: str, told: str) -> None:
    orders = "Order ID,SKU,Quantity,Paid at,Total\n1,LAMP,1,2026-11-03 10:21,€ 12.50\n2,LAMP,1,2026-11-03 11:00,$8.00\n3,MUG,2,2026-11-04 09:00,£7.10\n"
    (home / "inbox" / "orders.csv").write_text(orders, "utf-8")
    shown = CliRunner().invoke(main, ["--home", str(home), "connect", str(home / "inbox" / "orders.csv"), "--language", language])
    assert shown.exit_code == 0, shown.output
    assert told in " ".join(shown.output.split())
