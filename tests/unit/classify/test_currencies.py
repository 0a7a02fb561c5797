"""Amounts in other currencies count in the shop's at the rate of their day, or nowhere."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from tasks.analyse.figures.money import money
from tasks.analyse.foreign_amounts import foreign_amounts
from tasks.classify.coding import code
from tasks.classify.currencies import in_shops_currency
from tasks.errors import UserError
from tasks.model.facts import Facts
from tasks.model.foreign_amounts import ForeignAmounts
from tasks.model.periods import Period
from tasks.model.tables import TABLES
from tasks.report.sections import data
from tasks.shop.load import Shop
from tests.makers.reviews import make_context, make_review
from tests.makers.shops import default_shop

AS_OF = datetime(2026, 11, 24, 4, tzinfo=UTC)
RATES = "from,to,date,rate\nUSD,CNY,2026-11-01,7\nUSD,CNY,2026-11-18,7.2\nEUR,USD,2026-08-01,1.25\n"


def _shop(rates: str = RATES) -> Shop:
    files = dict(default_shop().files)
    return Shop({**files, "exchange_rates.csv": rates.encode()} if rates else files)


def _table(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    columns = TABLES[name].columns
    return pl.DataFrame([{column: row.get(column) for column in columns} for row in rows], schema=columns, orient="row")


def _line(number: int, amount: float, currency: str | None, day: int = 20) -> dict[str, Any]:
    paid = datetime(2026, 11, day, 4, tzinfo=UTC)
    return {
        "oid": f"o{number}", "tid": f"t{number}", "sku": "A", "qty": 1, "paid_at": paid, "signed_at": paid + timedelta(days=1),
        "paid_amount": amount, "cost_amount": 10.0, "currency": currency,
    }  # fmt: skip


def test_each_amount_takes_the_last_rate_at_or_before_its_day() -> None:
    lines = _table(
        "order_line", _line(0, 10, "USD", 17), _line(1, 10, "USD", 18), _line(2, 10, None), _line(3, 10, "CNY"), _line(4, 10, "GBP"),
        _line(5, 8, "EUR"),
    )  # fmt: skip
    tables, told = in_shops_currency({"order_line": lines}, _shop())
    assert tables["order_line"]["paid_amount"].to_list() == [70.0, 72.0, 10.0, 10.0, None, 72.0]
    assert tables["order_line"]["cost_amount"].to_list() == [10.0] * 6  # what the shop pays, it pays in its own money
    assert told.select("currency", "day", "noted", "converted", "rows").rows() == [
        ("EUR", date(2026, 11, 20), date(2026, 11, 18), True, 1),
        ("GBP", date(2026, 11, 20), None, False, 1),
        ("USD", date(2026, 11, 17), date(2026, 11, 1), True, 1),
        ("USD", date(2026, 11, 18), date(2026, 11, 18), True, 1),
    ]


def test_the_day_is_that_of_the_shops_zone() -> None:
    late = {**_line(0, 10, "USD"), "paid_at": datetime(2026, 11, 17, 17, tzinfo=UTC)}  # one o'clock on the 18th in Shanghai
    assert in_shops_currency({"order_line": _table("order_line", late)}, _shop())[0]["order_line"]["paid_amount"].item() == 72.0


def test_a_rate_of_the_source_goes_before_the_table() -> None:
    said = {"record_id": "r", "submitted_at": AS_OF, "currency": "GBP", "unit_price": 5.0, "currency_rate": 9.0}
    tables, told = in_shops_currency({"feedback": _table("feedback", said)}, _shop())
    assert tables["feedback"]["unit_price"].item() == 45.0
    assert told.select("noted", "by_source", "converted").row(0) == (None, True, True)


def test_a_shop_with_one_currency_keeps_its_frames() -> None:
    lines = _table("order_line", _line(0, 10, None), _line(1, 10, "CNY"))
    tables, told = in_shops_currency({"order_line": lines}, _shop(""))
    assert tables["order_line"] is lines and told.is_empty()


def test_losses_and_sales_count_what_was_converted_and_nothing_one_to_one() -> None:
    asked = AS_OF - timedelta(days=3)
    refund = {
        "aftersale_id": "a", "oid": "o0", "sku": "A", "qty": 1, "type": "refund_only", "phase": "after_sign", "applied_at": asked,
        "refunded_at": asked, "refund_amount": 4.0, "currency": "USD",
    }  # fmt: skip
    lines = _table("order_line", _line(0, 10, "USD"), _line(1, 100, None), _line(2, 1000, "GBP")).cast(
        {"currency": pl.Categorical}
    )
    coded = code(Facts({"order_line": lines, "aftersale": _table("aftersale", refund)}, AS_OF), _shop())
    figures = {one.code: one.value for one in money(coded, Period.parse("2026-W47"), _shop()) if not one.scope}
    assert figures["net_sales"] == pytest.approx(72 + 100 - 4 * 7.2)
    assert foreign_amounts(coded.foreign_amounts, Period.parse("2026-W47")) == (
        ForeignAmounts("GBP", 0, 0, 0, 1, None, None),
        ForeignAmounts("USD", 2, 0, 0, 0, date(2026, 11, 18), date(2026, 11, 18)),
    )
    assert foreign_amounts(coded.foreign_amounts, Period.parse("2026-W46")) == ()


def test_an_old_rate_is_told() -> None:
    rates = "from,to,date,rate\nUSD,CNY,2026-08-01,7\n"
    _, told = in_shops_currency({"order_line": _table("order_line", _line(0, 10, "USD"))}, _shop(rates))
    [one] = foreign_amounts(told, Period.parse("2026-W47"))
    assert (one.by_table, one.stale) == (1, 1)


def test_the_report_says_what_was_converted_and_what_is_counted_nowhere() -> None:
    amounts = (
        ForeignAmounts("EUR", 3, 2, 1, 0, date(2026, 8, 1), date(2026, 11, 2)),
        ForeignAmounts("USD", 1204, 0, 0, 13, date(2026, 11, 2), date(2026, 11, 2)),
    )
    english = " ".join(line.plain for line in data.build(make_context(make_review(foreign_amounts=amounts), "en")).trust)
    assert "3 records with amounts in EUR count in CNY, at rates of " in english
    assert "2 records with amounts in EUR count in CNY, at rates that their source gives." in english
    assert "The rate of EUR was more than 35 days old for 1 record." in english
    assert "1,204 records with amounts in USD count in CNY, at the rate of " in english
    assert "The amounts of 13 records in USD are counted nowhere: exchange_rates.csv has no rate to CNY for their day." in english
    chinese = " ".join(line.plain for line in data.build(make_context(make_review(foreign_amounts=amounts))).trust)
    assert "折算为 CNY" in chinese and "未计入任何数字" in chinese
    plain = " ".join(line.plain for line in data.build(make_context(make_review(), "en")).trust)
    assert "exchange_rates.csv" not in plain


@pytest.mark.parametrize(
    ("currency", "price", "urgent"),
    [
        ("CNY", 2500.0, True),
        ("JPY", 2500.0, False),
        ("JPY", 50_000.0, True),
        ("GBP", 250.0, True),
        ("GBP", 200.0, False),
        ("XPF", 9e6, False),
    ],
)
def test_what_is_dear_depends_on_the_currency(currency: str, price: float, urgent: bool) -> None:
    """2,500 yen are no dear thing: with one limit for all currencies every case of a shop in Tokyo was P0."""
    shop = Shop({**default_shop().files, "shop.yaml": f"name: S\ncurrency: {currency}\nlanguages: [en]\n".encode()})
    said = {
        "record_id": "r",
        "submitted_at": AS_OF,
        "source": "ticket",
        "unit_price": price,
        "text": "The lid leaks",
        "nature": "complaint",
    }
    [severity] = code(Facts({"feedback": _table("feedback", said)}, AS_OF), shop)["feedback"]["severity"]
    assert (severity == "P0") == urgent


def test_a_limit_may_be_one_number_and_a_strange_currency_is_refused() -> None:
    def limit(written: str) -> float | None:
        rules = f"  - {{id: price, en: Dear, severity: P0, when: {{unit_price_over: {written}}}}}\n"
        text = default_shop().files["service_levels.yaml"].decode()
        head, _, rest = text.partition("severity_rules:\n")
        files = {
            **default_shop().files,
            "service_levels.yaml": f"{head}severity_rules:\n{rules}{rest[rest.index('p0_budget') :]}".encode(),
        }
        return Shop(files).service_levels.severity_rules[0].when.unit_price_over

    assert limit("90") == 90
    assert limit("{CNY: 70, USD: 10}") == 70
    with pytest.raises(UserError, match="BTC is not the code of a currency"):
        limit("{BTC: 1}")
