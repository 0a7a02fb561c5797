"""Net loss at cost price, booked in the period, hand-counted."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tasks.analyse.figures.comparison import with_target
from tasks.analyse.figures.money import money
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Figure
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import coded_facts, default_shop

W45 = Period.parse("2026-W45")
AS_OF = datetime(2026, 11, 10, 4, tzinfo=UTC)
NOON = datetime(2026, 11, 4, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


def value(figures: list[Figure], code: str, scope: str = "") -> float | None:
    return next(figure.value for figure in figures if (figure.code, figure.scope) == (code, scope))


def world(booked: datetime = NOON, *, priced: bool = True) -> CodedFacts:
    lines = pl.DataFrame(
        [(f"T{n}", "KT", 2, 200.0, 90.0, NOON - timedelta(days=20), NOON - timedelta(days=16)) for n in range(8)]
        + [("T9", "KT", 1, 5000.0, 2000.0, NOON, None)],
        orient="row",
        schema={
            "oid": pl.String,
            "line": pl.String,
            "qty": pl.Int64,
            "paid_amount": pl.Float64,
            "cost_amount": pl.Float64,
            "paid_at": UTC_TIME,
            "signed_at": UTC_TIME,
        },
    )
    rows = [
        # type, phase, qty, refunded, returned, refund amount, freight, borne by, compensation, liability
        ("refund_only", "after_sign", 2, booked, None, 200.0, 0.0, "merchant", 0.0, "merchant"),  # goods kept: 90
        ("refund_only", "after_sign", 1, booked, None, 100.0, 0.0, "merchant", 0.0, "carrier"),  # one of two pieces kept: 45
        ("return_refund", "after_sign", 2, booked, booked, 200.0, 9.0, "merchant", 0.0, "merchant"),  # inspected: 30 lost
        ("return_refund", "after_sign", 2, booked, booked, 200.0, 9.0, "buyer", 0.0, "buyer"),  # saleable again
        ("resend", "after_sign", 1, None, None, 0.0, 0.0, None, 0.0, "merchant"),  # 45 and freight
        ("exchange", "after_sign", 1, None, None, 0.0, 0.0, None, 7.0, "merchant"),  # freight and 7 in cash
        ("refund_only", "before_ship", 2, booked, None, 200.0, 0.0, None, 0.0, "none"),  # nothing was sent
    ]
    aftersale = pl.DataFrame(
        [(f"AS{n}", f"T{n}", *row, booked - timedelta(days=3), booked, "merchant", False) for n, row in enumerate(rows)],
        orient="row",
        schema={"aftersale_id": pl.String, "oid": pl.String, "type": pl.String, "phase": pl.String, "qty": pl.Int64, "refunded_at": UTC_TIME,
                "returned_at": UTC_TIME, "refund_amount": pl.Float64, "freight_amount": pl.Float64, "freight_borne_by": pl.String,
                "compensation_amount": pl.Float64, "liability": pl.String, "applied_at": UTC_TIME, "closed_at": UTC_TIME, "decided_by": pl.String,
                "freight_insurance": pl.Boolean},
    ).with_columns(received_at=pl.lit(None, dtype=UTC_TIME), platform_involved=pl.lit(value=False))  # fmt: skip
    inspection = pl.DataFrame(
        {"aftersale_id": ["AS2", "AS3"], "inspected_at": [booked, booked], "result": ["ok_refurb", "ok_resell"], "fault_confirmed": [True, False],
         "loss_amount": [30.0, 0.0]}, schema_overrides={"inspected_at": UTC_TIME},
    )  # fmt: skip
    rates = pl.DataFrame(
        [(date(2026, 1, 1), "freight_out", 5.0), (date(2026, 10, 1), "freight_out", 4.0), (date(2026, 12, 1), "freight_out", 99.0),
         (date(2026, 1, 1), "freight_back", 9.0), (date(2026, 1, 1), "inspection", 3.5), (date(2026, 1, 1), "service_minute", 1.0),
         (date(2026, 1, 1), "carrier_claim_share", 0.4), (date(2026, 1, 1), "supplier_claim_share", 0.5)],
        orient="row", schema={"valid_from": pl.Date, "item": pl.String, "amount": pl.Float64},
    )  # fmt: skip
    feedback = pl.DataFrame(
        {"record_id": ["R1", "R2"], "counted": [True, True], "submitted_at": [booked] * 2},
        schema_overrides={"submitted_at": UTC_TIME},
    )
    if not priced:
        nothing = pl.lit(None, dtype=pl.Float64)
        lines = lines.with_columns(paid_amount=nothing, cost_amount=nothing)
        aftersale = aftersale.with_columns(compensation_amount=nothing, freight_amount=nothing)
        inspection, rates = inspection.clear(), rates.clear()
    return coded_facts(
        {"order_line": lines, "aftersale": aftersale, "return_inspection": inspection, "cost_rate": rates, "feedback": feedback},
        AS_OF,
    )


def test_each_item_of_the_loss(shop: Shop) -> None:
    made = money(world(), W45, shop)
    items = {figure.scope: figure.value for figure in made if figure.code == "loss_item"}
    assert items == {
        "goods_kept": 135.0, "write_down": 30.0, "freight_out": 16.0, "freight_back": 9.0, "replacement": 45.0 + 8.0, "repair": 0.0,
        "compensation": 7.0, "insurance_premium": 0.0, "inspection": 7.0, "service_time": 24.0, "settlement": 0.0,
    }  # fmt: skip


def test_gross_recovered_and_net(shop: Shop) -> None:
    made = money(world(), W45, shop)
    gross = 135.0 + 30 + 16 + 9 + 53 + 7 + 7 + 24
    recovered = 0.4 * 45 + 0.5 * 90
    assert (value(made, "gross_loss"), value(made, "recovered_loss"), value(made, "net_loss")) == (
        gross,
        recovered,
        gross - recovered,
    )


def test_a_refunded_price_is_no_loss_and_lowers_net_sales(shop: Shop) -> None:
    made = money(world(), W45, shop)
    assert value(made, "net_sales") == 5000.0 - 900.0
    assert value(made, "net_loss_share") == pytest.approx((281.0 - 63.0) / 4100.0)


def test_what_a_shop_does_not_price_is_named(shop: Shop) -> None:
    figure = next(figure for figure in money(world(), W45, shop) if figure.code == "gross_loss")
    assert figure.missing == "platform_deduction,refurbish"


def test_goods_without_any_price_are_no_loss_of_nothing(shop: Shop) -> None:
    figures = {figure.code: figure for figure in money(world(priced=False), W45, shop) if not figure.scope}
    for code in ("net_loss", "net_loss_share", "gross_loss"):
        assert (figures[code].value, figures[code].missing, figures[code].judgement) == (None, "no_prices", "insufficient")


def test_what_is_booked_later_does_not_count(shop: Shop) -> None:
    assert value(money(world(booked=W45.end + timedelta(hours=1)), W45, shop), "gross_loss") == 0.0


def test_a_shop_without_after_sales_orders_has_no_loss_figure(shop: Shop) -> None:
    assert money(coded_facts({}, AS_OF), W45, shop) == []


def test_a_weekly_target_grows_with_the_days_of_a_month() -> None:
    figure = Figure(FIGURES["net_loss"], value=300.0, axis_from=date(2026, 10, 1), axis_to=date(2026, 10, 28))
    files = default_shop().files | {
        "targets.yaml": b"quality_reasons: [q]\nfigures: [{figure: net_loss, op: <=, value: 80, per: week}]"
    }
    judged = with_target(figure, Shop(files))
    assert (judged.target, judged.attainment) == (320.0, "met")


@pytest.mark.parametrize(("value", "judgement"), [(86.0, "slightly_over"), (161.0, "normal")])
def test_twice_the_target_is_not_slightly_over(value: float, judgement: str) -> None:
    figure = Figure(FIGURES["net_loss"], value=value, judgement="slightly_over")
    files = default_shop().files | {"targets.yaml": b"quality_reasons: [q]\nfigures: [{figure: net_loss, op: <=, value: 80}]"}
    judged = with_target(figure, Shop(files))
    assert (judged.judgement, judged.attainment) == (judgement, "missed")
