"""Rules for order lines: the life of a sold unit from payment to signature."""

import polars as pl

from expectations.checks import Between, NotBefore
from expectations.rules import (
    Given,
    Rule,
    batch_readable,
    coded,
    convertible,
    identified,
    known_sku,
    money,
    not_long_before,
    one_version,
    required,
    rule,
    sane_time,
    sane_times,
)

SALES = "电商运营"
WAREHOUSE = "仓配"
UNSIGNED_DAYS = 15
"""Days after which a shipped parcel must have arrived; without a signature its unit is missing from the denominators."""


def rules(given: Given) -> list[Rule]:
    """List the rules of order lines."""
    return [
        *identified("order_line", "oid", SALES, ("订单行号", "order line id")),
        *identified("order_line", "tid", SALES, ("订单号", "order id")),
        *identified("order_line", "sku", SALES, ("SKU", "SKU")),
        required("order_line", "qty", SALES, ("件数", "quantity")),
        rule(
            "order_line.qty_sane", "row", SALES, Between("qty", 1, 100_000),
            ("件数小于 1 或大得离谱", "赠品也按 1 件；负数的退货行不要导出"),
            ("the quantity is below 1 or absurd", "A gift counts 1; do not export negative return lines."),
        ),
        required("order_line", "paid_at", SALES, ("付款时间", "time of payment")),
        sane_time(
            "order_line.paid_at_sane", "row", SALES, "paid_at", given,
            ("付款时间早于 2000 年或在未来", "检查日期写法、时区和年份"),
            ("paid before 2000 or in the future", "Check how the date is written, its zone and year."),
        ),
        money("order_line", "paid_amount", "row", "财务", ("实付金额", "the amount paid"), given),
        convertible("order_line", given),
        money("order_line", "cost_amount", "flag", "财务", ("成本金额", "the cost"), given),
        *_travel(given),
        *sane_times(
            "order_line.times", WAREHOUSE, ("shipped_at", "signed_at"), given,
            ("有时间早于 2000 年或在未来一天以后", "检查日期写法和空值的占位（如 1970-01-01）"),
            ("a time lies before 2000 or more than a day ahead", "Check how dates and missing dates (1970-01-01) are written."),
        ),
        coded("order_line", "traffic_source", "flag", SALES),
        coded("order_line", "batch_source", "flag", WAREHOUSE),
        *known_sku("order_line", SALES, given),
        *batch_readable("order_line", WAREHOUSE),
        one_version("order_line", ("oid",), SALES),
    ]  # fmt: skip


def _travel(given: Given) -> list[Rule]:
    """List the rules of the way from payment through shipping to signature."""

    def days_unsigned(_: pl.DataFrame) -> pl.Expr:
        open_days = (pl.lit(given.now) - pl.col("shipped_at")).dt.total_days()
        return pl.when(pl.col("signed_at").is_null() & ~pl.col("cancelled_before_ship").fill_null(False)).then(open_days)

    def cancelled_and_shipped(_: pl.DataFrame) -> pl.Expr:
        return (pl.col("cancelled_before_ship").fill_null(False) & pl.col("shipped_at").is_not_null()).cast(pl.Int64)

    unsigned, contradiction = "days since shipping without signature", "cancelled before shipping and shipped"
    return [
        *not_long_before(
            "order_line.shipped_after_paid", WAREHOUSE, "shipped_at", "paid_at",
            ("发货比付款早一天以上", "检查两列时间是否映射反了"),
            ("shipped a day and more before payment", "Check whether the two times are swapped in the mapping."),
        ),
        rule(
            "order_line.signed_after_shipped", "flag", WAREHOUSE, NotBefore("signed_at", "shipped_at"),
            ("签收早于发货，多为两端时钟不一致", "保留；请承运商和仓库校时"),
            ("signed before it was shipped, mostly by differing clocks", "Kept; let carrier and warehouse set their clocks."),
        ),
        rule(
            "order_line.signature_known", "flag", WAREHOUSE, Between(unsigned, None, UNSIGNED_DAYS),
            (f"发货超过 {UNSIGNED_DAYS} 天仍无签收时间", "驿站代收常缺签收；向承运商补轨迹"),
            (f"no signature {UNSIGNED_DAYS} days after shipping", "Pick-up points often give none; ask the carrier."),
            fields=("signed_at", "shipped_at", "cancelled_before_ship"), derived={unsigned: days_unsigned},
        ),
        rule(
            "order_line.cancelled_not_shipped", "flag", WAREHOUSE, Between(contradiction, None, 0),
            ("标为发货前取消却有发货时间", "核对拦截记录；按已发货计"),
            ("marked as cancelled before shipping, yet shipped", "Check the interception; it counts as shipped."),
            fields=("cancelled_before_ship", "shipped_at"), derived={contradiction: cancelled_and_shipped},
        ),
    ]  # fmt: skip
