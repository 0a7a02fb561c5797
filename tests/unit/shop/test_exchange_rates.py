"""Currencies as people write them, and the shop's table of exchange rates."""

from datetime import date

import polars as pl
import pytest

from tasks.errors import ConfigurationError
from tasks.shop.currencies import currency_code, written_currencies
from tasks.shop.exchange_rates import ExchangeRates, Rate, exchange_rates
from tasks.shop.load import Shop

TABLE = """\
from,to,date,rate
# the first working day of each month
USD,GBP,2026-10-01,0.75
USD,GBP,2026-11-02,0.76
GBP,EUR,2026-10-05,1.25
"""


@pytest.mark.parametrize(
    ("written", "home", "code"),
    [
        ("usd", "GBP", "USD"),
        (" RMB ", "GBP", "CNY"),
        ("人民币", "GBP", "CNY"),
        ("港幣", "CNY", "HKD"),
        ("US$", "HKD", "USD"),
        ("$", "HKD", "HKD"),
        ("$", "GBP", "USD"),
        ("￥", "JPY", "JPY"),
        ("¥", "GBP", "CNY"),
        ("元", "TWD", "TWD"),
        ("kr", "SEK", "SEK"),
        ("kr", "GBP", ""),
        ("€", "CNY", "EUR"),
        ("Fr.", "EUR", "CHF"),
        ("doubloons", "GBP", ""),
        ("", "GBP", ""),
    ],
)
def test_a_currency_is_known_by_code_sign_and_name(written: str, home: str, code: str) -> None:
    assert currency_code(written, home) == code


def test_amounts_name_their_own_currency() -> None:
    cells = [
        "US$12",
        "12,50 €",
        "HKD 90",
        "eur12",
        "(£3.00)",
        "1,299",
        "(12.00)",
        "5k",
        "R$ 10,00",
        "10 zł",
        "ＮＴ＄300",
        "¥88",
        "9 kr",
        None,
    ]
    found = written_currencies(pl.Series(cells), "GBP")
    codes = ["USD", "EUR", "HKD", "EUR", "GBP", None, None, None, "BRL", "PLN", "TWD", "CNY", "KR", None]
    assert found["code"].to_list() == codes
    assert [cell for cell, shared in zip(cells, found["shared"], strict=True) if shared] == ["¥88", "9 kr"]


def test_a_rate_holds_from_its_day_until_the_next() -> None:
    rates = exchange_rates(TABLE, "exchange_rates.csv")
    assert rates.rate("USD", "GBP", date(2026, 9, 30)) is None
    assert rates.rate("USD", "GBP", date(2026, 11, 1)) == Rate(0.75, date(2026, 10, 1))
    assert rates.rate("USD", "GBP", date(2027, 1, 1)) == Rate(0.76, date(2026, 11, 2))


def test_rates_are_turned_round_and_meet_in_a_third_currency() -> None:
    rates = exchange_rates(TABLE, "exchange_rates.csv")
    assert rates.rate("GBP", "USD", date(2026, 10, 3)) == Rate(1 / 0.75, date(2026, 10, 1))
    assert rates.rate("USD", "EUR", date(2026, 10, 3)) is None
    assert rates.rate("USD", "EUR", date(2026, 10, 5)) == Rate(0.75 * 1.25, date(2026, 10, 5))
    assert rates.rate("USD", "EUR", date(2026, 11, 2)) == Rate(0.76 * 1.25, date(2026, 11, 2))
    assert rates.convertible("EUR") == {"EUR", "GBP", "USD"}
    assert ExchangeRates().convertible("EUR") == {"EUR"}


def test_other_forms_of_the_table() -> None:
    german = "\ufeffDate;From;To;Rate\n2026-10-01;chf;EUR;1,0655\n\n"
    assert exchange_rates(german, "x").rate("CHF", "EUR", date(2026, 10, 1)) == Rate(1.0655, date(2026, 10, 1))
    assert exchange_rates("# nothing yet\n", "x") == ExchangeRates()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("currency,rate\nUSD,1\n", "line 1: the heading is not from,to,date,rate"),
        ("from,to,date,rate\nUSD,GBP,2026-10-01,abc\n", "line 2: 'abc' is not a rate"),
        ("from,to,date,rate\nUSD,GBP,2026-10-01,0\n", "line 2: '0' is not a rate above 0"),
        ("from,to,date,rate\nUSD,GBP,1.10.2026,1\n", "line 2: '1.10.2026' is not a date"),
        ("from,to,date,rate\nUSS,GBP,2026-10-01,1\n", "line 2: 'USS' is not the code"),
        ("from,to,date,rate\nUSD,GBP,2026-10-01\n", "line 2: '' is not a rate"),
        (TABLE + "USD,GBP,2026-10-01,0.8\n", "line 6: USD to GBP has two rates on 2026-10-01"),
    ],
)
def test_a_mistake_is_told_with_its_line(table: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        exchange_rates(table, "exchange_rates.csv")
    assert told in error.value.what and "exchange_rates.csv" in error.value.what


@pytest.mark.parametrize(("written", "told"), [("RMB", "write CNY"), ("pounds", "write three letters")])
def test_a_shops_currency_is_a_code(written: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        _ = Shop({"shop.yaml": f"name: S\ncurrency: {written}\n".encode()}).identity
    assert f"{written} is not the code of a currency; {told}" in error.value.what
